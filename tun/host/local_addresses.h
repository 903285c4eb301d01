// The addresses that the kernel's interfaces have now.
//
// getifaddrs(3).
//
// Invariants:
//   1. Only IPv4 and IPv6 addresses; each with its interface and the length of its prefix.
//
// Next: publish.h, cli/doctor.h.
#pragma once

#include <string>
#include <vector>

#include "stack/base/addresses.h"

namespace glasstcp {

/// An address of an interface.
struct LocalAddress {
  std::string interface;
  Cidr cidr;
};

/// All of them; none when the kernel does not tell.
[[nodiscard]] std::vector<LocalAddress> local_addresses();

/// Those of all interfaces but this one, without their prefixes.
[[nodiscard]] std::vector<IpAddress> addresses_beside(const std::string& interface);

}  // namespace glasstcp
