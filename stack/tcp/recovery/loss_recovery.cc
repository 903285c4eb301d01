// What an ACK (or the reordering timer) means: whether an episode of recovery begins, ends or was
// spurious, and what becomes of the congestion window.
//
// RFC 5681 §3.2 and RFC 6582 (without SACK), RFC 6675 and RFC 8985 (with), RFC 9937, RFC 5682,
// RFC 3168 §6.1.2.
// Next: ../congestion/congestion_control.h.
#include "stack/tcp/recovery/loss_recovery.h"

#include <algorithm>

#include "stack/tcp/congestion/hystart.h"

namespace glasstcp {
namespace {

// RFC 3168 §6.1.2 R3168-06: the window was reduced, for whatever cause: the peer is told.
void on_window_reduced(const SenderFacts& s) {
  if (s.ecn != nullptr) s.ecn->on_reduction();
}

// RFC 3522 §3.2 R3522-01, RFC 3708 §2 R3708-01: whether nothing had been lost.
bool is_spurious(const SenderFacts& s, const RecoveryEpisode& episode, const AckReport& report) {
  if (episode.all_were_duplicates()) return true;
  return report.echoes_flight(s.timestamps, s.now) && episode.is_answer_to_an_original(report.echo);
}

}  // namespace

AckOutcome LossRecovery::on_ack(const SenderFacts& s, const Segment& seg, SeqNum prior_una) {
  AckOutcome outcome;
  const FlightState* const before = flight(s.context);
  const auto work = before == nullptr ? RetransmissionQueue::Work{} : before->queue.work();
  AckReport report = read_ack(s, seg, prior_una);
  outcome.duplicate_reported = report.duplicate_reported;
  outcome.reordered = report.reordered;
  outcome.rtt = report.rtt;
  if (FlightState* const f = flight(s.context)) {
    respond(s, *f, report, outcome);
    f->queue.note_work(work, Rack::kMostWaiting + 2);
    if (f->queue.empty()) on_queue_empty(s);
  }
  if (report.acked > 0) window_use_.on_acked(s.snd.una);
  return outcome;
}

void LossRecovery::respond(const SenderFacts& s, FlightState& f, AckReport& report,
                           AckOutcome& outcome) {
  const bool was_reducing = f.episode.reduces_window();
  f.episode.on_ack(report.delivered);
  if (report.acked > 0) f.rack.on_advance(s.snd.una);
  if (report.duplicate_reported) {
    f.rack.on_duplicate_report(s.snd.nxt);
    f.episode.on_duplicate_report(report.duplicate);
  }
  end_tail_probe_episode(s, f, report);
  if (report.mark_echoed) f.episode.forbid_undo();
  step_episode(s, f, report);
  if (report.mark_reported) respond_to_mark(s, f, report);
  find_losses(s, f, report);
  const bool begins = respond_to_losses(s, f, report, outcome);
  update_window(s, f, report, was_reducing);
  // RFC 6298 §5.3 R6298-10: restart the timer when new data is acknowledged.
  if (begins || (report.acked > 0 && f.episode.may_restart_timer())) {
    restart_timers(s, outcome);
  } else {
    outcome.timer = timer_without_progress(s);
  }
}

// RFC 8985 §6.2 R8985-06: the reordering window of a suspect ended.
AckOutcome LossRecovery::on_reordering_timer(const SenderFacts& s) {
  AckOutcome outcome;
  FlightState* const f = flight(s.context);
  if (f == nullptr) return outcome;
  AckReport report;
  report.prior_una = s.snd.una;
  const auto work = f->queue.work();
  find_losses(s, *f, report);
  const bool begins = respond_to_losses(s, *f, report, outcome);
  f->queue.note_work(work, Rack::kMostWaiting + 2);
  update_window(s, *f, report, f->episode.reduces_window());
  if (begins) {
    restart_timers(s, outcome);
  } else if (report.lost == 0) {
    outcome.timer = timer_without_progress(s);
  }
  return outcome;
}

// Everything is acknowledged.
void LossRecovery::on_queue_empty(const SenderFacts& s) {
  FlightState& f = *flight(s.context);
  f.reported_runs.clear();
  // What comes later tells whether a probe had been needed, and whether another one may be sent.
  const bool has_probed = !f.probe.may_probe();
  const bool saw_loss = window_.ssthresh != kNoThreshold || s.congestion.owns_recovery();
  if (!saw_loss && !has_probed) return release_flight(s.context);
  f.quiet_since = s.now;
  if (!f.ListHook<QuietTag>::is_linked()) s.context.quiet.push_back(f);
}

// -- Episodes

// RFC 8985 §7.4.2 R8985-12.
void LossRecovery::end_tail_probe_episode(const SenderFacts& s, FlightState& f,
                                          const AckReport& report) {
  ProbeAckFacts facts;
  facts.ack = s.snd.una;
  if (report.duplicate_reported) facts.duplicate_end = report.duplicate.right;
  facts.is_plain_duplicate = report.acked == 0 && report.is_bare;
  if (f.probe.on_ack(facts) != ProbeOutcome::Repaired) return;
  if (f.episode.phase() != RecoveryPhase::Open) return;
  s.congestion.on_congestion(variables(f), loss_facts(s, f, report));
  on_window_reduced(s);
  if (!s.congestion.owns_recovery()) window_.cwnd = std::min(window_.cwnd, window_.ssthresh);
}

// Does this ACK end the episode that is under way, or show that it was spurious?
void LossRecovery::step_episode(const SenderFacts& s, FlightState& f, const AckReport& report) {
  const bool is_over = s.snd.una >= f.episode.recover();
  switch (f.episode.phase()) {
    case RecoveryPhase::Open:
      // RFC 3708 §2: the second copies arrive, and are reported, after the episode is over.
      if (report.duplicate_reported && f.episode.all_were_duplicates()) undo(s, f);
      break;
    case RecoveryPhase::Cwr:
      if (is_over) exit_recovery(s, f);
      break;
    case RecoveryPhase::FastRecovery:
      if (is_spurious(s, f.episode, report)) {
        undo(s, f);
      } else if (is_over) {
        exit_recovery(s, f);
      }
      break;
    case RecoveryPhase::Timeout:
      step_after_timeout(s, f, report);
      break;
  }
}

// RFC 5682 §2.1 and §3.1: after a timeout, the first two acknowledgments tell whether the flight was
// lost or only late.
void LossRecovery::step_after_timeout(const SenderFacts& s, FlightState& f,
                                      const AckReport& report) {
  RecoveryEpisode& episode = f.episode;
  const bool is_over = s.snd.una >= episode.recover();
  if (is_spurious(s, episode, report)) return undo(s, f);
  if (episode.detects_spurious()) {
    // RFC 5682 §3.1 R5682-02, step 3b: something arrived that was sent only once, before the timeout.
    // Not if all of it is acknowledged at once (step 2a): the copy may have filled the only hole.
    if (report.original_delivered && !is_over) return undo(s, f);
    const bool tried = episode.awaits_verdict(s.snd.nxt);
    if (tried && (report.by_sack || report.is_duplicate)) {
      episode.stop_detecting();  // step 3a: the loss was real
    } else if (!tried && report.acked > 0 && !is_over) {
      const bool can_send_new = s.unsent > 0 && s.snd.una + s.snd.wnd > s.snd.nxt;
      if (can_send_new) {
        episode.expect_new_data(s.snd.nxt);
      } else {
        episode.stop_detecting();
      }
    }
  }
  // RFC 6675 §5.1 R6675-07.
  if (s.snd.una < episode.recover()) return;
  f.rack.on_recovery_exit();
  forget_pipe_ack(f, s.now);
  s.congestion.on_recovery_exit(variables(f), s.now);
  episode.finish(s.sack);
}

// RFC 5681 §3.2 R5681-12, RFC 9937 §6.3: the end of a reduction: at the threshold.
void LossRecovery::exit_recovery(const SenderFacts& s, FlightState& f) {
  if (!s.congestion.owns_recovery()) window_.cwnd = window_.ssthresh;
  end_reduction(s, f);
  s.congestion.on_recovery_exit(variables(f), s.now);
  if (f.episode.is_active()) f.rack.on_recovery_exit();
  f.episode.finish(s.sack);
}

// RFC 4015 §3 R4015-01: what was believed lost was late: everything as it was.
void LossRecovery::undo(const SenderFacts& s, FlightState& f) {
  f.rate.on_lost_undone(f.queue.lost_bytes());
  f.queue.unmark_lost(s.context.sent);
  s.congestion.on_spurious(variables(f), s.now);
  if (f.episode.phase() != RecoveryPhase::Open) f.rack.on_recovery_exit();
  f.episode.undo(window_);
  forget_pipe_ack(f, s.now);
  f.episode.finish(true);
  retransmit_now_ = false;
}

// RFC 3168 §6.1.2 R3168-05: as for a loss, but nothing is sent again; once per window of data,
// whether a mark or a loss began it. Until that is acknowledged the window does not grow.
// RFC 3168 §6.1.2, not done: with a window of one segment, to wait for the retransmission timer as
// well; the window is at least two segments after any reduction but a timeout's, which waited.
void LossRecovery::respond_to_mark(const SenderFacts& s, FlightState& f, const AckReport& report) {
  if (!s.is_synchronized || f.episode.phase() != RecoveryPhase::Open) return;
  LossFacts facts = loss_facts(s, f, report);
  facts.by_ecn = true;
  s.congestion.on_congestion(variables(f), facts);
  on_window_reduced(s);
  if (s.flight() == 0) {
    if (s.congestion.owns_recovery()) return;
    window_.cwnd = std::min(window_.cwnd, window_.ssthresh);
  } else {
    f.episode.start(RecoveryPhase::Cwr, episode_facts(s, f, report.delivered));
  }
}

// True: an episode begins.
bool LossRecovery::respond_to_losses(const SenderFacts& s, FlightState& f, const AckReport& report,
                                     AckOutcome& outcome) {
  if (f.queue.lost_bytes() == 0) return false;
  if (take_mtu_probe_loss(s, f, report)) {
    outcome.mtu_probe = MtuProbeResult::Lost;
    return false;
  }
  RecoveryEpisode& episode = f.episode;
  const bool begins = !episode.is_repairing();
  const bool again = report.lost_retransmission_sent_at &&
                     episode.was_sent_in_episode(*report.lost_retransmission_sent_at);
  if (!begins && !again) return false;
  const EpisodeFacts facts = episode_facts(s, f, report.delivered);
  if (!episode.reduces_window() || again) {
    f.lost_unvalidated = f.lost_unvalidated || unvalidated_pipe(s, f).has_value();
    LossFacts loss = loss_facts(s, f, report);
    loss.is_further = again;
    s.congestion.on_congestion(variables(f), loss);
    on_window_reduced(s);
  }
  if (again) {
    episode.restart(facts);
    return false;
  }
  episode.start(RecoveryPhase::FastRecovery, facts);
  outcome.mtu_probe = MtuProbeResult::Inconclusive;
  f.probe.stop();
  retransmit_reason_ = !s.sack               ? SendReason::FastRetransmit
                       : s.settings.use_rack ? SendReason::RackRetransmit
                                             : SendReason::SackHole;
  return true;
}

// RFC 4821 §7.6.2 R4821-02: the probe alone is lost: it was too large, and that is no congestion.
// What it carried goes again in segments of the size that passes.
bool LossRecovery::take_mtu_probe_loss(const SenderFacts& s, FlightState& f,
                                       const AckReport& report) {
  if (s.mtu_probe_begin == s.mtu_probe_end) return false;
  if (report.lost_retransmission_sent_at || f.episode.phase() != RecoveryPhase::Open) return false;
  const SentSegment& first = s.context.sent[f.queue.first_lost()];
  const auto probe = static_cast<std::uint32_t>(s.mtu_probe_end - s.mtu_probe_begin);
  const bool is_inside = first.begin >= s.mtu_probe_begin && first.end <= s.mtu_probe_end;
  if (!is_inside || f.queue.lost_bytes() > probe) return false;
  // Without SACK only its first part is known to be lost; the rest was in the same packet.
  for (std::uint32_t i = f.queue.first_lost(); i != kNone; i = s.context.sent[i].next) {
    if (s.context.sent[i].begin >= s.mtu_probe_end) break;
    if (s.context.sent[i].state == SegmentState::InNetwork) f.queue.mark_lost(s.context.sent, i);
  }
  retransmit_reason_ = SendReason::MtuRetransmit;
  f.episode.repair(s.snd.nxt);
  return true;
}

bool LossRecovery::retransmit_all(RecoveryContext& context, SeqNum nxt, SendReason reason) {
  retransmit_reason_ = reason;
  FlightState* const f = flight(context);
  if (f == nullptr || f->queue.empty()) return false;
  f->queue.mark_all_lost(context.sent);
  f->episode.repair(nxt);
  return true;
}

// RFC 9937 §6.1: in flight when recovery begins: outstanding, less what had been reported before.
EpisodeFacts LossRecovery::episode_facts(const SenderFacts& s, const FlightState& f,
                                         std::uint32_t delivered) const {
  EpisodeFacts facts;
  facts.now = s.now;
  facts.una = s.snd.una;
  facts.nxt = s.snd.nxt;
  const std::uint32_t reported = f.queue.sacked_bytes() + f.episode.assumed_delivered();
  facts.recover_fs = s.flight() - reported + delivered;
  facts.before = window_;
  return facts;
}

LossFacts LossRecovery::loss_facts(const SenderFacts& s, const FlightState& f,
                                   const AckReport& report) const {
  LossFacts facts;
  facts.now = s.now;
  facts.flight = s.flight() + report.acked;
  // RFC 5681 §3.2 R5681-12: what limited transmit (or a probe) sent beyond the window does not
  // count. §4.3 R5681-15: and a second loss lowers what the first one left.
  const std::uint32_t bound = f.episode.is_repairing() ? window_.ssthresh : window_.cwnd;
  facts.flight = std::max(std::min(facts.flight, bound), unvalidated_pipe(s, f).value_or(0));
  facts.mss = s.mss;
  facts.nxt = s.snd.nxt;
  return facts;
}

// -- The window

void LossRecovery::update_window(const SenderFacts& s, FlightState& f, const AckReport& report,
                                 bool was_reducing) {
  const RateSample rate = f.rate.finish(min_rtt_.has_sample() ? min_rtt_.get() : kNoRtt);
  if (report.delivered == 0 && report.lost == 0) return;
  RecoveryEpisode& episode = f.episode;
  const std::uint32_t in_flight = pipe(s.context, s.snd);
  if (episode.reduces_window() && !s.congestion.owns_recovery()) {
    PrrFacts facts;
    facts.delivered = report.delivered;
    facts.in_flight = in_flight;
    facts.ssthresh = window_.ssthresh;
    facts.mss = s.mss;
    facts.is_safe = report.acked > 0 && report.lost == 0;
    window_.cwnd = std::max<std::uint32_t>(episode.prr().on_ack(facts), s.mss);
  }
  AckFacts facts;
  facts.now = s.now;
  // What SACK had reported before left the network long ago: it lets nothing more in.
  facts.acked = std::min(report.acked, report.delivered);
  facts.mss = s.mss;
  facts.most_per_ack = most_per_ack(s, report);
  facts.in_flight = in_flight;
  facts.una = s.snd.una;
  facts.nxt = s.snd.nxt;
  facts.rtt = report.rtt;
  if (rtt_.has_sample()) facts.srtt = rtt_.srtt();
  if (min_rtt_.has_sample()) facts.min_rtt = min_rtt_.get();
  facts.window_was_limit = window_use_.was_used(window_.cwnd, window_.cwnd < window_.ssthresh);
  // RFC 3168 §6.1.2 R3168-05: an echo makes the window no larger.
  const bool is_echo = report.mark_reported && !s.congestion.owns_recovery();
  // RFC 5681 §3.2 R5681-12: without SACK the ACK that ends a recovery leaves the window at ssthresh.
  // With SACK (RFC 9937 says nothing of it) it is the first of congestion avoidance: what it is the
  // first to report crossed the path beside no more than the lowered window.
  const bool deflates = was_reducing && !s.sack;
  facts.in_recovery = deflates || episode.reduces_window() || is_echo;
  facts.has_sack = s.sack;
  facts.rate = rate;
  s.congestion.on_ack(variables(f), facts);
  validate_window(s, f, report);
  if (s.congestion.holds_back(f.model)) f.rate.note_app_limited(in_flight);
}

// RFC 5681 §3.1 R5681-05: slow start grows by at most one segment for each ACK, so that what one
// ACK lets go is no burst. RFC 9406 §4.2, §4.3 R9406-07: in the first slow start all that it
// acknowledges may count, if pacing spreads what follows, or else eight segments: peers that
// acknowledge every second segment would slow it down by a half. Where GSO packets are used, the
// one ACK of a packet stands for the ACKs of all the segments in it.
std::uint32_t LossRecovery::most_per_ack(const SenderFacts& s, const AckReport& report) const {
  std::uint32_t segments = s.context.config.slow_start_segments;
  if (s.uses_gso || segments == 0) return report.acked;
  if (s.settings.hystart && s.settings.pacing && window_.ssthresh == kNoThreshold) {
    if (rtt_.srtt() >= kPacingLeastSrtt) return report.acked;
    segments = std::max(segments, HyStart::kSegmentsPerAck);
  }
  return segments * s.mss;
}

// RFC 6928 §2 R6928-01: ten segments, bounded by 14600 bytes or two segments, whichever is more. Who
// asks for another number of segments gets as many of the 1460 bytes that the bound is made of.
std::uint32_t LossRecovery::initial_window(const ConnectionSettings& settings, std::uint32_t mss) {
  const std::uint32_t segments = settings.initial_window_segments;
  return std::min(segments * mss, std::max(2 * mss, segments * 1460));
}

void LossRecovery::start(const CongestionControl& congestion, SeqNum una, std::uint32_t window) {
  CongestionModel none;
  congestion.start({window_, none}, window);
  window_use_.start_at(una);
}

void LossRecovery::on_congestion_control_changed(RecoveryContext& context) {
  if (FlightState* const f = flight(context)) f->model.clear();
}

// -- The flight state

bool LossRecovery::acquire_flight(RecoveryContext& context, Connection* owner) {
  if (flight_ == kNone) {
    flight_ = context.flights.acquire();
    if (flight_ == kNone) return false;
    FlightState& f = context.flights[flight_];
    f.owner = owner;
    f.rack.remember_reordering(reordering_seen_);
    return true;
  }
  context.flights[flight_].ListHook<QuietTag>::unlink();
  return true;
}

void LossRecovery::release_flight(RecoveryContext& context) {
  if (flight_ == kNone) return;
  FlightState& f = context.flights[flight_];
  f.queue.clear(context.sent);
  reordering_seen_ = f.rack.reordering_seen();
  context.flights.release(flight_);
  flight_ = kNone;
}

}  // namespace glasstcp
