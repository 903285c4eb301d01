// What each timer does: RFC 9293 §3.10.8, §3.8.1 (retransmission), §3.8.6.1 (persist), §3.8.4
// (keep-alive), RFC 6298 §5.
// Next: ../recovery/retransmission_queue.h.
#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {
// The data of an orphan is tried for less long: about 100 s with default bounds, as
// deployed stacks do.
constexpr std::uint32_t kOrphanRetransmissions = 8;
}  // namespace

void Connection::on_timer(Instant now) {
  while (const auto due = timers_.pop_due(now)) {
    const TimerName timer = *due;
    switch (timer) {
      case TimerName::Retransmit:
        on_retransmit_timer(now);
        break;
      case TimerName::TailLossProbe:
        recovery_.on_tail_probe_timer(sender_facts(now));
        break;
      case TimerName::RackReordering:
        apply(recovery_.on_reordering_timer(sender_facts(now)));
        break;
      case TimerName::Persist:
        on_persist_timer(now);
        break;
      case TimerName::SwsOverride:
        intent_.on_override_timer();
        break;
      case TimerName::MemoryRetry:
        on_memory_retry_timer(now);
        break;
      case TimerName::DelayedAck:
        receiver_.on_delayed_ack_timer();
        break;
      case TimerName::KeepAlive:
        on_keep_alive_timer(now);
        break;
      case TimerName::FinWait2:
        enter(State::Closed, StateCause::FinWait2Timeout, now);
        break;
      case TimerName::UserTimeout:
        // RFC 9293 §3.10.8 user timeout: the connection is given up.
        fail(StreamError::TimedOut, StateCause::UserTimeout, now);
        break;
      case TimerName::TimeWait:  // of a record, not of a connection
      case TimerName::Pacing:    // of a flight state, by a wheel of its own
        break;
    }
    if (context_.observer != nullptr) {
      const TcbSnapshot after = status();
      context_.observer->on_timer_fired({now, id_, timer, &after});
    }
  }
  if (state_ != State::Closed) {
    manage_send_timers(now);
    arm_wheel();
  }
  wants_output();
}

// RFC 9293 §3.8.3 MUST-20, SHLD-9, SHLD-10, SHLD-11; §3.8.3 MUST-22, MUST-23 for SYNs.
bool Connection::has_given_up(StateCause cause, Instant now) {
  const TcpConfig& config = context_.config;
  const bool opening = !is_synchronized(state_);
  const std::uint32_t chosen = fast_open_passive_ && opening ? config.syn_ack_retries
                               : opening                     ? settings().syn_retries
                                                             : config.r2_retransmissions;
  const std::uint32_t r2 =
      std::min(chosen, orphan_ && !opening ? kOrphanRetransmissions : kMostRetries);
  if (retransmissions_ > r2 || persist_.unanswered() > r2) {
    fail(StreamError::TimedOut, cause, now);
    return true;
  }
  const bool passed_r1 = retransmissions_ >= config.r1_retransmissions;
  if (passed_r1 && !soft_error_told_) {
    soft_error_told_ = true;
    signal(EventMask::kSoftError);
  }
  return false;
}

// RFC 6298 §5.4-§5.6 R6298-09, R6298-11.
void Connection::on_retransmit_timer(Instant now) {
  if (flight() == 0) return;
  ++retransmissions_;
  note_fast_open_loss(now);
  if (has_given_up(StateCause::RetransmissionsEnd, now)) return;
  if (!is_synchronized(state_)) return recovery_.on_syn_timeout(context_);
  const bool escapes = escape_black_hole(now);
  apply_path_mtu(now);
  recovery_.on_timeout(sender_facts(now), retransmissions_ == 1,
                       escapes ? SendReason::MtuBlackHole : SendReason::RetransmitTimeout);
}

// RFC 9293 §3.8.6.1 MUST-36, MUST-37, SHLD-29, SHLD-30; RFC 6429 §4 R6429-01: a peer that answers
// is never given up.
void Connection::on_persist_timer(Instant now) {
  persist_.on_timer();
  if (has_given_up(StateCause::WindowProbesEnd, now)) return;
  // RFC 9293 §3.8.6.1 MUST-37 keeps a connection for as long as its probes are answered, since its
  // user may want it. Nobody wants an orphan: as RFC 6429 §4 R6429-02 allows, it ends after as many
  // probes as its retransmissions would be, or a peer that never reads could keep it for ever.
  if (orphan_ && persist_.backoff() > kOrphanRetransmissions) {
    reset(SendReason::RstTimeout, StreamError::TimedOut, StateCause::WindowStaysClosed, now);
  }
}

// What could not be sent is proposed again by next(). A SYN or SYN-ACK that could not be sent
// counts like one that got lost.
void Connection::on_memory_retry_timer(Instant now) {
  if (is_synchronized(state_) || snd.nxt != snd.iss) return;
  ++retransmissions_;
  if (!has_given_up(StateCause::OutOfMemory, now)) recovery_.back_off();
}

// RFC 9293 §3.8.4 MUST-26, MUST-29.
void Connection::on_keep_alive_timer(Instant now) {
  const ConnectionSettings& config = settings();
  if (!keep_alive_.is_on()) return;
  if (has_something_waiting()) {
    arm(TimerName::KeepAlive, now + config.keep_alive_interval);  // retransmissions ask already
    return;
  }
  if (!keep_alive_.on_timer(std::min(config.keep_alive_probes, kMostRetries))) {
    reset(SendReason::RstTimeout, StreamError::TimedOut, StateCause::KeepAlivesEnd, now);
    return;
  }
  arm(TimerName::KeepAlive, now + config.keep_alive_interval);
}

