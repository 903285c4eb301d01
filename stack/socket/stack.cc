// The glue: IP below, TCP above it, counters and the observer beside them. See stack.h for the
// contracts.
#include "stack/socket/stack.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "stack/ip/ip_layer.h"
#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {
namespace {

IpConfig ip_config_of(const StackConfig& config) {
  IpConfig ip;
  ip.addresses = config.addresses;
  ip.mtu = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(config.mtu, 68, 65535));
  ip.hop_limit = config.tcp.hop_limit;
  ip.offload = config.checksum_offload;
  ip.shared_sources = config.shared_sources;
  return ip;
}

}  // namespace

struct Stack::Impl {
  Impl(const StackConfig& config, Instant start)
      : ip(ip_config_of(config), config.seed),
        tcp({config.tcp,
             {config.checksum_offload, config.gso_max},
             config.seed,
             config.memory,
             config.shared_sources},
            ip, start) {}

  void observe_received(Instant now, ByteView packet, const PacketMeta& meta,
                        const SegmentOutcome& outcome) const {
    Observer* observer = tcp.context().observer;
    if (observer == nullptr) return;
    observer->on_packet_received({now, outcome.verdict, outcome.connection, packet,
                                  meta.checksum_partial, meta.gso_size,
                                  outcome.observed ? &outcome.before : nullptr,
                                  outcome.observed ? &outcome.after : nullptr});
  }

  void count_and_observe_sent(Instant now, const OutPacket& out, const TransmitOutcome& outcome) {
    ++counters.packets_out;
    counters.bytes_out += out.size();
    const std::uint64_t segments =
        out.gso_size == 0 ? 1 : (out.payload_length + out.gso_size - 1) / out.gso_size;
    counters.segments_out += segments;
    if (is_retransmission(out.reason)) counters.retransmitted_segments += segments;
    ++counters.reasons[static_cast<std::size_t>(out.reason)];
    Observer* observer = tcp.context().observer;
    if (observer == nullptr) return;
    std::array<ByteView, OutPacket::kMaxSlices + 1> pieces;
    pieces[0] = ByteView(out.header.data(), out.header_length);
    std::copy_n(out.payload.begin(), out.payload_slices, pieces.begin() + 1);
    observer->on_packet_sent(
        {now, out.reason, out.connection, std::span(pieces).first(out.payload_slices + 1U),
         out.checksum_partial, out.gso_size, outcome.observed ? &outcome.before : nullptr,
         outcome.observed ? &outcome.after : nullptr});
  }

  // What no connection stands behind: ICMP, then resets and SYN-ACKs.
  bool next_answer(Instant now, OutPacket& out) {
    return ip.transmit(now, out) || tcp.transmit_answer(now, out);
  }
  // Anybody can ask for answers; connections are what we are here for.
  bool next_packet(Instant now, OutPacket& out, TransmitOutcome& outcome) {
    const bool is_answers_turn = since_answer >= Stack::kPacketsPerAnswer;
    if (is_answers_turn) {
      since_answer = 0;
      if (next_answer(now, out)) return true;
    }
    if (tcp.transmit(now, out, outcome)) {
      since_answer += 1 + static_cast<std::uint32_t>(out.size() / kLargePiece);
      return true;
    }
    return next_answer(now, out);
  }

  IpLayer ip;
  TcpLayer tcp;
  StackCounters counters;
  std::uint32_t since_answer = 0;  // packets of connections
  Instant last{};                  // the latest time we were told
};

Stack::Stack(const StackConfig& config, Instant start)
    : impl_(std::make_unique<Impl>(config, start)) {
  impl_->last = start;
}
Stack::~Stack() = default;

Verdict Stack::receive(ByteView packet, const PacketMeta& meta, Instant now) {
  Impl& s = *impl_;
  s.last = now;
  SegmentOutcome outcome;
  const IpLayer::Input input = s.ip.receive(packet, meta, now);
  if (const auto* datagram = std::get_if<IpDatagram>(&input)) {
    s.tcp.receive(*datagram, now, outcome);
  } else if (const auto* signal = std::get_if<IcmpSignal>(&input)) {
    outcome.verdict = s.tcp.icmp_arrives(*signal, now);
  } else {
    outcome.verdict = std::get<Verdict>(input);
  }
  ++s.counters.packets_in;
  s.counters.bytes_in += packet.size();
  s.counters.segments_in += outcome.segments;
  s.counters.fast_segments = s.tcp.context().fast_segments;
  s.counters.answers_dropped = s.tcp.context().replies.dropped();
  ++s.counters.verdicts[static_cast<std::size_t>(outcome.verdict)];
  if (outcome.verdict == Verdict::HandshakeComplete ||
      outcome.verdict == Verdict::FastOpenAccepted) {
    ++s.counters.connections_accepted;
  }
  s.observe_received(now, packet, meta, outcome);
  return outcome.verdict;
}

