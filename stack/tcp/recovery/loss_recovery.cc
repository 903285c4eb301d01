// What an acknowledgment (or a timer) means: which segments are lost, whether an episode of
// recovery begins, ends or had been a mistake, and what becomes of the congestion window.
//
// RFC 8985 §6-§7 (with SACK), RFC 5681 §3.2 and RFC 6582 (without), RFC 6675 (with SACK, if RACK is
// switched off), RFC 9937, RFC 5682.
// Next: ../congestion/congestion_control.h.
#include <algorithm>

#include "stack/tcp/congestion/hystart.h"
#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {
constexpr std::uint32_t kDupThresh = 3;
}  // namespace

void Connection::judge(FlightState& f, AckReport& report, Instant now) {
  const bool was_reducing = f.episode.reduces_window();
  f.episode.on_ack(report.delivered);
  if (report.acked > 0) f.rack.on_advance(snd.una);
  if (report.duplicate_reported) {
    f.rack.on_duplicate_report(snd.nxt);
    f.episode.on_duplicate_report(report.duplicate);
    if (ConnectionStatistics* s = kept()) ++s->duplicates_reported;
  }
  end_probe_episode(f, report, now);
  if (report.mark_echoed) f.episode.forbid_undo();
  step_phase(f, report, now);
  if (report.mark_reported) slow_down_for_mark(f, report, now);
  find_losses(f, report, now);
  respond_to_losses(f, report, now);
  adjust_window(f, report, was_reducing, now);
  // RFC 6298 §5.3 R6298-10: restart the timer when new data is acknowledged.
  if (report.acked > 0 && f.episode.may_restart_timer()) {
    restart_loss_timers(now);
  } else {
    change_loss_timer(now);
  }
}

// -- Finding losses

void Connection::find_losses(FlightState& f, AckReport& report, Instant now) {
  f.reordering_wait = Duration::zero();
  if (f.queue.empty()) return;
  const auto lose = [&](std::uint32_t index) { note_lost(f, index, report, now); };
  if (!sack_) {
    find_losses_by_duplicates(f, report, now);
  } else if (context_.config.use_rack) {
    // RFC 8985 §9.2 R8985-13: time alone, never beside a count of duplicates.
    f.reordering_wait = f.rack.detect_loss(f.queue, context_.sent, reordering_window(f), now, lose);
  } else {
    find_losses_by_counting(f, report, lose);
  }
}

void Connection::note_lost(FlightState& f, std::uint32_t index, AckReport& report, Instant now) {
  const SentSegment& segment = context_.sent[index];
  report.lost += segment.length();
  if (segment.retransmitted) {
    report.lost_retransmission_sent_at =
        std::max(report.lost_retransmission_sent_at.value_or(Instant::min()), segment.sent_at);
  }
  f.rate.on_lost(segment.length());
  tell_lost(f, segment, now);
  f.queue.mark_lost(context_.sent, index);
}

Duration Connection::reordering_window(const FlightState& f) const {
  ReorderingFacts facts;
  facts.min_rtt = recovery_.min_rtt_.get();
  facts.srtt = recovery_.rtt().srtt();
  facts.sacked_bytes = queue().sacked_bytes();
  facts.mss = effective_mss_;
  facts.in_recovery = f.episode.is_active() || f.episode.phase() == RecoveryPhase::Timeout;
  return f.rack.reordering_window(facts);
}

// RFC 5681 §3.2 R5681-09 and RFC 6582 §3.2 R6582-01: the third duplicate, or a partial ACK, means that
// the first outstanding segment is lost.
void Connection::find_losses_by_duplicates(FlightState& f, AckReport& report, Instant now) {
  const bool third = is_open_phase() && f.episode.duplicates() == kDupThresh;
  const bool is_partial = f.episode.is_active() && report.acked > 0;
  if (!third && !is_partial) return;
  if (is_partial) {
    f.episode.on_partial_ack();
    // A part of what this recovery has sent again shows no other hole: a peer that acknowledges
    // byte by byte would have a whole segment for each.
    const SentSegment& head = context_.sent[f.queue.head()];
    if (head.retransmitted && f.episode.was_sent_in_episode(head.sent_at)) return;
    recovery_.retransmit_reason_ = SendReason::PartialAckRetransmit;
    recovery_.retransmit_now_ = true;  // RFC 6582 §3.2 step 3 sends it whatever the window says
  }
  const std::uint32_t before = f.queue.lost_bytes();
  f.queue.mark_first_lost(context_.sent, max_text());
  report.lost = f.queue.lost_bytes() - before;
  f.rate.on_lost(report.lost);
  if (report.lost > 0) tell_lost(f, context_.sent[f.queue.head()], now);
}

