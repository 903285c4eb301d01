// The node /dev/net/tun: in a container that was started without --device it may be missing, though
// the kernel has the driver.
//
// mknod(2), Linux Documentation/admin-guide/devices.txt (10, 200).
//
// Invariants:
//   1. Nothing that exists is touched; a host is left alone, where a missing node is a missing
//   driver.
//
// Next: tun_device.h.
#pragma once

namespace glasstcp {

/// In a container, makes the node if it is missing. Says nothing when it may not: opening the node
/// tells, with the cure.
void make_missing_tun_node();

}  // namespace glasstcp
