// New Reno: slow start and congestion avoidance.
//
// RFC 5681 §3.1, RFC 3465 (byte counting), RFC 6928 (initial window). Fast recovery is recovery.h.
//
// Invariants: those of congestion.h.
//
// Next: recovery.h.
#pragma once

#include "stack/tcp/congestion.h"

namespace glasstcp {

/// RFC 5681's algorithm.
class NewReno final : public CongestionControl {
 public:
  void start(CongestionState& state, std::uint32_t initial_window) const noexcept override;
  void on_ack(CongestionState& state, const AckFacts& facts) const noexcept override;
  void on_loss(CongestionState& state, std::uint32_t flight,
               std::uint32_t mss) const noexcept override;
  void on_timeout(CongestionState& state, std::uint32_t flight, std::uint32_t mss,
                  bool first) const noexcept override;
  void on_idle(CongestionState& state, std::uint32_t restart_window) const noexcept override;
};

}  // namespace glasstcp
