// The timers that wait for an acknowledgment: which of them runs, and until when.
//
// RFC 6298 §5 (retransmission), RFC 8985 §6.2 (reordering), §7.2 (tail loss probe), §8 (one of
// them at a time).
//
// Invariants:
//   1. One of the three runs exactly while something is outstanding and the peer's window is open.
//
// Leaves out: the slot and the wheel (connection/timer_table.h), which are the connection's.
//
// Next: loss_recovery.h.
#pragma once

#include "stack/base/time.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// Retransmit, TailLossProbe or RackReordering. They share a slot: arming one stops the others.
struct LossTimer {
  TimerName name = TimerName::Retransmit;
  Instant deadline{};
};

}  // namespace glasstcp
