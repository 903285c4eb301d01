// Episodes: how they begin, what they remember, how they end. See recovery_episode.h.
#include "stack/tcp/recovery/recovery_episode.h"

#include <algorithm>

namespace glasstcp {

void RecoveryEpisode::remember(const EpisodeFacts& facts) {
  undo_ = {};
  undo_.is_armed = true;
  undo_.marker = facts.una;
  undo_.cwnd = facts.before.cwnd;
  undo_.ssthresh = facts.before.ssthresh;
}

void RecoveryEpisode::start(RecoveryPhase phase, const EpisodeFacts& facts) {
  // From a reduction by ECN into recovery: the window was lowered already, and what it was stays
  // remembered.
  if (!reduces_window()) {
    remember(facts);
    prr_.start(facts.recover_fs);
  }
  if (phase == RecoveryPhase::Cwr) forbid_undo();
  phase_ = phase;
  recover_ = facts.nxt;
  reduced_at_ = facts.now;
  copies_ = 0;
  has_rescued_ = false;
  partial_acks_ = 0;
  is_barred_ = false;
}

void RecoveryEpisode::restart(const EpisodeFacts& facts) {
  recover_ = facts.nxt;
  reduced_at_ = facts.now;
  prr_.start(facts.recover_fs);
}

void RecoveryEpisode::on_timeout(const EpisodeFacts& facts, bool may_detect_spurious,
                                 bool is_first) {
  // A timeout of a timeout: what there was before the first one is what counts, and so do all
  // copies (RFC 3708 §2 R3708-01). After progress it is another one, which may be a mistake where
  // the first was none.
  if (is_first || phase_ != RecoveryPhase::Timeout || !undo_.is_armed) remember(facts);
  phase_ = RecoveryPhase::Timeout;
  recover_ = facts.nxt;
  reduced_at_ = facts.now;
  detects_spurious_ = may_detect_spurious;
  wants_new_data_ = false;
  is_barred_ = false;
  duplicates_ = assumed_delivered_ = copies_ = 0;
}

void RecoveryEpisode::repair(SeqNum nxt) {
  undo_.is_armed = false;
  phase_ = RecoveryPhase::Timeout;
  recover_ = nxt;
  detects_spurious_ = wants_new_data_ = false;
  duplicates_ = assumed_delivered_ = copies_ = 0;
}

void RecoveryEpisode::finish(bool has_sack) {
  // RFC 6582 §4: what was sent again may cause duplicates; a mark (RFC 3168 §6.1.2) repairs nothing.
  is_barred_ = !has_sack && phase_ != RecoveryPhase::Cwr;
  phase_ = RecoveryPhase::Open;
  if (!has_sack) undo_.is_armed = false;
  detects_spurious_ = wants_new_data_ = false;
  duplicates_ = assumed_delivered_ = copies_ = 0;
}

void RecoveryEpisode::on_duplicate_report(const SackBlock& block) {
  // Beyond `recover` lies what was not sent when the episode began: no retransmission of it.
  if (!undo_.is_armed || block.right <= undo_.marker || block.right > recover_) return;
  // RFC 3708 §2 R3708-01: nor is what was sent only once: the network doubled it, or it is the copy
  // of a probe from before.
  if (!undo_.has_retransmitted) return;
  const SeqNum left = later(block.left, undo_.marker);
  const SeqNum right = earlier(block.right, undo_.retransmitted_end);
  if (left >= right) return;
  undo_.retransmitted_bytes -=
      std::min(undo_.retransmitted_bytes, static_cast<std::uint32_t>(right - left));
}

void RecoveryEpisode::on_retransmitted(SeqNum begin, SeqNum end, TsVal stamp) {
  undo_.retransmitted_bytes += static_cast<std::uint32_t>(end - begin);
  undo_.retransmitted_end = undo_.has_retransmitted ? later(undo_.retransmitted_end, end) : end;
  if (!undo_.has_retransmitted) undo_.first_retransmission_at = stamp;
  undo_.has_retransmitted = true;
}

void RecoveryEpisode::forbid_undo() {
  undo_.is_armed = false;
  undo_.cwnd = undo_.ssthresh = 0;
}

void RecoveryEpisode::undo(CongestionState& state) {
  state.cwnd = std::max(state.cwnd, undo_.cwnd);
  state.ssthresh = std::max(state.ssthresh, undo_.ssthresh);
  undo_.is_armed = false;
}

std::uint32_t RecoveryEpisode::on_duplicate(std::uint32_t mss, std::uint32_t most) {
  ++duplicates_;
  // RFC 9937 §6.2 R9937-04: each duplicate stands for one segment, and all of them for no more than
  // there is: a peer cannot make us send for ever by repeating itself.
  const std::uint32_t before = assumed_delivered_;
  assumed_delivered_ = std::max(before, std::min(before + mss, most));
  return assumed_delivered_ - before;
}

std::uint32_t RecoveryEpisode::on_advance(SeqNum una, std::uint32_t acked, std::uint32_t mss) {
  // RFC 5682 §2.1 step 3a: F-RTO's new data lies beyond `recover`. That it arrived stays true while
  // what was lost below it is filled, or it would take the window from that for good.
  if (phase_ == RecoveryPhase::Timeout && una < recover_) return acked;
  // Once passed, `recover` is passed: half a sequence space later it would seem to lie ahead.
  if (phase_ == RecoveryPhase::Open && una > recover_) is_barred_ = false;
  // The first segment of it was the hole; duplicates had reported the others.
  const std::uint32_t reported = std::min(assumed_delivered_, acked > mss ? acked - mss : 0U);
  duplicates_ = 0;
  assumed_delivered_ = is_active() ? assumed_delivered_ - reported : 0;
  return acked - reported;
}

}  // namespace glasstcp
