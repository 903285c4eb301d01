// What the event loop knows of the program above the stack: something that acts on events, has
// deadlines, and can stop.
//
// Invariants:
//   1. turn() takes every event and every released cookie off the stack.
//   2. After stop() nothing new begins, and is_finished() becomes true once every response has been
//   sent.
//
// Next: pump.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// Whether deadlines that are over may end something: not while packets wait that were sent before
/// (a loop that was stopped for a minute, or did not get the processor).
enum class Timers : std::uint8_t { Run, Wait };

/// The program that uses the stack.
class Application {
 public:
  Application() = default;
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  virtual ~Application() = default;

  /// Acts on what happened in the stack, and if `timers` say so on its own deadlines up to `now`.
  virtual void turn(Instant now, Timers timers) noexcept = 0;
  /// The turn is over: pass on what was gathered in it (logs, captures), without waiting.
  virtual void flush(Instant now) noexcept = 0;
  /// When turn() must be called at the latest; kNever: only after a packet.
  [[nodiscard]] virtual Instant next_deadline() const noexcept = 0;
  /// Stop listening; let what has begun come to its end.
  virtual void stop(Instant now) noexcept = 0;
  [[nodiscard]] virtual bool is_finished() const noexcept = 0;
};

}  // namespace glasstcp
