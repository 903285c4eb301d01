// The calls that make, name, open and end sockets; RFC 9293 §3.10.1, §3.10.4, §3.10.5 as socket(2),
// bind(2), listen(2), accept(2), connect(2), shutdown(2) and close(2) have them. See glasstcp.h.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kFirstPort = 32768;
constexpr std::uint32_t kPortCount = 60999 - kFirstPort + 1;
constexpr int kMaxBacklog = 4096;

int errno_of(OpenError error) {
  switch (error) {
    case OpenError::AddressInUse:
    case OpenError::AddressNotOurs:
    case OpenError::NoPorts:
      return EADDRNOTAVAIL;
    case OpenError::InvalidRemote:
    case OpenError::NoRoute:
      return ENETUNREACH;
    case OpenError::InsufficientResources:
      return ENOBUFS;
  }
  return EINVAL;
}

// Linux's socket has no connection any more when the peer's FIN was the last word.
bool is_over(State state) {
  return state == State::Closed || state == State::TimeWait;
}

constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

// Linux's queue is full when it holds more than the backlog; a negative one is the largest.
std::uint32_t room_of(int backlog) {
  const int most = backlog < 0 ? kMaxBacklog : std::min(backlog, kMaxBacklog);
  return static_cast<std::uint32_t>(most) + 1;
}

void write_address(const Endpoint& endpoint, bool as_v6, sockaddr* address, socklen_t* length) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const std::uint16_t port = number(endpoint.port);
  const std::uint16_t port_be =
      std::endian::native == std::endian::little ? std::byteswap(port) : port;
  if (!as_v6) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = port_be;
    std::memcpy(&v4.sin_addr, endpoint.address.bytes().data(), 4);
    std::memcpy(&storage, &v4, size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port_be;
    const IpAddress& a = endpoint.address;
    if (!a.is_v4()) {
      std::memcpy(&v6.sin6_addr, a.bytes().data(), 16);
    } else if (!a.is_unspecified()) {
      std::memcpy(&v6.sin6_addr, kMappedPrefix, 12);
      std::memcpy(reinterpret_cast<std::uint8_t*>(&v6.sin6_addr) + 12, a.bytes().data(), 4);
    }
    std::memcpy(&storage, &v6, size = sizeof v6);
  }
  if (address == nullptr || length == nullptr) return;
  std::memcpy(address, &storage, std::min(size, *length));
  *length = size;
}

int SocketLayer::read_address(const SocketObject& s, const sockaddr* address, socklen_t length,
                              Endpoint& out) const {
  if (address == nullptr) return -EFAULT;
  if (length < sizeof(sa_family_t)) return -EINVAL;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(address);
  sa_family_t family = 0;
  std::memcpy(&family, bytes, sizeof family);
  if (!s.is_v6 || family == AF_INET) {
    if (length < sizeof(sockaddr_in)) return -EINVAL;
    if (family != AF_INET || s.is_v6) return -EAFNOSUPPORT;
    out = {IpAddress::v4(bytes + offsetof(sockaddr_in, sin_addr)), Port(load_be16(bytes + 2))};
    return 0;
  }
  if (length < offsetof(sockaddr_in6, sin6_scope_id)) return -EINVAL;
  if (family != AF_INET6) return -EAFNOSUPPORT;
  const std::uint8_t* raw = bytes + offsetof(sockaddr_in6, sin6_addr);
  const bool mapped = std::memcmp(raw, kMappedPrefix, sizeof kMappedPrefix) == 0;
  if (mapped && s.options.v6_only) return -ENETUNREACH;
  out = {mapped ? IpAddress::v4(raw + 12) : IpAddress::v6(raw), Port(load_be16(bytes + 2))};
  return 0;
}

int SocketLayer::socket(int domain, int type, int protocol, glasstcp_handle& out) {
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (domain != AF_INET && domain != AF_INET6) return -EAFNOSUPPORT;
  if ((type & ~kFlags) != SOCK_STREAM) return -ESOCKTNOSUPPORT;
  if (protocol != 0 && protocol != IPPROTO_TCP) return -EPROTONOSUPPORT;
  const glasstcp_handle handle = make();
  if (handle == 0) return -ENOBUFS;
  SocketObject& s = *find_socket(handle);
  s.is_v6 = domain == AF_INET6;
  s.non_blocking = (type & SOCK_NONBLOCK) != 0;
  s.local.address = s.is_v6 ? *IpAddress::parse("::") : IpAddress{};
  s.options.settings = stack_.default_settings();
  s.options.send_buffer = 2 * std::min(s.options.settings.send_buffer, 0x3fffffffU);
  s.options.receive_buffer = 2 * std::min(s.options.settings.receive_buffer, 0x3fffffffU);
  out = handle;
  return 0;
}

