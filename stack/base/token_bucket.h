// A limit on how often something may be done: so many at once, so many per second after that.
//
// RFC 4443 §2.4 (f) asks for such a limit on ICMPv6 errors, RFC 5961 §7 on challenge ACKs. The
// bucket is kept as one point of time: when it would have been empty. No refill has to run, and no
// fraction of a token is lost.
//
// Invariants:
//   1. In any stretch of time t, at most burst + rate * t are let through.
//   2. Integers only: the same on every platform.
//
// Next: ../trace/reason.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// A token bucket, full at first. 16 bytes.
class TokenBucket {
 public:
  /// `rate_per_second` tokens flow in per second (0: nothing ever passes), and `burst` fit in.
  constexpr TokenBucket(std::uint32_t rate_per_second, std::uint32_t burst)
      : interval_ns_(rate_per_second == 0 ? 0 : std::max(1U, 1'000'000'000U / rate_per_second)),
        burst_(burst) {}

  /// Takes a token; false when there is none.
  constexpr bool take(Instant now) {
    if (interval_ns_ == 0 || burst_ == 0) return false;
    const Duration interval{interval_ns_};
    empty_at_ = std::max(empty_at_, now - interval * std::int64_t{burst_});
    if (now - empty_at_ < interval) return false;
    empty_at_ += interval;
    return true;
  }
  /// A token that was taken comes back.
  constexpr void give_back() { empty_at_ -= Duration{interval_ns_}; }
  /// Whether no token is missing.
  [[nodiscard]] constexpr bool is_full(Instant now) const {
    return now - empty_at_ >= Duration{interval_ns_} * std::int64_t{burst_};
  }

 private:
  Instant empty_at_{Duration{INT64_MIN / 2}};  // long ago, but far enough from the edge to subtract
  std::uint32_t interval_ns_;                  // between two tokens
  std::uint32_t burst_;
};
static_assert(sizeof(TokenBucket) == 16);

}  // namespace glasstcp
