// Whether the congestion window was used: only a window that was used shows what the path can
// carry, and only such a window may grow. Also: when it was last validated.
//
// RFC 7661 §4 (a window is validated when at least half of it was in flight), RFC 5681 §3.1. Facts
// come in when segments leave; the answer is asked for when one is acknowledged.
//
// Invariants:
//   1. `largest` is the most that was in flight since `until` was last passed, up to 64 MiB: beyond
//      twice that a window grows only if it was filled.
//   2. The clock of `validated` has steps of 20 s and comes round after ten minutes: who asks does
//      so more often than every five, or knows that nothing was sent.
//
// Next: congestion_control.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// 8 bytes of one connection.
class WindowUse {
 public:
  /// Segments up to `nxt` left, `flight` bytes are outstanding. `filled`: the congestion window
  /// allows no more.
  void on_sent(SeqNum una, SeqNum nxt, std::uint32_t flight, bool filled) {
    const std::uint32_t capped = std::min(flight, kMostFlight);
    if (una < until_ && !filled && (filled_ != 0 || capped <= largest_)) return;
    until_ = nxt;
    largest_ = capped & kMostFlight;
    filled_ = filled ? 1U : 0U;
  }
  /// A timeout says nothing about the use: slow start begins anew and may grow.
  void on_timeout(SeqNum nxt) {
    until_ = nxt;
    filled_ = 1U;
  }
  void start_at(SeqNum una) { until_ = una; }
  void on_acked(SeqNum una) { until_ = later(until_, una); }

  // RFC 7661 §4.4 R7661-03: in slow start half of the window is use enough, since it then doubles what was
  // in flight.
  [[nodiscard]] bool was_used(std::uint32_t cwnd, bool slow_start) const {
    return filled_ != 0 || (slow_start && cwnd / 2 < largest_);
  }

  // RFC 7661 §4.4.3 R7661-04.
  /// The window was found justified, or begins anew.
  void on_validated(Instant now) { validated_ = clock(now) & kNever; }
  /// Whether it has not been validated for five minutes or more.
  [[nodiscard]] bool is_long_unvalidated(Instant now) const {
    if (validated_ == kNever) return false;
    return (clock(now) + kNever - validated_) % kNever > kPeriod / kStep;
  }
  /// The non-validated period.
  static constexpr Duration kPeriod = 5min;

 private:
  static constexpr std::uint32_t kMostFlight = (1U << 26) - 1;
  static constexpr Duration kStep = 20s;
  static constexpr std::uint32_t kNever = 31;

  static std::uint32_t clock(Instant now) {
    return static_cast<std::uint32_t>(now.time_since_epoch() / kStep % kNever);
  }

  SeqNum until_;
  std::uint32_t largest_ : 26 = 0;
  std::uint32_t validated_ : 5 = kNever;
  std::uint32_t filled_ : 1 = 0;
};

}  // namespace glasstcp