void Stack::advance(Instant now) {
  impl_->last = now;
  impl_->ip.advance(now);
  impl_->tcp.advance(now);
}

bool Stack::transmit(Instant now, OutPacket& out) {
  Impl& s = *impl_;
  s.last = now;
  TransmitOutcome outcome;
  if (!s.next_packet(now, out, outcome)) return false;
  s.count_and_observe_sent(now, out, outcome);
  return true;
}

Instant Stack::next_deadline() const {
  return std::min(impl_->ip.next_deadline(), impl_->tcp.next_deadline());
}
bool Stack::has_output() const {
  return impl_->ip.has_output() || impl_->tcp.has_output();
}

std::optional<Event> Stack::next_event() {
  Event event;
  if (const auto listener = impl_->tcp.next_listener_event()) {
    event.is_listener = true;
    event.listener = *listener;
    event.mask = EventMask::kAcceptable;
    event.user = impl_->tcp.find(*listener)->user;
    return event;
  }
  Connection* connection = impl_->tcp.next_connection_event();
  if (connection == nullptr) return std::nullopt;
  event.connection = connection->id();
  event.mask = connection->take_events();
  event.user = connection->user();
  return event;
}

std::optional<std::uint64_t> Stack::next_released() {
  return impl_->tcp.context().tx.next_released();
}

std::expected<ListenerId, OpenError> Stack::listen(const Endpoint& local, std::uint32_t backlog) {
  return impl_->tcp.listen(local, backlog);
}
void Stack::close_listener(ListenerId id) {
  impl_->tcp.close_listener(id, impl_->last);
}
std::optional<ConnectionId> Stack::accept(ListenerId id) {
  return impl_->tcp.accept(id);
}

bool Stack::has_acceptable(ListenerId id) const {
  const Listener* listener = impl_->tcp.find(id);
  return listener != nullptr && !listener->is_empty();
}
std::uint32_t Stack::acceptable_count(ListenerId id) const {
  const Listener* listener = impl_->tcp.find(id);
  return listener == nullptr ? 0 : listener->waiting();
}
void Stack::set_addresses(const std::vector<Cidr>& addresses) {
  impl_->ip.set_addresses(addresses);
}
bool Stack::is_own(const IpAddress& address) const {
  return impl_->ip.is_own(address);
}

std::expected<ConnectionId, OpenError> Stack::connect(const ConnectOptions& options, Instant now) {
  impl_->last = now;
  const auto id = impl_->tcp.connect(options, now);
  if (id) ++impl_->counters.connections_opened;
  return id;
}

std::expected<std::size_t, StreamError> Stack::send(ConnectionId id, ByteView bytes,
                                                    SendOptions options, Instant now) {
  Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::unexpected(StreamError::NotConnected);
  return connection->send(bytes, options, now);
}

std::expected<void, StreamError> Stack::send_borrowed(ConnectionId id, ByteView bytes,
                                                      std::uint64_t cookie, SendOptions options,
                                                      Instant now) {
  Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::unexpected(StreamError::NotConnected);
  return connection->send_borrowed(bytes, cookie, options, now);
}

std::expected<ByteView, StreamError> Stack::peek(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::unexpected(StreamError::NotConnected);
  return connection->peek();
}

void Stack::consume(ConnectionId id, std::size_t n, Instant now) {
  Connection* connection = impl_->tcp.find(id);
  if (connection != nullptr) connection->consume(n, now);
}

std::expected<std::size_t, StreamError> Stack::read(ConnectionId id, ByteSpan into, Instant now) {
  Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::unexpected(StreamError::NotConnected);
  std::size_t copied = 0;
  while (copied < into.size()) {
    const auto run = connection->peek();
    if (!run && copied == 0) return std::unexpected(run.error());
    if (!run || run->empty()) break;
    const std::size_t n = std::min(run->size(), into.size() - copied);
    std::memcpy(into.data() + copied, run->data(), n);
    connection->consume(n, now);
    copied += n;
  }
  return copied;
}

