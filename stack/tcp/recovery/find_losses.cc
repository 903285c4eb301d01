// Which segments are lost, as far as what was reported until now tells.
//
// RFC 8985 §6 (RACK: by time, with SACK), RFC 5681 §3.2 and RFC 6582 (three duplicates and partial
// ACKs, without), RFC 6675 §4 (IsLost, with SACK, if RACK is switched off).
// Next: loss_recovery.cc.
#include <algorithm>

#include "stack/tcp/recovery/loss_recovery.h"

namespace glasstcp {
namespace {
constexpr std::uint32_t kDupThresh = 3;
}  // namespace

void LossRecovery::find_losses(const SenderFacts& s, FlightState& f, AckReport& report) {
  f.reordering_wait = Duration::zero();
  if (f.queue.empty()) return;
  const auto lose = [&](std::uint32_t index) {
    const SentSegment& segment = s.context.sent[index];
    report.lost += segment.length();
    if (segment.retransmitted) {
      report.lost_retransmission_sent_at =
          std::max(report.lost_retransmission_sent_at.value_or(Instant::min()), segment.sent_at);
    }
    f.rate.on_lost(segment.length());
    on_segment_lost(s, f, segment);
    f.queue.mark_lost(s.context.sent, index);
  };
  if (!s.sack) {
    find_losses_by_duplicates(s, f, report);
  } else if (s.settings.use_rack) {
    // RFC 8985 §9.2 R8985-13: time alone, never beside a count of duplicates.
    f.reordering_wait =
        f.rack.detect_loss(f.queue, s.context.sent, reordering_window(f, s.mss), s.now, lose);
  } else {
    find_losses_by_counting(s, f, report, lose);
  }
}

// Before the queue marks it.
void LossRecovery::on_segment_lost(const SenderFacts& s, FlightState& f,
                                   const SentSegment& segment) {
  LostSegment lost;
  lost.now = s.now;
  lost.begin = segment.begin;
  lost.end = segment.end;
  lost.delivered = f.rate.delivered();
  lost.mss = s.mss;
  lost.tx_in_flight = segment.stamp.tx_in_flight;
  lost.lost_since = f.rate.lost_since(segment.stamp);
  lost.is_app_limited = segment.stamp.is_app_limited != 0;
  lost.in_recovery = f.episode.is_repairing();
  lost.has_sack = s.sack;
  s.congestion.on_segment_lost(variables(f), lost);
}

Duration LossRecovery::reordering_window(const FlightState& f, std::uint32_t mss) const {
  ReorderingFacts facts;
  facts.min_rtt = min_rtt_.get();
  facts.srtt = rtt_.srtt();
  facts.sacked_bytes = f.queue.sacked_bytes();
  facts.mss = mss;
  facts.in_recovery = f.episode.is_repairing();
  return f.rack.reordering_window(facts);
}

Duration LossRecovery::reordering_window(const RecoveryContext& context, std::uint32_t mss) const {
  const FlightState* const f = flight(context);
  return f == nullptr ? Duration::zero() : reordering_window(*f, mss);
}

// RFC 5681 §3.2 R5681-09 and RFC 6582 §3.2 R6582-01: the third duplicate, or a partial ACK, means that
// the first outstanding segment is lost.
void LossRecovery::find_losses_by_duplicates(const SenderFacts& s, FlightState& f,
                                             AckReport& report) {
  const bool third = !f.episode.is_repairing() && f.episode.duplicates() == kDupThresh;
  const bool is_partial = f.episode.is_active() && report.acked > 0;
  if (!third && !is_partial) return;
  const SentSegment& head = s.context.sent[f.queue.head()];
  if (is_partial) {
    f.episode.on_partial_ack();
    // A part of what this recovery has retransmitted shows no other hole: a peer that acknowledges
    // byte by byte would have a whole segment for each.
    if (head.retransmitted && f.episode.was_sent_in_episode(head.sent_at)) return;
    retransmit_reason_ = SendReason::PartialAckRetransmit;
    retransmit_now_ = true;  // RFC 6582 §3.2 step 3 sends it whatever the window says
  }
  const std::uint32_t before = f.queue.lost_bytes();
  f.queue.mark_first_lost(s.context.sent, s.max_payload);
  report.lost = f.queue.lost_bytes() - before;
  f.rate.on_lost(report.lost);
  if (report.lost > 0) on_segment_lost(s, f, s.context.sent[f.queue.head()]);
}

// RFC 6675 §4 (IsLost), and §5 R6675-05: what three duplicates ask for. A retransmission is not lost
// by it. What left once stands by number, so that nothing else is looked at.
template <typename F>
void LossRecovery::find_losses_by_counting(const SenderFacts& s, FlightState& f,
                                           const AckReport& report, F lose) {
  auto& pool = s.context.sent;
  f.episode.count_report(report.acked > 0, report.by_sack);
  const bool third = !f.episode.is_repairing() && f.episode.duplicates() >= kDupThresh;
  if (const auto bound = f.reported_runs.lost_below(s.snd.una, s.mss)) {
    for (auto i = f.queue.first_sent_once(); i != kNone && pool[i].begin < *bound;) {
      lose(i);
      i = f.queue.first_sent_once();
    }
  }
  if (third && f.queue.first_sent_once() == f.queue.head()) lose(f.queue.head());
}

// RFC 6675 §4 R6675-02: what was not reported, though later data was, goes again in case it is lost;
// and once in a recovery the flight's last segment, which no report can show to be missing.
std::optional<UnreportedSegment> LossRecovery::next_unreported(
    const RecoveryContext& context) const {
  const FlightState* const f = flight(context);
  if (f == nullptr || !f->episode.is_active()) return std::nullopt;
  if (f->queue.lost_bytes() > 0 || f->queue.sacked_bytes() == 0) return std::nullopt;
  const std::uint32_t index = f->queue.first_sent_once();
  if (index != kNone && context.sent[index].begin < f->queue.highest_sacked())
    return UnreportedSegment{index, false};
  const SentSegment& last = context.sent[f->queue.tail()];
  const bool may_rescue = f->episode.may_rescue() && last.state == SegmentState::InNetwork &&
                          last.end <= f->episode.recover();
  if (!may_rescue) return std::nullopt;
  return UnreportedSegment{f->queue.tail(), true};
}

}  // namespace glasstcp
