// Time as the stack knows it: a clock that nobody can ask.
//
// Every Instant is handed in by the caller of the machine, so that a test, a simulation and a
// replay can choose it.
//
// Invariants:
//   1. StackClock has no now(): code that wants the time must be told it.
//   2. Instants count nanoseconds from an origin that the caller chooses, and never run backwards.
//
// Next: seq_num.h.
#pragma once

#include <chrono>
#include <cstdint>

namespace glasstcp {

/// A clock type without now(): only the caller of the stack knows what time it is.
struct StackClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<StackClock>;
  static constexpr bool is_steady = true;
};

/// A length of time, nanosecond resolution, about +-292 years.
using Duration = StackClock::duration;
/// A point in the caller's monotonic time.
using Instant = StackClock::time_point;

/// A deadline that never comes: "not armed".
inline constexpr Instant kNever = Instant::max();

using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

/// The whole microseconds of a duration, rounded towards zero.
constexpr std::int64_t to_us(Duration d) {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}
/// The whole milliseconds of a duration, rounded towards zero.
constexpr std::int64_t to_ms(Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

/// The milliseconds of an instant modulo 2^32: small enough to keep per connection; differences are
/// right up to 49 days.
constexpr std::uint32_t milliseconds_of(Instant t) {
  return static_cast<std::uint32_t>(to_ms(t.time_since_epoch()));
}

}  // namespace glasstcp
