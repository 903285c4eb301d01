// `glasstcp serve`, in order: the device, the network, the site, fewer rights, the stack, the loop.
//
// Invariants:
//   1. Everything that needs rights comes before they are given up; everything that a peer can
//   reach comes after.
//   2. The ready line is printed once packets would be answered, and not before.
//
// Next: main.cc.
#pragma once

#include "tun/cli/options.h"

namespace glasstcp {

/// Serves until a signal. Returns the exit code; failures are told on stderr with their cure.
[[nodiscard]] int serve(const ServeOptions& options);

}  // namespace glasstcp