std::expected<void, StreamError> Stack::shutdown_send(ConnectionId id, Instant now) {
  Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::unexpected(StreamError::NotConnected);
  const auto result = connection->shutdown_send(now);
  impl_->tcp.remove_if_ended(*connection, now);
  return result;
}

void Stack::close(ConnectionId id, Instant now) {
  impl_->last = now;
  if (Connection* connection = impl_->tcp.find(id)) {
    connection->close(now);
    impl_->tcp.remove_if_ended(*connection, now);
  }
}

void Stack::abort(ConnectionId id, Instant now) {
  if (Connection* connection = impl_->tcp.find(id)) {
    connection->abort(StateCause::Abort, now);
    impl_->tcp.remove_if_ended(*connection, now);
  }
}

std::optional<TcbSnapshot> Stack::status(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? std::nullopt : std::optional(connection->status());
}
std::optional<StreamError> Stack::error(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? std::nullopt : connection->error();
}
std::optional<FourTuple> Stack::tuple(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? std::nullopt : std::optional(connection->tuple());
}
std::uint32_t Stack::urgent_remaining(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? 0 : connection->receiver().urgent_remaining();
}
std::size_t Stack::unacknowledged(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? 0 : connection->unacknowledged();
}

void Stack::set_user(ConnectionId id, std::uint64_t user) {
  if (Connection* connection = impl_->tcp.find(id)) connection->set_user(user);
}
void Stack::set_listener_user(ListenerId id, std::uint64_t user) {
  if (Listener* listener = impl_->tcp.find(id)) listener->user = user;
}
void Stack::set_nagle(ConnectionId id, bool on, Instant now) {
  impl_->last = now;
  if (Connection* connection = impl_->tcp.find(id)) connection->set_nagle(on);
}
void Stack::set_keep_alive(ConnectionId id, bool on, Instant now) {
  if (Connection* connection = impl_->tcp.find(id)) connection->set_keep_alive(on, now);
}
void Stack::set_user_timeout(ConnectionId id, Duration timeout, Instant now) {
  if (Connection* connection = impl_->tcp.find(id)) connection->set_user_timeout(timeout, now);
}
void Stack::set_traffic_class(ConnectionId id, std::uint8_t dscp_byte) {
  if (Connection* connection = impl_->tcp.find(id)) connection->set_traffic_class(dscp_byte);
}

bool Stack::apply_settings(ConnectionId id, const ConnectionSettings& settings, Instant now) {
  impl_->last = now;
  Connection* connection = impl_->tcp.find(id);
  return connection != nullptr && connection->apply_settings(settings, now);
}
void Stack::apply_listener_settings(ListenerId id, const ConnectionSettings& settings) {
  if (Listener* listener = impl_->tcp.find(id)) listener->settings = settings;
}
void Stack::choose_for_new(const TcpConfig& config) {
  TcpConfig& own = impl_->tcp.context().config;
  own.use_sack = config.use_sack;
  own.use_timestamps = config.use_timestamps;
  own.use_window_scale = config.use_window_scale;
  own.nagle = config.nagle;
  own.syn_cookies = config.syn_cookies;
  own.initial_rto = config.initial_rto;
  own.max_rto = config.max_rto;
}
void Stack::set_listener_backlog(ListenerId id, std::uint32_t backlog) {
  if (Listener* listener = impl_->tcp.find(id)) listener->set_backlog(std::max(backlog, 1U));
}
void Stack::set_listener_fast_open(ListenerId id, const FastOpenListening& how) {
  if (Listener* listener = impl_->tcp.find(id)) listener->set_fast_open(how);
}
void Stack::set_fast_open_keys(const Key128& primary, const std::optional<Key128>& backup) {
  impl_->tcp.context().fast_open_keys.choose(primary, backup);
}
std::uint32_t Stack::fast_open_room(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? 0 : connection->fast_open_room();
}
bool Stack::can_fast_open(const IpAddress& remote, Instant now) const {
  const FastOpenCache& cache = impl_->tcp.context().fast_open_cache;
  const FastOpenServer* server = cache.find(remote);
  return server != nullptr && server->cookie.size > 0 && !cache.is_black_hole(remote, now);
}
void Stack::forget_fast_open_servers() {
  impl_->tcp.context().fast_open_cache.clear();
}
const ConnectionSettings& Stack::default_settings() const {
  return impl_->tcp.context().default_settings;
}
void Stack::push(ConnectionId id, Instant now) {
  impl_->last = now;
  if (Connection* connection = impl_->tcp.find(id)) connection->push();
}
void Stack::acknowledge_now(ConnectionId id, Instant now) {
  impl_->last = now;
  if (Connection* connection = impl_->tcp.find(id)) connection->acknowledge_now();
}
void Stack::want_writable(ConnectionId id) {
  if (Connection* connection = impl_->tcp.find(id)) connection->want_writable();
}
std::size_t Stack::copy_unread(ConnectionId id, std::size_t offset, ByteSpan into) const {
  const Connection* connection = impl_->tcp.find(id);
  return connection == nullptr ? 0 : connection->copy_unread(offset, into);
}

