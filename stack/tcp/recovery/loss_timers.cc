// The three timers that wait for an acknowledgment: which of them runs, until when, and what the
// end of each means.
//
// RFC 6298 §5, RFC 8985 §7.2, §7.3, §8, RFC 5682.
// Next: window_validation.cc.
#include "stack/tcp/recovery/loss_timers.h"

#include <algorithm>

#include "stack/tcp/recovery/loss_recovery.h"

namespace glasstcp {

// -- Which of them runs

// RFC 8985 §8: the earliest of the three is the one that runs.
LossTimer LossRecovery::loss_timer(const SenderFacts& s) const {
  const FlightState* const f = flight(s.context);
  if (f != nullptr && f->reordering_wait > Duration::zero()) {
    // R8985-06.
    return {TimerName::RackReordering,
            s.now + f->reordering_wait + s.context.config.loss_timer_floor};
  }
  // RFC 6298 §5.3: the timeout that the probe must not outlast starts anew, too.
  if (may_probe_tail(s)) return tail_probe_timer(s, s.now + rto(s.settings.rto));
  return retransmission_timer(s);
}

// The timers start anew; none is left over from before.
void LossRecovery::restart_timers(const SenderFacts& s, AckOutcome& outcome) const {
  outcome.restarts_timers = true;
  const bool window_closed = s.is_synchronized && s.snd.wnd == 0;
  if (s.flight() > 0 && !window_closed) outcome.timer = loss_timer(s);
}

// Nothing new was acknowledged, so the retransmission timer is not prolonged; but another one of
// the three may have to run.
std::optional<LossTimer> LossRecovery::timer_without_progress(const SenderFacts& s) const {
  const FlightState* const f = flight(s.context);
  if (f == nullptr || s.flight() == 0 || s.snd.wnd == 0) return std::nullopt;
  if (f->reordering_wait > Duration::zero()) return loss_timer(s);
  const bool is_probe_right = s.armed_timer == TimerName::TailLossProbe && may_probe_tail(s);
  if (s.armed_timer == TimerName::Retransmit || is_probe_right) return std::nullopt;
  return LossTimer{TimerName::Retransmit, rto_after_head(s)};
}

LossTimer LossRecovery::retransmission_timer(const SenderFacts& s) const {
  return {TimerName::Retransmit, s.now + rto(s.settings.rto)};
}

// RFC 6298 §5: a timeout after the first of what is outstanding left.
Instant LossRecovery::rto_after_head(const SenderFacts& s) const {
  const std::uint32_t head = flight(s.context)->queue.head();
  const Instant deadline = s.context.sent[head].sent_at + rto(s.settings.rto);
  return std::max(deadline, s.now + s.context.config.loss_timer_floor);
}

// RFC 8985 §7.2: with SACK, outside of recovery, and nothing reported or lost.
bool LossRecovery::may_probe_tail(const SenderFacts& s) const {
  const FlightState* const f = flight(s.context);
  const bool is_used = s.settings.use_rack && s.settings.use_tail_loss_probe;
  if (f == nullptr || !s.sack || !is_used) return false;
  if (!s.is_synchronized || s.snd.wnd == 0 || f->episode.is_repairing()) return false;
  return s.flight() > 0 && f->queue.lost_bytes() == 0 && f->queue.sacked_bytes() == 0 &&
         f->probe.may_probe();
}

// RFC 8985 §7.2 R8985-07, R8985-08. Not later than `timeout`, the retransmission timer's end.
LossTimer LossRecovery::tail_probe_timer(const SenderFacts& s, Instant timeout) const {
  const Duration floor = s.context.config.loss_timer_floor;
  const Duration delayed = s.flight() <= s.full_segment ? TailLossProbe::kPeerDelayedAck : floor;
  const Duration srtt = rtt_.has_sample() ? rtt_.srtt() : Duration::zero();
  const Duration wait = TailLossProbe::timeout(srtt, delayed, floor);
  return {TimerName::TailLossProbe, std::min(s.now + wait, timeout)};
}

// -- What the end of each means (the reordering timer's: on_reordering_timer)

// RFC 8985 §7.3: nothing was heard for two round trips.
void LossRecovery::on_tail_probe_timer(const SenderFacts& s) {
  if (may_probe_tail(s)) flight(s.context)->probe.on_timer();
}

// The SYN alone; data behind it (Fast Open) waits for its answer.
void LossRecovery::on_syn_timeout(RecoveryContext& context) {
  rtt_.back_off();
  retransmit_reason_ = SendReason::RetransmitTimeout;
  flight(context)->queue.mark_first_lost(context.sent, 1);
}

// RFC 6298 §5.4-§5.6 R6298-09, R6298-11. The first of what is outstanding goes now, the rest under
// slow start.
void LossRecovery::on_timeout(const SenderFacts& s, bool is_first, SendReason reason) {
  FlightState& f = *flight(s.context);
  rtt_.back_off();
  retransmit_reason_ = reason;
  const bool may_detect = s.context.config.use_frto && (!is_first || !f.episode.is_active());
  const EpisodeFacts facts = episode_facts(s, f, 0);
  forget_pipe_ack(f, s.now);
  s.congestion.on_timeout(variables(f), loss_facts(s, f, {}), is_first);
  f.episode.on_timeout(facts, may_detect, is_first);
  if (s.ecn != nullptr) s.ecn->on_reduction();
  f.probe.stop();
  f.reordering_wait = Duration::zero();
  mark_lost_by_timeout(s, f);
  // What may still arrive is beside the one segment of the loss window.
  window_.cwnd += pipe(s.context, s.snd);
  window_use_.on_timeout(s.snd.nxt);
  retransmit_now_ = true;
}

// RFC 6298 §5.4; RFC 8985 §6.3: everything that could have been acknowledged by now.
void LossRecovery::mark_lost_by_timeout(const SenderFacts& s, FlightState& f) {
  auto& pool = s.context.sent;
  const std::uint32_t before = f.queue.lost_bytes();
  if (pool[f.queue.head()].state == SegmentState::Delivered) {
    // RFC 2018 §8 R2018-05: reported, and still asked for: the peer threw it away.
    f.queue.forget_sacks(pool);
    f.reported_runs.clear();
    f.queue.mark_all_lost(pool);
  } else if (!s.sack || !s.settings.use_rack) {
    f.queue.mark_all_lost(pool);
  } else {
    // RFC 6675 §5.1 R6675-08: what was reported as delivered is not sent again.
    f.queue.mark_first_lost(pool, s.max_payload);
    const Duration window = reordering_window(f, s.mss);
    auto walk = f.queue.walk_network();
    std::uint32_t index = f.queue.next_in_network(pool, walk);
    while (index != kNone && !f.rack.may_still_arrive(pool[index], window, s.now)) {
      on_segment_lost(s, f, pool[index]);
      f.queue.mark_lost(pool, index);
      index = f.queue.next_in_network(pool, walk);
    }
  }
  f.rate.on_lost(f.queue.lost_bytes() - before);
}

}  // namespace glasstcp
