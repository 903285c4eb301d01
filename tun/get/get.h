// `glasstcp get`, in order: the URL and its addresses, the output, the device and the network,
// fewer rights, the stack, the loop. With --via kernel the steps in the middle fall away.
//
// Invariants:
//   1. Names, files and the device are opened before rights are given up; what a server can reach
//   comes after.
//   2. The exit code and the one line on stderr say the same (ending.h).
//
// Next: main.cc.
#pragma once

#include "tun/cli/get_options.h"

namespace glasstcp {

/// Fetches. Returns the exit code.
[[nodiscard]] int get(const GetOptions& options);

}  // namespace glasstcp