// RFC 6675 §4 (IsLost): lost is what lies below more than two segments' worth of reported bytes, or
// below three separate runs of them. §5 R6675-05: and what three duplicates ask for.
template <typename F>
void Connection::find_losses_by_counting(FlightState& f, const AckReport& report, F lose) {
  std::uint32_t above = 0;
  std::uint32_t runs = 0;
  f.episode.count_report(report.acked > 0, report.by_sack);
  const bool third = is_open_phase() && f.episode.duplicates() >= kDupThresh;
  for (std::uint32_t i = f.queue.tail(); i != kNone; i = context_.sent[i].prev) {
    const SentSegment& segment = context_.sent[i];
    if (segment.state == SegmentState::Delivered) {
      above += segment.length();
      ++runs;
    }
    if (segment.state != SegmentState::InNetwork || segment.retransmitted) continue;
    const bool is_lost = above > (kDupThresh - 1) * effective_mss_ || runs >= kDupThresh;
    if (is_lost || (third && i == f.queue.head())) lose(i);
  }
}

// -- Episodes

void Connection::step_phase(FlightState& f, const AckReport& report, Instant now) {
  RecoveryEpisode& recovery = f.episode;
  const bool is_over = snd.una >= recovery.recover();
  switch (recovery.phase()) {
    case RecoveryPhase::Open:
      // RFC 3708 §2: the second copies arrive, and are reported, after the episode is over.
      if (report.duplicate_reported && recovery.all_were_duplicates()) take_back(f, now);
      break;
    case RecoveryPhase::WindowReduction:
      if (is_over) leave_recovery(f, now);
      break;
    case RecoveryPhase::FastRecovery:
      if (is_mistake(recovery, report, now)) {
        take_back(f, now);
      } else if (is_over) {
        leave_recovery(f, now);
      }
      break;
    case RecoveryPhase::Timeout:
      step_timeout(f, report, now);
      break;
  }
}

// RFC 3522 §3.2 R3522-01, RFC 3708 §2 R3708-01: whether nothing had been lost.
bool Connection::is_mistake(const RecoveryEpisode& recovery, const AckReport& report,
                            Instant now) const {
  if (recovery.all_were_duplicates()) return true;
  return is_echo_of_flight(report, now) && recovery.is_answer_to_an_original(report.echo);
}

// RFC 5682 §2.1 and §3.1: after a timeout, the first two acknowledgments tell whether the flight was
// lost or only late.
void Connection::step_timeout(FlightState& f, const AckReport& report, Instant now) {
  RecoveryEpisode& recovery = f.episode;
  if (is_mistake(recovery, report, now)) return take_back(f, now);
  if (recovery.detects_spurious()) {
    // RFC 5682 §3.1 R5682-02, step 3b: something arrived that was sent only once, before the timeout.
    // Not if all of it is acknowledged at once (step 2a): the copy may have filled the only hole.
    if (report.original_delivered && snd.una < recovery.recover()) return take_back(f, now);
    const bool tried = recovery.awaits_verdict(snd.nxt);
    if (tried && (report.by_sack || report.is_duplicate)) {
      recovery.stop_detecting();  // step 3a: the loss was real
    } else if (!tried && report.acked > 0 && snd.una < recovery.recover()) {
      const bool can_send_new = unsent() > 0 && snd.una + snd.wnd > snd.nxt;
      if (can_send_new) {
        recovery.expect_new_data(snd.nxt);
      } else {
        recovery.stop_detecting();
      }
    }
  }
  // RFC 6675 §5.1 R6675-07.
  if (snd.una < recovery.recover()) return;
  f.rack.on_recovery_exit();
  forget_pipe(f, now);
  congestion().on_recovery_exit({recovery_.window_, f.model}, now);
  recovery.finish(sack_);
}

// RFC 5681 §3.2 R5681-12, RFC 9937 §6.3: the end of a reduction: at the threshold.
void Connection::leave_recovery(FlightState& f, Instant now) {
  if (!congestion().owns_recovery()) recovery_.window_.cwnd = recovery_.ssthresh();
  end_reduction(f, now);
  congestion().on_recovery_exit({recovery_.window_, f.model}, now);
  if (f.episode.is_active()) f.rack.on_recovery_exit();
  f.episode.finish(sack_);
}

