// The deadlines of one connection: a table with a name for each, and one place in the timing wheel
// for the earliest.
//
// RFC 9293 §3.8.1 (retransmission), §3.8.6.1 (persist), §3.8.6.3 (delayed ACK), §3.8.4 (keep-alive), §3.8.3 (user timeout).
//
// Invariants:
//   1. The wheel fires at or before the earliest deadline: moving a deadline later does not touch
//   the wheel, it fires
//      early and is armed again; moving one earlier does.
//
// Next: congestion.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "stack/base/time.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// A table of deadlines. kNever: not armed.
class TimerTable {
 public:
  static constexpr std::array kNames = {TimerName::Retransmit, TimerName::Persist,
                                        TimerName::DelayedAck, TimerName::KeepAlive,
                                        TimerName::FinWait2,   TimerName::UserTimeout};

  TimerTable() { deadlines_.fill(kNever); }

  void set(TimerName timer, Instant deadline) { deadlines_[slot(timer)] = deadline; }
  void stop(TimerName timer) { deadlines_[slot(timer)] = kNever; }
  void stop_all() { deadlines_.fill(kNever); }
  [[nodiscard]] Instant get(TimerName timer) const { return deadlines_[slot(timer)]; }
  [[nodiscard]] bool is_armed(TimerName timer) const { return get(timer) != kNever; }
  [[nodiscard]] bool is_due(TimerName timer, Instant now) const { return get(timer) <= now; }
  [[nodiscard]] Instant earliest() const { return *std::ranges::min_element(deadlines_); }

 private:
  static constexpr std::size_t slot(TimerName timer) {
    return timer == TimerName::UserTimeout ? 5 : static_cast<std::size_t>(timer);
  }
  static_assert(static_cast<int>(TimerName::FinWait2) == 4,
                "the first five names are the first five slots");

  std::array<Instant, kNames.size()> deadlines_;
};

}  // namespace glasstcp
