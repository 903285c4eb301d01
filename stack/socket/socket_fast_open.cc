// TCP Fast Open as Linux's sockets have it: MSG_FASTOPEN and TCP_FASTOPEN_CONNECT for clients,
// TCP_FASTOPEN for listeners (tcp(7)); RFC 7413 below. See glasstcp.h.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

using N = LinuxNumbers;

constexpr std::size_t kKeyBytes = sizeof(Key128);
constexpr int kMostPending = 4096;

Key128 key_at(ByteView bytes, std::size_t n) {
  Key128 key;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(n * kKeyBytes), kKeyBytes, key.begin());
  return key;
}

std::optional<Key128> backup_in(ByteView bytes) {
  return bytes.size() == 2 * kKeyBytes ? std::optional(key_at(bytes, 1)) : std::nullopt;
}

bool are_keys(ByteView bytes) {
  return bytes.size() == kKeyBytes || bytes.size() == 2 * kKeyBytes;
}

bool is_unspecified(const sockaddr* address, socklen_t length) {
  return address != nullptr && length >= sizeof(sa_family_t) && address->sa_family == AF_UNSPEC;
}

}  // namespace

int SocketLayer::set_fast_open(std::uint32_t bits, ByteView keys) {
  if (!keys.empty() && !are_keys(keys)) return -EINVAL;
  fast_open_bits_ = bits;
  if (!keys.empty()) stack_.set_fast_open_keys(key_at(keys, 0), backup_in(keys));
  objects_.for_each([this](HandleObject& object) {
    if (SocketObject* s = object.socket()) apply_fast_open(*s);
  });
  return 0;
}

FastOpenUse SocketLayer::use_of(const SocketObject& s) const {
  const bool every = (fast_open_bits_ & N::kFastOpenClientWithoutCookie) != 0;
  return every || s.options.fast_open_no_cookie ? FastOpenUse::WithoutCookie : FastOpenUse::Yes;
}

// What was chosen becomes the listener's.
void SocketLayer::apply_fast_open(SocketObject& s) {
  if (s.phase != Phase::Listening) return;
  const auto has = [this](std::uint32_t bit) { return (fast_open_bits_ & bit) != 0; };
  FastOpenListening how;
  int limit = s.options.fast_open;
  if (limit == 0 && has(N::kFastOpenEveryListener)) limit = s.backlog;
  if (!has(N::kFastOpenServer)) limit = 0;
  how.limit = static_cast<std::uint32_t>(std::clamp(limit, 0, kMostPending));
  how.needs_cookie = !has(N::kFastOpenServerWithoutCookie) && !s.options.fast_open_no_cookie;
  if (!s.options.fast_open_key.empty()) {
    how.keys.emplace(Seed{}, Duration::zero());
    how.keys->choose(key_at(s.options.fast_open_key, 0), backup_in(s.options.fast_open_key));
  }
  for (const auto& listener : s.listeners) {
    if (listener) stack_.set_listener_fast_open(*listener, how);
  }
}

// connect(), unless TCP_FASTOPEN_CONNECT lets the first write do it.
int SocketLayer::connect_to(glasstcp_handle handle, SocketObject& s, const Endpoint& remote) {
  const bool asks = s.options.fast_open_connect && (fast_open_bits_ & N::kFastOpenClient) != 0;
  if (!asks) return start_connect(handle, s, remote, FastOpenUse::No);
  const FastOpenUse use = use_of(s);
  const bool has_room =
      use == FastOpenUse::WithoutCookie || stack_.can_fast_open(remote.address, now_);
  if (!has_room) return start_connect(handle, s, remote, use);
  disconnect(s);
  s.connect_deferred = true;
  s.remote = remote;
  s.phase = Phase::Connecting;
  return 0;
}

ssize_t SocketLayer::send_to(glasstcp_handle handle, std::span<const iovec> from, int flags,
                             const sockaddr* address, socklen_t length) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  const bool is_fast = (flags & MSG_FASTOPEN) != 0;
  if (!is_fast && !s->connect_deferred && !s->write_connects) {
    return send_from(handle, from, flags);
  }
  const bool is_off = (fast_open_bits_ & N::kFastOpenClient) == 0;
  if (is_fast && (is_off || is_unspecified(address, length))) return -EOPNOTSUPP;
  if (s->phase == Phase::Connecting && !s->connect_deferred) {
    return connect_with_again(handle, *s, from, flags & ~MSG_FASTOPEN);
  }
  if (s->phase == Phase::Connected || s->phase == Phase::Listening) return -EISCONN;
  Endpoint remote;
  if (s->connect_deferred) {
    remote = *s->remote;
  } else if (const int bad = read_address(*s, address, length, remote)) {
    return bad;
  }
  const int started = start_connect(handle, *s, remote, use_of(*s));
  return started == -EINPROGRESS ? connect_with(handle, *s, from, flags) : started;
}

