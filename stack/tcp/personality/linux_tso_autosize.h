// How large Linux makes a TSO packet: what its pacing rate sends in about a millisecond, more on a
// path so short that this costs nothing, and never more than half of the congestion window.
//
// No RFC; tcp_tso_autosize() of Linux. Only for stacks that are to behave as Linux does
// (TcpConfig::gso_follows_rate).
//
// Invariants:
//   1. The answer is a whole number of segments, and at least one.
//
// Next: linux_send_buffer.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/time.h"

namespace glasstcp {

/// What the size depends on. Bytes.
struct LinuxTsoFacts {
  std::uint32_t mss = 1;  ///< data of a full segment
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = 0;
  Duration srtt{};                   ///< zero: not measured
  std::optional<Duration> min_rtt;   ///< the shortest that was measured; empty: srtt stands for it
  std::uint32_t least_segments = 0;  ///< that the rate allows at least
};

/// The most data that one packet may carry, bytes.
[[nodiscard]] std::uint32_t linux_tso_bytes(const LinuxTsoFacts& facts);

}  // namespace glasstcp