// Who may share a port: nobody with a listener; others if both said SO_REUSEADDR.
bool SocketLayer::is_taken(const SocketObject& s, const Endpoint& local) const {
  bool taken = false;
  objects_.for_each([&](const HandleObject& object) {
    const SocketObject* const found = object.socket();
    if (found == nullptr || found == &s || !found->is_bound) return;
    const SocketObject& other = *found;
    if (other.local.port != local.port) return;
    const bool wild = other.local.address.is_unspecified() || local.address.is_unspecified();
    const bool both_families =
        (other.is_v6 && !other.options.v6_only) || (s.is_v6 && !s.options.v6_only);
    const bool same_family = other.local.address.version() == local.address.version();
    const bool overlap = wild ? same_family || both_families : other.local == local;
    if (!overlap) return;
    const bool shared =
        s.options.reuse_address && other.options.reuse_address && other.phase != Phase::Listening;
    if (!shared) taken = true;
  });
  return taken;
}

// A connection that outlives its socket, mostly in TIME-WAIT, keeps its port from those who did not
// say SO_REUSEADDR.
bool SocketLayer::is_left_behind(const SocketObject& s, const Endpoint& local) const {
  if (s.options.reuse_address) return false;
  const bool wild = local.address.is_unspecified();
  const bool both_families = wild && s.is_v6 && !s.options.v6_only;
  return std::ranges::any_of(stack_.entries(), [&](const ConnectionEntry& entry) {
    const IpAddress& theirs = entry.tuple.local_address;
    if (entry.state == State::Listen || entry.tuple.local_port != local.port) return false;
    if (!wild) return theirs == local.address;
    return both_families || theirs.version() == local.address.version();
  });
}

int SocketLayer::choose_port(SocketObject& s) {
  for (std::uint32_t i = 0; i < kPortCount; ++i) {
    const auto port = Port(static_cast<std::uint16_t>(kFirstPort + (next_port_ + i) % kPortCount));
    if (is_taken(s, {s.local.address, port})) continue;
    next_port_ = (next_port_ + i + 1) % kPortCount;
    s.local.port = port;
    s.is_bound = true;
    s.port_chosen_by_us = true;
    return 0;
  }
  return -EADDRINUSE;
}

int SocketLayer::bind(glasstcp_handle handle, const sockaddr* address, socklen_t length) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  Endpoint local;
  if (const int bad = read_address(*s, address, length, local)) return bad;
  if (s->is_bound || s->phase != Phase::Unconnected) return -EINVAL;
  const bool own =
      local.address.is_unspecified() || stack_.is_own(local.address) || s->options.free_bind;
  if (!own) return -EADDRNOTAVAIL;
  const IpAddress before = s->local.address;
  s->local.address = local.address;
  if (number(local.port) == 0) return choose_port(*s);
  if (is_taken(*s, local) || is_left_behind(*s, local)) {
    s->local.address = before;
    return -EADDRINUSE;
  }
  s->local = local;
  s->is_bound = true;
  return 0;
}

int SocketLayer::listen(glasstcp_handle handle, int backlog) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (s->phase == Phase::Listening) {
    s->backlog = backlog;
    for (const auto& listener : s->listeners) {
      if (listener) stack_.set_listener_backlog(*listener, room_of(backlog));
    }
    apply_fast_open(*s);
    return 0;
  }
  if (s->phase != Phase::Unconnected) return -EINVAL;
  if (!s->is_bound) {
    if (const int bad = choose_port(*s)) return bad;
  }
  if (is_taken(*s, s->local)) return -EADDRINUSE;
  const bool dual = s->is_v6 && !s->options.v6_only && s->local.address.is_unspecified();
  std::size_t count = 0;
  for (const bool v4 : {false, true}) {
    if (v4 && !dual) continue;
    const Endpoint at{v4 ? IpAddress{} : s->local.address, s->local.port};
    const auto id = stack_.listen(at, room_of(backlog));
    if (!id) {
      stop_listening(*s);
      return id.error() == OpenError::AddressInUse ? -EADDRINUSE : -errno_of(id.error());
    }
    stack_.set_listener_user(*id, handle);
    s->listeners[count++] = *id;
  }
  s->phase = Phase::Listening;
  s->backlog = backlog;
  apply(*s);
  return 0;
}

void SocketLayer::adopt(SocketObject& s, ConnectionId id) {
  s.connection = id;
  const FourTuple tuple = stack_.tuple(id).value_or(FourTuple{});
  s.local = tuple.local();
  s.remote = tuple.remote();
}

