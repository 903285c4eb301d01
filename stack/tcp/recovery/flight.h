// What a connection remembers only while something is under way: the retransmission queue, RACK and
// the tail loss probe, the episode of recovery, the rate of delivery, and congestion control's
// model.
//
// An idle connection has none: the record comes from a slab with the first segment and goes back
// when all is acknowledged: at once if no loss was ever seen, else after a while of quiet, since
// what a congested path taught is worth keeping for the next request. What outlives it (cwnd,
// ssthresh, round-trip times, whether reordering was seen) is in LossRecovery.
//
// Invariants:
//   1. A connection with anything outstanding has one.
//   2. One that stands on the list of the quiet belongs to a connection with an empty queue.
//
// Next: recovery_context.h.
#pragma once

#include "stack/base/intrusive_list.h"
#include "stack/base/timing_wheel.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/delivery_rate.h"
#include "stack/tcp/congestion/pacing.h"
#include "stack/tcp/congestion/pipe_ack.h"
#include "stack/tcp/recovery/rack.h"
#include "stack/tcp/recovery/recovery_episode.h"
#include "stack/tcp/recovery/reported_runs.h"
#include "stack/tcp/recovery/tail_loss_probe.h"

namespace glasstcp {

class Connection;
struct QuietTag;

/// A sender's side block. As a timer it stands for the time of the next burst.
struct FlightState : ListHook<QuietTag>, TimerNode {
  /// How long it is kept when all is quiet.
  static constexpr Duration kKept = std::chrono::seconds(10);

  Connection* owner = nullptr;
  Instant quiet_since{};

  RetransmissionQueue queue;
  Rack rack;
  TailLossProbe probe;
  RecoveryEpisode episode;
  ReportedRuns reported_runs;  ///< without RACK
  DeliveryRate rate;
  PipeAck pipe_ack;
  Pacing pacing;
  CongestionModel model;
  bool lost_unvalidated = false;  ///< the reduction under way was of an unused window (RFC 7661)
  Duration reordering_wait{};     ///< until the last of the suspected is lost; zero: none
};

}  // namespace glasstcp
