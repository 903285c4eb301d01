// The seam where others watch: an interface with one call per event.
//
// Cost: without an observer each event is one predictable branch; snapshots are made only for one
// that listens.
//
// Invariants:
//   1. An observer cannot call back into the stack, and whether there is one changes no packet
//   (tests/sim checks).
//
// Next: ../wire/checksum.h.
#pragma once

#include "stack/trace/event.h"

namespace glasstcp {

/// Told everything that happens. All calls are made from within the stack's own calls; they must
/// not throw or block.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;
  virtual void on_packet_sent(const PacketSentEvent&) noexcept {}
  virtual void on_packet_received(const PacketReceivedEvent&) noexcept {}
  virtual void on_state_changed(const StateChangedEvent&) noexcept {}
  virtual void on_timer_fired(const TimerFiredEvent&) noexcept {}
  virtual void on_message(const MessageEvent&) noexcept {}
  virtual void on_close(const CloseEvent&) noexcept {}
};

}  // namespace glasstcp
