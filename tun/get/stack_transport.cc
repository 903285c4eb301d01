// See stack_transport.h.
#include "tun/get/stack_transport.h"

namespace glasstcp {
namespace {

// Up to here no retransmission limit can be what a soft error reports (TcpConfig's R1).
constexpr std::uint32_t kBelowR1 = 3;

TransportError to_transport(OpenError error) {
  switch (error) {
    case OpenError::InsufficientResources:
    case OpenError::NoPorts:
      return TransportError::NoResources;
    default:
      return TransportError::NoRoute;
  }
}

TransportError to_transport(StreamError error) {
  switch (error) {
    case StreamError::Refused:
      return TransportError::Refused;
    case StreamError::TimedOut:
      return TransportError::TimedOut;
    case StreamError::Unreachable:
      return TransportError::Unreachable;
    case StreamError::OutOfMemory:
      return TransportError::NoResources;
    default:
      return TransportError::Reset;
  }
}

}  // namespace

void StackTransport::connect(const Endpoint& remote, Instant now) {
  connected_ = false;
  failure_.reset();
  syns_ = 0;
  ConnectOptions options;
  options.remote = remote;
  const auto id = stack_.connect(options, now);
  id_ = id.value_or(ConnectionId{});
  if (!id) failure_ = to_transport(id.error());
}

std::optional<Endpoint> StackTransport::local() const {
  const auto tuple = stack_.tuple(id_);
  return tuple ? std::optional(tuple->local()) : std::nullopt;
}

std::size_t StackTransport::send(ByteView bytes, Instant now) {
  return stack_.send(id_, bytes, {}, now).value_or(0);
}

std::optional<ByteView> StackTransport::peek() {
  const auto bytes = stack_.peek(id_);
  return bytes ? std::optional(*bytes) : std::nullopt;
}

TurnResult StackTransport::turn(Application& user, Instant now) {
  user_ = &user;
  const TurnResult result = pump_.turn(now);
  if (result.device_gone && !failure_) failure_ = TransportError::LinkGone;
  return result;
}

void StackTransport::turn(Instant now, Timers timers) noexcept {
  while (const auto event = stack_.next_event()) take(*event, now);
  while (stack_.next_released()) continue;
  if (!connected_) {
    if (const auto status = stack_.status(id_); status && !failure_) {
      syns_ = status->retransmissions + 1;
    }
  }
  user_->turn(now, timers);
}

void StackTransport::take(const Event& event, Instant now) {
  if (event.connection != id_) return;
  if ((event.mask & EventMask::kConnected) != 0) connected_ = true;
  if ((event.mask & EventMask::kError) != 0) {
    failure_ = to_transport(stack_.error(id_).value_or(StreamError::ResetByPeer));
    return;
  }
  // RFC 9293 §3.9.2.2: a soft ICMP error does not end a connection, but tells the application; this
  // one, like people, would rather know at once than after every SYN was tried.
  const auto status = stack_.status(id_);
  if ((event.mask & EventMask::kSoftError) != 0 && !connected_ && status &&
      status->retransmissions < kBelowR1) {
    failure_ = TransportError::Unreachable;
    stack_.abort(id_, now);
  }
}

}  // namespace glasstcp