// RFC 4015 §3 R4015-01: what was believed lost was late: everything as it was.
void Connection::take_back(FlightState& f, Instant now) {
  f.rate.on_lost_undone(f.queue.lost_bytes());
  f.queue.unmark_lost(context_.sent);
  congestion().on_spurious({recovery_.window_, f.model}, now);
  if (f.episode.phase() != RecoveryPhase::Open) f.rack.on_recovery_exit();
  f.episode.undo(recovery_.window_);
  forget_pipe(f, now);
  f.episode.finish(true);
  recovery_.retransmit_now_ = false;
}

// Nothing is being repaired.
bool Connection::is_open_phase() const {
  const RecoveryPhase phase = flight_state()->episode.phase();
  return phase == RecoveryPhase::Open || phase == RecoveryPhase::WindowReduction;
}

void Connection::respond_to_losses(FlightState& f, AckReport& report, Instant now) {
  RecoveryEpisode& recovery = f.episode;
  if (f.queue.lost_bytes() == 0 || take_probe_loss(f, report)) return;
  const bool begins = is_open_phase();
  const bool again = report.lost_retransmission_sent_at &&
                     recovery.was_sent_in_episode(*report.lost_retransmission_sent_at);
  if (!begins && !again) return;
  const EpisodeFacts facts = episode_facts(report, now);
  if (!recovery.reduces_window() || again) {
    f.lost_unvalidated = f.lost_unvalidated || unvalidated_pipe(now).has_value();
    LossFacts loss = loss_facts(report, now);
    loss.is_further = again;
    congestion().on_congestion({recovery_.window_, f.model}, loss);
    note_window_reduced();
  }
  if (again) return recovery.restart(facts);
  recovery.start(RecoveryPhase::FastRecovery, facts);
  forget_probe();
  f.probe.stop();
  recovery_.retransmit_reason_ = !sack_                     ? SendReason::FastRetransmit
                                 : context_.config.use_rack ? SendReason::RackRetransmit
                                                            : SendReason::SackHole;
  restart_loss_timers(now);
}

// RFC 9937 §6.1: in flight when recovery begins: outstanding, less what had been reported before.
EpisodeFacts Connection::episode_facts(const AckReport& report, Instant now) const {
  EpisodeFacts facts;
  facts.now = now;
  facts.una = snd.una;
  facts.nxt = snd.nxt;
  const std::uint32_t reported =
      queue().sacked_bytes() + flight_state()->episode.assumed_delivered();
  facts.recover_fs = flight() - reported + report.delivered;
  facts.before = recovery_.window_;
  return facts;
}

LossFacts Connection::loss_facts(const AckReport& report, Instant now) const {
  LossFacts facts;
  facts.now = now;
  facts.flight = flight() + report.acked;
  // RFC 5681 §3.2 R5681-12: what limited transmit (or a probe) sent beyond the window does not
  // count. §4.3 R5681-15: and a second loss lowers what the first one left.
  const std::uint32_t bound = is_open_phase() ? recovery_.cwnd() : recovery_.ssthresh();
  facts.flight = std::max(std::min(facts.flight, bound), unvalidated_pipe(now).value_or(0));
  facts.mss = effective_mss_;
  facts.nxt = snd.nxt;
  return facts;
}

// -- The window

void Connection::adjust_window(FlightState& f, const AckReport& report, bool was_reducing,
                               Instant now) {
  const RateSample rate =
      f.rate.finish(recovery_.min_rtt_.has_sample() ? recovery_.min_rtt_.get() : kNoRtt);
  if (report.delivered == 0 && report.lost == 0) return;
  RecoveryEpisode& recovery = f.episode;
  if (recovery.reduces_window() && !congestion().owns_recovery()) {
    PrrFacts facts;
    facts.delivered = report.delivered;
    facts.in_flight = pipe();
    facts.ssthresh = recovery_.ssthresh();
    facts.mss = effective_mss_;
    facts.is_safe = report.acked > 0 && report.lost == 0;
    recovery_.window_.cwnd = std::max<std::uint32_t>(recovery.prr().on_ack(facts), effective_mss_);
  }
  AckFacts facts;
  facts.now = now;
  // What SACK had reported before left the network long ago: it lets nothing more in.
  facts.acked = std::min(report.acked, report.delivered);
  facts.mss = effective_mss_;
  facts.most_per_ack = most_per_ack(report);
  facts.in_flight = pipe();
  facts.una = snd.una;
  facts.nxt = snd.nxt;
  facts.rtt = report.rtt;
  if (recovery_.rtt().has_sample()) facts.srtt = recovery_.rtt().srtt();
  if (recovery_.min_rtt_.has_sample()) facts.min_rtt = recovery_.min_rtt_.get();
  facts.window_was_limit =
      recovery_.window_use_.was_used(recovery_.cwnd(), recovery_.cwnd() < recovery_.ssthresh());
  // RFC 3168 §6.1.2 R3168-05: an echo makes the window no larger.
  const bool is_echo = report.mark_reported && !congestion().owns_recovery();
  // RFC 5681 §3.2 R5681-12: without SACK the ACK that ends a recovery leaves the window at ssthresh.
  // With SACK (RFC 9937 says nothing of it) it is the first of congestion avoidance: what it is the
  // first to report crossed the path beside no more than the lowered window.
  const bool deflates = was_reducing && !sack_;
  facts.in_recovery = deflates || recovery.reduces_window() || is_echo;
  facts.has_sack = sack_;
  facts.rate = rate;
  congestion().on_ack({recovery_.window_, f.model}, facts);
  validate_window(f, report, now);
  if (congestion().holds_back(f.model)) f.rate.note_app_limited(pipe());
}

