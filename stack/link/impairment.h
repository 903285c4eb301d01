// What a bad link does to packets, and how people write it down: the grammar of --impair.
//
//   loss=2%          each packet is lost with this chance
//   burst=0.5%x8     with this chance a burst begins: 8 packets in a row are lost, on average
//   burst=0.3%x20ms  the same, but for a time, in which every packet is lost
//   delay=30ms       on the way
//   jitter=5ms       the delay varies by up to this much
//   reorder=1%       this share is held back
//   duplicate=1%     this share arrives twice
//   corrupt=0.1%     in this share a bit flips
//   rate=10mbit      of the bottleneck
//   queue=100        packets that wait for it at most
//   drop=out:7       the 7th packet that we send is lost
//
// Effects are separated by commas. Each is for both directions, or for one: in:loss=2%,
// out:rate=1mbit.
//
// Invariants:
//   1. What is handed out is in range; what is wrong is refused in one line that names the cure.
//   2. Nothing is taken silently: a word that is given twice for a direction is refused.
//
// Next: bad_link.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/time.h"

namespace glasstcp {

/// What happens to the packets of one direction. Chances are 0..1.
struct Impairment {
  double loss = 0;
  double burst = 0;         ///< chance that a burst begins with a packet
  double burst_length = 1;  ///< packets that are lost in it, on average
  Duration burst_time{};    ///< how long it lasts instead; zero: it is counted in packets
  Duration delay{};
  Duration jitter{};  ///< the delay is uniform between delay - jitter and delay + jitter
  double reorder = 0;
  double duplicate = 0;
  double corrupt = 0;
  std::uint64_t rate = 0;     ///< bits per second; 0: no bottleneck
  std::uint32_t queue = 100;  ///< packets at the bottleneck, the one that is being sent included
  std::vector<std::uint64_t> drop;  ///< the n-th packets of the direction, from 1; sorted
};

/// Both directions, as the one who asks sees them.
struct ImpairmentPlan {
  Impairment in;   ///< packets that come to us
  Impairment out;  ///< packets that we send
};

/// Reads a SPEC. The error is what is wrong with it and what would be right, without a line feed.
[[nodiscard]] std::expected<ImpairmentPlan, std::string> parse_impairment(std::string_view spec);

/// The other way round, of one direction: "loss=2%,delay=30ms"; empty: it does nothing.
/// Without drop=, which happens once.
[[nodiscard]] std::string spec_of(const Impairment& how);

/// What the words are, in a line, for --help.
inline constexpr std::string_view kImpairmentWords =
    "loss=2%, burst=0.5%x8 (or 0.3%x20ms), delay=30ms, jitter=5ms, reorder=1%, duplicate=1%, "
    "corrupt=0.1%, "
    "rate=10mbit, queue=100, drop=out:7";

}  // namespace glasstcp
