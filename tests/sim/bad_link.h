// One direction of a link that loses, delays, reorders, duplicates and corrupts, by seed and in
// virtual time.
//
// Invariants:
//   1. A corrupted packet differs in exactly one bit, where a checksum of the packet covers it.
//   2. A healed link delivers every packet once, in order, after its delay.
//
// Next: wire_judge.h.
#pragma once

#include <queue>
#include <vector>

#include "stack/wire/packet.h"
#include "tests/sim/dice.h"
#include "tests/support/segment.h"

namespace glasstcp::sim {

using test::Bytes;

/// How bad it is. Probabilities in per mille.
struct Weather {
  Duration delay = 1ms;
  Duration jitter{};
  std::uint64_t loss = 0;
  std::uint64_t reorder = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t corrupt = 0;
  Instant outage_begin = kNever;  ///< nothing passes from here
  Instant outage_end = kNever;    ///< to here

  [[nodiscard]] static Weather by(Dice& dice, Instant start, bool offload);
};

/// A packet on its way.
struct Parcel {
  Instant arrival;
  std::uint64_t number = 0;  ///< breaks ties: first in, first out
  Bytes packet;
  PacketMeta meta;
};

/// One direction.
class BadLink {
 public:
  BadLink(const Weather& weather, Dice dice) : weather_(weather), dice_(dice) {}

  void carry(Bytes packet, const PacketMeta& meta, Instant now);
  [[nodiscard]] Instant next_arrival() const;
  /// The next packet that is due at `now`; only if next_arrival() <= now.
  Parcel take();
  void heal();

 private:
  struct Later {
    bool operator()(const Parcel& a, const Parcel& b) const {
      return a.arrival != b.arrival ? a.arrival > b.arrival : a.number > b.number;
    }
  };
  void enqueue(Bytes packet, const PacketMeta& meta, Instant arrival);
  void corrupt(Bytes& packet);

  Weather weather_;
  Dice dice_;
  std::uint64_t count_ = 0;
  std::priority_queue<Parcel, std::vector<Parcel>, Later> parcels_;
};

}  // namespace glasstcp::sim
