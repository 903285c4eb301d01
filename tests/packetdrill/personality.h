// As whom the stack behaves in a script: Linux, BSD or itself, and the settings that scripts
// turn by sysctl.
//
// Invariants:
//   1. Settings are read when the stack is made, which is at the first call that needs it: what a
//      script sets before that counts.
//
// Next: virtual_host.h.
#pragma once

#include <string>

#include "stack/socket/glasstcp.h"

namespace glasstcp::packetdrill {

/// What a stack is made from; `flags` is the tool's --so_flags: "linux", "bsd" or "rfc", "mtu=N"
/// and "segment=N" (text bytes of one segment in a larger packet that arrives), comma-separated.
struct Personality {
  explicit Personality(const std::string& flags);
  /// The configuration with what sysctls say: those of the network namespace (linux), or the file
  /// that the stand-in for sysctl writes in `folder` (bsd).
  [[nodiscard]] glasstcp_config with_sysctls(const std::string& folder) const;

  void set_mtu(std::uint32_t mtu);
  /// SO_RCVBUF of a socket that has no connection yet.
  [[nodiscard]] static std::uint32_t bsd_receive_space(const std::string& folder);

  glasstcp_config config{};
  bool is_linux = false;
  bool is_bsd = false;
  bool v6 = false;
  bool introduces = false;       ///< connect() only shows the tool a SYN (scripts/judge)
  std::uint32_t second_isn = 0;  ///< as which the initial number of a tuple's next connection shows
  std::uint16_t segment = 0;
};

/// A number below /proc/sys/net/ipv4 of the network namespace.
[[nodiscard]] std::uint32_t linux_sysctl(const char* name, std::uint32_t otherwise);

}  // namespace glasstcp::packetdrill
