// The only clock of the program: monotonic time for the stack, wall time for dates in HTTP.
//
// Invariants:
//   1. now() never runs backwards, and does not jump when somebody sets the time of day.
//
// Next: event_loop.h.
#pragma once

#include <cstdint>
#include <ctime>

#include "stack/base/time.h"

namespace glasstcp {

/// The time of the machine.
class SystemClock {
 public:
  /// CLOCK_MONOTONIC, nanoseconds since an origin that the kernel chose.
  [[nodiscard]] static Instant now() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return Instant(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  }
  /// What added to now() gives nanoseconds since 1970 UTC, as the clocks are at present. Of some
  /// readings the one counts whose two looks at the other clock are closest: the processor may be
  /// taken away in between.
  [[nodiscard]] static Duration wall_offset() noexcept {
    constexpr int kReadings = 16;
    Duration best = Duration::zero();
    Duration closest = Duration::max();
    for (int i = 0; i < kReadings; ++i) {
      timespec t;
      const Instant before = now();
      ::clock_gettime(CLOCK_REALTIME, &t);
      const Duration apart = now() - before;
      if (apart >= closest) continue;
      closest = apart;
      best = std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec) -
             (before + apart / 2).time_since_epoch();
    }
    return best;
  }
  /// Seconds since 1970 UTC. The coarse clock is some milliseconds late and costs a few
  /// nanoseconds.
  [[nodiscard]] static std::int64_t unix_seconds() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return t.tv_sec;
  }
};

}  // namespace glasstcp
