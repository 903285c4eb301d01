// What each timer does: RFC 9293 §3.10.8, §3.8.1 (retransmission), §3.8.6.1 (persist), §3.8.4
// (keep-alive), RFC 6298 §5.
#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/connection.h"

namespace glasstcp {
namespace {
// A departed application's data is tried for less long: about 100 s with default bounds, as
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
      case TimerName::Persist:
        on_persist_timer(now);
        break;
      case TimerName::DelayedAck:
        ack_.on_delay_timer();
        break;
      case TimerName::KeepAlive:
        on_keep_alive_timer(now);
        break;
      case TimerName::FinWait2:
        enter(State::Closed, now);
        break;
      default:
        // RFC 9293 §3.10.8 user timeout: the connection is given up.
        fail(StreamError::TimedOut, now);
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
bool Connection::has_given_up(Instant now) {
  const TcpConfig& config = context_.config;
  const bool opening = !is_synchronized(state_);
  const std::uint32_t r2 = opening   ? knobs().syn_retries
                           : orphan_ ? std::min(config.r2_retransmissions, kOrphanRetransmissions)
                                     : config.r2_retransmissions;
  if (retransmissions_ > r2 || unanswered_probes_ > r2) {
    fail(StreamError::TimedOut, now);
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
  if (has_given_up(now)) return;
  if (is_synchronized(state_)) {
    apply_path_mtu(now);
    context_.congestion.on_timeout(congestion_, flight(), effective_mss_, retransmissions_ == 1);
    recovery_.on_timeout(snd.nxt);
    window_use_.on_timeout(snd.nxt);
    retransmit_now_ = true;
  }
  // Nothing that is outstanding is expected to arrive any more; the first of it goes now, the rest
  // under slow start.
  retransmit_reason_ = SendReason::RetransmitTimeout;
  log_.mark_all_lost(context_.sent);
  rtt_.back_off();
}

// RFC 9293 §3.8.6.1 MUST-36, MUST-37, SHLD-29, SHLD-30; RFC 6429 §4 R6429-01: a peer that answers
// is never given up.
void Connection::on_persist_timer(Instant now) {
  if (snd.wnd > 0 || !is_synchronized(state_)) {
    override_small_ = true;  // RFC 9293 §3.8.6.2.1 rule (4)
    unpushed_ = false;
    return;
  }
  ++unanswered_probes_;
  if (has_given_up(now)) return;
  probe_backoff_ = std::min<std::uint8_t>(static_cast<std::uint8_t>(probe_backoff_ + 1), 30);
  probe_due_ = true;
}

// RFC 9293 §3.8.4 MUST-26, MUST-29.
void Connection::on_keep_alive_timer(Instant now) {
  const ConnectionKnobs& config = knobs();
  if (!keep_alive_) return;
  if (has_something_waiting()) {
    arm(TimerName::KeepAlive, now + config.keep_alive_interval);  // retransmissions ask already
    return;
  }
  if (keep_alives_unanswered_ >= config.keep_alive_probes) {
    reset(SendReason::RstTimeout, StreamError::TimedOut, now);
    return;
  }
  ++keep_alives_unanswered_;
  keep_alive_due_ = true;
  arm(TimerName::KeepAlive, now + config.keep_alive_interval);
}

// Arms and stops what depends on the send side; called whenever that may have changed.
void Connection::manage_send_timers(Instant now) {
  if (state_ == State::Closed || state_ == State::TimeWait) return;
  const Duration rto = rtt_.rto(context_.rto_bounds);
  const bool window_closed = is_synchronized(state_) && snd.wnd == 0;
  // RFC 6298 §5.1, §5.2 R6298-10: the timer runs while something is outstanding.
  if (flight() == 0 || window_closed) {
    timers_.stop(TimerName::Retransmit);
  } else if (!timers_.is_armed(TimerName::Retransmit)) {
    arm(TimerName::Retransmit, now + rto);
  }
  if (window_closed && has_something_waiting()) {
    if (!timers_.is_armed(TimerName::Persist)) {
      // SHLD-29, SHLD-30: after one timeout, then with doubled intervals. RFC 9293 §3.8.6 SHLD-17:
      // no retransmissions are counted meanwhile.
      Duration interval = rto;
      for (int i = 0; i < probe_backoff_ && interval < context_.config.max_rto; ++i) interval *= 2;
      arm(TimerName::Persist, now + std::min(interval, context_.config.max_rto));
    }
  } else if (flight() > 0 || !has_something_waiting()) {
    timers_.stop(TimerName::Persist);
    probe_due_ = false;
  }
  if (knobs().user_timeout != Duration::zero() && has_something_waiting()) {
    if (!timers_.is_armed(TimerName::UserTimeout)) {
      arm(TimerName::UserTimeout, now + knobs().user_timeout);
    }
    return;
  }
  timers_.stop(TimerName::UserTimeout);
  if (keep_alive_ && is_synchronized(state_) && !timers_.is_armed(TimerName::KeepAlive)) {
    arm(TimerName::KeepAlive, now + knobs().keep_alive_idle);
  }
}

// Asked, and nothing may leave. RFC 9293 §3.8.6.2.1: with too little window, or too little data,
// for too long, the override timer sends what there is.
void Connection::on_nothing_to_send(Instant now) {
  note_limit(now);
  const bool may_send = is_synchronized(state_) && state_ != State::TimeWait;
  if (!may_send || snd.wnd == 0 || flight() > 0 || unsent() == 0) return;
  if (!timers_.is_armed(TimerName::Persist)) {
    const Duration wait = context_.config.sws_override;
    arm(TimerName::Persist, now + (wait > Duration::zero() ? wait : rtt_.rto(context_.rto_bounds)));
  }
}

// There was no memory to remember what was to be sent: it is tried again a little later.
void Connection::on_no_memory(Instant now) {
  if (state_ != State::Closed && state_ != State::TimeWait) {
    arm(TimerName::Persist, now + context_.rto_bounds.min);
  }
}

// RFC 9293 §3.8.4 MUST-26: the interval is counted from the last segment that arrived.
void Connection::on_sign_of_life(Instant now) {
  keep_alives_unanswered_ = 0;
  if (timers_.is_armed(TimerName::KeepAlive)) {
    arm(TimerName::KeepAlive, now + knobs().keep_alive_idle);
  }
}

void Connection::restart_retransmit_timer(Instant now) {
  timers_.stop(TimerName::Retransmit);
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
