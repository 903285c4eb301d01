// Whether a plain user can have a network of their own here, as `unshare -Urn` makes one, with a
// TUN interface in it; and what forbids it. It is tried in a process of its own, which ends at
// once.
//
// user_namespaces(7).
//
// Next: doctor.h.
#pragma once

#include <cstdint>
#include <string>

namespace glasstcp {

/// What came of it.
enum class OwnNetwork : std::uint8_t {
  Untried,      ///< there are rights enough without it
  Works,        ///< `unshare -Urn glasstcp serve` would work
  NoNamespace,  ///< the kernel gives no user namespace
  NoRights,     ///< it gives one without the rights of root in it
  NoDevice,     ///< /dev/net/tun may not be opened
};

/// Tries it.
[[nodiscard]] OwnNetwork try_own_network();

/// The setting of the kernel that forbids it, with its value that would allow it:
/// "kernel.apparmor_restrict_unprivileged_userns=0"; empty: none is known to.
[[nodiscard]] std::string forbidding_setting();

}  // namespace glasstcp
