// The fate of each packet is thrown when it enters; one that arrives later waits in a heap.
#include "stack/link/bad_link.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::size_t kMostSpares = 1024;
constexpr Duration kLeastLag = 1ms;  // reordering must show on a link without delay as well

bool is_later(const Parcel& a, const Parcel& b) {
  return a.arrival != b.arrival ? a.arrival > b.arrival : a.number > b.number;
}

Duration part(double fraction, Duration whole) {
  return Duration(static_cast<std::int64_t>(fraction * static_cast<double>(whole.count())));
}

// Bytes of an IP packet: [begin, end) of what checksums cover.
struct Covered {
  std::size_t begin = 0, end = 0;
};

Covered covered_v4(ByteView packet, bool has_text) {
  const std::size_t header = std::size_t{packet[0] & 0xfU} * 4;
  if (header < 20 || header > packet.size()) return {};
  // The first byte says which checksum is looked for, and over how much: it is left alone. TCP and
  // ICMP have one over all of their text; UDP need not, and the others nobody knows.
  const std::uint8_t protocol = packet[9];
  const bool whole = has_text && (protocol == 6 || protocol == 1);
  return {1, whole ? packet.size() : header};
}

// RFC 8200 §8.1: the pseudo-header has the addresses; no checksum covers the eight bytes before them.
Covered covered_v6(ByteView packet, bool has_text) {
  if (packet.size() < 40) return {};
  const std::uint8_t protocol = packet[6];
  const bool whole = has_text && (protocol == 6 || protocol == 58);
  return {8, whole ? packet.size() : 40};
}

}  // namespace

bool flip_covered_bit(ByteSpan packet, const PacketMeta& meta, std::uint64_t choice) {
  if (packet.size() < 20) return false;
  const bool v6 = packet[0] >> 4 == 6;
  // Addresses of an IPv6 packet are in the same checksum as its text.
  if (v6 && meta.checksum_partial) return false;
  const bool has_text = !meta.checksum_partial;
  const Covered covered = v6 ? covered_v6(packet, has_text) : covered_v4(packet, has_text);
  if (covered.begin == covered.end) return false;
  const std::size_t bit = 8 * covered.begin + choice % (8 * (covered.end - covered.begin));
  packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ (1U << (bit % 8)));
  return true;
}

std::string_view why_lost(Fate fate, Language language) {
  switch (fate) {
    case Fate::Carried:
      return {};
    case Fate::DroppedByNumber:
      return either(language, "drop=: the link was told to lose this packet",
                    "drop=：链路被要求丢弃这个分组");
    case Fate::LostInBurst:
      return either(language, "burst=: the link loses several packets in a row",
                    "burst=：链路连续丢失若干分组");
    case Fate::LostAtRandom:
      return either(language, "loss=: the link lost it at random", "loss=：链路随机丢失");
    case Fate::QueueFull:
      return either(language, "queue=: the queue in front of the bottleneck is full",
                    "queue=：瓶颈前的队列已满");
    case Fate::LinkFull:
      return either(language, "more bytes are on the way than the link keeps",
                    "在途字节超过链路的容量");
  }
  return {};
}

BadLink::BadLink(const Impairment& how, SeededRandom random)
    : how_(how), random_(random), next_(draw()) {}

BadLink::Draw BadLink::draw() {
  const auto unit = [this] { return static_cast<double>(random_.next() >> 11) * 0x1p-53; };
  Draw d{};
  for (double* number : {&d.burst, &d.burst_end, &d.loss, &d.jitter, &d.reorder, &d.reorder_lag,
                         &d.duplicate, &d.duplicate_lag, &d.corrupt}) {
    *number = unit();
  }
  d.bit = random_.next();
  return d;
}

Fate BadLink::next_fate(Instant now) const {
  if (std::ranges::binary_search(how_.drop, counters_.entered + 1)) return Fate::DroppedByNumber;
  if (is_in_burst(now)) return Fate::LostInBurst;
  if (next_.loss < how_.loss) return Fate::LostAtRandom;
  if (how_.rate != 0 && waiting(now) >= how_.queue) return Fate::QueueFull;
  if (bytes_ >= kMostBytes) return Fate::LinkFull;
  return Fate::Carried;
}

std::size_t BadLink::waiting(Instant now) const {
  const auto first = std::ranges::upper_bound(departures_, now);
  return static_cast<std::size_t>(departures_.end() - first);
}

