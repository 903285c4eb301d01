// Finds the control sockets of servers that run in this network namespace, and calls one.
//
// Next: control_name.h, control_server.h.
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

/// The server that is meant, by the kernel's table.
[[nodiscard]] std::expected<Descriptor, Failure> find_server(const std::string& wanted);

/// Sends the line, without its end, and reads the one that answers. Empty: what was asked for
/// follows; else why it does not.
[[nodiscard]] std::string ask_server(int socket, std::string_view line);

/// A connection to the server on this interface, if it was root's or is ours.
[[nodiscard]] std::expected<Descriptor, Failure> call_server(const std::string& interface);

}  // namespace glasstcp
