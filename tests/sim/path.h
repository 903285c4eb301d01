// One direction between two hosts: the same BadLink that `serve --impair` has, and what only a
// simulation can do to it: outages, a router whose next link has a smaller MTU from some day on
// (and which says so, or is a black hole), and one that marks instead of dropping (RFC 3168 §5).
//
// Invariants:
//   1. Everything follows from the seed: the weather, and what it does to each packet.
//   2. A path that has healed delivers every packet that fits it once, in order.
//
// Next: wire_judge.h.
#pragma once

#include <optional>

#include "stack/link/bad_link.h"
#include "tests/sim/dice.h"
#include "tests/support/segment.h"

namespace glasstcp::sim {

using test::Bytes;

/// How bad it is, and when it changes.
struct Weather {
  Impairment impairment;
  Instant outage_begin = kNever;     ///< nothing passes from here
  Instant outage_end = kNever;       ///< to here
  Instant narrow_from = kNever;      ///< from here on the path MTU is `narrow_mtu`
  std::uint32_t narrow_mtu = 0;      ///< bytes; IPv6 never less than 1280
  bool is_black_hole = false;        ///< what does not fit vanishes without a message
  std::uint64_t mark_per_mille = 0;  ///< of what is ECN-capable: CE

  [[nodiscard]] static Weather by(Dice& dice, Instant start);
  /// Adds by chance what by() does not know: black holes and marks.
  void add_silence_and_marks(Dice& dice, Instant start);
};

/// One direction.
class Path {
 public:
  Path(const Weather& weather, std::uint64_t seed)
      : weather_(weather), link_(weather.impairment, SeededRandom(seed)), marks_(~seed) {}

  /// A packet enters. What comes back: the router's message that it is too big, for the sender.
  std::optional<Bytes> carry(const Bytes& packet, const PacketMeta& meta, Instant now);
  [[nodiscard]] Instant next_arrival() const { return link_.next_arrival(); }
  /// Only if next_arrival() is not kNever.
  [[nodiscard]] const Parcel& front() const { return link_.front(); }
  void pop() { link_.pop(); }
  /// Outages end; the path stays narrow.
  void heal();

 private:
  [[nodiscard]] std::uint32_t mtu(Instant now, bool v6) const;

  Weather weather_;
  BadLink link_;
  Dice marks_;
};

}  // namespace glasstcp::sim
