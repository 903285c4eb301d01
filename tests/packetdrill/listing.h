// The sockets of a stack as lines of text, for the stand-ins of sockstat and tcpdrop.
//
// Invariants:
//   1. A line is: IP version, command, descriptor, local and foreign endpoint, state.
//
// Next: personality.h.
#pragma once

#include <string>
#include <unordered_map>

#include "stack/socket/glasstcp.h"

namespace glasstcp::packetdrill {

/// Every socket with a descriptor, also closed ones, then what has none ("?").
[[nodiscard]] std::string list_sockets(glasstcp_stack* stack,
                                       const std::unordered_map<int, glasstcp_handle>& handles);
/// Drops what `words` name: "all", "state NAME", or "tuple LADDR LPORT FADDR FPORT". Says what it
/// dropped, a line each.
[[nodiscard]] std::string drop_connections(glasstcp_stack* stack, const std::string& words);

}  // namespace glasstcp::packetdrill
