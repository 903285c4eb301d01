// Our endpoints as the kernel's sockets write them, and back.
//
// ip(7), ipv6(7).
//
// Invariants:
//   1. Addresses of other families do not become endpoints.
//
// Next: kernel_transport.h.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "stack/base/addresses.h"

namespace glasstcp {

/// A sockaddr with room for both versions.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] inline SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  const ByteView bytes = endpoint.address.bytes();
  const in_port_t port = htons(number(endpoint.port));
  if (endpoint.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = port;
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    address.size = sizeof in;
    std::memcpy(&address.storage, &in, sizeof in);
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = port;
    std::memcpy(&in6.sin6_addr, bytes.data(), bytes.size());
    address.size = sizeof in6;
    std::memcpy(&address.storage, &in6, sizeof in6);
  }
  return address;
}

/// `address` is as long as its family says.
[[nodiscard]] inline std::optional<Endpoint> to_endpoint(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return Endpoint{IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&in.sin_addr)),
                    Port{ntohs(in.sin_port)}};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, address, sizeof in6);
    return Endpoint{IpAddress::v6(reinterpret_cast<const std::uint8_t*>(&in6.sin6_addr)),
                    Port{ntohs(in6.sin6_port)}};
  }
  return std::nullopt;
}

/// Our end of a socket.
[[nodiscard]] inline std::optional<Endpoint> local_end(int socket) {
  SocketAddress address;
  address.size = sizeof address.storage;
  auto* const into = reinterpret_cast<sockaddr*>(&address.storage);
  if (::getsockname(socket, into, &address.size) != 0) return std::nullopt;
  return to_endpoint(address.get());
}

}  // namespace glasstcp