int SocketLayer::accept(glasstcp_handle handle, int flags, glasstcp_handle& out) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return -EINVAL;
  if (s->phase != Phase::Listening) return -EINVAL;
  std::optional<ConnectionId> id;
  for (const auto& listener : s->listeners) {
    if (listener && !id && stack_.has_acceptable(*listener)) {
      const glasstcp_handle made = make();
      if (made == 0) return -ENFILE;
      id = stack_.accept(*listener);
      out = made;
    }
  }
  if (!id) return would_block(handle, *s, POLLIN, s->options.receive_timeout, -EAGAIN);
  SocketObject& child = *find_socket(out);
  child.is_v6 = s->is_v6;
  child.options = s->options;
  child.non_blocking = (flags & SOCK_NONBLOCK) != 0;
  child.phase = Phase::Connected;
  child.connect_told = true;
  child.is_bound = true;
  stack_.set_user(*id, out);
  adopt(child, *id);
  apply(child);
  pump();
  return 0;
}

int SocketLayer::connect(glasstcp_handle handle, const sockaddr* address, socklen_t length) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (address == nullptr) return -EFAULT;
  if (length < sizeof(sa_family_t)) return -EINVAL;
  if (address->sa_family == AF_UNSPEC) {
    disconnect(*s);
    wake(handle, EPOLLIN | EPOLLOUT | EPOLLHUP);
    pump();
    return 0;
  }
  if (s->phase == Phase::Listening) return -EISCONN;
  if (s->phase == Phase::Connected || s->connect_deferred) return -EISCONN;
  if (s->phase == Phase::Connecting) return connect_again(handle, *s);
  Endpoint remote;
  if (const int bad = read_address(*s, address, length, remote)) return bad;
  return connect_to(handle, *s, remote);
}

int SocketLayer::start_connect(glasstcp_handle handle, SocketObject& s, const Endpoint& remote,
                               FastOpenUse fast_open) {
  disconnect(s);  // of an attempt that failed
  ConnectOptions options;
  options.remote = remote;
  options.settings = s.options.settings;
  options.fast_open = fast_open;
  if (s.is_bound) {
    options.local_port = s.local.port;
    if (!s.local.address.is_unspecified()) {
      if (s.local.address.version() != remote.address.version()) return -ENETUNREACH;
      options.local_address = s.local.address;
    }
  }
  const auto id = stack_.connect(options, now_);
  if (!id) return -errno_of(id.error());
  stack_.set_user(*id, handle);
  adopt(s, *id);
  if (!s.is_bound) s.port_chosen_by_us = true;
  s.is_bound = true;
  s.error = s.soft_error = 0;
  s.shut_receive = s.shut_send = s.peer_closed = false;
  s.phase = Phase::Connecting;
  s.connect_told = false;
  apply(s);
  would_block(handle, s, POLLOUT, s.options.send_timeout, -EINPROGRESS);
  return -EINPROGRESS;
}

// A second connect() while the first is under way, or after it ended without being told.
int SocketLayer::connect_again(glasstcp_handle handle, SocketObject& s) {
  const auto tcb = stack_.status(s.connection);
  if (tcb && (tcb->state == State::SynSent || tcb->state == State::SynReceived)) {
    would_block(handle, s, POLLOUT, s.options.send_timeout, -EINPROGRESS);
    return s.non_blocking ? -EALREADY : -EINPROGRESS;
  }
  if (const int error = take_error(s)) {
    disconnect(s);
    return -error;
  }
  if (!tcb || tcb->state == State::Closed) {
    disconnect(s);
    return -ECONNABORTED;
  }
  s.phase = Phase::Connected;
  s.connect_told = true;
  return 0;
}

// Back to a fresh socket; a connection is reset, a port that the caller chose stays.
void SocketLayer::disconnect(SocketObject& s) {
  if (s.phase == Phase::Listening) stop_listening(s);
  if (!s.connection.is_none()) stack_.abort(s.connection, now_);
  s.connection = {};
  s.remote.reset();
  s.phase = Phase::Unconnected;
  s.has_urgent = s.urgent_taken = false;
  s.connect_deferred = s.write_connects = false;
  s.shut_receive = s.shut_send = s.peer_closed = false;
  if (s.port_chosen_by_us) {
    s.is_bound = s.port_chosen_by_us = false;
    s.local = {s.is_v6 ? *IpAddress::parse("::") : IpAddress{}, Port{}};
  }
}

void SocketLayer::stop_listening(SocketObject& s) {
  for (auto& listener : s.listeners) {
    if (listener) stack_.close_listener(*listener);
    listener.reset();
  }
  s.phase = Phase::Unconnected;
}

