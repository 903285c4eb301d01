// How long to wait for an acknowledgment: smoothed round-trip time, its variation, and the timeout
// made of them.
//
// RFC 6298, with Karn's rule (the caller hands in only samples that are unambiguous) and
// exponential backoff.
//
// Invariants:
//   1. min_rto <= rto() <= max_rto once a sample exists; before that, initial_rto (RFC 6298 §2.1),
//   both backed off.
//
// Next: ../connection/timers.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"
#include "stack/tcp/choices.h"

namespace glasstcp {

// RFC 9293 §3.8.1 MUST-18: the timeout is RFC 6298's; Karn's rule is kept by LossRecovery
// (read_ack.cc), by what the retransmission queue notes.
/// RFC 6298 §2. 16 bytes: times are kept in eighths of a microsecond, up to 8 minutes.
class RttEstimator {
 public:
  // RFC 6298 §2.1 R6298-01: one second before any sample (the configured initial value).
  explicit RttEstimator(const RtoBounds& bounds) : base_rto_(pack(bounds.initial)) {}

  /// One unambiguous measurement (Karn's rule is the caller's duty). Ends any backoff.
  void add_sample(Duration measured, const RtoBounds& bounds) {
    // RFC 6298 §4 R6298-08: never less than the granularity of our clock, which is taken as 1 us.
    const std::uint32_t rtt = pack(std::max<Duration>(measured, 1us));
    if (!has_sample()) {
      // RFC 6298 §2.2 R6298-02: first sample: srtt = R, rttvar = R/2.
      srtt_ = rtt;
      rttvar_ = rtt / 2;
    } else {
      // RFC 6298 §2.3 R6298-03: the variation first, with the old mean; gains 1/4 and 1/8.
      const std::uint32_t error = srtt_ > rtt ? srtt_ - rtt : rtt - srtt_;
      rttvar_ = rttvar_ - rttvar_ / 4 + error / 4;
      srtt_ = srtt_ - srtt_ / 8 + rtt / 8;
    }
    base_rto_ = pack(timeout_in(bounds));
    backoffs_ = 0;
  }
  /// Other bounds from now on: what was measured stays, and so does a backoff.
  void change_bounds(const RtoBounds& bounds) {
    base_rto_ = pack(has_sample() ? timeout_in(bounds) : bounds.initial);
  }

  /// RFC 6298 §5.5 R6298-11: doubles the timeout, up to the cap.
  void back_off() {
    backoffs_ = std::min<std::uint8_t>(static_cast<std::uint8_t>(backoffs_ + 1), 30);
  }
  // RFC 6298 §5.7 R6298-12: the SYN timed out, so data starts with 3 s, however often it was doubled.
  /// Begins anew with at least `timeout`, until the first sample.
  void begin_anew(Duration timeout) {
    base_rto_ = std::max(base_rto_, pack(timeout));
    backoffs_ = 0;
  }

  /// The timeout to use now, with backoff and cap.
  [[nodiscard]] Duration rto(const RtoBounds& bounds) const {
    Duration value = unpack(base_rto_);
    for (int i = 0; i < backoffs_ && value < bounds.max; ++i) value *= 2;
    return std::min(value, bounds.max);
  }
  [[nodiscard]] bool has_sample() const { return srtt_ != 0; }
  [[nodiscard]] Duration srtt() const { return unpack(srtt_); }
  [[nodiscard]] Duration rttvar() const { return unpack(rttvar_); }

 private:
  static constexpr Duration kUnit = 125ns;
  // RFC 6298 §2.3, §2.4 R6298-04, R6298-05: a floor (200 ms by default, the RFC advises 1 s) and a
  // cap of at least 60 s.
  [[nodiscard]] Duration timeout_in(const RtoBounds& bounds) const {
    const Duration least = bounds.min_is_variance ? bounds.min : Duration(1us);
    const Duration slack = std::max<Duration>({1us, least, 4 * rttvar()});
    return std::clamp<Duration>(srtt() + slack, bounds.min, bounds.max);
  }
  static std::uint32_t pack(Duration d) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(d / kUnit, 1, 0xffffffff));
  }
  static Duration unpack(std::uint32_t units) { return kUnit * units; }

  std::uint32_t srtt_ = 0;
  std::uint32_t rttvar_ = 0;
  std::uint32_t base_rto_;
  std::uint8_t backoffs_ = 0;
};

}  // namespace glasstcp
