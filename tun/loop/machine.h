// What the event loop turns: a server or a client, with all that it is made of.
//
// Nothing here waits: the loop waits for source(), sink(), next_deadline() and signals, and calls
// turn().
//
// Next: event_loop.h.
#pragma once

#include <poll.h>

#include "stack/base/time.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// Something that turns until it is over.
class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  virtual ~Machine() = default;

  /// Brings in what arrived, acts on it, brings out what is to be said.
  virtual TurnResult turn(Instant now) = 0;
  /// When turn() must be called at the latest.
  [[nodiscard]] virtual Instant next_deadline() const = 0;
  /// Where packets or bytes come from; a descriptor of -1: there is nothing to wait for.
  [[nodiscard]] virtual pollfd source() const = 0;
  /// What else is waited for, e.g. a reader of ours; a descriptor of -1: nothing.
  [[nodiscard]] virtual pollfd sink() const { return {-1, 0, 0}; }
  /// sink() is ready.
  virtual void on_sink_ready() {}
  /// A signal came. True: it was acted on; false: it asks for the end.
  [[nodiscard]] virtual bool takes_signal(int /*number*/) { return false; }
  /// Called before each turn from the first signal on that asks for the end: come to it.
  virtual void stop(Instant now) = 0;
  /// Called, too, from the second one on: now. True: it is over as it is; false: see is_over().
  [[nodiscard]] virtual bool stop_now(Instant /*now*/) { return true; }
  /// After a turn that left no work: whether that was the last one.
  [[nodiscard]] virtual bool is_over(Instant now) = 0;
};

}  // namespace glasstcp
