// The world of one run of a script: IP version, initial numbers, and the StackConfig that its `//:
// key=value` lines ask for.
//
// Invariants:
//   1. An unknown key is an error: a script cannot silently test something else than it says.
//
// Next: conversation.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "stack/socket/stack.h"
#include "tests/script/script.h"

namespace glasstcp::test {

/// One of the six worlds that each script runs in.
struct World {
  IpVersion version = IpVersion::V4;
  std::uint32_t our_isn = 0;
  std::uint32_t peer_isn = 0;

  [[nodiscard]] std::string name() const;  ///< e.g. "v6_isn_near_2_32"
};

/// Where the two ends are: our port 8080, the peer's 33000; an active open goes to the peer's port
/// 8080.
inline constexpr std::uint16_t kOurPort = 8080;
inline constexpr std::uint16_t kPeerPort = 33000;
[[nodiscard]] IpAddress our_address(IpVersion version);
[[nodiscard]] IpAddress peer_address(IpVersion version);
/// "multicast", "broadcast" (IPv6: all nodes), "own", "unspecified", "loopback" or "other"; empty
/// gives `otherwise`.
[[nodiscard]] std::expected<IpAddress, std::string> named_address(const std::string& name,
                                                                  const IpAddress& otherwise);

/// What a script asks for.
struct RunSettings {
  StackConfig stack;
  Duration tolerance = 1ms;
};
[[nodiscard]] std::expected<RunSettings, std::string> settings_of(const Script& script,
                                                                  const World& world);
/// RunSettings of one connection change on its way; the error names a key that cannot.
[[nodiscard]] std::expected<void, std::string> change(ConnectionSettings& settings,
                                                      const std::string& key,
                                                      const std::string& value);

}  // namespace glasstcp::test
