// The user calls of RFC 9293 §3.10.2-§3.10.6: SEND, RECEIVE, CLOSE, ABORT. OPEN is in
// active_open.cc, STATUS in status.cc.
// Next: ../demux/syn_gate.h.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// RFC 9293 §3.10.2: who may SEND. Before the handshake is complete the bytes are queued.
std::optional<StreamError> Connection::refuse_send() const {
  if (error_) return error_;
  if (state_ == State::Closed) return StreamError::NotConnected;
  const bool open = state_ == State::SynSent || state_ == State::SynReceived ||
                    state_ == State::Established || state_ == State::CloseWait;
  if (!open || intent_.fin_queued()) return StreamError::Closing;
  return std::nullopt;
}

std::expected<std::size_t, StreamError> Connection::send(ByteView bytes, SendOptions options,
                                                         Instant now) {
  if (const auto refused = refuse_send()) return std::unexpected(*refused);
  if (bytes.empty()) return 0;
  const std::size_t space = send_buffer_limit().admit(bytes.size());
  if (space == 0) {
    intent_.want_space(true);
    return std::unexpected(StreamError::WouldBlock);
  }
  const std::size_t n = tx_.append_copy(context_.tx, bytes.first(std::min(space, bytes.size())));
  if (n == 0) {
    intent_.want_space(true);
    return std::unexpected(StreamError::OutOfMemory);
  }
  if (n < bytes.size()) {
    intent_.want_space(true);
    options.more = false;
  }
  after_queueing(options, now);
  return n;
}

std::expected<void, StreamError> Connection::send_borrowed(ByteView bytes, std::uint64_t cookie,
                                                           SendOptions options, Instant now) {
  if (const auto refused = refuse_send()) return std::unexpected(*refused);
  const std::uint32_t limit = TxQueue::kMostBorrowed;
  if (bytes.size() > limit || tx_.size() > limit - bytes.size()) {
    intent_.want_space(true);
    return std::unexpected(StreamError::WouldBlock);
  }
  if (bytes.empty() || !tx_.append_borrowed(context_.tx, bytes, cookie)) {
    return std::unexpected(StreamError::OutOfMemory);
  }
  after_queueing(options, now);
  return {};
}

// A buffer that counts memory tells its writer once what may leave has left.
void Connection::signal_send_space(bool has_sent) {
  if (!intent_.wants_space() || has_sent != counts_memory()) return;
  if (has_sent && !is_synchronized(state_)) return;
  if (!send_buffer_limit().wakes_writer()) return;
  intent_.want_space(false);
  signal(EventMask::kWritable);
}

void Connection::after_queueing(SendOptions options, Instant now) {
  intent_.on_queued(options.more);
  // RFC 9293 §3.8.5 SHLD-13: for applications that have it already; nothing of ours asks for it.
  if (options.urgent) {
    // RFC 9293 §3.8.5: the pointer names the octet after the last urgent one.
    snd.up = tx_.end_seq();
    intent_.on_urgent();
  }
  restart_if_idle(now);
  manage_send_timers(now);
  note_limit(now);
  wants_output();
}

void Connection::push() {
  intent_.end_more();
  if (settings().cork && unsent() > 0) intent_.override_once();
  wants_output();
}

// RFC 5681 §4.1 R5681-13: after an idle time longer than a timeout the old window says nothing
// about the path. Where that is switched off, RFC 7661 still does not keep it for ever.
void Connection::restart_if_idle(Instant now) {
  if (flight() > 0 || !is_synchronized(state_)) return;
  const std::chrono::milliseconds idle(milliseconds_of(now) - last_data_sent_ms_);
  if (!context_.config.slow_start_after_idle) {
    if (idle >= WindowUse::kPeriod) recovery_.shrink_idle_window(sender_facts(now), idle);
  } else if (idle > rto()) {
    recovery_.restart_after_idle(sender_facts(now));
  }
}

// RFC 9293 §3.10.3 RECEIVE. Bytes first, then the end of the stream or the error.
std::expected<ByteView, StreamError> Connection::peek() const {
  if (receiver_.unread() > 0) return receiver_.front(context_.receive);
  if (receiver_.has_fin()) return ByteView{};
  if (error_) return std::unexpected(*error_);
  if (state_ == State::Closed) return std::unexpected(StreamError::NotConnected);
  return std::unexpected(StreamError::WouldBlock);
}

