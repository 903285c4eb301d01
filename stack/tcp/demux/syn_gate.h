// Which SYNs are answered when more come than can be: a flood costs a look-up and a few steps for
// each of its SYNs, and honest clients get through all the same.
//
// RFC 4987 §2 (the attack), §3.2 and §3.6 (limits, cookies). Up to a rate all are answered. Above it
// a SYN is dropped before its checksum and options are read, unless its lot is drawn: the keyed
// hash of its four-tuple is a place on a circle, and in each second those in an arc of it are
// answered, as long as the rate allows. The next second's arc begins where the last one ended. So a
// client that repeats its SYN each second (Linux does, five times) is answered as soon as the arc
// comes by, and not only if it is lucky; one that waits 1, 2, 4 s has the chance of a random drop.
// A flood from forged addresses gets no larger share than its number.
//
// Invariants:
//   1. In any time t at most burst + rate * t SYNs are admitted.
//   2. Below the rate every SYN is admitted, an eighth of a second after a flood too.
//   3. 64 bytes of state, however many SYNs come.
//   4. Where the rate is more than the loop has time for, the queue of answers says so, and the arc
//   becomes shorter.
//
// Leaves out: telling honest from forged SYNs by what they look like.
//
// Next: peer_ledger.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"
#include "stack/base/token_bucket.h"

namespace glasstcp {

/// Limits of what SYNs may cost. One per stack.
class SynGate {
 public:
  struct Limits {
    std::uint32_t answers_per_second = 0;    ///< 0: no limit
    std::uint32_t half_open_per_second = 0;  ///< whose handshake does not end; above it: cookies
    std::uint32_t half_open_burst = 0;       ///< so many at once
  };
  explicit SynGate(const Limits& limits)
      : rate_(limits.answers_per_second),
        answers_(rate_, std::max(1U, rate_ / 8)),
        records_(limits.half_open_per_second,
                 std::max(limits.half_open_per_second, limits.half_open_burst)) {}

  /// How it stands with the queue of answers.
  struct Queue {
    bool is_empty = true;
    bool is_full = false;
  };
  /// Whether this SYN, of which nothing is known, is to be answered. `hash`: of its four-tuple.
  [[nodiscard]] bool admits(std::uint64_t hash, Instant now, Queue queue) {
    if (rate_ == 0) return !queue.is_full;
    if (now >= slot_end_) begin_slot(now);
    ++seen_;
    const auto place = static_cast<std::uint32_t>(hash >> 32);
    const bool is_drawn = place - arc_start_ <= arc_length_;
    // What the drawn ones leave of the rate is anybody's.
    if (!is_drawn && (!queue.is_empty || !answers_.is_full(now))) return false;
    if (queue.is_full) {
      is_crowded_ = true;
      return false;
    }
    if (!answers_.take(now)) return false;
    ++answered_;
    return true;
  }
  /// Whether it may be remembered; else only a cookie may answer it.
  [[nodiscard]] bool may_remember(Instant now) { return records_.take(now); }
  /// A handshake that was remembered has ended well: it was none of a flood.
  void on_completed() { records_.give_back(); }

 private:
  static constexpr Duration kSlot = 1s;
  static constexpr std::uint32_t kWholeCircle = 0xffffffff;

  // As long an arc as would have drawn, out of what came in the last slot, seven eighths of the
  // rate; or, where answers could not leave as fast, an eighth more than what left.
  void begin_slot(Instant now) {
    const bool was_quiet = now - slot_end_ >= kSlot;
    const std::uint64_t came = was_quiet ? 0 : seen_;
    const std::uint64_t limit = is_crowded_ ? answered_ + answered_ / 8 : rate_;
    const std::uint64_t target = std::min(limit, std::uint64_t{rate_} - rate_ / 8);
    arc_start_ += arc_length_ + 1;
    arc_length_ = came <= limit ? kWholeCircle : static_cast<std::uint32_t>((target << 32) / came);
    seen_ = answered_ = 0;
    is_crowded_ = false;
    slot_end_ = now + kSlot;
  }

  std::uint32_t rate_;
  std::uint32_t seen_ = 0;  // SYNs in this slot
  std::uint32_t answered_ = 0;
  bool is_crowded_ = false;  // one of them found the queue full
  std::uint32_t arc_start_ = 0;
  std::uint32_t arc_length_ = kWholeCircle;
  Instant slot_end_{};
  TokenBucket answers_;
  TokenBucket records_;
};
static_assert(sizeof(SynGate) <= 64);

}  // namespace glasstcp
