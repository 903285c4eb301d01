// Whose is a segment? RFC 9293 §3.10.7.1, §3.10.7.2, §3.10.1; output in turns. See tcp_layer.h.
// Next: eviction.cc.
#include "stack/tcp/demux/tcp_layer.h"

#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/send/segment_writer.h"

namespace glasstcp {
namespace {

// RFC 9293 §3.1: the rest of a segment's form: checksum and options. Empty: it is good, and `seg` is
// filled.
std::optional<Verdict> read_segment(const IpDatagram& datagram, const TcpView& view,
                                    const TcpHeader& header, Segment& seg) {
  // MUST-3.
  if (!verify_transport_checksum(datagram)) return Verdict::BadTcpChecksum;
  if (number(header.source) == 0 || number(header.destination) == 0) return Verdict::BadTcpPort;
  if (!view.options().empty()) {
    auto options = read_tcp_options(view.options());  // MUST-5: on any segment
    if (!options) return options.error();
    seg.options = *options;
  }
  seg.seq = header.seq;
  seg.ack = header.ack;
  seg.wnd = header.window;
  seg.up = header.urgent;
  seg.flags = header.flags;
  seg.data = view.payload();
  seg.traffic_class = datagram.traffic_class;
  seg.gso_size = datagram.meta.gso_size;
  return std::nullopt;
}

// What one connection may send before the next gets its turn.
constexpr std::uint32_t kQuantum = 64 * 1024;
// What tells the first segment of a handshake from all others.
constexpr std::uint16_t kOpening = TcpFlags::kSyn | TcpFlags::kAck | TcpFlags::kRst;
// Of one connection, beside its window: itself, its places in tables, what its application keeps.
constexpr std::uint64_t kRecordBytes = 512;
static_assert(sizeof(Connection) + sizeof(PeerPlace) <= kRecordBytes);

}  // namespace

TcpLayer::TcpLayer(const TcpSetup& setup, IpLayer& ip, Instant start)
    : context_(setup, ip, start),
      flow_hash_(derive_key(setup.seed, "flow table")),
      port_hash_(derive_key(setup.seed, "ports")),
      table_(setup.config.max_connections + setup.config.max_half_open +
             setup.config.max_time_wait),
      connections_(std::min(setup.config.max_connections, kIndexMask)),
      half_open_(std::min(setup.config.max_half_open, kIndexMask)),
      time_waits_(std::min(setup.config.max_time_wait, kIndexMask)),
      peers_(connections_, derive_key(setup.seed, "peers")),
      half_open_peers_(half_open_, derive_key(setup.seed, "half-open peers")),
      shared_sources_(setup.shared_sources),
      roomy_connections_(setup.memory / 2 / (context_.least_buffer() + kRecordBytes)),
      syn_gate_({.answers_per_second = setup.config.syn_answers_per_second,
                 .half_open_per_second = setup.config.half_open_per_second,
                 .half_open_burst = setup.config.max_half_open / 2}) {
  listener_events_.reserve(ListenerTable::kMost);  // so that an event needs no memory
}

TcpLayer::~TcpLayer() = default;

// -- Finding whose a segment is

std::uint32_t TcpLayer::look_up(const FourTuple& tuple, std::uint64_t hash) const {
  return table_.find(hash, [&](std::uint32_t value) {
    const std::uint32_t index = value & kIndexMask;
    switch (static_cast<Kind>(value >> kKindShift)) {
      case Kind::Connection:
        return connections_[index].tuple() == tuple;
      case Kind::HalfOpen:
        return half_open_[index].agreement().tuple == tuple;
      case Kind::TimeWait:
        return time_waits_[index].tuple() == tuple;
    }
    return false;
  });
}

// RFC 4987 §2: more SYNs than can be answered, be it by a SYN-ACK or by a closed port's reset. This
// is asked before anything else is read of one: most of a flood must cost next to nothing.
bool TcpLayer::turns_away(std::uint32_t value, TcpFlags flags, const Segment& seg, Instant now) {
  if (value != kNone || (flags.bits & kOpening) != TcpFlags::kSyn) return false;
  const ReplyQueue& replies = context_.replies;
  return !syn_gate_.admits(seg.hash, now, {replies.empty(), replies.full()});
}

void TcpLayer::receive(const IpDatagram& datagram, Instant now, SegmentOutcome& outcome) {
  const auto view = TcpView::parse(datagram.payload);
  if (!view) {
    outcome.verdict = view.error();
    return;
  }
  const TcpHeader header = view->header();
  Segment seg;
  seg.tuple = {datagram.destination, datagram.source, header.destination, header.source};
  seg.hash = flow_hash_(seg.tuple);
  const std::uint32_t value = look_up(seg.tuple, seg.hash);
  if (turns_away(value, header.flags, seg, now)) {
    outcome.verdict = Verdict::SynDropped;
    return;
  }
  if (const auto bad = read_segment(datagram, *view, header, seg)) {
    outcome.verdict = *bad;
    return;
  }
  outcome.segments = seg.count();
  outcome.verdict = value == kNone ? arrives_without_connection(seg, now, std::nullopt, outcome)
                                   : dispatch(value, seg, now, outcome);
}

Verdict TcpLayer::dispatch(std::uint32_t value, const Segment& seg, Instant now,
                           SegmentOutcome& outcome) {
  const std::uint32_t index = value & kIndexMask;
  switch (static_cast<Kind>(value >> kKindShift)) {
    case Kind::HalfOpen:
      return arrives_half_open(index, seg, now, outcome);
    case Kind::TimeWait:
      return arrives_time_wait(index, seg, now, outcome);
    case Kind::Connection:
      break;
  }
  Connection& connection = connections_[index];
  outcome.connection = connection.id();
  outcome.observed = context_.observer != nullptr;
  if (outcome.observed) outcome.before = connection.status();
  const Verdict verdict = connection.segment_arrives(seg, now);
  if (outcome.observed) outcome.after = connection.status();
  remove_if_ended(connection, now);
  return verdict;
}

// RFC 9293 §3.10.7.1 (CLOSED) and §3.10.7.2 (LISTEN). `above`: the new connection's numbers must
// start above this one.
Verdict TcpLayer::arrives_without_connection(const Segment& seg, Instant now,
                                             std::optional<SeqNum> above, SegmentOutcome& outcome) {
  const std::uint32_t listener = listeners_.find(seg.tuple.local());
  if (listener != kNone) return arrives_at_listener(listener, seg, now, above, outcome);
  // R9293-P1, R9293-P2.
  const auto reply = reset_for(seg, SendReason::RstNoConnection);
  if (!reply) return Verdict::ResetNoConnection;
  context_.replies.push(*reply);
  return Verdict::NoConnection;
}

Verdict TcpLayer::arrives_half_open(std::uint32_t index, const Segment& seg, Instant now,
                                    SegmentOutcome& outcome) {
  HalfOpen& half_open = half_open_[index];
  const HalfOpenResult result = half_open.segment_arrives(seg, context_, now);
  switch (result.fate) {
    case HalfOpenFate::Stays:
      if (half_open.is_due() && !half_open.ListHook<HalfOpenReadyTag>::is_linked()) {
        half_open_ready_.push_back(half_open);
      }
      return result.verdict;
    case HalfOpenFate::Dies: {
      const bool is_reset = result.verdict == Verdict::ResetAccepted;
      end_half_open(index, is_reset ? State::Listen : State::Closed,
                    is_reset ? StateCause::PeerReset : StateCause::EcnAmbiguous, now);
      return result.verdict;
    }
    case HalfOpenFate::Completes:
      break;
  }
  return complete({half_open.listener(), index, half_open.agreement()}, seg, now, outcome);
}

Verdict TcpLayer::complete(const Completion& what, const Segment& seg, Instant now,
                           SegmentOutcome& outcome) {
  if (!listeners_.is_live(what.listener)) {
    if (what.half_open != kNone)
      end_half_open(what.half_open, State::Closed, StateCause::ListenerClosed, now);
    return arrives_without_connection(seg, now, std::nullopt, outcome);
  }
  Listener& listener = listeners_[what.listener];
  // The peer will send again; by then somebody may have been accepted.
  if (listener.is_full()) return Verdict::AcceptQueueFull;
  // RFC 9293 §3.8.6 SHLD-14: exactly what the SYN-ACK offered; no offer is taken back.
  if (!reserve_window(what.agreed.buffer, seg.tuple.remote_address, now))
    return refuse(what, seg, Verdict::OutOfMemory, now);
  const std::uint32_t index = connections_.acquire(context_, what.agreed, now);
  if (index == kNone) {
    context_.budget.release(what.agreed.buffer);
    // Not a limit of ours: the system has no memory. The peer sends again, and by then the place of
    // one that does nothing is free.
    const bool lacks_memory = connections_.size() < connections_.capacity_limit();
    if (lacks_memory && evict_idle_connection(now)) return Verdict::OutOfMemory;
    return refuse(what, seg, Verdict::OutOfMemory, now);
  }
  if (what.half_open != kNone) {
    syn_gate_.on_completed();
    remove_half_open(what.half_open);
  }
  Connection& connection = connections_[index];
  connection.set_id({index, connections_.generation(index)});
  if (!peers_.add(index, stands_for_many(seg.tuple.remote_address))) {
    connections_.release(index);
    return refuse({what.listener, kNone, what.agreed}, seg, Verdict::OutOfMemory, now);
  }
  if (!table_.insert(seg.hash, value_of(Kind::Connection, index))) {
    peers_.remove(index);
    connections_.release(index);
    return refuse({what.listener, kNone, what.agreed}, seg, Verdict::ConnectionTableFull, now);
  }
  connection.demux.in_table = true;
  ++open_connections_;
  if (listener.settings) connection.inherit(*listener.settings, now);
  listener.push(connection.id());
  signal_listener(what.listener);
  if (what.half_open == kNone)
    tell_state(seg.tuple, {State::Listen, State::SynReceived}, StateCause::SynCookie, now);
  outcome.connection = connection.id();
  outcome.observed = context_.observer != nullptr;
  if (outcome.observed) outcome.before = connection.status();
  const Verdict verdict = connection.segment_arrives(seg, now);
  if (outcome.observed) outcome.after = connection.status();
  remove_if_ended(connection, now);
  return verdict == Verdict::Accepted ? Verdict::HandshakeComplete : verdict;
}

// A handshake that is over for the peer, and there is no room for its connection: it hears so by a
// reset. In silence it would wait for an answer for as long as its patience lasts.
Verdict TcpLayer::refuse(const Completion& what, const Segment& seg, Verdict why, Instant now) {
  if (const auto reply = reset_for(seg, SendReason::RstOutOfMemory)) context_.replies.push(*reply);
  if (what.half_open != kNone)
    end_half_open(what.half_open, State::Closed, StateCause::OutOfMemory, now);
  return why;
}

Verdict TcpLayer::arrives_time_wait(std::uint32_t index, const Segment& seg, Instant now,
                                    SegmentOutcome& outcome) {
  TimeWaitRecord& record = time_waits_[index];
  if (context_.drops(seg.flags)) return Verdict::TimeWaitOldDuplicate;
  const TimeWaitResult result = record.segment_arrives(seg, context_, now);
  switch (result.fate) {
    case TimeWaitFate::Stays:
      break;
    case TimeWaitFate::Ends:
      end_time_wait(index, StateCause::PeerReset, now);
      break;
    case TimeWaitFate::Restarts:
      record.unlink();
      record.set_expires(now + 2 * context_.config.msl);
      time_wait_order_.push_back(record);
      break;
    case TimeWaitFate::Yields: {
      if (listeners_.find(seg.tuple.local()) == kNone || context_.opens_nothing(seg.flags))
        return record.challenge(seg, context_, now).verdict;
      const SeqNum above = record.snd_nxt();
      end_time_wait(index, StateCause::NewConnection, now);
      const Verdict verdict = arrives_without_connection(seg, now, above, outcome);
      return verdict == Verdict::SynAccepted ? result.verdict : verdict;
    }
  }
  return result.verdict;
}

Verdict TcpLayer::icmp_arrives(const IcmpSignal& signal, Instant now) {
  const std::uint32_t value = look_up(signal.tuple, flow_hash_(signal.tuple));
  if (value == kNone) return Verdict::IcmpErrorNotOurs;
  const Kind kind = static_cast<Kind>(value >> kKindShift);
  if (kind == Kind::HalfOpen) return icmp_half_open(value & kIndexMask, signal, now);
  if (kind != Kind::Connection) return Verdict::IcmpErrorNotOurs;
  Connection& connection = connections_[value & kIndexMask];
  const Verdict verdict = connection.icmp_arrives(signal, now);
  remove_if_ended(connection, now);
  return verdict;
}

// RFC 9293 §3.9.2.2 SHLD-26: a hard error about our very SYN-ACK ends what is not synchronized;
// after a passive open that means LISTEN again, and nobody is told, as by a reset.
// RFC 9293 §3.9.2.2 MUST-56: a soft one changes nothing; there is no user yet to hear of it.
Verdict TcpLayer::icmp_half_open(std::uint32_t index, const IcmpSignal& signal, Instant now) {
  const HalfOpen& half_open = half_open_[index];
  const bool was_sent = half_open.agreement().syn_ack_sent != Instant{};
  if (!was_sent || signal.quoted_seq != half_open.agreement().iss) {
    return Verdict::IcmpErrorImplausible;
  }
  if (!context_.is_hard(signal)) return Verdict::QuietlyIgnored;
  end_half_open(index, State::Listen, StateCause::IcmpError, now);
  return Verdict::IcmpErrorUsed;
}

// -- Ends

void TcpLayer::remove_if_ended(Connection& connection, Instant now) {
  if (connection.demux.fast_open_place && connection.state() != State::SynReceived) {
    free_fast_open_place(connection, now);
  }
  if (connection.demux.in_table) {
    count_orphan(connection, now);
    if (connection.state() == State::TimeWait) {
      move_to_time_wait(connection, now);
    } else if (connection.state() == State::Closed) {
      leave_table(connection);
    }
  }
  if (connection.is_finished()) connections_.release(connection.id().index);
}

// Orphans have a limit (max_orphans); one above it is reset.
void TcpLayer::count_orphan(Connection& connection, Instant now) {
  if (!connection.is_orphan() || connection.demux.counted_orphan) return;
  connection.demux.counted_orphan = true;
  if (++orphans_ > context_.config.max_orphans) connection.give_up(now);
}

void TcpLayer::leave_table(Connection& connection) {
  table_.erase(connection.hash(), value_of(Kind::Connection, connection.id().index));
  if (peers_.has(connection.id().index)) peers_.remove(connection.id().index);
  connection.demux.in_table = false;
  --open_connections_;
  if (connection.demux.counted_orphan) {
    connection.demux.counted_orphan = false;
    --orphans_;
  }
}

bool TcpLayer::only_fin_wait_2_left() const {
  bool only = true;
  connections_.for_each([&](const Connection& connection) {
    const State state = connection.state();
    if (connection.demux.in_table && state != State::FinWait2) only = false;
  });
  return only;
}

void TcpLayer::move_to_time_wait(Connection& connection, Instant now) {
  leave_table(connection);
  if (time_waits_.size() >= context_.config.max_time_wait && !time_wait_order_.empty()) {
    const TimeWaitRecord& oldest = *time_wait_order_.front();
    end_time_wait(look_up(oldest.tuple(), oldest.hash()) & kIndexMask, StateCause::PlaceTaken, now);
  }
  // The peer's FIN is acknowledged even if there is no room to remember the connection.
  const TimeWaitFacts facts = connection.time_wait_facts();
  if (facts.owed_ack) TimeWaitRecord(facts, now).reply_ack(context_, *facts.owed_ack, now);
  // RFC 9293 §3.6.1 MUST-13: twice the maximum segment lifetime.
  const std::uint32_t index = time_waits_.acquire(facts, now + 2 * context_.config.msl);
  if (index != kNone && table_.insert(connection.hash(), value_of(Kind::TimeWait, index))) {
    time_wait_order_.push_back(time_waits_[index]);
  } else {
    if (index != kNone) time_waits_.release(index);
    tell_state(facts.tuple, {State::TimeWait, State::Closed}, StateCause::OutOfMemory, now);
  }
  connection.on_time_wait_taken_over();
}

void TcpLayer::remove_half_open(std::uint32_t index) {
  HalfOpen& half_open = half_open_[index];
  table_.erase(half_open.agreement().hash, value_of(Kind::HalfOpen, index));
  context_.half_open_wheel.cancel(half_open);
  if (half_open_peers_.has(index)) half_open_peers_.remove(index);
  half_open_.release(index);
}

void TcpLayer::end_half_open(std::uint32_t index, State to, StateCause cause, Instant now) {
  tell_state(half_open_[index].agreement().tuple, {State::SynReceived, to}, cause, now);
  remove_half_open(index);
}

void TcpLayer::end_time_wait(std::uint32_t index, StateCause cause, Instant now) {
  tell_state(time_waits_[index].tuple(), {State::TimeWait, State::Closed}, cause, now);
  table_.erase(time_waits_[index].hash(), value_of(Kind::TimeWait, index));
  time_waits_.release(index);
}

// Of what has no Connection that could tell it: half-open records and TIME-WAIT.
void TcpLayer::tell_state(const FourTuple& tuple, const Transition& arrow, StateCause cause,
                          Instant now) {
  STACK_ASSERT(is_transition(arrow.from, arrow.to, cause));
  if (context_.observer == nullptr) return;
  context_.observer->on_state_changed({now, ConnectionId{}, tuple, arrow.from, arrow.to, cause});
}

// -- Time

void TcpLayer::advance(Instant now) {
  if (context_.receive.pool.lacks_room) relieve(now);
  while (TimerNode* node = context_.wheel.pop_expired(now)) {
    auto& connection = static_cast<Connection&>(*node);
    connection.on_timer(now);
    remove_if_ended(connection, now);
  }
  while (TimerNode* node = context_.pacing_wheel.pop_expired(now)) {
    static_cast<FlightState&>(*node).owner->on_burst_time();
  }
  while (TimerNode* node = context_.half_open_wheel.pop_expired(now)) {
    auto& half_open = static_cast<HalfOpen&>(*node);
    if (!half_open.on_timer(context_)) {
      const Agreement& agreed = half_open.agreement();
      end_half_open(look_up(agreed.tuple, agreed.hash) & kIndexMask, State::Closed,
                    StateCause::RetransmissionsEnd, now);
    } else if (!half_open.ListHook<HalfOpenReadyTag>::is_linked()) {
      half_open_ready_.push_back(half_open);
    }
  }
  while (FlightState* quiet = context_.quiet.front()) {
    if (now - quiet->quiet_since < FlightState::kKept) break;
    quiet->owner->release_flight_state();
  }
  while (TimeWaitRecord* record = time_wait_order_.front()) {
    if (record->expires() > now) break;
    end_time_wait(look_up(record->tuple(), record->hash()) & kIndexMask, StateCause::TwoMsl, now);
  }
}

Instant TcpLayer::next_deadline() const {
  const TimeWaitRecord* oldest = time_wait_order_.front();
  return std::min({context_.wheel.next_deadline(), context_.half_open_wheel.next_deadline(),
                   context_.pacing_wheel.next_deadline(),
                   oldest == nullptr ? kNever : oldest->expires()});
}

// -- Output

void TcpLayer::send_reply(const Reply& reply, OutPacket& out) {
  TcpHeader header;
  header.source = reply.tuple.local_port;
  header.destination = reply.tuple.remote_port;
  header.seq = reply.seq;
  header.ack = reply.ack;
  header.flags = reply.flags;
  header.window = reply.window;
  TcpOptions options;
  options.timestamps = reply.timestamps;
  if (reply.of_syn) {
    options.mss = reply.of_syn->mss;
    options.window_scale = reply.of_syn->window_scale;
    options.sack_permitted = reply.of_syn->sack_permitted;
  }
  SegmentFrame frame = context_.frame(reply.tuple, flow_hash_(reply.tuple));
  frame.hop_limit = context_.config.hop_limit;
  out.payload_slices = 0;
  out.payload_length = 0;
  write_segment(frame, header, options, out);
  out.reason = reply.reason;
  out.connection = {};
}

bool TcpLayer::transmit_answer(Instant now, OutPacket& out) {
  if (const auto reply = context_.replies.pop()) {
    send_reply(*reply, out);
    return true;
  }
  if (HalfOpen* half_open = half_open_ready_.pop_front()) {
    half_open->transmit(context_, now, out);
    return true;
  }
  return false;
}

bool TcpLayer::transmit(Instant now, OutPacket& out, TransmitOutcome& outcome) {
  while (Connection* connection = context_.ready.front()) {
    const auto decision = connection->next(now);
    outcome.observed = context_.observer != nullptr;
    if (outcome.observed) outcome.before = connection->status();
    const bool sent = decision && connection->commit(*decision, now, out);
    if (!sent) {
      connection->ListHook<ReadyTag>::unlink();
      decision ? connection->on_no_memory(now) : connection->on_nothing_to_send(now);
      quantum_used_ = 0;
      remove_if_ended(*connection, now);
      continue;
    }
    if (outcome.observed) outcome.after = connection->status();
    quantum_used_ += static_cast<std::uint32_t>(out.size());
    if (quantum_used_ >= kQuantum) {  // the next one's turn
      quantum_used_ = 0;
      connection->ListHook<ReadyTag>::unlink();
      context_.ready.push_back(*connection);
    }
    return true;
  }
  outcome.observed = false;  // those that had nothing to say were looked at
  return false;
}

// -- What there is

Connection* TcpLayer::find(ConnectionId id) {
  if (id.is_none()) return nullptr;
  Connection* connection = connections_.get(id.index, id.generation);
  return connection == nullptr || connection->is_orphan() ? nullptr : connection;
}

void TcpLayer::signal_listener(std::uint32_t index) {
  Listener& listener = listeners_[index];
  if (listener.has_event) return;
  listener.has_event = true;
  listener_events_.push_back(index);
}

std::optional<ListenerId> TcpLayer::next_listener_event() {
  if (listener_events_.empty()) return std::nullopt;
  const std::uint32_t index = listener_events_.back();
  listener_events_.pop_back();
  listeners_[index].has_event = false;
  return listeners_.id_of(index);
}

Connection* TcpLayer::next_connection_event() {
  return context_.events.pop_front();
}

std::vector<ConnectionId> TcpLayer::connections() const {
  std::vector<ConnectionId> ids;
  connections_.for_each([&](const Connection& connection) {
    if (connection.state() != State::Closed) ids.push_back(connection.id());
  });
  return ids;
}

void TcpLayer::abort_all(Instant now) {
  connections_.for_each([&](Connection& connection) {
    if (connection.state() == State::Closed || connection.is_orphan()) return;
    connection.abort(StateCause::Abort, now);
    remove_if_ended(connection, now);
  });
}

std::vector<ConnectionEntry> TcpLayer::entries() const {
  std::vector<ConnectionEntry> all;
  listeners_.for_each([&](const Listener& listener) {
    all.push_back({{listener.local().address, {}, listener.local().port, Port{}}, State::Listen});
  });
  connections_.for_each([&](const Connection& connection) {
    if (connection.demux.in_table) all.push_back({connection.tuple(), connection.state()});
  });
  half_open_.for_each([&](const HalfOpen& half_open) {
    all.push_back({half_open.agreement().tuple, State::SynReceived});
  });
  time_waits_.for_each([&](const TimeWaitRecord& record) {
    all.push_back({record.tuple(), State::TimeWait});
  });
  return all;
}

StateCounts TcpLayer::states() const {
  StateCounts counts{};
  const auto count = [&counts](State state) { return ++counts[static_cast<std::size_t>(state)]; };
  listeners_.for_each([&](const Listener&) { count(State::Listen); });
  connections_.for_each([&](const Connection& connection) {
    if (connection.demux.in_table) count(connection.state());
  });
  counts[static_cast<std::size_t>(State::SynReceived)] += half_open_count();
  counts[static_cast<std::size_t>(State::TimeWait)] += time_wait_count();
  return counts;
}

bool TcpLayer::drop(const FourTuple& tuple, Instant now) {
  const std::uint32_t value = look_up(tuple, flow_hash_(tuple));
  if (value == kNone) return false;
  const std::uint32_t index = value & kIndexMask;
  switch (static_cast<Kind>(value >> kKindShift)) {
    case Kind::HalfOpen:
      end_half_open(index, State::Closed, StateCause::Abort, now);
      break;
    case Kind::TimeWait:
      end_time_wait(index, StateCause::Abort, now);
      break;
    case Kind::Connection: {
      Connection& connection = connections_[index];
      connection.drop(now);
      remove_if_ended(connection, now);
      break;
    }
  }
  return true;
}

void TcpLayer::check_invariants() const {
  std::uint32_t known = 0;
  connections_.for_each([&](const Connection& connection) {
    connection.check_invariants();
    if (connection.demux.in_table) ++known;
  });
  STACK_ASSERT(known == open_connections_);
  peers_.check();
  half_open_peers_.check();
  STACK_ASSERT(table_.size() == known + half_open_.size() + time_waits_.size());
}

}  // namespace glasstcp
