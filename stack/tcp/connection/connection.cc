// A connection's birth, its one gate for changes of state, and its end. See connection.h for where
// the rest stands.
#include "stack/tcp/connection/connection.h"

#include <algorithm>

#include "stack/base/assert.h"

namespace glasstcp {

// RFC 9293 §3.10.1, active OPEN: SYN-SENT; next() will propose the SYN.
Connection::Connection(TcpContext& context, const FourTuple& tuple, std::uint64_t hash,
                       std::uint32_t buffer, Instant now)
    : Tcb(context, tuple, hash, buffer, now) {
  timestamps_ = Timestamps::with_offset(context.timestamp_offset(tuple, now));
  accepted_ = true;
  snd.iss = context.isn.generate(tuple, now);
  snd.una = snd.nxt = snd.up = snd.iss;
  size_.set_peer_mss(default_mss(tuple.remote_address.version()));
  if (context.config.keep_statistics) make_extras();
  tx_.start_at(snd.iss + 1);
  recovery_.open(size_.peer_mss());
  update_segment_size(now);
}

void Connection::open(Instant now) {
  enter(State::SynSent, StateCause::ActiveOpen, now);
  wants_output();
}

// A half-open record became whole: its SYN-ACK is acknowledged by the very segment that follows, so
// snd.una stands behind the SYN already and nothing is outstanding.
Connection::Connection(TcpContext& context, const Agreement& agreed, Instant now)
    : Tcb(context, agreed.tuple, agreed.hash, agreed.buffer, now) {
  state_ = State::SynReceived;
  passive_ = true;
  snd.iss = agreed.iss;
  snd.una = snd.nxt = snd.up = agreed.iss + 1;
  receiver_.synchronize(agreed.irs, context.most_syn_window());
  if (context.config.keep_statistics) make_extras();
  tx_.start_at(snd.nxt);
  adopt(agreed, now);
  retransmissions_ = agreed.syn_ack_retries;
  if (ConnectionStatistics* s = statistics()) s->segments_delivered = 1;  // the SYN-ACK
  // RFC 6298 §3 R6298-06: a SYN-ACK sent once gives the first sample.
  if (!agreed.syn_ack_again) {
    recovery_.add_rtt_sample(context, settings().rto, now - agreed.syn_ack_sent, now);
    if (ConnectionStatistics* s = statistics()) s->on_rtt(now - agreed.syn_ack_sent);
  }
}

Connection::~Connection() {
  release_buffers();
  receiver_.release(context_.receive);
  if (extras_ != kNone) context_.extras.release(extras_);
  if (ecn_ != kNone) context_.ecn.release(ecn_);
  context_.wheel.cancel(*this);
}

void Connection::enter(State to, StateCause cause, Instant now) {
  STACK_ASSERT(is_transition(state_, to, cause));
  const State from = state_;
  state_ = to;
  if (context_.observer != nullptr)
    context_.observer->on_state_changed({now, id_, tuple_, from, to, cause});
  if (to == State::Closed || to == State::TimeWait) {
    timers_.stop_all();
    context_.wheel.cancel(*this);
    release_buffers();
  }
}

// Ends the connection without a word to the peer.
void Connection::fail(StreamError error, StateCause cause, Instant now) {
  if (state_ == State::Closed) return;
  // RFC 9293 §3.10.7.4, second check: with a connection that is refused, what it had queued goes.
  // Were it kept, the application would read data of a connection that it never had.
  receiver_.drop_early_data(context_.receive);
  error_ = error;
  enter(State::Closed, cause, now);
  signal(EventMask::kError | EventMask::kClosed);
}

// Ends the connection with a reset (RFC 9293 §3.10.5).
void Connection::reset(SendReason reason, StreamError error, StateCause cause, Instant now) {
  if (state_ == State::Closed) return;
  pending_reset_ = reason;
  fail(error, cause, now);
  wants_output();
}

// What the peer can still cause or need is over: release both queues. Unread bytes stay for the
// reader.
void Connection::release_buffers() {
  tx_.clear(context_.tx);
  release_flight_state();
}

void Connection::signal(std::uint16_t events) {
  if (orphan_) return;
  events_ |= events;
  if (accepted_ && !ListHook<EventTag>::is_linked()) context_.events.push_back(*this);
}

void Connection::accepted() {
  accepted_ = true;
  if (events_ != 0) signal(0);
}

std::uint16_t Connection::take_events() {
  const std::uint16_t events = events_;
  events_ = 0;
  return events;
}

void Connection::note_limit(Instant now) {
  if (extras_ == kNone || !context_.config.keep_statistics) return;
  context_.extras[extras_].statistics.limits.switch_to(limit_now(), now);
}

void Connection::wants_output() {
  if (!ListHook<ReadyTag>::is_linked()) context_.ready.push_back(*this);
}

void Connection::on_time_wait_taken_over() {
  receiver_.forget_ack();
  ListHook<ReadyTag>::unlink();
  if (!orphan_) signal(EventMask::kClosed);
}

void Connection::check_invariants() const {
  STACK_ASSERT(snd.una <= snd.nxt);
  receiver_.check_invariants(context_.receive);
  if (state_ == State::Closed || state_ == State::TimeWait) {
    STACK_ASSERT(queue().empty() && tx_.empty() && timers_.earliest() == kNever);
    return;
  }
  queue().check(context_.sent, snd.una, snd.nxt);
  STACK_ASSERT(tx_.begin_seq() <= later(snd.una, snd.iss + 1));
  const bool window_closed = is_synchronized(state_) && snd.wnd == 0;
  STACK_ASSERT(has_loss_timer() == (flight() > 0 && !window_closed));
  const bool waits_for_window = window_closed && has_something_waiting();
  STACK_ASSERT(timers_.is_armed(TimerName::Persist) == waits_for_window);
  STACK_ASSERT(!timers_.is_armed(TimerName::SwsOverride) || (flight() == 0 && !window_closed));
  if (timers_.earliest() != kNever) STACK_ASSERT(TimerNode::deadline() <= timers_.earliest());
  STACK_ASSERT(recovery_.cwnd() > 0);
}

}  // namespace glasstcp
