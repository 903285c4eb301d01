// Finds the control sockets of servers that run in this network namespace, and calls one.
//
// Next: ../control/control_name.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tun/host/descriptor.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// The interfaces of servers that listen, by the text of /proc/net/unix; each once, sorted.
[[nodiscard]] std::vector<std::string> listening_servers(std::string_view table);

/// Which of them is meant: `wanted`, or the only one.
[[nodiscard]] std::expected<std::string, Failure> choose_server(
    const std::vector<std::string>& running, const std::string& wanted);

/// A connection to the server on this interface, if it was root's or is ours.
[[nodiscard]] std::expected<Descriptor, Failure> call_server(const std::string& interface);

}  // namespace glasstcp
