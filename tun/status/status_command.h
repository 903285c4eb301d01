// `glasstcp status`: asks a running server over its control socket, and prints what it says.
//
// Next: ../control/control_client.h, ../serve/server_status.h.
#pragma once

#include "tun/cli/status_options.h"

namespace glasstcp {

/// Prints it on stdout. Returns the exit code; failures are told on stderr with their cure.
[[nodiscard]] int status(const StatusOptions& options);

}  // namespace glasstcp