// When the last bit has passed. Without a bottleneck: at once.
Instant BadLink::leave_bottleneck(std::size_t size, Instant now) {
  if (how_.rate == 0) return now;
  while (!departures_.empty() && departures_.front() <= now) departures_.pop_front();
  const Instant begin = departures_.empty() ? now : departures_.back();
  const std::uint64_t nanoseconds = std::uint64_t{size} * 8 * 1'000'000'000 / how_.rate;
  departures_.push_back(begin + Duration(static_cast<std::int64_t>(nanoseconds)));
  return departures_.back();
}

// A packet enters: a burst begins with it, goes on, or ends. One that lasts a time ends whether or
// not anything is sent meanwhile: a sender that waits longer and longer comes through in the end.
void BadLink::step_burst(const Draw& thrown, Instant now) {
  if (how_.burst_time == Duration::zero()) {
    in_burst_ = is_in_burst(now) && thrown.burst_end * how_.burst_length >= 1;
    return;
  }
  if (!burst_goes_on(now) && thrown.burst < how_.burst) burst_until_ = now + how_.burst_time;
  in_burst_ = false;
}

// How long a packet is held back that later ones are to overtake.
Duration BadLink::lag(double fraction) const {
  return part(fraction, std::max(how_.delay, kLeastLag));
}

Fate BadLink::carry(std::span<const ByteView> pieces, const PacketMeta& meta, Instant now,
                    const Interference& done) {
  const Fate fate = done.loses ? Fate::DroppedByNumber : next_fate(now);
  const Draw thrown = next_;
  step_burst(thrown, now);
  next_ = draw();
  ++counters_.entered;
  if (fate != Fate::Carried) {
    ++counters_.lost;
    return fate;
  }
  std::vector<std::uint8_t> packet = take_buffer();
  for (const ByteView piece : pieces) packet.insert(packet.end(), piece.begin(), piece.end());
  const Duration delay =
      std::max(Duration::zero(), how_.delay - how_.jitter + part(thrown.jitter, 2 * how_.jitter));
  const Instant on_time = std::max(leave_bottleneck(packet.size(), now) + delay, latest_);
  const bool is_late = thrown.reorder < how_.reorder;
  if (is_late) {
    ++counters_.reordered;
  } else if (done.later == Duration::zero()) {
    latest_ = on_time;
  }
  const Instant arrival = on_time + done.later + (is_late ? lag(thrown.reorder_lag) : Duration{});
  if (thrown.duplicate < how_.duplicate) {
    enqueue_copy(packet, meta, on_time + lag(thrown.duplicate_lag));
  }
  if (done.copy_after) enqueue_copy(packet, meta, arrival + *done.copy_after);
  PacketMeta on_arrival = meta;
  if (thrown.corrupt < how_.corrupt && flip_covered_bit(packet, meta, thrown.bit)) {
    ++counters_.corrupted;
    on_arrival.checksum_valid = false;
  }
  enqueue(std::move(packet), on_arrival, arrival);
  return fate;
}

void BadLink::enqueue_copy(const std::vector<std::uint8_t>& packet, const PacketMeta& meta,
                           Instant arrival) {
  ++counters_.duplicated;
  std::vector<std::uint8_t> copy = take_buffer();
  copy.assign(packet.begin(), packet.end());
  enqueue(std::move(copy), meta, arrival);
}

std::vector<std::uint8_t> BadLink::take_buffer() {
  if (spare_.empty()) return {};
  std::vector<std::uint8_t> buffer = std::move(spare_.back());
  spare_.pop_back();
  buffer.clear();
  return buffer;
}

void BadLink::enqueue(std::vector<std::uint8_t> packet, const PacketMeta& meta, Instant arrival) {
  bytes_ += packet.size();
  parcels_.push_back({arrival, numbered_++, counters_.entered, std::move(packet), meta});
  std::ranges::push_heap(parcels_, is_later);
}

Instant BadLink::next_arrival() const {
  return parcels_.empty() ? kNever : parcels_.front().arrival;
}

void BadLink::pop() {
  std::ranges::pop_heap(parcels_, is_later);
  bytes_ -= parcels_.back().packet.size();
  if (spare_.size() < kMostSpares) spare_.push_back(std::move(parcels_.back().packet));
  parcels_.pop_back();
}

void BadLink::change(const Impairment& how) {
  how_ = how;
  if (how_.burst > 0) return;
  in_burst_ = false;
  burst_until_ = Instant::min();
}

void BadLink::heal() {
  Impairment fine;
  fine.delay = how_.delay;
  change(fine);
}

}  // namespace glasstcp