// A user timeout that runs has the timer's place, and gives it back when all is acknowledged.
void Connection::restart_keep_alive(Instant now) {
  keep_alive_.on_segment();
  if (timers_.is_armed(TimerName::UserTimeout)) return;
  if (keep_alive_.is_on() && is_synchronized(state_) && state_ != State::TimeWait) {
    arm(TimerName::KeepAlive, now + settings().keep_alive_idle);
  } else {
    timers_.stop(TimerName::KeepAlive);
  }
}

// RFC 9293 §3.8.4 MUST-26: another interval, too, is counted from the last segment that arrived. One
// that has passed already is over now. Where a probe is under way its answer begins the new one.
void Connection::move_keep_alive(Duration idle_before, Instant now) {
  if (!timers_.is_armed(TimerName::KeepAlive) || keep_alive_.unanswered() > 0) return;
  const Instant heard = timers_.get(TimerName::KeepAlive) - idle_before;
  arm(TimerName::KeepAlive, std::max(now, heard + settings().keep_alive_idle));
}

// Arms and stops what depends on the send side; called whenever that may have changed.
void Connection::manage_send_timers(Instant now) {
  if (state_ == State::Closed || state_ == State::TimeWait) return;
  const bool window_closed = is_synchronized(state_) && snd.wnd == 0;
  // RFC 6298 §5.1, §5.2 R6298-10: a timer runs while something is outstanding.
  if (flight() == 0 || window_closed) {
    timers_.stop_loss_timer();
  } else if (!has_loss_timer()) {
    arm(recovery_.loss_timer(sender_facts(now)));
  }
  if (window_closed && has_something_waiting()) {
    if (!timers_.is_armed(TimerName::Persist)) {
      // RFC 9293 §3.8.6 SHLD-17: no retransmissions are counted meanwhile.
      arm(TimerName::Persist, now + persist_.interval(rto(), settings().rto.max));
    }
  } else if (flight() > 0 || !has_something_waiting()) {
    timers_.stop(TimerName::Persist);
    timers_.stop(TimerName::SwsOverride);
    timers_.stop(TimerName::MemoryRetry);
    persist_.stop();
  }
  if (settings().user_timeout != Duration::zero() && has_something_waiting()) {
    if (!timers_.is_armed(TimerName::UserTimeout)) {
      arm(TimerName::UserTimeout, now + settings().user_timeout);
    }
    return;
  }
  timers_.stop(TimerName::UserTimeout);
  if (keep_alive_.is_on() && is_synchronized(state_) && !timers_.is_armed(TimerName::KeepAlive)) {
    arm(TimerName::KeepAlive, now + settings().keep_alive_idle);
  }
}

// Asked, and nothing may leave. RFC 9293 §3.8.6.2.1: with too little window, or too little data,
// for too long, the override timer sends what there is.
void Connection::on_nothing_to_send(Instant now) {
  signal_send_space(true);
  note_limit(now);
  if (recovery_.has_flight() && is_synchronized(state_)) on_output_paused(now);
  const bool may_send = is_synchronized(state_) && state_ != State::TimeWait;
  if (!may_send || snd.wnd == 0 || flight() > 0 || unsent() == 0) return;
  if (!timers_.is_armed(TimerName::SwsOverride)) {
    const Duration wait = context_.config.sws_override;
    arm(TimerName::SwsOverride, now + (wait > Duration::zero() ? wait : rto()));
  }
}

// Is it the application that has nothing more, or is it only not yet time for the next burst?
void Connection::on_output_paused(Instant now) {
  const std::uint32_t space = cwnd_space();
  if (unsent() == 0 && queue().lost_bytes() == 0) {
    if (space >= size_.mss()) recovery_.on_application_limited(context_, snd);
  } else if (space > 0) {
    recovery_.await_next_burst(context_, now);
  }
}

// There was no memory to remember what was to be sent: it is tried again a little later.
void Connection::on_no_memory(Instant now) {
  if (state_ == State::Closed || state_ == State::TimeWait) return;
  // What is outstanding has its timer, in the same slot, and must keep it: its acknowledgment or
  // its timeout will ask again.
  if (has_loss_timer()) return;
  const bool is_syn = !is_synchronized(state_) && snd.nxt == snd.iss;
  arm(TimerName::MemoryRetry, now + (is_syn ? rto() : settings().rto.min));
}

// RFC 9293 §3.8.4 MUST-26: the interval is counted from the last segment that arrived.
void Connection::on_sign_of_life(Instant now) {
  keep_alive_.on_segment();
  if (timers_.is_armed(TimerName::KeepAlive)) {
    arm(TimerName::KeepAlive, now + settings().keep_alive_idle);
  }
}

void Connection::restart_loss_timers(Instant now) {
  timers_.stop_loss_timer();
  timers_.stop(TimerName::UserTimeout);
  manage_send_timers(now);
}

void Connection::arm(TimerName timer, Instant deadline) {
  timers_.set(timer, deadline);
  if (deadline < TimerNode::deadline()) context_.wheel.schedule(*this, deadline);
}

void Connection::arm_wheel() {
  const Instant earliest = timers_.earliest();
  if (earliest != kNever && earliest < TimerNode::deadline())
    context_.wheel.schedule(*this, earliest);
}

}  // namespace glasstcp
