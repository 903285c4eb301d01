// How long to look for packets before going to sleep: learned from how long the sleeps were.
//
// A wake-up costs tens of microseconds, so spinning pays when the next packet comes sooner than the
// limit, and is waste when it does not. The budget doubles after a sleep that spinning up to the
// limit would have avoided, and ends after one that it would not.
//
// Invariants:
//   1. The budget never exceeds the limit; with a limit of zero it stays zero.
//
// Next: event_loop.h.
#pragma once

#include <algorithm>

#include "stack/base/time.h"

namespace glasstcp {

/// Adapts the time of busy polling.
class SpinBudget {
 public:
  explicit SpinBudget(Duration limit) : limit_(limit), current_(limit) {}

  /// How long to poll after the last packet.
  [[nodiscard]] Duration current() const { return current_; }
  /// A sleep ended by a packet that came `idle` after the last one.
  void on_slept(Duration idle) {
    current_ = idle > limit_ ? Duration::zero() : std::min(limit_, std::max(kFirst, current_ * 2));
  }

 private:
  static constexpr Duration kFirst = 10us;
  Duration limit_;
  Duration current_;
};

}  // namespace glasstcp
