// See kernel_transport.h.
#include "tun/get/kernel_transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "tun/host/socket_address.h"

namespace glasstcp {
namespace {

TransportError to_transport(int error) {
  switch (error) {
    case ECONNREFUSED:
      return TransportError::Refused;
    case ETIMEDOUT:
      return TransportError::TimedOut;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EACCES:  // a route of the kind "prohibit"
      return TransportError::Unreachable;
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
    case EINVAL:  // a route of the kind "blackhole"
      return TransportError::NoRoute;
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return TransportError::NoResources;
    default:
      return TransportError::Reset;
  }
}

}  // namespace

void KernelTransport::connect(const Endpoint& remote, Instant) {
  begin_ = end_ = 0;
  syns_ = 0;
  connected_ = ended_ = wants_write_ = false;
  failure_.reset();
  const SocketAddress address = to_socket_address(remote);
  socket_ = Descriptor(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) {
    fail(errno);
    return;
  }
  const int one = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(socket_.get(), address.get(), address.size) == 0) {
    connected_ = true;
  } else if (errno != EINPROGRESS) {
    fail(errno);
  }
}

void KernelTransport::fail(int error) {
  if (!failure_) failure_ = to_transport(error);
}

void KernelTransport::look_whether_connected() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
      info.tcpi_state == TCP_SYN_SENT) {
    syns_ = info.tcpi_retransmits + 1U;
  }
  pollfd ready{socket_.get(), POLLOUT, 0};
  if (::poll(&ready, 1, 0) <= 0) return;
  int error = 0;
  size = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    fail(error);
  } else {
    connected_ = true;
  }
}

std::optional<Endpoint> KernelTransport::local() const {
  return local_end(socket_.get());
}

std::size_t KernelTransport::send(ByteView bytes, Instant) {
  const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) fail(errno);
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  wants_write_ = taken < bytes.size();
  return taken;
}

std::optional<ByteView> KernelTransport::peek() {
  if (begin_ == end_ && connected_ && !ended_ && !failure_) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    begin_ = 0;
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    if (got > 0) ++reads_;
    if (got == 0) ended_ = true;
    if (got < 0 && errno != EAGAIN && errno != EINTR) fail(errno);
  }
  if (begin_ < end_) return ByteView(buffer_).subspan(begin_, end_ - begin_);
  return ended_ ? std::optional(ByteView{}) : std::nullopt;
}

void KernelTransport::consume(std::size_t count, Instant) {
  begin_ += count;
}

void KernelTransport::finish(Instant) {
  ::shutdown(socket_.get(), SHUT_WR);
}

void KernelTransport::release(Instant) {
  socket_.reset();
}

void KernelTransport::abort(Instant) {
  const linger reset{1, 0};  // makes close() send RST
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  socket_.reset();
}

TurnResult KernelTransport::turn(Application& user, Instant now) {
  if (socket_.is_open() && !connected_ && !failure_) look_whether_connected();
  user.turn(now, Timers::Run);
  user.flush(now);
  return {.received = std::exchange(reads_, 0)};
}

pollfd KernelTransport::interest() const {
  if (!socket_.is_open() || failure_) return {-1, 0, 0};
  short events = 0;
  if (!connected_ || wants_write_) events |= POLLOUT;
  if (connected_ && !ended_ && begin_ == end_) events |= POLLIN;
  return {events == 0 ? -1 : socket_.get(), events, 0};
}

}  // namespace glasstcp
