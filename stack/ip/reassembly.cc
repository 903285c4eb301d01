// RFC 791 §3.2, RFC 8200 §4.5: fragments by their place, overlaps refused, everything bounded.
#include "stack/ip/reassembly.h"

#include <algorithm>
#include <cstring>

#include "stack/base/assert.h"
#include "stack/wire/ip_header.h"
#include "stack/wire/ipv6.h"

namespace glasstcp {
namespace {

constexpr std::size_t kGatherRoom = 65536 + Reassembler::kMaxHeader;
// Enough of a first fragment to fill an ICMP error of either version.
constexpr std::size_t kQuoteLength = 1280;

// RFC 3168 §5.3 R3168-11: one congestion mark marks the whole datagram. Empty: marks that no honest
// path can mix.
std::optional<std::uint8_t> combine_ecn(std::uint8_t seen) {
  const bool not_ect = (seen & (1U << EcnCodepoint::kNotEct)) != 0;
  const bool ce = (seen & (1U << EcnCodepoint::kCe)) != 0;
  if (ce) return not_ect ? std::nullopt : std::optional(EcnCodepoint::kCe);
  if (not_ect) return EcnCodepoint::kNotEct;
  return (seen & (1U << EcnCodepoint::kEct0)) != 0 ? EcnCodepoint::kEct0 : EcnCodepoint::kEct1;
}

// Makes the header of the first fragment that of a whole datagram. False if the result would be too
// long.
bool make_whole_v4(ByteSpan header, std::size_t payload_length, std::uint8_t ecn) {
  const std::size_t total = header.size() + payload_length;
  if (total > kMaxIpLength) return false;
  header[1] = static_cast<std::uint8_t>((header[1] & ~EcnCodepoint::kMask) | ecn);
  store_be16(header.data() + 2, static_cast<std::uint16_t>(total));
  store_be16(header.data() + 6, 0);
  store_be16(header.data() + 10, 0);
  store_be16(header.data() + 10, checksum_of(add_to_checksum(0, header)));
  return true;
}

bool make_whole_v6(ByteSpan header, std::size_t payload_length, std::uint8_t ecn) {
  const std::size_t total = header.size() - kIpv6HeaderSize + payload_length;
  if (total > kMaxIpLength) return false;
  header[1] = static_cast<std::uint8_t>((header[1] & ~(EcnCodepoint::kMask << 4)) | (ecn << 4));
  store_be16(header.data() + 4, static_cast<std::uint16_t>(total));
  return true;
}

}  // namespace

Reassembler::Reassembler(const ReassemblyLimits& limits)
    : timeout_(limits.timeout),
      datagrams_(limits.datagrams),
      tags_(limits.datagrams, 0),
      deadlines_(limits.datagrams, kNever),
      shares_(limits.datagrams, limits.shared_sources),
      chunk_count_(std::min<std::size_t>(limits.bytes / kChunkSize, kNoChunk)),
      chunk_memory_(std::make_unique_for_overwrite<std::uint8_t[]>(chunk_count_ * kChunkSize)),
      gathered_(std::make_unique_for_overwrite<std::uint8_t[]>(kGatherRoom)) {
  free_chunks_.reserve(chunk_count_);
  for (std::size_t i = chunk_count_; i > 0; --i)
    free_chunks_.push_back(static_cast<std::uint16_t>(i - 1));
}

// Not keyed: who makes tags collide pays what a comparison of keys costs, and gains nothing.
std::uint32_t Reassembler::tag_of(const FragmentKey& key) {
  constexpr std::uint32_t kOdd = 0x9e3779b1;
  std::uint32_t tag = key.identification * kOdd + key.protocol;
  for (std::size_t i = 0; i < 16; i += 4) {
    tag = (tag ^ load_be32(key.source.storage().data() + i)) * kOdd;
    tag = (tag ^ load_be32(key.destination.storage().data() + i)) * kOdd;
  }
  return tag | 1;
}

Reassembler::Datagram* Reassembler::find(const FragmentKey& key) {
  const std::uint32_t tag = tag_of(key);
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i] == tag && datagrams_[i].key == key) return &datagrams_[i];
  }
  return nullptr;
}

// Ends the oldest datagram of the source that holds most, but not `spared`. False: there is no
// other.
bool Reassembler::evict(const Datagram* spared) {
  const std::uint16_t victim =
      shares_.victim(spared == nullptr ? FragmentShares::kNobody : number_of(*spared));
  if (victim == FragmentShares::kNobody) return false;
  release(datagrams_[victim]);
  ++evicted_;
  return true;
}

