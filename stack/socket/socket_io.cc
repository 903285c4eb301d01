// Reading and writing: RFC 9293 §3.10.2 (SEND), §3.10.3 (RECEIVE) and §3.8.5 (urgent data) as
// recv(2), send(2), fcntl(2) and ioctl(2) have them. See glasstcp.h.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

constexpr std::size_t kNoMark = ~std::size_t{0};

std::size_t total_of(std::span<const iovec> pieces) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  return total;
}

bool is_negative(ssize_t result) {
  return result < 0;
}

}  // namespace

int SocketLayer::take_error(SocketObject& s) {
  const int error = s.error;
  s.error = 0;
  return error;
}

// RFC 9293 §3.8.5: rcv.up names the octet after the urgent one; a pointer that moves on replaces the
// mark before it, as BSD sockets do.
void SocketLayer::note_urgent(SocketObject& s) const {
  const auto tcb = stack_.status(s.connection);
  if (!tcb || stack_.urgent_remaining(s.connection) == 0) return;
  if (s.has_urgent && s.urgent_mark == tcb->rcv.up) return;
  s.has_urgent = true;
  s.urgent_taken = false;
  s.urgent_mark = tcb->rcv.up;
}

// Unread octets before the urgent one; kNoMark: there is none ahead.
std::size_t SocketLayer::distance_to_mark(SocketObject& s) const {
  note_urgent(s);
  const std::uint32_t remaining = stack_.urgent_remaining(s.connection);
  return s.has_urgent && remaining > 0 ? remaining - 1 : kNoMark;
}

int SocketLayer::why_nothing(glasstcp_handle handle, SocketObject& s, int flags) {
  if (s.peer_closed) return 0;
  if (const int error = take_error(s)) return -error;
  if (s.shut_receive) return 0;
  const auto tcb = stack_.status(s.connection);
  if (!s.connect_deferred && (!tcb || tcb->state == State::Closed)) return -ENOTCONN;
  if ((flags & MSG_DONTWAIT) != 0 || s.non_blocking) {
    wait_ = {sizeof wait_, handle, 0, GLASSTCP_NEVER, -EAGAIN};
    return -EAGAIN;
  }
  return would_block(handle, s, POLLIN, s.options.receive_timeout, -EAGAIN);
}

ssize_t SocketLayer::receive_into(glasstcp_handle handle, std::span<const iovec> into, int flags) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (s->phase == Phase::Listening) return -ENOTCONN;
  if ((flags & MSG_OOB) != 0) return receive_urgent(*s, into, flags);
  const std::size_t wanted = total_of(into);
  const bool peek = (flags & MSG_PEEK) != 0;
  std::size_t offset = 0;
  std::size_t mark = distance_to_mark(*s);
  const auto tcb = stack_.status(s->connection);
  std::size_t unread = tcb ? tcb->unread : 0;
  if (mark == 0 && unread > 0 && !s->options.oob_inline) {  // the octet is not part of the stream
    if (peek) {
      offset = 1;
    } else {
      stack_.consume(s->connection, 1, now_);
      s->urgent_taken = true;
    }
    --unread;
    mark = kNoMark;
  } else if (mark == 0) {
    mark = kNoMark;
  }
  const std::size_t available = std::min(unread, mark);
  const auto low = std::min<std::size_t>(static_cast<std::size_t>(s->options.receive_low), wanted);
  const bool patient = !s->non_blocking && (flags & MSG_DONTWAIT) == 0 && !s->peer_closed &&
                       !s->shut_receive && s->error == 0;
  if (available == 0 || (patient && available < low && available == unread)) {
    return wanted == 0 ? 0 : why_nothing(handle, *s, flags);
  }
  std::size_t left = std::min(wanted, available);
  std::size_t done = 0;
  for (const iovec& piece : into) {
    const std::size_t n = std::min(piece.iov_len, left);
    const ByteSpan to(static_cast<std::uint8_t*>(piece.iov_base), n);
    if (n == 0) continue;
    if ((flags & MSG_TRUNC) != 0) {  // counted, not copied
      if (!peek) stack_.consume(s->connection, n, now_);
      done += n;
    } else if (peek) {
      done += stack_.copy_unread(s->connection, offset + done, to);
    } else {
      done += stack_.read(s->connection, to, now_).value_or(0);
    }
    left -= n;
  }
  pump();
  return static_cast<ssize_t>(done);
}

// MSG_OOB: the one urgent octet, out of its turn.
ssize_t SocketLayer::receive_urgent(SocketObject& s, std::span<const iovec> into, int flags) {
  const std::size_t mark = distance_to_mark(s);
  if (s.options.oob_inline || !s.has_urgent || s.urgent_taken) return -EINVAL;
  const auto tcb = stack_.status(s.connection);
  if (!tcb || tcb->state == State::Closed) return s.peer_closed ? 0 : -ENOTCONN;
  if (mark == kNoMark) return -EINVAL;
  if (mark >= tcb->unread) return -EAGAIN;  // announced, and not here yet
  std::uint8_t octet = 0;
  static_cast<void>(stack_.copy_unread(s.connection, mark, ByteSpan(&octet, 1)));
  if ((flags & MSG_PEEK) == 0) s.urgent_taken = true;
  if (into.empty() || into[0].iov_len == 0) return 0;
  if ((flags & MSG_TRUNC) == 0) std::memcpy(into[0].iov_base, &octet, 1);
  return 1;
}

