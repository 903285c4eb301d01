// `glasstcp capture`: asks a running server for its packets, and writes those that match.
//
// Invariants:
//   1. The output is a whole pcapng file, whoever ends it: a signal, the server, or the reader of a
//      pipe.
//
// Next: find_server.h.
#pragma once

#include "tun/cli/capture_options.h"

namespace glasstcp {

/// Captures until SIGINT, SIGTERM, or the end of the server. Returns the exit code; failures are
/// told on stderr with their cure.
[[nodiscard]] int capture(const CaptureCommandOptions& options);

}  // namespace glasstcp