// The SYN has not left. A caller that waits gives all its bytes at once; one that does not, as many
// as the SYN takes.
ssize_t SocketLayer::connect_with(glasstcp_handle handle, SocketObject& s,
                                  std::span<const iovec> from, int flags) {
  const bool waits = !s.non_blocking && (flags & MSG_DONTWAIT) == 0;
  std::size_t room = waits ? std::numeric_limits<std::size_t>::max()
                           : std::size_t{stack_.fast_open_room(s.connection)};
  std::size_t queued = 0;
  for (const iovec& piece : from) {
    const std::size_t wanted = std::min(piece.iov_len, room);
    if (wanted == 0) continue;
    const ByteView bytes(static_cast<const std::uint8_t*>(piece.iov_base), wanted);
    const auto sent = stack_.send(s.connection, bytes, {}, now_);
    queued += sent.value_or(0);
    room -= sent.value_or(0);
    if (!sent || *sent < wanted) break;
  }
  const bool numbered = s.options.zerocopy && (flags & MSG_ZEROCOPY) != 0 && queued > 0;
  s.zerocopy.on_queued(queued, numbered);
  if (waits) {
    s.write_connects = true;
    s.fast_open_queued = queued;
    would_block(handle, s, POLLOUT, s.options.send_timeout, -EINPROGRESS);
    return -EINPROGRESS;
  }
  wait_ = {sizeof wait_, handle, 0, GLASSTCP_NEVER, -EINPROGRESS};
  pump();
  return queued > 0 ? static_cast<ssize_t>(queued) : -EINPROGRESS;
}

// The call that connects, made again after a wait; or another one while that is under way.
ssize_t SocketLayer::connect_with_again(glasstcp_handle handle, SocketObject& s,
                                        std::span<const iovec> from, int flags) {
  const auto tcb = stack_.status(s.connection);
  const bool opening = tcb && (tcb->state == State::SynSent || tcb->state == State::SynReceived);
  if (opening && !s.write_connects) return -EALREADY;
  if (opening) {
    would_block(handle, s, POLLOUT, s.options.send_timeout, -EINPROGRESS);
    return -EINPROGRESS;
  }
  const std::size_t queued = s.fast_open_queued;
  s.write_connects = false;
  s.fast_open_queued = 0;
  if (const int error = take_error(s)) {
    disconnect(s);
    return -error;
  }
  s.connect_told = true;
  s.phase = Phase::Connected;
  return queued > 0 ? static_cast<ssize_t>(queued) : send_from(handle, from, flags);
}

// -- Options

int SocketLayer::set_fast_open_option(SocketObject& s, int option, ByteView value) {
  SocketOptions& o = s.options;
  const bool is_fresh = s.phase == Phase::Unconnected;
  const bool may_listen = is_fresh || s.phase == Phase::Listening;
  if (option == N::kFastOpenKey) {
    if (!are_keys(value)) return -EINVAL;
    return o.fast_open_key.assign(value.begin(), value.end()), 0;
  }
  int number = 0;
  if (value.size() < sizeof number) return -EINVAL;
  std::memcpy(&number, value.data(), sizeof number);
  const bool is_switch = number == 0 || number == 1;
  switch (option) {
    case N::kFastOpen:
      if (number < 0 || !may_listen) return -EINVAL;
      return o.fast_open = std::min(number, kMostPending), 0;
    case N::kFastOpenConnect:
      if (!is_switch) return -EINVAL;
      if ((fast_open_bits_ & N::kFastOpenClient) == 0) return -EOPNOTSUPP;
      if (!is_fresh) return -EINVAL;
      return o.fast_open_connect = number != 0, 0;
    default:
      if (!is_switch || !may_listen) return -EINVAL;
      return o.fast_open_no_cookie = number != 0, 0;
  }
}

int SocketLayer::get_fast_open_option(const SocketObject& s, int option, void* value,
                                      socklen_t* length) const {
  const SocketOptions& o = s.options;
  const bool is_key = option == N::kFastOpenKey;
  const int number = option == N::kFastOpen          ? o.fast_open
                     : option == N::kFastOpenConnect ? int{o.fast_open_connect}
                                                     : int{o.fast_open_no_cookie};
  const void* from = is_key ? static_cast<const void*>(o.fast_open_key.data()) : &number;
  const std::size_t size = is_key ? o.fast_open_key.size() : sizeof number;
  const std::size_t n = std::min<std::size_t>(size, *length);
  if (n > 0) std::memcpy(value, from, n);
  *length = static_cast<socklen_t>(n);
  return 0;
}

}  // namespace glasstcp
