// A small process that undoes a change to the kernel's network when its owner ends, however it
// ends.
//
// capabilities(7). The server gives up its rights before it talks to anybody, so it cannot clean up
// behind itself; the keeper is forked before that, keeps the one capability it needs, waits for the
// end of a pipe whose other end only the server holds, cleans, and is gone.
//
// Invariants:
//   1. The keeper reads nothing that a peer wrote, and holds no descriptor of the server: the
//   device vanishes with its owner, and readers of its output see the end.
//   2. Destroying the Keeper waits until everything is undone.
//
// Next: network_setup.h, publish.h.
#pragma once

#include <functional>
#include <utility>

#include "tun/host/descriptor.h"

namespace glasstcp {

/// Runs a function in a process of its own once this object, or its whole process, is gone.
class Keeper {
 public:
  /// Keeps nothing.
  Keeper() = default;
  /// Starts the process; before privileges are given up. `undo` has CAP_NET_ADMIN if we have it
  /// now. If the process cannot be started, nothing is undone.
  static Keeper start(const std::function<void()>& undo);
  Keeper(Keeper&& other) noexcept
      : pipe_(std::move(other.pipe_)), process_(std::exchange(other.process_, -1)) {}
  Keeper& operator=(Keeper&& other) noexcept {
    std::swap(pipe_, other.pipe_);
    std::swap(process_, other.process_);
    return *this;
  }
  /// Lets it clean, and waits until it has.
  ~Keeper();

 private:
  Descriptor pipe_;
  int process_ = -1;
};

}  // namespace glasstcp