int SocketLayer::shutdown(glasstcp_handle handle, int how) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (how < SHUT_RD || how > SHUT_RDWR) return -EINVAL;
  const bool receive = how != SHUT_WR;
  const bool send = how != SHUT_RD;
  if (s->phase == Phase::Listening) {
    if (!receive) return 0;
    disconnect(*s);
    wake(handle, EPOLLIN | EPOLLOUT | EPOLLHUP);  // who waits in accept() has its answer
    pump();
    return 0;
  }
  const auto tcb = stack_.status(s->connection);
  if (!tcb || is_over(tcb->state)) {
    wake(handle, EPOLLIN | EPOLLOUT | EPOLLHUP);
    return -ENOTCONN;
  }
  if (tcb->state == State::SynSent) {
    disconnect(*s);
    wake(handle, EPOLLIN | EPOLLOUT | EPOLLHUP);
    pump();
    return 0;
  }
  s->shut_receive = s->shut_receive || receive;
  if (send && !s->shut_send) {
    s->shut_send = true;
    static_cast<void>(stack_.shutdown_send(s->connection, now_));
  }
  wake(handle, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
  pump();
  return 0;
}

int SocketLayer::name(glasstcp_handle handle, bool of_peer, sockaddr* address, socklen_t* length) {
  const SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (length == nullptr || address == nullptr) return -EFAULT;
  if (of_peer && !s->remote) return -ENOTCONN;
  const auto tcb = stack_.status(s->connection);
  const bool open = tcb && !is_over(tcb->state) && tcb->state != State::SynSent;
  if (of_peer && !open) return -ENOTCONN;
  write_address(of_peer ? *s->remote : s->local, s->is_v6, address, length);
  return 0;
}

void SocketLayer::write_peer(glasstcp_handle handle, sockaddr* address, socklen_t* length) {
  const SocketObject* s = find_socket(handle);
  if (s != nullptr && s->remote) write_address(*s->remote, s->is_v6, address, length);
}

// -- The end

int SocketLayer::ref(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  ++object->owners;
  return 0;
}

int SocketLayer::unref(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  if (--object->owners > 0) return 0;
  if (SocketObject* s = object->socket()) disconnect(*s);
  free_object(handle);
  pump();
  return 0;
}

bool SocketLayer::still_lingers(const SocketObject& s) const {
  const auto tcb = stack_.status(s.connection);
  if (!tcb || now_ >= s.linger_until) return false;
  return tcb->state == State::FinWait1 || tcb->state == State::Closing ||
         tcb->state == State::LastAck;
}

int SocketLayer::close(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  if (object->owners > 1) {
    --object->owners;
    return 0;
  }
  SocketObject* s = object->socket();
  if (s == nullptr || s->connection.is_none()) {
    if (s != nullptr && s->phase == Phase::Listening) stop_listening(*s);
    free_object(handle);
    pump();
    return 0;
  }
  const auto tcb = stack_.status(s->connection);
  const bool unread = tcb && tcb->unread > 0;
  if (s->options.linger && s->options.linger_seconds == 0) {
    stack_.abort(s->connection, now_);
  } else if (s->options.linger && !unread) {
    if (!s->lingers) {
      s->lingers = true;
      s->linger_until = now_ + std::chrono::seconds(s->options.linger_seconds);
      static_cast<void>(stack_.shutdown_send(s->connection, now_));
    }
    if (still_lingers(*s)) {
      pump();
      wait_ = {sizeof wait_, handle, POLLHUP,
               static_cast<std::uint64_t>(s->linger_until.time_since_epoch().count()), 0};
      return -EAGAIN;
    }
    stack_.close(s->connection, now_);
  } else {
    stack_.close(s->connection, now_);
  }
  free_object(handle);
  pump();
  return 0;
}

void SocketLayer::free_object(glasstcp_handle handle) {
  HandleObject& object = *find(handle);
  if (const SocketObject* s = object.socket()) {
    for (const glasstcp_handle watcher : s->watchers) {
      EpollObject* epoll = find_epoll(watcher);
      if (epoll == nullptr) continue;
      std::erase_if(epoll->items, [&](const EpollItem& i) { return i.target == handle; });
      std::erase(epoll->ready, handle);
    }
  } else {
    for (const EpollItem& item : object.epoll()->items) {
      if (SocketObject* target = find_socket(item.target)) std::erase(target->watchers, handle);
    }
  }
  std::erase(edges_, handle);
  objects_.release(static_cast<std::uint32_t>(handle) - 1);
}

}  // namespace glasstcp