std::optional<ConnectionReport> Stack::report(ConnectionId id) const {
  const Connection* connection = impl_->tcp.find(id);
  if (connection == nullptr) return std::nullopt;
  return connection->report(impl_->last);
}
std::vector<RunningTimer> Stack::timers(const FourTuple& tuple) const {
  return impl_->tcp.timers(tuple);
}
std::optional<TcbSnapshot> Stack::status(const FourTuple& tuple) const {
  return impl_->tcp.status(tuple);
}
std::vector<OutstandingRange> Stack::outstanding(const FourTuple& tuple) const {
  return impl_->tcp.outstanding(tuple);
}
std::vector<ConnectionEntry> Stack::entries() const {
  return impl_->tcp.entries();
}
bool Stack::drop(const FourTuple& tuple, Instant now) {
  impl_->last = now;
  return impl_->tcp.drop(tuple, now);
}

void Stack::set_gso_max(std::uint32_t bytes) {
  impl_->tcp.context().limits.gso_max = bytes;
}
void Stack::set_observer(Observer* observer) {
  impl_->tcp.context().observer = observer;
}
bool Stack::is_observed() const {
  return impl_->tcp.context().observer != nullptr;
}
void Stack::note_message(ConnectionId id, const MessageMark& mark, Instant now) {
  Observer* const observer = impl_->tcp.context().observer;
  const Connection* const connection = observer == nullptr ? nullptr : impl_->tcp.find(id);
  if (connection == nullptr) return;
  MessageMark placed = mark;
  placed.seq = mark.outgoing ? connection->queued_up_to() : connection->receiver().read_up_to();
  observer->on_message({now, id, connection->tuple(), placed});
}
void Stack::note_close(ConnectionId id, const CloseNote& note, Instant now) {
  Observer* const observer = impl_->tcp.context().observer;
  const Connection* const connection = observer == nullptr ? nullptr : impl_->tcp.find(id);
  if (connection == nullptr) return;
  observer->on_close({now, id, connection->tuple(), note, connection->status().unsent});
}
const StackCounters& Stack::counters() const {
  impl_->counters.evicted = impl_->tcp.evicted();
  impl_->counters.reassembly_evictions = impl_->ip.reassembly_evictions();
  impl_->counters.reassembly_timeouts = impl_->ip.reassembly_timeouts();
  return impl_->counters;
}
StackMemory Stack::memory() const {
  const MemoryBudget& budget = impl_->tcp.context().budget;
  return {budget.used(), budget.limit()};
}
std::vector<ConnectionId> Stack::connections() const {
  return impl_->tcp.connections();
}
StateCounts Stack::states() const {
  return impl_->tcp.states();
}
std::uint32_t Stack::connection_count() const {
  return impl_->tcp.connection_count();
}
bool Stack::only_fin_wait_2_left() const {
  return impl_->tcp.only_fin_wait_2_left();
}
std::uint32_t Stack::half_open_count() const {
  return impl_->tcp.half_open_count();
}
std::uint32_t Stack::time_wait_count() const {
  return impl_->tcp.time_wait_count();
}
void Stack::abort_all(Instant now) {
  impl_->last = now;
  impl_->tcp.abort_all(now);
}
std::uint64_t Stack::memory_bytes() const {
  return impl_->tcp.memory_bytes();
}
std::uint64_t Stack::release_idle_memory() {
  const std::uint64_t given = impl_->tcp.release_idle_memory();
  impl_->counters.memory_given_back += given;
  return given;
}
bool Stack::reserve() {
  return impl_->tcp.reserve();
}
void Stack::check_invariants() const {
  impl_->tcp.check_invariants();
}

}  // namespace glasstcp