void Connection::acknowledge_now() {
  if (receiver_.ack().owed() != AckPolicy::Owed::Delayed) return;
  receiver_.demand_ack(SendReason::AckImmediate);
  wants_output();
}

void Connection::consume(std::size_t n, Instant now) {
  receiver_.consume(context_.receive, n, now);
  if (receiver_.is_reading_measured(now)) {
    // The handshake has measured the path, unless its segments were lost.
    const RttEstimator& rtt = recovery_.rtt();
    const Duration round_trip = rtt.has_sample() ? rtt.srtt() : settings().rto.initial;
    receiver_.size_buffer(context_.receive, settings().receive_buffer, round_trip, now);
  }
  if (!is_synchronized(state_) || !receiver_.is_window_update_due(context_.receive)) return;
  receiver_.demand_ack(SendReason::WindowUpdate);
  wants_output();
}

// RFC 9293 §3.10.4 CLOSE: MAY-1 not done in this call: it closes one direction only; close() gives
// up both.
std::expected<void, StreamError> Connection::shutdown_send(Instant now) {
  switch (state_) {
    case State::SynSent:
      fail(StreamError::Aborted, StateCause::CloseInSynSent, now);
      return {};
    case State::SynReceived:
    case State::CloseWait:
      if (intent_.fin_queued()) return std::unexpected(StreamError::Closing);
      break;
    case State::Established:
      enter(State::FinWait1, StateCause::Close, now);
      break;
    default:
      if (error_) return std::unexpected(*error_);
      return std::unexpected(StreamError::Closing);
  }
  intent_.queue_fin();
  manage_send_timers(now);
  wants_output();
  return {};
}

void Connection::close(Instant now) {
  const bool can_lose_data = state_ == State::SynReceived || state_ == State::Established ||
                             state_ == State::FinWait1 || state_ == State::FinWait2 ||
                             state_ == State::CloseWait;
  if (receiver_.holds_data() && can_lose_data) {
    // RFC 9293 §3.6.1 SHLD-3: the peer must not believe that its data was read.
    reset(SendReason::RstUnreadData, StreamError::Aborted, StateCause::CloseUnread, now);
  } else if (state_ != State::Closed && !intent_.fin_queued()) {
    static_cast<void>(shutdown_send(now));
  }
  receiver_.discard(context_.receive);
  orphan_ = true;
  ListHook<EventTag>::unlink();
  if (state_ == State::FinWait2) arm(TimerName::FinWait2, now + settings().fin_wait_2_timeout);
}

// RFC 9293 §3.10.5.
void Connection::abort(StateCause cause, Instant now) {
  switch (state_) {
    case State::SynReceived:
    case State::Established:
    case State::FinWait1:
    case State::FinWait2:
    case State::CloseWait:
      reset(SendReason::RstAborted, StreamError::Aborted, cause, now);
      break;
    case State::SynSent:
    case State::Closing:
    case State::LastAck:
      fail(StreamError::Aborted, cause, now);
      break;
    default:
      break;
  }
  receiver_.discard(context_.receive);
  orphan_ = true;
  ListHook<EventTag>::unlink();
}

void Connection::drop(Instant now) {
  if (is_synchronized(state_) && state_ != State::TimeWait) {
    reset(SendReason::RstAborted, StreamError::Aborted, StateCause::Abort, now);
  } else {
    fail(StreamError::Aborted, StateCause::Abort, now);
  }
}

void Connection::give_up(Instant now) {
  const bool is_known = state_ != State::Closed && state_ != State::TimeWait &&
                        state_ != State::SynSent && state_ != State::LastAck;
  if (is_known) {
    reset(SendReason::RstOutOfMemory, StreamError::OutOfMemory, StateCause::OutOfMemory, now);
  } else if (state_ != State::TimeWait) {
    fail(StreamError::OutOfMemory, StateCause::OutOfMemory, now);
  }
}

void Connection::evict(Instant now) {
  reset(SendReason::RstEvicted, StreamError::OutOfMemory, StateCause::Evicted, now);
  receiver_.release(context_.receive);
}

// RFC 9293 §3.8.4 MUST-24, MUST-25, MUST-27: off by default, switched per connection.
void Connection::set_keep_alive(bool on, Instant now) {
  if (on == keep_alive_.is_on()) return;  // what runs goes on
  keep_alive_.set(on);
  restart_keep_alive(now);
}

}  // namespace glasstcp
