// Where the control socket of a server is: a Unix socket without a file, named after the TUN
// interface.
//
// unix(7), abstract sockets. Like the interface itself the name belongs to one network namespace,
// so `docker exec` finds the server of its container, and it is gone when the server is, however
// that ended. Such a socket has no file whose rights could be set: both ends ask the kernel who the
// other one is (SO_PEERCRED).
//
// Next: control_server.h.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace glasstcp {

inline constexpr std::string_view kControlPrefix = "glasstcp/";

/// The socket's address, and how long it is.
struct ControlAddress {
  sockaddr_un address{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

/// Of the server on this interface; the name of one has at most 15 characters.
[[nodiscard]] inline ControlAddress control_address(std::string_view interface) {
  ControlAddress made;
  const std::string name = std::string(kControlPrefix) + std::string(interface);
  made.address.sun_family = AF_UNIX;
  std::memcpy(made.address.sun_path + 1, name.data(), name.size());
  made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return made;
}

/// Who is at the other end; of a server: who it was when it began to listen.
[[nodiscard]] inline std::optional<uid_t> user_behind(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  return who.uid;
}

}  // namespace glasstcp