int SocketLayer::unread_to_report(glasstcp_handle handle) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr || !s->options.report_unread) return -1;
  const auto tcb = stack_.status(s->connection);
  const int unread = tcb ? static_cast<int>(tcb->unread) : 0;
  return unread == 0 && s->peer_closed ? 1 : unread;
}

// -- Writing

int SocketLayer::may_send(glasstcp_handle handle, SocketObject& s, int flags) {
  const auto tcb = stack_.status(s.connection);
  const State state = tcb ? tcb->state : State::Closed;
  // What was accepted before its handshake ended (Fast Open) may send.
  const bool waits =
      state == State::SynSent || (state == State::SynReceived && s.phase == Phase::Connecting);
  if (const int error = take_error(s)) return -error;
  const bool may = waits || state == State::SynReceived || state == State::Established ||
                   state == State::CloseWait;
  if (s.shut_send || !may) {
    return -EPIPE;
  }
  if (!waits) return 0;
  return cannot_send_now(handle, s, flags, StreamError::WouldBlock);
}

int SocketLayer::cannot_send_now(glasstcp_handle handle, SocketObject& s, int flags,
                                 StreamError error) {
  if (error == StreamError::OutOfMemory) return -ENOBUFS;
  if (error != StreamError::WouldBlock) return -EPIPE;
  stack_.want_writable(s.connection);
  if ((flags & MSG_DONTWAIT) != 0 || s.non_blocking) {
    wait_ = {sizeof wait_, handle, 0, GLASSTCP_NEVER, -EAGAIN};
    return -EAGAIN;
  }
  return would_block(handle, s, POLLOUT, s.options.send_timeout, -EAGAIN);
}

ssize_t SocketLayer::send_from(glasstcp_handle handle, std::span<const iovec> from, int flags) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (const int refused = may_send(handle, *s, flags)) return refused;
  const bool more_after = (flags & MSG_MORE) != 0;
  std::size_t left = total_of(from);
  std::size_t done = 0;
  for (const iovec& piece : from) {
    if (piece.iov_len == 0) continue;
    left -= piece.iov_len;
    const bool last = left == 0;
    const ByteView bytes(static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len);
    const SendOptions options{more_after || !last, last && (flags & MSG_OOB) != 0};
    const auto sent = stack_.send(s->connection, bytes, options, now_);
    if (!sent && done > 0) {  // what was taken does not wait for what was not
      if (!more_after && !s->options.cork) stack_.push(s->connection, now_);
      break;
    }
    if (!sent) return cannot_send_now(handle, *s, flags, sent.error());
    done += *sent;
    if (*sent < piece.iov_len) break;
  }
  const bool numbered = s->options.zerocopy && (flags & MSG_ZEROCOPY) != 0 && done > 0;
  s->zerocopy.on_queued(done, numbered);
  pump();
  return static_cast<ssize_t>(done);
}

ssize_t SocketLayer::send_borrowed(glasstcp_handle handle, ByteView bytes, std::uint64_t cookie,
                                   int flags) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (bytes.empty()) return -EINVAL;
  const ssize_t refused = may_send(handle, *s, flags);
  if (is_negative(refused)) return refused;
  const SendOptions options{(flags & MSG_MORE) != 0, (flags & MSG_OOB) != 0};
  const auto sent = stack_.send_borrowed(s->connection, bytes, cookie, options, now_);
  if (!sent) return cannot_send_now(handle, *s, flags, sent.error());
  s->zerocopy.on_queued(bytes.size(), false);
  pump();
  return static_cast<ssize_t>(bytes.size());
}

// -- fcntl and ioctl

int SocketLayer::fcntl(glasstcp_handle handle, int command, long argument) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  switch (command) {
    case LinuxNumbers::kGetFlags:
      return LinuxNumbers::kReadWrite | (object->non_blocking() ? LinuxNumbers::kNonBlocking : 0);
    case LinuxNumbers::kSetFlags:
      object->non_blocking() = (argument & LinuxNumbers::kNonBlocking) != 0;
      return 0;
    default:
      return -EINVAL;
  }
}

int SocketLayer::ioctl(glasstcp_handle handle, unsigned long request, int* argument) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  if (argument == nullptr) return -EFAULT;
  if (request == LinuxNumbers::kNonBlockingIo) {
    object->non_blocking() = *argument != 0;
    return 0;
  }
  SocketObject* s = object->socket();
  if (s == nullptr) return -ENOTTY;
  const TcbSnapshot tcb = stack_.status(s->connection).value_or(TcbSnapshot{});
  const bool listening = s->phase == Phase::Listening;
  const bool opening = tcb.state == State::SynSent || tcb.state == State::SynReceived;
  switch (request) {
    case LinuxNumbers::kInputQueue: {
      if (listening) return -EINVAL;
      const std::size_t mark = s->options.oob_inline ? kNoMark : distance_to_mark(*s);
      *argument = static_cast<int>(std::min<std::size_t>(tcb.unread, mark));
      return 0;
    }
    case LinuxNumbers::kOutputQueue:
      if (listening) return -EINVAL;
      *argument = opening ? 0 : static_cast<int>(tcb.flight + tcb.unsent);
      return 0;
    case LinuxNumbers::kUnsent:
      if (listening) return -EINVAL;
      *argument = opening ? 0 : static_cast<int>(tcb.unsent);
      return 0;
    case LinuxNumbers::kAtMark:
      *argument = distance_to_mark(*s) == 0 ? 1 : 0;
      return 0;
    default:
      return -ENOTTY;
  }
}

}  // namespace glasstcp
