// OPEN and accept: RFC 9293 §3.10.1, and the choice of addresses and ports (§3.9.1.1, RFC 6056).
// See tcp_layer.h.
// Next: passive_open.cc.
#include <algorithm>

#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {

std::expected<ListenerId, OpenError> TcpLayer::listen(const Endpoint& local,
                                                      std::uint32_t backlog) {
  if (number(local.port) == 0) return std::unexpected(OpenError::InvalidRemote);
  if (!local.address.is_unspecified() && !context_.ip.is_own(local.address)) {
    return std::unexpected(OpenError::AddressNotOurs);
  }
  // RFC 9293 §3.9.1.1 MUST-41, MUST-42: connections on this port, whatever their state, neither
  // hinder nor notice it.
  if (listeners_.at(local) != kNone) return std::unexpected(OpenError::AddressInUse);
  const std::uint32_t index = listeners_.add(local, backlog);
  if (index == kNone) return std::unexpected(OpenError::InsufficientResources);
  return listeners_.id_of(index);
}

void TcpLayer::close_listener(ListenerId id, Instant now) {
  Listener* listener = find(id);
  if (listener == nullptr) return;
  while (!listener->is_empty()) {
    if (Connection* connection = find(listener->pop())) {
      connection->abort(StateCause::ListenerClosed, now);
      remove_if_ended(*connection, now);
    }
  }
  std::erase(listener_events_, id.index);
  half_open_.for_each([&](std::uint32_t index, const HalfOpen& half_open) {
    if (half_open.listener() != id.index) return;
    const Agreement& agreed = half_open.agreement();
    Reply reply;
    reply.tuple = agreed.tuple;
    reply.seq = agreed.iss + 1;
    reply.ack = agreed.irs + 1;
    reply.flags.bits = TcpFlags::kRst | TcpFlags::kAck;
    reply.reason = SendReason::RstAborted;
    context_.replies.push(reply);
    end_half_open(index, State::Closed, StateCause::ListenerClosed, now);
  });
  listeners_.remove(id.index);
}

std::optional<ConnectionId> TcpLayer::accept(ListenerId id) {
  Listener* listener = find(id);
  if (listener == nullptr) return std::nullopt;
  while (!listener->is_empty()) {
    const ConnectionId waiting = listener->pop();
    // Somebody may have aborted it by its name in the list of connections.
    if (Connection* connection = find(waiting)) {
      connection->accepted();
      return waiting;
    }
  }
  return std::nullopt;
}

std::expected<ConnectionId, OpenError> TcpLayer::connect(const ConnectOptions& options,
                                                         Instant now) {
  const auto tuple = choose_tuple(options);
  if (!tuple) return std::unexpected(tuple.error());
  const std::uint64_t hash = flow_hash_(*tuple);
  const std::uint32_t buffer = std::min(
      context_.next_buffer(), options.settings ? options.settings->receive_buffer : 0xffffffffU);
  if (!context_.budget.reserve(buffer)) return std::unexpected(OpenError::InsufficientResources);
  const std::uint32_t index = connections_.acquire(context_, *tuple, hash, buffer, now);
  if (index == kNone) {
    context_.budget.release(buffer);
    return std::unexpected(OpenError::InsufficientResources);
  }
  Connection& connection = connections_[index];
  connection.set_id({index, connections_.generation(index)});
  if (!table_.insert(hash, value_of(Kind::Connection, index))) {
    connections_.release(index);
    return std::unexpected(OpenError::InsufficientResources);
  }
  connection.demux.in_table = true;
  ++open_connections_;
  if (options.settings && !connection.apply_settings(*options.settings, now)) {
    connection.abort(StateCause::Abort, now);
    remove_if_ended(connection, now);
    return std::unexpected(OpenError::InsufficientResources);
  }
  connection.use_fast_open(options.fast_open, now);
  connection.open(now);
  return connection.id();
}

// RFC 9293 §3.9.2.1 MUST-51, not done: source routes are an attack tool and dropped everywhere (RFC
// 7126).
// RFC 9293 §3.9.2.1 MUST-52, not done: there are none to choose between.
// RFC 9293 §3.9.2.1 MUST-53, not done: a packet with one is dropped, so none is reversed.
// RFC 9293 §3.9.2.1 SHLD-24, not done: for the same reason.
std::expected<FourTuple, OpenError> TcpLayer::choose_tuple(const ConnectOptions& options) {
  const IpLayer& ip = context_.ip;
  // RFC 9293 §3.9.1.1 MUST-46.
  if (!ip.is_valid_remote(options.remote.address) || number(options.remote.port) == 0) {
    return std::unexpected(OpenError::InvalidRemote);
  }
  // RFC 9293 §3.9.1.1 MUST-43, MUST-44, MUST-45: the address that the caller names, or the one that
  // IP picks; fixed from then on.
  const auto local =
      options.local_address ? options.local_address : ip.source_for(options.remote.address);
  if (!local) return std::unexpected(OpenError::NoRoute);
  if (!ip.is_own(*local) || local->version() != options.remote.address.version()) {
    return std::unexpected(OpenError::AddressNotOurs);
  }
  FourTuple tuple{*local, options.remote.address, options.local_port.value_or(Port{}),
                  options.remote.port};
  if (options.local_port) {
    // RFC 9293 §3.10.1: "connection already exists".
    if (look_up(tuple, flow_hash_(tuple)) != kNone) return std::unexpected(OpenError::AddressInUse);
    return tuple;
  }
  const auto port = choose_port(tuple);
  if (!port) return std::unexpected(OpenError::NoPorts);
  tuple.local_port = *port;
  return tuple;
}

// RFC 6056 §3.3 R6056-01: a keyed hash of the destination chooses where to start, a counter where
// to go on.
std::optional<Port> TcpLayer::choose_port(FourTuple tuple) {
  constexpr std::uint32_t kFirst = 10240;
  constexpr std::uint32_t kCount = 65536 - kFirst;
  const std::uint64_t offset = port_hash_(tuple) + port_counter_;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    tuple.local_port = Port(static_cast<std::uint16_t>(kFirst + (offset + i) % kCount));
    if (look_up(tuple, flow_hash_(tuple)) != kNone) continue;
    port_counter_ += i + 1;
    return tuple.local_port;
  }
  return std::nullopt;
}

}  // namespace glasstcp
