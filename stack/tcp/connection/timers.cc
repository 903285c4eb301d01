// What each timer does: RFC 9293 §3.10.8, §3.8.1 (retransmission), §3.8.6.1 (persist), §3.8.4
// (keep-alive), RFC 6298 §5.
// Next: ../recovery/retransmission_queue.h.
#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/connection/connection.h"

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
      case TimerName::TailLossProbe:
        on_probe_timer();
        break;
      case TimerName::RackReordering:
        on_reordering_timer(now);
        break;
      case TimerName::Persist:
        on_persist_timer(now);
        break;
      case TimerName::SwsOverride:
        on_sws_override_timer();
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
        enter(State::Closed, now);
        break;
      case TimerName::UserTimeout:
        // RFC 9293 §3.10.8 user timeout: the connection is given up.
        fail(StreamError::TimedOut, now);
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
bool Connection::has_given_up(Instant now) {
  const TcpConfig& config = context_.config;
  const bool opening = !is_synchronized(state_);
  const std::uint32_t r2 = fast_open_passive_ && opening ? config.syn_ack_retries
                           : opening                     ? settings().syn_retries
                           : orphan_ ? std::min(config.r2_retransmissions, kOrphanRetransmissions)
                                     : config.r2_retransmissions;
  if (retransmissions_ > r2 || persist_.unanswered() > r2) {
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
  note_fast_open_loss(now);
  if (has_given_up(now)) return;
  // The first of what is outstanding goes now, the rest under slow start.
  recovery_.retransmit_reason_ = SendReason::RetransmitTimeout;
  recovery_.rtt_.back_off();
  FlightState& f = *flight_state();
  // The SYN alone; text behind it (Fast Open) waits for its answer.
  if (!is_synchronized(state_)) return f.queue.mark_first_lost(context_.sent, 1);
  const bool escapes = escape_black_hole(now);
  apply_path_mtu(now);
  recovery_.retransmit_reason_ = escapes ? SendReason::MtuBlackHole : SendReason::RetransmitTimeout;
  const bool is_first = retransmissions_ == 1;
  const bool may_detect = context_.config.use_frto && (!is_first || !f.episode.is_active());
  const EpisodeFacts facts = episode_facts({}, now);
  forget_pipe(f, now);
  congestion().on_timeout({recovery_.window_, f.model}, loss_facts({}, now), is_first);
  f.episode.on_timeout(facts, may_detect, is_first);
  note_window_reduced();
  f.probe.stop();
  f.reordering_wait = Duration::zero();
  mark_lost_by_timeout(f, now);
  // What may still arrive is beside the one segment of the loss window.
  recovery_.window_.cwnd += pipe();
  recovery_.window_use_.on_timeout(snd.nxt);
  recovery_.retransmit_now_ = true;
}

// RFC 6298 §5.4; RFC 8985 §6.3: everything that could have been acknowledged by now.
void Connection::mark_lost_by_timeout(FlightState& f, Instant now) {
  const std::uint32_t before = f.queue.lost_bytes();
  if (context_.sent[f.queue.head()].state == SegmentState::Delivered) {
    // RFC 2018 §8 R2018-05: reported, and still asked for: the peer threw it away.
    f.queue.forget_sacks(context_.sent);
    f.queue.mark_all_lost(context_.sent);
  } else if (!sack_ || !context_.config.use_rack) {
    f.queue.mark_all_lost(context_.sent);
  } else {
    // RFC 6675 §5.1 R6675-08: what was reported as delivered is not sent again.
    f.queue.mark_first_lost(context_.sent, max_text());
    const Duration window = reordering_window(f);
    std::uint32_t index = f.queue.oldest_in_network();
    while (index != kNone && !f.rack.may_still_arrive(context_.sent[index], window, now)) {
      const std::uint32_t after = context_.sent[index].after;
      tell_lost(f, context_.sent[index], now);
      f.queue.mark_lost(context_.sent, index);
      index = after;
    }
  }
  f.rate.on_lost(f.queue.lost_bytes() - before);
}

// RFC 8985 §7.3: nothing was heard for two round trips.
void Connection::on_probe_timer() {
  if (FlightState* f = flight_state(); f != nullptr && may_probe_tail()) f->probe.on_timer();
}

// RFC 9293 §3.8.6.1 MUST-36, MUST-37, SHLD-29, SHLD-30; RFC 6429 §4 R6429-01: a peer that answers
// is never given up.
void Connection::on_persist_timer(Instant now) {
  persist_.on_timer();
  if (has_given_up(now)) return;
  // RFC 9293 §3.8.6.1 MUST-37 keeps a connection for as long as its probes are answered, since its
  // user may want it. Nobody wants an orphan: as RFC 6429 §4 R6429-02 allows, it ends after as many
  // probes as its retransmissions would be, or a peer that never reads could keep it for ever.
  if (orphan_ && persist_.backoff() > kOrphanRetransmissions) {
    reset(SendReason::RstTimeout, StreamError::TimedOut, now);
  }
}

// RFC 9293 §3.8.6.2.1 rule (4): what was too little to be sent has waited long enough.
void Connection::on_sws_override_timer() {
  override_small_ = true;
  unpushed_ = false;
}

// What could not be sent is proposed again by next(). A SYN that could not be sent counts like one
// that got lost.
void Connection::on_memory_retry_timer(Instant now) {
  if (state_ != State::SynSent || snd.nxt != snd.iss) return;
  ++retransmissions_;
  if (!has_given_up(now)) recovery_.rtt_.back_off();
}

// RFC 9293 §3.8.4 MUST-26, MUST-29.
void Connection::on_keep_alive_timer(Instant now) {
  const ConnectionSettings& config = settings();
  if (!keep_alive_.is_on()) return;
  if (has_something_waiting()) {
    arm(TimerName::KeepAlive, now + config.keep_alive_interval);  // retransmissions ask already
    return;
  }
  if (!keep_alive_.on_timer(config.keep_alive_probes)) {
    reset(SendReason::RstTimeout, StreamError::TimedOut, now);
    return;
  }
  arm(TimerName::KeepAlive, now + config.keep_alive_interval);
}

// Arms and stops what depends on the send side; called whenever that may have changed.
void Connection::manage_send_timers(Instant now) {
  if (state_ == State::Closed || state_ == State::TimeWait) return;
  const Duration rto = recovery_.rto(context_);
  const bool window_closed = is_synchronized(state_) && snd.wnd == 0;
  // RFC 6298 §5.1, §5.2 R6298-10: a timer runs while something is outstanding.
  if (flight() == 0 || window_closed) {
    stop_loss_timers();
  } else if (!has_loss_timer()) {
    arm_loss_timer(now);
  }
  if (window_closed && has_something_waiting()) {
    if (!timers_.is_armed(TimerName::Persist)) {
      // RFC 9293 §3.8.6 SHLD-17: no retransmissions are counted meanwhile.
      arm(TimerName::Persist, now + persist_.interval(rto, context_.config.max_rto));
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
  signal_room_by_memory();
  note_limit(now);
  note_why_nothing_left(now);
  const bool may_send = is_synchronized(state_) && state_ != State::TimeWait;
  if (!may_send || snd.wnd == 0 || flight() > 0 || unsent() == 0) return;
  if (!timers_.is_armed(TimerName::SwsOverride)) {
    const Duration wait = context_.config.sws_override;
    arm(TimerName::SwsOverride, now + (wait > Duration::zero() ? wait : recovery_.rto(context_)));
  }
}

// There was no memory to remember what was to be sent: it is tried again a little later.
void Connection::on_no_memory(Instant now) {
  if (state_ == State::Closed || state_ == State::TimeWait) return;
  // What is outstanding has its timer, in the same slot, and must keep it: its acknowledgment or
  // its timeout will ask again.
  if (has_loss_timer()) return;
  const bool is_syn = state_ == State::SynSent && snd.nxt == snd.iss;
  arm(TimerName::MemoryRetry, now + (is_syn ? recovery_.rto(context_) : context_.rto_bounds.min));
}

// RFC 9293 §3.8.4 MUST-26: the interval is counted from the last segment that arrived.
void Connection::on_sign_of_life(Instant now) {
  keep_alive_.on_segment();
  if (timers_.is_armed(TimerName::KeepAlive)) {
    arm(TimerName::KeepAlive, now + settings().keep_alive_idle);
  }
}

// Three timers wait for an acknowledgment, one of them at a time; they share a slot.
bool Connection::has_loss_timer() const {
  return timers_.is_armed(TimerName::Retransmit) || timers_.is_armed(TimerName::TailLossProbe) ||
         timers_.is_armed(TimerName::RackReordering);
}

void Connection::stop_loss_timers() {
  timers_.stop(TimerName::Retransmit);
  timers_.stop(TimerName::TailLossProbe);
  timers_.stop(TimerName::RackReordering);
}

// RFC 8985 §8: the earliest of the three is the one that runs.
void Connection::arm_loss_timer(Instant now) {
  const FlightState* const f = flight_state();
  if (f != nullptr && f->reordering_wait > Duration::zero()) {
    // R8985-06.
    arm(TimerName::RackReordering, now + f->reordering_wait + context_.config.loss_timer_floor);
  } else if (may_probe_tail()) {
    // RFC 6298 §5.3: the timeout that the probe must not outlast starts anew, too.
    arm(TimerName::TailLossProbe, probe_deadline(now, now + recovery_.rto(context_)));
  } else {
    arm(TimerName::Retransmit, now + recovery_.rto(context_));
  }
}

void Connection::restart_loss_timers(Instant now) {
  stop_loss_timers();
  timers_.stop(TimerName::UserTimeout);
  manage_send_timers(now);
}

// Nothing new was acknowledged, so the retransmission timer is not prolonged; but another one of
// the three may have to run.
void Connection::change_loss_timer(Instant now) {
  const FlightState* const f = flight_state();
  if (f == nullptr || flight() == 0 || snd.wnd == 0) return;
  const bool is_probe_right = timers_.is_armed(TimerName::TailLossProbe) && may_probe_tail();
  if (f->reordering_wait > Duration::zero()) {
    arm_loss_timer(now);
  } else if (!timers_.is_armed(TimerName::Retransmit) && !is_probe_right) {
    arm(TimerName::Retransmit, rto_after_head(now));
  }
}

// RFC 6298 §5: a timeout after the first of what is outstanding left.
Instant Connection::rto_after_head(Instant now) const {
  const Instant deadline = context_.sent[queue().head()].sent_at + recovery_.rto(context_);
  return std::max(deadline, now + context_.config.loss_timer_floor);
}

// RFC 8985 §7.2: with SACK, outside of recovery, and nothing reported or lost.
bool Connection::may_probe_tail() const {
  const FlightState* const f = flight_state();
  if (f == nullptr || !sack_ || !context_.config.use_rack) return false;
  if (!context_.config.use_tail_loss_probe || !is_synchronized(state_) || snd.wnd == 0)
    return false;
  const RecoveryPhase phase = f->episode.phase();
  const bool is_calm = phase == RecoveryPhase::Open || phase == RecoveryPhase::WindowReduction;
  return is_calm && flight() > 0 && queue().lost_bytes() == 0 && queue().sacked_bytes() == 0 &&
         f->probe.may_probe();
}

// RFC 8985 §7.2 R8985-07, R8985-08.
Instant Connection::probe_deadline(Instant now, Instant timeout) const {
  const TcpConfig& config = context_.config;
  const Duration delayed =
      flight() <= full_segment_ ? TailLossProbe::kPeerDelayedAck : config.loss_timer_floor;
  const Duration srtt = recovery_.rtt().has_sample() ? recovery_.rtt().srtt() : Duration::zero();
  const Duration wait = TailLossProbe::timeout(srtt, delayed, config.loss_timer_floor);
  return std::min(now + wait, timeout);  // not later than the retransmission timer
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
