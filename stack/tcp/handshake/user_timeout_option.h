// The user timeout option: how long an end means to wait for acknowledgments before it gives up, as
// the wire has it, and what follows from both ends' wishes.
//
// RFC 5482 §3 (the option), §3.1 (which timeout is used).
//
// Invariants:
//   1. What is adopted lies between the two limits, whatever the peer says.
//
// Next: ../connection/challenge_limit.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "stack/base/time.h"

namespace glasstcp {

/// RFC 5482's 16 bits: a granularity bit (seconds or minutes) and a number.
class UserTimeoutOption {
 public:
  /// Empty: none to announce. Whole seconds, or whole minutes above 32767 of them; rounded up.
  [[nodiscard]] static std::optional<std::uint16_t> encode(Duration timeout) {
    if (timeout <= Duration::zero()) return std::nullopt;
    const std::int64_t seconds = (timeout + 1s - Duration(1)) / 1s;
    if (seconds <= kMost) return static_cast<std::uint16_t>(seconds);
    const std::int64_t minutes = std::min<std::int64_t>((seconds + 59) / 60, kMost);
    return static_cast<std::uint16_t>(kMinutes | minutes);
  }

  /// Empty: the reserved value 0, which is ignored.
  [[nodiscard]] static std::optional<Duration> decode(std::uint16_t option) {
    const std::int64_t number = option & kMost;
    if (number == 0) return std::nullopt;
    return (option & kMinutes) != 0 ? Duration(number * 1min) : Duration(number * 1s);
  }

  // RFC 5482 §3.1 R5482-02, R5482-03: the longer of the two wishes, within limits: too short would
  // end connections that a pause should not, too long would keep dead ones.
  [[nodiscard]] static Duration choose(Duration ours, Duration theirs, Duration least,
                                       Duration most) {
    return std::min(most, std::max({ours, theirs, least}));
  }

 private:
  static constexpr std::int64_t kMinutes = 0x8000, kMost = 0x7fff;
};

}  // namespace glasstcp
