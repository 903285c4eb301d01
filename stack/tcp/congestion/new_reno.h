// New Reno: slow start and congestion avoidance.
//
// RFC 5681 §3.1, RFC 3465 (byte counting), RFC 6928 (initial window). The first slow start may end
// by delay (hystart.h). Fast recovery is recovery_episode.h.
//
// Invariants: those of congestion_control.h.
//
// Next: ../recovery/recovery_episode.h.
#pragma once

#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/hystart.h"

namespace glasstcp {

/// What New Reno remembers of a connection, with HyStart++.
struct NewRenoModel {
  static constexpr std::uint8_t kTag = 1;
  HyStart hystart;
};

/// RFC 5681's algorithm.
class NewReno final : public CongestionControl {
 public:
  /// `hystart`: leave the first slow start by delay (RFC 9406), not by loss only.
  explicit NewReno(bool hystart = false) : hystart_(hystart) {}

  void start(Congestion c, std::uint32_t initial_window) const noexcept override;
  void on_ack(Congestion c, const AckFacts& facts) const noexcept override;
  void on_congestion(Congestion c, const LossFacts& facts) const noexcept override;
  void on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept override;
  void on_idle(Congestion c, std::uint32_t restart_window, Instant now) const noexcept override;

 private:
  bool hystart_;
};

}  // namespace glasstcp
