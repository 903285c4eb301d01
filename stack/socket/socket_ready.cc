// Readiness: the stack's events become POLL and EPOLL bits, an edge queue, and epoll instances.
// What is ready when is Linux's tcp_poll(); RFC 9293 §3.9.1.8 (asynchronous reports). See
// glasstcp.h.
#include <algorithm>
#include <cerrno>

#include "stack/ip/ip_layer.h"
#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kIn = EPOLLIN | EPOLLRDNORM;
constexpr std::uint32_t kOut = EPOLLOUT | EPOLLWRNORM;
constexpr std::uint32_t kAll = kIn | kOut | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
constexpr std::uint32_t kFlags = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
constexpr std::uint32_t kIndexBits = 32;

int errno_of_icmp(std::uint8_t kind) {
  switch (static_cast<IcmpSignal::Kind>(kind)) {
    case IcmpSignal::Kind::NetUnreachable:
      return ENETUNREACH;
    case IcmpSignal::Kind::ProtocolUnreachable:
      return ENOPROTOOPT;
    case IcmpSignal::Kind::PortUnreachable:
      return ECONNREFUSED;
    case IcmpSignal::Kind::ParameterProblem:
      return EPROTO;
    case IcmpSignal::Kind::PacketTooBig:
      return EMSGSIZE;
    default:
      return EHOSTUNREACH;
  }
}

}  // namespace

SocketLayer::SocketLayer(const StackConfig& config, Instant now)
    : stack_(config, now), now_(now), objects_(config.tcp.max_connections) {}

Verdict SocketLayer::receive(ByteView packet, const PacketMeta& meta, Instant now) {
  now_ = std::max(now_, now);
  const Verdict verdict = stack_.receive(packet, meta, now_);
  pump();
  return verdict;
}

void SocketLayer::advance(Instant now) {
  now_ = std::max(now_, now);
  stack_.advance(now_);
  pump();
}

bool SocketLayer::transmit(Instant now, OutPacket& out) {
  now_ = std::max(now_, now);
  return stack_.transmit(now_, out);
}

bool SocketLayer::drop(const FourTuple& tuple) {
  const bool dropped = stack_.drop(tuple, now_);
  pump();
  return dropped;
}

// -- Handles

glasstcp_handle SocketLayer::make() {
  const std::uint32_t index = objects_.acquire();
  if (index == kNone) return 0;
  return (std::uint64_t{objects_.generation(index)} << kIndexBits) | (index + 1U);
}

HandleObject* SocketLayer::find(glasstcp_handle handle) {
  const auto index = static_cast<std::uint32_t>(handle) - 1U;
  return objects_.get(index, static_cast<std::uint32_t>(handle >> kIndexBits));
}

SocketObject* SocketLayer::find_socket(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  return object == nullptr ? nullptr : object->socket();
}

EpollObject* SocketLayer::find_epoll(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  return object == nullptr ? nullptr : object->epoll();
}

int SocketLayer::would_block(glasstcp_handle handle, const SocketObject& s, std::uint32_t events,
                             Duration timeout, int on_deadline) {
  const bool for_ever = timeout == Duration::zero();
  const auto deadline = static_cast<std::uint64_t>((now_ + timeout).time_since_epoch().count());
  wait_ = {sizeof wait_, handle, s.non_blocking ? 0 : events, for_ever ? GLASSTCP_NEVER : deadline,
           on_deadline};
  return -EAGAIN;
}

// -- What happened

int SocketLayer::reported_timeout(const SocketObject& s, StreamError error) const {
  const auto report = stack_.report(s.connection);
  const std::uint8_t icmp = report ? report->statistics.icmp_error : std::uint8_t{0};
  if (icmp != 0) return errno_of_icmp(static_cast<std::uint8_t>(icmp - 1));
  return error == StreamError::TimedOut ? ETIMEDOUT : EHOSTUNREACH;
}

// As sk_err_soft: of a connection that is open; 0: nothing was reported.
int SocketLayer::soft_error_of(const SocketObject& s) const {
  const auto report = stack_.report(s.connection);
  if (!report || report->statistics.icmp_error == 0) return s.soft_error;
  const State state = report->tcb.state;
  if (state == State::SynSent || state == State::SynReceived) return 0;
  return errno_of_icmp(static_cast<std::uint8_t>(report->statistics.icmp_error - 1));
}

