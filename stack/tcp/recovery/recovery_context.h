// What the loss recovery of all connections of one stack shares: its settings, the memory for what
// is under way, and the lists and wheels that this memory stands on.
//
// Invariants:
//   1. A FlightState stands on `quiet` only while nothing of its connection is outstanding.
//
// Next: loss_recovery.h.
#pragma once

#include <cstdint>

#include "stack/base/intrusive_list.h"
#include "stack/base/slab.h"
#include "stack/base/timing_wheel.h"
#include "stack/tcp/config.h"
#include "stack/tcp/congestion/algorithms.h"
#include "stack/tcp/recovery/flight.h"
#include "stack/tcp/recovery/retransmission_queue.h"
#include "stack/tcp/user_types.h"

namespace glasstcp {

/// The part of a stack's context that recovery/ sees.
struct RecoveryContext {
  /// `most_sent`: segments that all connections together may have under way.
  RecoveryContext(const TcpConfig& settings, std::uint32_t most_sent, Instant start)
      : config(settings),
        default_settings(default_settings_of(config)),
        sent(most_sent),
        flights(config.max_connections),
        pacing_wheel(start) {}

  TcpConfig config;                           ///< changed by Stack::choose_for_new() alone
  const ConnectionSettings default_settings;  ///< of connections that choose nothing else
  RetransmissionQueue::Pool sent;
  Slab<FlightState> flights;
  TimingWheel pacing_wheel;                    ///< flight states that wait for pacing
  IntrusiveList<FlightState, QuietTag> quiet;  ///< kept for a while; the longest quiet first
  const CongestionAlgorithms algorithms;
};

}  // namespace glasstcp
