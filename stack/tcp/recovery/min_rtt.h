// The least round trip seen lately: what the path takes when no queue is in the way.
//
// RFC 8985 §6.2 step 1 (a minimum over a window of time). Two halves of the window, each with its
// minimum: the answer covers between one and two halves, in 12 bytes.
//
// Invariants:
//   1. get() is the minimum of samples of which the oldest is at most 2 kHalf old.
//
// Next: rack.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// Times are kept in eighths of a microsecond, up to 8 minutes.
class RttMinimum {
 public:
  static constexpr Duration kHalf = std::chrono::minutes(2);

  void add(Duration rtt, Instant now) {
    const auto units =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(rtt / kUnit, 1, kNothing - 1));
    const std::uint32_t at = milliseconds_of(now);
    if (present_ == kNothing || std::chrono::milliseconds(at - since_ms_) >= kHalf) {
      past_ = present_;
      present_ = units;
      since_ms_ = at;
    }
    present_ = std::min(present_, units);
  }
  [[nodiscard]] bool has_sample() const { return present_ != kNothing; }
  /// Zero without a sample.
  [[nodiscard]] Duration get() const {
    return has_sample() ? kUnit * std::min(present_, past_) : Duration::zero();
  }

 private:
  static constexpr Duration kUnit = std::chrono::nanoseconds(125);
  static constexpr std::uint32_t kNothing = 0xffffffffU;

  std::uint32_t present_ = kNothing;
  std::uint32_t past_ = kNothing;
  std::uint32_t since_ms_ = 0;
};

}  // namespace glasstcp