Reassembler::Datagram* Reassembler::start(const FragmentKey& key, Instant now) {
  if (in_use_ == datagrams_.size() && !evict(nullptr)) return nullptr;
  const auto at = static_cast<std::uint16_t>(std::ranges::find(tags_, 0U) - tags_.begin());
  Datagram& free = datagrams_[at];
  free.key = key;
  free.chunk_count = 0;
  free.is_poisoned = false;
  free.ecn_seen = 0;
  free.header_length = 0;
  free.interval_count = 0;
  free.received = 0;
  free.end = 0;
  free.chunks.fill(kNoChunk);
  tags_[at] = tag_of(key);
  // RFC 8200 §4.5 R8200-06, RFC 1122 §3.3.2 R1122-17: the time runs from the fragment that came
  // first, and is fixed.
  deadlines_[at] = now + timeout_;
  shares_.begin(at, key.source);
  ++in_use_;
  return &free;
}

// RFC 791 §3.2 R791-02, RFC 1122 §3.3.2 R1122-16: fragments with the same key come together in any
// order.
Reassembler::Result Reassembler::add(const Fragment& fragment, Instant now) {
  if (fragment.data.empty() || fragment.header.size() > kMaxHeader ||
      fragment.offset + fragment.data.size() > kMaxIpLength) {
    return {Verdict::BadFragment, {}};
  }
  Datagram* datagram = find(fragment.key);
  // A datagram whose time is over but that advance() has not seen yet must not gain from it.
  if (datagram != nullptr && deadlines_[number_of(*datagram)] <= now)
    return {Verdict::ReassemblyTimeout, {}};
  if (datagram == nullptr) datagram = start(fragment.key, now);
  if (datagram == nullptr) return {Verdict::FragmentTableFull, {}};
  if (datagram->is_poisoned) return {Verdict::FragmentOverlap, {}};

  const Verdict verdict = insert(*datagram, fragment);
  if (verdict == Verdict::FragmentOverlap) {
    poison(*datagram);
    return {verdict, {}};
  }
  if (verdict != Verdict::FragmentKept) {
    release(*datagram);
    return {verdict, {}};
  }
  const bool is_whole =
      datagram->end != 0 && datagram->received == datagram->end && datagram->header_length != 0;
  return is_whole ? finish(*datagram) : Result{};
}

Verdict Reassembler::insert(Datagram& d, const Fragment& fragment) {
  const auto begin = static_cast<std::uint16_t>(fragment.offset);
  const auto end = static_cast<std::uint16_t>(fragment.offset + fragment.data.size());
  Interval* const first = d.intervals.data();
  Interval* const last = first + d.interval_count;
  Interval* const next = std::lower_bound(
      first, last, begin, [](const Interval& i, std::uint16_t b) { return i.begin < b; });

  // RFC 8200 §4.5 R8200-09: the same fragment twice is harmless; any other overlap ends the whole
  // datagram, for IPv4 too (RFC 791 §3.2 R791-02): no host has an honest use for it, and it would
  // rewrite bytes that were judged.
  if (next != last && next->begin == begin && next->end == end) {
    return is_exact_duplicate(d, fragment) ? Verdict::FragmentKept : Verdict::FragmentOverlap;
  }
  const bool overlaps_next = next != last && next->begin < end;
  const bool overlaps_previous = next != first && (next - 1)->end > begin;
  if (overlaps_next || overlaps_previous) return Verdict::FragmentOverlap;

  // One end, which no fragment passes, and behind which nothing lies.
  const bool passes_end = d.end != 0 && end > d.end;
  const bool moves_end = !fragment.more_fragments && ((d.end != 0 && d.end != end) || next != last);
  if (passes_end || moves_end) return Verdict::FragmentOverlap;

  if (d.interval_count == kMaxFragments || !copy_in(d, fragment)) return Verdict::FragmentTableFull;
  std::copy_backward(next, last, last + 1);
  *next = {begin, end};
  ++d.interval_count;
  d.received += static_cast<std::uint32_t>(fragment.data.size());
  d.ecn_seen = static_cast<std::uint8_t>(d.ecn_seen | (1U << (fragment.ecn & EcnCodepoint::kMask)));
  if (!fragment.more_fragments) d.end = end;
  if (begin == 0) {
    std::copy(fragment.header.begin(), fragment.header.end(), d.header.begin());
    d.header_length = static_cast<std::uint16_t>(fragment.header.size());
    d.next_header = fragment.next_header;
    d.next_header_at = fragment.next_header_at;
  }
  return Verdict::FragmentKept;
}

bool Reassembler::is_exact_duplicate(const Datagram& d, const Fragment& fragment) const {
  const std::size_t end = fragment.offset + fragment.data.size();
  if (!fragment.more_fragments && d.end != end) return false;
  std::size_t at = fragment.offset;
  for (ByteView left = fragment.data; !left.empty();) {
    const std::size_t in_chunk = at % kChunkSize;
    const std::size_t n = std::min(left.size(), kChunkSize - in_chunk);
    const std::uint8_t* held =
        chunk_memory_.get() + d.chunks[at / kChunkSize] * kChunkSize + in_chunk;
    if (std::memcmp(held, left.data(), n) != 0) return false;
    left = left.subspan(n);
    at += n;
  }
  return true;
}

