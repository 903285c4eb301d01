// BBR version 3: a window and a rate from a model of the path, not from loss alone.
//
// draft-ietf-ccwg-bbr. The rate of delivery and the least round trip give the bandwidth-delay
// product; the sender paces at that bandwidth and keeps about that much in flight. Now and then it
// sends more, to see whether the path carries it, and less, to see the path without a queue. Loss
// counts when more than 2 % of a flight is lost.
//
// The record is bbr_model.h; the state machine is bbr_states.cc.
//
// Invariants:
//   1. Those of congestion_control.h; besides, cwnd >= 4 MSS, except after a timeout.
//   2. Random choices are drawn from the flow's own sequence numbers, so that a run can be
//      repeated.
//   3. ssthresh stays as it was: BBR has none.
//
// Leaves out: ECN as a measure of the queue (the draft leaves it to experiments; a mark counts as a
// loss, RFC 3168).
//
// Next: delivery_rate.h.
#pragma once

#include "stack/tcp/congestion/bbr_model.h"
#include "stack/tcp/congestion/congestion_control.h"

namespace glasstcp {

/// draft-ietf-ccwg-bbr's algorithm.
class Bbr final : public CongestionControl {
 public:
  void start(Congestion c, std::uint32_t initial_window) const noexcept override;
  void on_ack(Congestion c, const AckFacts& facts) const noexcept override;
  void on_congestion(Congestion c, const LossFacts& facts) const noexcept override;
  void on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept override;
  void on_idle(Congestion c, std::uint32_t restart_window, Instant now) const noexcept override;
  void on_spurious(Congestion c, Instant now) const noexcept override;
  void on_segment_lost(Congestion c, const LostSegment& segment) const noexcept override;
  void on_restart(Congestion c, Instant now) const noexcept override;
  void on_recovery_exit(Congestion c, Instant now) const noexcept override;
  [[nodiscard]] bool owns_recovery() const noexcept override { return true; }
  [[nodiscard]] bool holds_back(const CongestionModel& model) const noexcept override;
  [[nodiscard]] std::uint64_t pacing_rate(const CongestionState& state,
                                          const CongestionModel& model) const noexcept override;
};

}  // namespace glasstcp
