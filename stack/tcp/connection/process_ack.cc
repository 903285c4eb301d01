// The fifth check's work (RFC 9293 §3.10.7.4): an acceptable ACK and what follows from it: the
// queue, the peer's window, and our own FIN. What it means for losses and for the congestion window
// is asked of recovery/, once; what that answers is applied here: counters, the MTU probe, timers.
// Next: next_segment.h.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// The SYN is acknowledged: a number without bytes, before anything is under way.
void Connection::process_ack_of_syn(const Segment& seg, Instant now) {
  if (!recovery_.has_flight()) return;
  if (ConnectionStatistics* s = statistics()) {
    s->on_acked(static_cast<std::uint32_t>(seg.ack - snd.una), 1);
  }
  snd.una = seg.ack;
  const Duration rtt = recovery_.on_ack_of_syn(sender_facts(now), seg);
  if (ConnectionStatistics* s = statistics(); s != nullptr && rtt != kNoRtt) s->on_rtt(rtt);
  restart_loss_timers(now);
  signal_send_space(false);
  note_limit(now);
}

// RFC 9293 §3.10.7.4 R9293-P9 and what follows: an ACK in [snd.una - max window, snd.nxt].
void Connection::process_ack(const Segment& seg, Instant now) {
  const SeqNum prior_una = snd.una;
  const bool advances = seg.ack > prior_una;
  if (advances) {
    snd.una = seg.ack;
    on_progress(static_cast<std::uint32_t>(seg.ack - prior_una));
  } else if (seg.ack == snd.una && snd.wnd == 0) {
    // RFC 9293 §3.8.6.1 MUST-37: an answered probe is a sign of life, for the user timeout too.
    persist_.on_answer();
    timers_.stop(TimerName::UserTimeout);
  }
  // A receiver that has nothing under way has nothing to ask, unless the peer may report marks.
  if (advances || recovery_.has_flight() || ecn_ != kNone)
    apply(recovery_.on_ack(sender_facts(now), seg, prior_una));
  if (!advances) return;
  note_limit(now);
  on_path_search_progress(now);
}

// snd.una moved: the queue shrinks, and whatever waited for progress stops waiting.
void Connection::on_progress(std::uint32_t acked) {
  const bool had_data = !tx_.empty();
  if (ConnectionStatistics* s = statistics()) {
    s->on_acked(acked, (acked + size_.mss() - 1) / size_.mss());
  }
  // RFC 2018 §8 R2018-04, RFC 6675 §4 R6675-03: what SACK reported stays, for the peer may still
  // throw it away. The SYN and the FIN are numbers without bytes.
  tx_.acknowledge(context_.tx, earlier(snd.una, tx_.end_seq()));
  size_.on_acked(acked);
  retransmissions_ = 0;
  persist_.on_answer();
  soft_error_told_ = false;
  if (snd.up <= snd.una) intent_.end_urgent();
  timers_.stop(TimerName::UserTimeout);  // progress
  if (had_data && tx_.empty()) signal(EventMask::kDrained);
  if (context_.config.more_ends_with_ack) intent_.end_more();
  signal_send_space(false);
}

// What loss recovery found out. The loss timer is set here; whatever else depends on the send side
// is armed or stopped once, when the segment (or the timer) has been dealt with.
void Connection::apply(const AckOutcome& outcome) {
  if (ConnectionStatistics* s = statistics()) {
    if (outcome.rtt != kNoRtt) s->on_rtt(outcome.rtt);
    if (outcome.duplicate_reported) ++s->duplicates_reported;
    if (outcome.reordered > 0) {
      s->on_reordering((outcome.reordered + size_.mss() - 1) / size_.mss());
    }
  }
  if (outcome.mtu_probe == MtuProbeResult::Lost) path_search()->on_probe_lost();
  if (outcome.mtu_probe == MtuProbeResult::Inconclusive) forget_probe();
  if (outcome.restarts_timers) {
    timers_.stop_loss_timer();
    timers_.stop(TimerName::UserTimeout);
  }
  arm(outcome.timer);
}

// RFC 9293 §3.10.7.4 R9293-P10: only from segments that are not older than the one that set the
// window last.
// `edge`: the right edge of the window before this segment.
void Connection::update_send_window(const Segment& seg, SeqNum edge, Instant now) {
  if (seg.ack < snd.una) return;
  const bool newer = snd.wl1 < seg.seq || (snd.wl1 == seg.seq && snd.wl2 <= seg.ack);
  if (!newer) {
    // RFC 7323 §2.4 R7323-08: what it acknowledged has left the window, whose edge stays.
    snd.wnd = edge > snd.una ? static_cast<std::uint32_t>(edge - snd.una) : 0;
    return;
  }
  const bool was_closed = snd.wnd == 0;
  snd.wnd = seg.window(snd.shift);
  size_.on_window(snd.wnd);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  if (was_closed && snd.wnd > 0) {
    // What had been outstanding for a whole timeout when the window closed is lost; the rest gets
    // its timer back.
    if (persist_.backoff() > 0 && flight() > 0) {
      retransmit_all(SendReason::RetransmitAfterTimeout);
    }
    persist_.on_window_opened();
    timers_.stop(TimerName::Persist);
    if (flight() == 0) restart_if_idle(now);
  }
}

// The octet of a zero-window probe does not count as sent, so that it goes again in a full segment
// when the window opens; but the peer may have taken it.
void Connection::take_probe_as_sent(Instant now) {
  if (!recovery_.acquire_flight(context_, this)) return;
  if (!recovery_.add_probed_octet(sender_facts(now))) return;
  snd.nxt += 1;
  persist_.on_octet_counted();
}

// Whatever is outstanding goes again, without being a sign of congestion.
void Connection::retransmit_all(SendReason reason) {
  if (recovery_.retransmit_all(context_, snd.nxt, reason)) forget_probe();
}

void Connection::after_fin_acked(Instant now) {
  if (!has_sent_fin() || snd.una != snd.nxt) return;
  switch (state_) {
    case State::FinWait1:
      enter(State::FinWait2, StateCause::AckOfFin, now);
      // RFC 9293 has no limit here; without one a silent peer would keep an orphan for ever.
      if (orphan_) arm(TimerName::FinWait2, now + settings().fin_wait_2_timeout);
      break;
    case State::Closing:
      enter(State::TimeWait, StateCause::AckOfFin, now);
      break;
    case State::LastAck:
      enter(State::Closed, StateCause::AckOfFin, now);
      signal(EventMask::kClosed);
      break;
    default:
      break;
  }
}

}  // namespace glasstcp