bool Reassembler::take_chunk(Datagram& d, std::uint16_t& chunk) {
  while (free_chunks_.empty()) {
    if (!evict(&d)) return false;
  }
  chunk = free_chunks_.back();
  free_chunks_.pop_back();
  ++d.chunk_count;
  shares_.add(number_of(d), 1);
  return true;
}

bool Reassembler::copy_in(Datagram& d, const Fragment& fragment) {
  std::size_t at = fragment.offset;
  for (ByteView left = fragment.data; !left.empty();) {
    std::uint16_t& chunk = d.chunks[at / kChunkSize];
    if (chunk == kNoChunk && !take_chunk(d, chunk)) return false;
    const std::size_t in_chunk = at % kChunkSize;
    const std::size_t n = std::min(left.size(), kChunkSize - in_chunk);
    std::memcpy(chunk_memory_.get() + chunk * kChunkSize + in_chunk, left.data(), n);
    left = left.subspan(n);
    at += n;
  }
  return true;
}

void Reassembler::copy_out(const Datagram& d, std::size_t length, std::uint8_t* to) const {
  for (std::size_t at = 0; at < length; at += kChunkSize) {
    STACK_ASSERT(d.chunks[at / kChunkSize] != kNoChunk);
    std::memcpy(to + at, chunk_memory_.get() + d.chunks[at / kChunkSize] * kChunkSize,
                std::min(kChunkSize, length - at));
  }
}

Reassembler::Result Reassembler::finish(Datagram& d) {
  const bool is_v4 = d.key.source.is_v4();
  // IPv6: the fragment header goes, and the header before it names what followed it.
  const std::size_t header_length =
      is_v4 ? d.header_length : d.header_length - Ipv6FragmentHeader::kSize;
  std::uint8_t* const out = gathered_.get();
  std::memcpy(out, d.header.data(), header_length);
  copy_out(d, d.end, out + header_length);
  const std::size_t payload_length = d.end;
  const ByteSpan header(out, header_length);
  if (!is_v4) header[d.next_header_at] = d.next_header;
  const std::optional<std::uint8_t> ecn = combine_ecn(d.ecn_seen);
  release(d);
  if (!ecn) return {Verdict::BadFragment, {}};
  const bool fits = is_v4 ? make_whole_v4(header, payload_length, *ecn)
                          : make_whole_v6(header, payload_length, *ecn);
  if (!fits) return {Verdict::BadFragment, {}};
  return {Verdict::Accepted, ByteView(out, header_length + payload_length)};
}

void Reassembler::free_chunks_of(Datagram& d) {
  for (std::uint16_t& chunk : d.chunks) {
    if (chunk != kNoChunk) free_chunks_.push_back(chunk);
    chunk = kNoChunk;
  }
  shares_.add(number_of(d), -std::int32_t{d.chunk_count});
  d.chunk_count = 0;
}

void Reassembler::release(Datagram& d) {
  free_chunks_of(d);
  const std::uint16_t at = number_of(d);
  shares_.end(at);
  tags_[at] = 0;
  deadlines_[at] = kNever;
  --in_use_;
}

// RFC 8200 §4.5 R8200-09, RFC 5722 §4: the fragments that are still to come must not begin the
// datagram anew, so an empty record stays until its time is over. An IPv4 identification comes
// round too soon for that.
void Reassembler::poison(Datagram& d) {
  if (d.key.source.is_v4()) return release(d);
  free_chunks_of(d);
  d.is_poisoned = true;
  d.header_length = 0;
}

Instant Reassembler::next_deadline() const {
  return in_use_ == 0 ? kNever : *std::ranges::min_element(deadlines_);
}

std::optional<Reassembler::Expired> Reassembler::expire(Instant now) {
  if (in_use_ == 0) return std::nullopt;
  const auto found =
      std::ranges::find_if(deadlines_, [now](Instant deadline) { return deadline <= now; });
  if (found == deadlines_.end()) return std::nullopt;
  Datagram* const over = &datagrams_[static_cast<std::size_t>(found - deadlines_.begin())];
  Expired expired;
  if (over->header_length != 0) {
    // The first fragment as it came: its header, and the bytes that stand at the beginning.
    const std::size_t data = std::min<std::size_t>(over->intervals[0].end, kQuoteLength);
    std::memcpy(gathered_.get(), over->header.data(), over->header_length);
    copy_out(*over, data, gathered_.get() + over->header_length);
    expired.first_fragment = ByteView(gathered_.get(), over->header_length + data);
  }
  release(*over);
  return expired;
}

}  // namespace glasstcp