void SocketLayer::pump() {
  while (const auto event = stack_.next_event()) on_event(*event);
}

void SocketLayer::on_event(const Event& event) {
  SocketObject* s = find_socket(event.user);
  if (s == nullptr) return;
  std::uint32_t events = 0;
  const auto has = [&](std::uint16_t bit) { return (event.mask & bit) != 0; };
  if (event.is_listener || has(EventMask::kReadable)) events |= kIn;
  if (has(EventMask::kWritable)) events |= kOut;
  settle_zerocopy(event.user, *s);
  if (has(EventMask::kConnected)) events |= kAll;
  if (has(EventMask::kUrgent)) {
    note_urgent(*s);
    events |= EPOLLPRI;
  }
  // The octet may come later than its pointer.
  if (has(EventMask::kReadable) && s->has_urgent && !s->urgent_taken) events |= EPOLLPRI;
  if (has(EventMask::kPeerClosed)) {
    s->peer_closed = s->shut_receive = true;
    events |= kAll;
  }
  if (has(EventMask::kSoftError)) s->soft_error = soft_error_of(*s);
  if (has(EventMask::kError)) {
    switch (stack_.error(event.connection).value_or(StreamError::NotConnected)) {
      case StreamError::ResetByPeer:
        s->error = s->peer_closed ? EPIPE : ECONNRESET;
        break;
      case StreamError::Refused:
        s->error = ECONNREFUSED;
        break;
      case StreamError::Aborted:
        s->error = ECONNABORTED;
        break;
      case StreamError::OutOfMemory:
        s->error = ENOBUFS;
        break;
      default:
        s->error = reported_timeout(*s, *stack_.error(event.connection));
        break;
    }
    s->shut_receive = s->shut_send = true;
    events |= kAll;
  }
  if (has(EventMask::kClosed)) events |= kAll;
  if (s->lingers) events |= EPOLLHUP;
  wake(event.user, events);
}

void SocketLayer::wake(glasstcp_handle handle, std::uint32_t events) {
  if (events == 0) return;
  HandleObject& object = *find(handle);
  object.edge |= events;
  if (!object.is_in_edge_queue) {
    object.is_in_edge_queue = true;
    edges_.push_back(handle);
  }
  if (object.socket() == nullptr) return;  // nobody watches an epoll instance
  for (const glasstcp_handle watcher : object.socket()->watchers) {
    EpollObject* epoll = find_epoll(watcher);
    if (epoll == nullptr) continue;
    for (EpollItem& item : epoll->items) {
      const std::uint32_t wanted = item.event.events & ~kFlags;
      const bool disarmed = wanted == 0;
      if (item.target != handle || item.is_ready || disarmed) continue;
      if ((events & (wanted | kAlways)) == 0) continue;
      item.is_ready = true;
      epoll->ready.push_back(handle);
      wake(watcher, EPOLLIN);
    }
  }
}

// -- Levels

std::uint32_t SocketLayer::level_of(SocketObject& s) {
  if (s.connect_deferred) return kOut;
  if (s.phase == Phase::Listening) {
    const bool waiting = std::ranges::any_of(
        s.listeners, [&](const auto& l) { return l && stack_.has_acceptable(*l); });
    return waiting ? kIn : 0;
  }
  const auto report = stack_.report(s.connection);
  const State state = report ? report->tcb.state : State::Closed;
  std::uint32_t level = 0;
  if (s.lingers && !still_lingers(s)) level |= EPOLLHUP;
  if ((s.shut_receive && s.shut_send) || state == State::Closed) level |= EPOLLHUP;
  if (s.shut_receive) level |= kIn | EPOLLRDHUP;
  const bool opens = state == State::SynReceived && s.phase == Phase::Connecting;
  if (state == State::SynSent || opens) return level | (s.error != 0 ? EPOLLERR : 0U);
  const std::uint32_t unread = report ? report->tcb.unread : 0;
  const std::size_t mark = distance_to_mark(s);
  const bool only_urgent = mark == 0 && unread == 1 && !s.options.oob_inline;
  if (unread >= static_cast<std::uint32_t>(s.options.receive_low) && !only_urgent) level |= kIn;
  if (s.shut_send || state == State::Closed || report->send_room) {
    level |= kOut;
  } else {
    stack_.want_writable(s.connection);
  }
  const bool urgent_here = mark != ~std::size_t{0} && mark < unread;
  if (s.has_urgent && !s.urgent_taken && urgent_here) level |= EPOLLPRI;
  if (s.error != 0 || s.zerocopy.has_done()) level |= EPOLLERR;
  return level;
}

