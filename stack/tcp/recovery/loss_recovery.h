// What a sender knows of the path and of what it has under way: round-trip times, the congestion
// window, the retransmission queue, and the episode of recovery.
//
// An idle connection has the few bytes that stand here; what is known while data is under way
// stands in a FlightState (flight.h), which is acquired with the first segment.
//
// Invariants:
//   1. A connection with anything outstanding has a FlightState.
//
// Next: loss_recovery.cc.
#pragma once

#include <cstdint>

#include "stack/base/slab.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/window_use.h"
#include "stack/tcp/recovery/flight.h"
#include "stack/tcp/recovery/min_rtt.h"
#include "stack/tcp/recovery/recovery_context.h"
#include "stack/tcp/recovery/rtt_estimator.h"
#include "stack/trace/reason.h"

namespace glasstcp {

/// The loss recovery of one connection. 54 bytes.
class LossRecovery {
 public:
  explicit LossRecovery(const RtoBounds& bounds) : rtt_(bounds) {}

  [[nodiscard]] const RttEstimator& rtt() const { return rtt_; }
  /// RFC 6298 §2: the retransmission timeout, with backoff.
  [[nodiscard]] Duration rto(const RecoveryContext& context) const {
    return rtt_.rto(context.rto_bounds);
  }
  [[nodiscard]] std::uint32_t cwnd() const { return window_.cwnd; }
  [[nodiscard]] std::uint32_t ssthresh() const { return window_.ssthresh; }

  // -- What is under way
  /// Null: nothing was sent lately.
  [[nodiscard]] FlightState* flight(RecoveryContext& context) {
    return flight_ == kNone ? nullptr : &context.flights[flight_];
  }
  [[nodiscard]] const FlightState* flight(const RecoveryContext& context) const {
    return flight_ == kNone ? nullptr : &context.flights[flight_];
  }
  [[nodiscard]] bool has_flight() const { return flight_ != kNone; }
  /// What is outstanding; nothing without a flight state.
  [[nodiscard]] const RetransmissionQueue& queue(const RecoveryContext& context) const {
    static constexpr RetransmissionQueue kNothing;
    return flight_ == kNone ? kNothing : context.flights[flight_].queue;
  }
  /// Something is about to leave. False: no memory.
  [[nodiscard]] bool acquire_flight(RecoveryContext& context, Connection& owner);
  /// Gives the flight state back, and forgets what is outstanding.
  void release_flight(RecoveryContext& context);

 private:
  friend class Connection;  // until its methods that work on these members have moved here

  [[no_unique_address]] RttEstimator rtt_;  // whose last bytes the next members may use
  SendReason retransmit_reason_ = SendReason::RetransmitTimeout;
  bool retransmit_now_ : 1 = false;   // a timeout's first segment does not ask cwnd
  bool reordering_seen_ : 1 = false;  // while there is no FlightState
  CongestionState window_;
  WindowUse window_use_;
  RttMinimum min_rtt_;
  std::uint32_t flight_ = kNone;
};

}  // namespace glasstcp