// RFC 5681 §3.1 R5681-05: slow start grows by at most one segment for each ACK, so that what one
// ACK lets go is no burst. RFC 9406 §4.2, §4.3 R9406-07: in the first slow start all that it
// acknowledges may count, if pacing spreads what follows, or else eight segments: peers that
// acknowledge every second segment would slow it down by a half. Where superpackets are used, the
// one ACK of a packet stands for the ACKs of all the segments in it.
std::uint32_t Connection::most_per_ack(const AckReport& report) const {
  const TcpConfig& config = context_.config;
  if (context_.limits.gso_max > 0 || config.slow_start_segments == 0) return report.acked;
  std::uint32_t segments = config.slow_start_segments;
  if (config.hystart && config.pacing && recovery_.ssthresh() == kNoThreshold) {
    if (recovery_.rtt().srtt() >= kPacingLeastSrtt) return report.acked;
    segments = std::max(segments, HyStart::kSegmentsPerAck);
  }
  return segments * effective_mss_;
}

// -- The tail loss probe's episode, and timers

// RFC 8985 §7.4.2 R8985-12.
void Connection::end_probe_episode(FlightState& f, const AckReport& report, Instant now) {
  ProbeAckFacts facts;
  facts.ack = snd.una;
  if (report.duplicate_reported) facts.duplicate_end = report.duplicate.right;
  facts.is_plain_duplicate = report.acked == 0 && report.is_bare;
  if (f.probe.on_ack(facts) != ProbeOutcome::Repaired) return;
  if (f.episode.phase() != RecoveryPhase::Open) return;
  congestion().on_congestion({recovery_.window_, f.model}, loss_facts(report, now));
  note_window_reduced();
  if (!congestion().owns_recovery()) {
    recovery_.window_.cwnd = std::min(recovery_.cwnd(), recovery_.ssthresh());
  }
}

// RFC 8985 §6.2 R8985-06: the reordering window of a suspect ended.
void Connection::on_reordering_timer(Instant now) {
  FlightState* const f = flight_state();
  if (f == nullptr) return;
  AckReport report;
  report.prior_una = snd.una;
  find_losses(*f, report, now);
  respond_to_losses(*f, report, now);
  adjust_window(*f, report, f->episode.reduces_window(), now);
  if (report.lost == 0) change_loss_timer(now);
}

// Whatever is outstanding is sent again, without being a sign of congestion: after a change of the
// path's MTU, or when a closed window opens.
void Connection::repair_everything() {
  FlightState* const f = flight_state();
  if (f == nullptr || f->queue.empty()) return;
  forget_probe();
  f->queue.mark_all_lost(context_.sent);
  f->episode.repair(snd.nxt);
}

// Everything is acknowledged.
void Connection::become_quiet(Instant now) {
  FlightState& f = *flight_state();
  // What comes later tells whether a probe had been needed, and whether another one may be sent.
  const bool has_probed = !f.probe.may_probe();
  const bool saw_loss = recovery_.ssthresh() != kNoThreshold || congestion().owns_recovery();
  if (!saw_loss && !has_probed) return release_flight_state();
  f.quiet_since = now;
  if (!f.ListHook<QuietTag>::is_linked()) context_.quiet.push_back(f);
}

// -- Having a flight state

bool LossRecovery::acquire_flight(RecoveryContext& context, Connection& owner) {
  if (flight_ == kNone) {
    flight_ = context.flights.acquire();
    if (flight_ == kNone) return false;
    FlightState& f = context.flights[flight_];
    f.owner = &owner;
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