int SocketLayer::level(glasstcp_handle handle) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  if (const EpollObject* e = object->epoll()) return e->ready.empty() ? 0 : static_cast<int>(kIn);
  return static_cast<int>(level_of(*object->socket()));
}

// -- Edges

int SocketLayer::set_cookie(glasstcp_handle handle, std::uint64_t cookie) {
  HandleObject* object = find(handle);
  if (object == nullptr) return -EBADF;
  object->cookie = cookie;
  return 0;
}

bool SocketLayer::next_ready(glasstcp_ready& out) {
  if (edges_.empty()) return false;
  HandleObject& object = *find(edges_.front());
  out = {sizeof out, edges_.front(), object.edge, object.cookie};
  object.edge = 0;
  object.is_in_edge_queue = false;
  edges_.pop_front();
  return true;
}

// -- epoll

int SocketLayer::epoll_create(glasstcp_handle& out) {
  const glasstcp_handle handle = make();
  if (handle == 0) return -ENFILE;
  find(handle)->what.emplace<EpollObject>();
  out = handle;
  return 0;
}

int SocketLayer::epoll_ctl(glasstcp_handle epoll, int op, glasstcp_handle handle,
                           const epoll_event* event) {
  if (find(epoll) == nullptr || find(handle) == nullptr) return -EBADF;
  EpollObject* e = find_epoll(epoll);
  SocketObject* s = find_socket(handle);
  if (e == nullptr || s == nullptr) return -EINVAL;
  if (op != EPOLL_CTL_DEL && event == nullptr) return -EFAULT;
  const auto found = std::ranges::find(e->items, handle, &EpollItem::target);
  const bool known = found != e->items.end();
  switch (op) {
    case EPOLL_CTL_ADD:
      if (known) return -EEXIST;
      e->items.push_back({handle, *event, false});
      s->watchers.push_back(epoll);
      break;
    case EPOLL_CTL_MOD:
      if (!known) return -ENOENT;
      found->event = *event;
      break;
    case EPOLL_CTL_DEL:
      if (!known) return -ENOENT;
      e->items.erase(found);
      std::erase(e->ready, handle);
      std::erase(s->watchers, epoll);
      return 0;
    default:
      return -EINVAL;
  }
  EpollItem& item = *std::ranges::find(e->items, handle, &EpollItem::target);
  if (!item.is_ready && (level_of(*s) & (item.event.events | kAlways)) != 0) {
    item.is_ready = true;
    e->ready.push_back(handle);
    wake(epoll, EPOLLIN);
  }
  return 0;
}

int SocketLayer::epoll_wait(glasstcp_handle epoll, std::span<epoll_event> events) {
  if (find(epoll) == nullptr) return -EBADF;
  EpollObject* e = find_epoll(epoll);
  if (e == nullptr || events.empty()) return -EINVAL;
  std::size_t count = 0;
  std::vector<glasstcp_handle> again;
  std::size_t looked_at = 0;
  for (; looked_at < e->ready.size() && count < events.size(); ++looked_at) {
    const glasstcp_handle handle = e->ready[looked_at];
    const auto item = std::ranges::find(e->items, handle, &EpollItem::target);
    item->is_ready = false;
    const std::uint32_t wanted = item->event.events;
    const bool disarmed = (wanted & ~kFlags) == 0;
    const std::uint32_t now = level_of(*find_socket(handle)) & (wanted | kAlways);
    if (now == 0 || disarmed) continue;
    events[count++] = {now, item->event.data};
    if ((wanted & EPOLLONESHOT) != 0) {
      item->event.events &= kFlags;
    } else if ((wanted & EPOLLET) == 0) {  // a level stays in the list until it was seen to be gone
      item->is_ready = true;
      again.push_back(handle);
    }
  }
  e->ready.erase(e->ready.begin(), e->ready.begin() + static_cast<std::ptrdiff_t>(looked_at));
  e->ready.insert(e->ready.end(), again.begin(), again.end());
  return static_cast<int>(count);
}

}  // namespace glasstcp
