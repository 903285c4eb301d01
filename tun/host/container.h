// Whether we run inside a container: decides which cure a message names, and whom the privileges go
// to.
//
// Invariants:
//   1. Only a hint: nothing depends on it for safety.
//
// Next: privileges.h.
#pragma once

namespace glasstcp {

/// Whether the marks that Docker, Podman, systemd-nspawn or Kubernetes leave are there.
[[nodiscard]] bool is_in_container();

}  // namespace glasstcp
