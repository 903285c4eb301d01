// The error queue of a socket: recvmsg(2) with MSG_ERRQUEUE. Only MSG_ZEROCOPY has anything to say
// there (Linux: Documentation/networking/msg_zerocopy.rst).
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

// struct sock_extended_err (linux/errqueue.h) with the offender's address, which nobody is.
struct ExtendedError {
  std::uint32_t number = 0;
  std::uint8_t origin = LinuxNumbers::kOriginZerocopy, type = 0, code = LinuxNumbers::kCopied,
               padding = 0;
  std::uint32_t info = 0, data = 0;
};
static_assert(sizeof(ExtendedError) == 16);

}  // namespace

// What was acknowledged since the last time comes back; called after whatever may acknowledge.
void SocketLayer::settle_zerocopy(glasstcp_handle handle, SocketObject& s) {
  if (!s.zerocopy.has_pending()) return;
  if (s.zerocopy.on_acknowledged(stack_.unacknowledged(s.connection))) {
    wake(handle, EPOLLERR);
  }
}

int SocketLayer::read_error(glasstcp_handle handle, msghdr& message) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  settle_zerocopy(handle, *s);
  const auto range = s->zerocopy.take_done();
  if (!range) return -EAGAIN;
  ExtendedError error;
  error.info = range->first;
  error.data = range->second;
  message.msg_namelen = 0;
  message.msg_flags = MSG_ERRQUEUE;
  const std::size_t address = s->is_v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  const std::size_t size = sizeof error + address;
  if (message.msg_control == nullptr || message.msg_controllen < CMSG_LEN(size)) {
    message.msg_controllen = 0;
    message.msg_flags |= MSG_CTRUNC;
    return 0;
  }
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = s->is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  header->cmsg_type = s->is_v6 ? LinuxNumbers::kReceiveError6 : LinuxNumbers::kReceiveError;
  header->cmsg_len = CMSG_LEN(size);
  std::memset(CMSG_DATA(header), 0, size);
  std::memcpy(CMSG_DATA(header), &error, sizeof error);
  message.msg_controllen = std::min<std::size_t>(message.msg_controllen, CMSG_SPACE(size));
  return 0;
}

}  // namespace glasstcp
