// The deadlines of one connection: a table with a name for each, and one place in the timing wheel
// for the earliest.
//
// RFC 9293 §3.8.1 (retransmission), §3.8.6.1 (persist), §3.8.6.3 (delayed ACK), §3.8.4
// (keep-alive), §3.8.3 (user timeout).
//
// Invariants:
//   1. The wheel fires at or before the earliest deadline: moving a deadline later does not touch
//   the wheel, it fires
//      early and is armed again; moving one earlier does.
//
// Next: ../congestion/congestion_control.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// A table of deadlines. kNever: not armed. Deadlines that never run at the same time share a slot,
/// since every connection pays for the table even when idle:
///   0: retransmission, tail loss probe, reordering (something outstanding, window open), persist
///      (window closed), SWS override and memory retry (nothing outstanding, something waits),
///      FIN-WAIT-2 (nothing left to send)
///   1: delayed ACK
///   2: keep-alive (nothing outstanding), user timeout (something is)
class TimerTable {
 public:
  static constexpr std::size_t kSlots = 3;

  TimerTable() { deadlines_.fill(kNever); }

  /// Arms `timer`; the other one of its slot is not armed any more.
  void set(TimerName timer, Instant deadline) {
    deadlines_[slot(timer)] = deadline;
    names_[slot(timer)] = timer;
  }
  void stop(TimerName timer) {
    if (names_[slot(timer)] == timer) deadlines_[slot(timer)] = kNever;
  }
  /// Which of the timers runs that wait for an acknowledgment; empty: none of them.
  [[nodiscard]] std::optional<TimerName> loss_timer() const {
    const TimerName name = names_[slot(TimerName::Retransmit)];
    const bool waits = name == TimerName::Retransmit || name == TimerName::TailLossProbe ||
                       name == TimerName::RackReordering;
    return waits && is_armed(name) ? std::optional(name) : std::nullopt;
  }
  void stop_loss_timer() {
    if (const auto timer = loss_timer()) stop(*timer);
  }
  void stop_all() { deadlines_.fill(kNever); }
  [[nodiscard]] Instant get(TimerName timer) const {
    return names_[slot(timer)] == timer ? deadlines_[slot(timer)] : kNever;
  }
  [[nodiscard]] bool is_armed(TimerName timer) const { return get(timer) != kNever; }
  /// A timer whose deadline came, disarmed; empty: none (left). In the order of the slots.
  std::optional<TimerName> pop_due(Instant now) {
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (deadlines_[i] > now) continue;
      deadlines_[i] = kNever;
      return names_[i];
    }
    return std::nullopt;
  }
  /// Hands every timer that runs to `use`, in the order of the slots.
  template <typename Use>
  void for_each_running(Use use) const {
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (deadlines_[i] != kNever) use(RunningTimer{names_[i], deadlines_[i]});
    }
  }
  [[nodiscard]] Instant earliest() const { return *std::ranges::min_element(deadlines_); }

 private:
  static constexpr std::size_t slot(TimerName timer) {
    switch (timer) {
      case TimerName::DelayedAck:
        return 1;
      case TimerName::KeepAlive:
      case TimerName::UserTimeout:
        return 2;
      case TimerName::Retransmit:
      case TimerName::TailLossProbe:
      case TimerName::RackReordering:
      case TimerName::Persist:
      case TimerName::SwsOverride:
      case TimerName::MemoryRetry:
      case TimerName::FinWait2:
      case TimerName::TimeWait:  // never armed here, as Pacing
      case TimerName::Pacing:
        break;
    }
    return 0;
  }

  std::array<Instant, kSlots> deadlines_;
  std::array<TimerName, kSlots> names_{};
};

}  // namespace glasstcp
