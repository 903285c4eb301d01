// The sizes of segments: MSS, the peer's window, messages, black holes and probes. See
// segment_size.h.
#include "stack/tcp/send/segment_size.h"

#include <array>
#include <span>

#include "stack/ip/path_mtu.h"

namespace glasstcp {
namespace {

// RFC 4821 §7.2, RFC 8899 §5.1.2: 1220 bytes of data pass nearly everywhere, since tunnels must carry
// IPv6; below that only what every IPv4 host must take.
constexpr std::array<std::uint16_t, 2> kIpv4Floors = {1260, 576};
constexpr std::array<std::uint16_t, 1> kIpv6Floors = {1280};
// RFC 4821 §7.7: so many timeouts of a full-sized segment in a row, each without any message.
constexpr std::uint32_t kBlackHoleTimeouts = 3;
// RFC 4821 §7.4: so many segments behind a probe show, if it alone is lost, that it is.
constexpr std::uint32_t kBehindProbe = 4;

std::span<const std::uint16_t> floors_of(IpVersion version) {
  return version == IpVersion::V4 ? std::span<const std::uint16_t>(kIpv4Floors) : kIpv6Floors;
}

bool is_late(TimedOut timed_out) {
  return timed_out.timeouts >= 2 * kBlackHoleTimeouts;
}

}  // namespace

// -- MSS and window

// RFC 9293 §3.7.1 MUST-16: the smaller of what the peer takes and what the path carries, less the
// options of every segment.
SizeChange SegmentSize::update(const PathFacts& facts, const PathSearch* search) {
  const std::uint16_t old_mss = mss_;
  const bool was_cut = path_cuts_;
  std::uint16_t path = facts.path_mss;
  if (facts.chosen_mss != 0) path = std::min(path, facts.chosen_mss);
  // RFC 8899 §3 R8899-01: nothing but a probe is larger than what is known to pass.
  if (search != nullptr) {
    const std::uint16_t headers = header_bytes(facts.version);
    path = std::min(path, static_cast<std::uint16_t>(search->low() - headers));
  }
  const std::uint16_t options = facts.has_timestamps ? DataOptions::kTimestampBytes : 0;
  mss_ = static_cast<std::uint16_t>(std::min(peer_mss(), path) - options);
  path_cuts_ = facts.may_be_cut;
  bound();
  const bool is_cut_now = path_cuts_ && !was_cut;
  return mss_ < old_mss || is_cut_now ? SizeChange::TooBig : SizeChange::None;
}

std::uint16_t SegmentSize::largest_packet(const PathFacts& facts) const {
  std::uint16_t mss = std::min(peer_mss(), facts.path_mss);
  if (facts.chosen_mss != 0) mss = std::min(mss, facts.chosen_mss);
  return static_cast<std::uint16_t>(mss + header_bytes(facts.version));
}

// RFC 9293 §3.8.6.2.1 MUST-38, rule (3): half of the largest window is worth a segment, and no segment is
// larger: a peer whose window holds one and a half would get one at a time, and delay its ACK. A
// window of up to 536 bytes is taken whole, as Linux does.
std::uint32_t SegmentSize::most_of_window() const {
  constexpr std::uint32_t kSmallWindow = 536;
  return max_window_ > kSmallWindow ? max_window_ / 2 : max_window_;
}

void SegmentSize::raise_max_window(std::uint32_t window) {
  max_window_ = window & 0x3fffffffU;
  bound();
}

void SegmentSize::bound() {
  const std::uint32_t most = most_of_window();
  full_ = most > 0 && most < mss_ ? static_cast<std::uint16_t>(most) : mss_;
}

// -- Messages

// RFC 5927 §7.2 R5927-03: while packets of that size do arrive, it is believed only if progress
// stops. The cache may know it already, from a connection beside this one.
TooBigResponse SegmentSize::on_packet_too_big(const TooBigFacts& facts, PathSearch* search) const {
  if (search != nullptr) {
    search->lower_to(facts.estimate);
    // RFC 8899 §4.6.1 R8899-02: it quotes the probe, which only its loss will end.
    if (search->has_probe() && facts.quoted_seq == search->probe_begin())
      return TooBigResponse::Wait;
  }
  const bool is_cut_now = !path_cuts_ && facts.path.may_be_cut;
  if (!is_cut_now && facts.estimate >= mss_ + facts.path.overhead()) return TooBigResponse::Ignore;
  const std::uint32_t limit = is_cut_now ? facts.named : facts.estimate;
  const std::uint32_t arrived = largest_acked_ == 0 ? 0 : largest_acked_ + facts.headers;
  return facts.makes_progress && arrived > limit ? TooBigResponse::Wait : TooBigResponse::Apply;
}

// -- Black holes and probes

// A connection whose packets were small from the beginning does not suspect their size; and that of
// a packet which passes nearly everywhere is suspected late.
std::uint16_t SegmentSize::floor_below(const PathFacts& facts, TimedOut timed_out,
                                       const PathSearch* search) const {
  const auto floors = floors_of(facts.version);
  if (search == nullptr && mss_ + facts.overhead() <= floors[0]) return 0;
  if (!is_late(timed_out) && floors[0] < timed_out.packet) return floors[0];
  const bool may_be_least = is_late(timed_out) || search != nullptr;
  return may_be_least && floors.back() < timed_out.packet ? floors.back() : std::uint16_t{0};
}

// RFC 4821 §7.7 R4821-03: a timeout of a large segment, again and again: perhaps it is its size. It
// need not be a full one: a short answer on a path with a large MTU is too large for a small one.
// RFC 1191 §3 leaves it to the host: where the least size that we choose vanishes as well, "don't
// fragment" is left out, as if a message had said so.
BlackHoleEscape SegmentSize::escape_black_hole(const PathFacts& facts, TimedOut timed_out,
                                               const PathSearch* search) const {
  if (timed_out.timeouts % kBlackHoleTimeouts != 0) return {};
  if (const std::uint16_t floor = floor_below(facts, timed_out, search); floor != 0)
    return {BlackHoleEscape::Kind::Smaller, floor};
  const bool is_least = facts.version == IpVersion::V4 && timed_out.packet <= kIpv4Floors.back() &&
                        timed_out.packet > PathMtuCache::kIpv4Minimum;
  const bool is_cut_already =
      facts.lets_cut || path_cuts_ || (search != nullptr && search->may_be_cut());
  if (!is_late(timed_out) || !is_least || is_cut_already) return {};
  return {BlackHoleEscape::Kind::LetBeCut, static_cast<std::uint16_t>(mss_ + facts.overhead())};
}

// RFC 4821 §3 R4821-01, RFC 8899 §3 R8899-01: one segment of new data, larger than what is known to
// pass; only where its loss would be seen at once. It costs nothing: it carries what would be sent
// anyway.
std::uint32_t SegmentSize::probe_payload(const PathSearch& search, const ProbeFacts& facts,
                                         Instant now) const {
  const std::uint16_t size = search.next_size(now);
  if (size <= facts.headers + facts.full) return 0;
  const std::uint32_t payload = size - facts.headers;
  const std::uint32_t with_rest = payload + kBehindProbe * facts.full;
  if (facts.unsent < with_rest || facts.usable < static_cast<std::int32_t>(with_rest)) return 0;
  if (payload > most_of_window()) return 0;
  return facts.cwnd_space < payload || facts.cwnd < with_rest ? 0 : payload;
}

bool SegmentSize::on_progress(PathSearch& search, SeqNum una, const PathFacts& facts,
                              Instant now) const {
  if (search.has_probe() && una >= search.probe_end()) search.on_probe_arrived();
  search.wake(now, largest_packet(facts));
  return search.low() != mss_ + facts.overhead();
}

}  // namespace glasstcp
