// One direction of a link that loses, delays, reorders, duplicates and corrupts packets; by seed,
// in whatever time it is told.
//
// Packets pass, in this order: the losses (drop, burst, loss), the bottleneck with its queue (rate,
// queue), the way (delay, jitter, reorder, duplicate, corrupt). What a packet's fate is made of is
// drawn for each packet alike, whatever the link does: so with the same seed the same packets are
// lost, with corruption or without. Tests have it on the virtual clock, `serve` on the real one.
//
// Invariants:
//   1. The same seed and the same packets at the same times: the same packets come out at the same
//   times.
//   2. Only packets that reorder= chose arrive behind later ones; jitter keeps the order.
//   3. A corrupted packet differs in exactly one bit, where a checksum in the packet covers it.
//   4. Memory is bounded: by the queue, and by kMostBytes on the way.
//   5. A healed link delivers every packet that enters it once, in order, after its delay.
//
// Next: ../../tun/device/impaired_device.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "stack/base/random.h"
#include "stack/base/time.h"
#include "stack/link/impairment.h"
#include "stack/trace/language.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// What becomes of a packet that enters a link.
enum class Fate : std::uint8_t {
  Carried,
  DroppedByNumber,  ///< drop=
  LostInBurst,      ///< burst=
  LostAtRandom,     ///< loss=
  QueueFull,        ///< queue=
  LinkFull,         ///< too many bytes are on the way
};

/// Why it is lost, in words of --impair; empty if it is carried. Static lifetime.
[[nodiscard]] std::string_view why_lost(Fate fate, Language language);

/// What somebody does to one packet, beside what the link does by itself.
struct Interference {
  bool loses = false;                  ///< as drop= does
  Duration later{};                    ///< it arrives so much later, and lets others pass
  std::optional<Duration> copy_after;  ///< a second one arrives so long after it
};

/// A packet on its way.
struct Parcel {
  Instant arrival;
  std::uint64_t number = 0;  ///< breaks ties: first in, first out
  /// the n-th packet that entered, from 1; a duplicate has its original's
  std::uint64_t entry = 0;
  std::vector<std::uint8_t> packet;
  PacketMeta meta;
};

/// What a link did, in packets.
struct LinkCounters {
  std::uint64_t entered = 0, lost = 0, reordered = 0, duplicated = 0, corrupted = 0;
};

/// One direction.
class BadLink {
 public:
  static constexpr std::size_t kMostBytes = 64U << 20;

  BadLink(const Impairment& how, SeededRandom random);

  /// What would become of a packet that entered at `now`.
  [[nodiscard]] Fate next_fate(Instant now) const;
  /// A packet enters, given in pieces that are copied. `now` never runs backwards.
  Fate carry(std::span<const ByteView> pieces, const PacketMeta& meta, Instant now,
             const Interference& done = {});
  /// When the next packet arrives; kNever: none is on its way.
  [[nodiscard]] Instant next_arrival() const;
  /// The packet that arrives next, until pop() or carry(); only if next_arrival() is not kNever.
  [[nodiscard]] const Parcel& front() const { return parcels_.front(); }
  /// It has been delivered.
  void pop();

  /// From now on it behaves like this; what is on its way stays as it is.
  void change(const Impairment& how);
  /// From now on only the delay remains.
  void heal();

  [[nodiscard]] const LinkCounters& counters() const { return counters_; }
  [[nodiscard]] const Impairment& impairment() const { return how_; }

 private:
  // The numbers of one packet, each 0 .. 1.
  struct Draw {
    double burst, burst_end, loss, jitter, reorder, reorder_lag, duplicate, duplicate_lag, corrupt;
    std::uint64_t bit;
  };
  [[nodiscard]] Draw draw();
  // Whether a burst goes on; and whether it does, or begins with the next packet.
  [[nodiscard]] bool burst_goes_on(Instant now) const { return in_burst_ || now < burst_until_; }
  [[nodiscard]] bool is_in_burst(Instant now) const {
    return burst_goes_on(now) || next_.burst < how_.burst;
  }
  void step_burst(const Draw& thrown, Instant now);
  [[nodiscard]] std::size_t waiting(Instant now) const;
  [[nodiscard]] Instant leave_bottleneck(std::size_t size, Instant now);
  [[nodiscard]] Duration lag(double fraction) const;
  void enqueue(std::vector<std::uint8_t> packet, const PacketMeta& meta, Instant arrival);
  void enqueue_copy(const std::vector<std::uint8_t>& packet, const PacketMeta& meta,
                    Instant arrival);
  [[nodiscard]] std::vector<std::uint8_t> take_buffer();

  Impairment how_;
  SeededRandom random_;
  Draw next_;
  bool in_burst_ = false;                 // a burst counted in packets goes on
  Instant burst_until_ = Instant::min();  // end of a burst that is counted in time
  std::deque<Instant> departures_;        // from the bottleneck, of those that had not left it
  Instant latest_ = Instant::min();       // arrival of those that were not reordered
  std::vector<Parcel> parcels_;           // a heap: the earliest in front
  std::vector<std::vector<std::uint8_t>> spare_;
  std::size_t bytes_ = 0;
  std::uint64_t numbered_ = 0;
  LinkCounters counters_;
};

/// Flips one bit of an IP packet where the checksum of its header or of its text covers it;
/// `choice` chooses. False: nothing of it is covered (a checksum that is left to the kernel does
/// not count).
bool flip_covered_bit(ByteSpan packet, const PacketMeta& meta, std::uint64_t choice);

}  // namespace glasstcp
