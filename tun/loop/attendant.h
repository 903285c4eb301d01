// Something beside packets that the loop waits for, and that acts when it is ready: the control
// socket of a server.
//
// Next: machine.h.
#pragma once

#include <poll.h>

namespace glasstcp {

/// Told by the machine that it belongs to. Must not block.
class Attendant {
 public:
  Attendant() = default;
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;
  virtual ~Attendant() = default;

  /// What to wait for; a descriptor of -1: nothing.
  [[nodiscard]] virtual pollfd interest() const noexcept = 0;
  /// It is ready.
  virtual void on_ready() noexcept = 0;
};

}  // namespace glasstcp
