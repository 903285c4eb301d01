// Timestamps of one connection: what we send, what we echo, and what is too old to be believed
// (PAWS).
//
// RFC 7323 §3-§5. The clock ticks once per millisecond (RFC 7323 §5.4: between 1 ms and 1 s) and
// has a secret offset.
//
// Invariants:
//   1. ts_recent changes only by a segment that covers last_ack_sent (RFC 7323 §4.3).
//
// Next: receive/ack_policy.h.
#pragma once

#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/segment.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// RFC 7323's per-connection variables. 16 bytes.
class Timestamps {
 public:
  Timestamps() = default;
  Timestamps(std::uint32_t offset, TsVal recent, Instant now)
      : recent_at_ms_(milliseconds_of(now)),
        recent_(recent),
        offset_(offset),
        enabled_(true),
        has_recent_(true) {}

  /// For an active open: the clock is known, the peer's use of it is not yet.
  static Timestamps with_offset(std::uint32_t offset) {
    Timestamps t;
    t.offset_ = offset;
    return t;
  }

  /// The clock alone, for our SYN: whether the peer uses timestamps is not known yet.
  static TsVal clock(std::uint32_t offset, Instant now) {
    // RFC 7323 §4.1 R7323-14, §5.4 R7323-21: 1 ms ticks, proportional to time; wraps after 49 days,
    // far beyond an MSL.
    return TsVal{static_cast<std::uint32_t>(to_ms(now.time_since_epoch())) + offset};
  }

  [[nodiscard]] bool enabled() const { return enabled_; }
  [[nodiscard]] TsVal recent() const { return recent_; }
  [[nodiscard]] std::uint32_t offset() const { return offset_; }
  [[nodiscard]] TsVal now_value(Instant now) const { return clock(offset_, now); }

  // RFC 7323 §5.3 R7323-19: older than the recent one: an old duplicate.
  /// Whether PAWS rejects a segment with this TSval.
  [[nodiscard]] bool is_too_old(TsVal val, Instant now) const {
    return has_recent_ && difference(val, recent_) < 0 && !is_outdated(now);
  }

  // RFC 7323 §3.2 R7323-12: not negotiated, not looked at. §5.2 R7323-17: a reset is judged by its
  // number alone.
  // RFC 7323 §3.2 R7323-10, not done: to drop segments without the option that was agreed on.
  // Middleboxes take it off, and some peers leave it out of keep-alives; where such a segment is
  // dropped the connection stands still until it times out. It is judged by its numbers alone, so
  // PAWS does not protect from an old duplicate without the option; the setting
  // tolerates_missing_timestamps, off, does as the RFC advises.
  // RFC 7323 §3.2 R7323-11: either way the connection lives on.
  /// RFC 7323 §5.3, R1 of PAWS, which comes before the window test: TimestampMissing or
  /// PawsRejected, which is to be acknowledged, and dropped. `tolerates_missing`: the setting.
  [[nodiscard]] Check check(const Segment& seg, bool tolerates_missing, Instant now) const {
    if (!enabled_ || seg.flags.rst()) return std::nullopt;
    const auto& stamp = seg.options.timestamps;
    if (!stamp && !tolerates_missing) return Verdict::TimestampMissing;
    if (stamp && is_too_old(stamp->val, now)) return Verdict::PawsRejected;
    return std::nullopt;
  }

  // RFC 7323 §4.3 R7323-16, §5.3 R7323-20: only a segment that covers the last ACK we sent updates
  // ts_recent, so that a delayed ACK echoes the earliest unacknowledged segment and a filled gap
  // the latest.
  /// Takes TSval of an acceptable segment that starts at `seq`.
  void on_segment(TsVal val, SeqNum seq, SeqNum last_ack_sent, Instant now) {
    if (seq > last_ack_sent) return;
    if (has_recent_ && difference(val, recent_) < 0 && !is_outdated(now)) return;
    recent_ = val;
    recent_at_ms_ = milliseconds_of(now);
    has_recent_ = true;
  }

  /// Whether an echo is of something that left between `first_ms` and now. Modular, so that 0 is a
  /// value like any other; one from before, or from the future, tells nothing of what is under way.
  [[nodiscard]] bool is_echo_since(TsVal ecr, std::uint32_t first_ms, Instant now) const {
    return difference(ecr, TsVal{first_ms + offset_}) >= 0 && difference(ecr, now_value(now)) <= 0;
  }
  /// How long ago the segment was sent that this echo belongs to, in whole ticks.
  [[nodiscard]] Duration since(TsVal ecr, Instant now) const {
    return std::chrono::milliseconds(difference(now_value(now), ecr));
  }

 private:
  // RFC 7323 §5.5 R7323-22: after 24 days of idleness the stored value says nothing any more.
  [[nodiscard]] bool is_outdated(Instant now) const {
    return std::chrono::milliseconds(milliseconds_of(now) - recent_at_ms_) > 24 * 24h;
  }

  std::uint32_t recent_at_ms_ = 0;  // modulo 2^32
  TsVal recent_{};
  std::uint32_t offset_ = 0;
  bool enabled_ = false;
  bool has_recent_ = false;
};

}  // namespace glasstcp
