// Loss recovery: what a loss, a timeout or a congestion mark means for the window, when that is
// over, and whether it had been a mistake.
//
// RFC 5681 §3.2 and RFC 6582 (fast recovery), RFC 9937 (PRR), RFC 6298 §5 with RFC 5682 (F-RTO),
// RFC 3522/4015 (Eifel) and RFC 2883 (D-SACK) for undoing, RFC 3168 §6.1.2 (the same reduction
// without loss).
//
// Invariants:
//   1. Phase and `recover` change here only. A phase ends when snd.una reaches `recover`, the
//      highest number sent when it began.
//   2. In FastRecovery and Cwr cwnd is PRR's (unless the algorithm owns recovery, as BBR does);
//      else congestion control's.
//   3. Before each reduction, what undoing needs is kept; it is used at most once.
//
// Leaves out: finding losses (rack.h, retransmission_queue.h) and sending (next_segment.cc).
//
// Next: loss_recovery.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/recovery/prr.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// Where a sender is.
enum class RecoveryPhase : std::uint8_t {
  Open,          ///< nothing is wrong
  Cwr,           ///< ECN: the window shrinks, nothing is lost
  FastRecovery,  ///< losses were found by acknowledgments
  Timeout,       ///< the retransmission timer expired
};

/// The reductions that an episode may have to take back.
struct UndoState {
  SeqNum marker;                          ///< snd.una when the episode began
  SeqNum retransmitted_end;               ///< the highest number sent again in it, if any was
  std::uint32_t cwnd = 0;                 ///< before it
  std::uint32_t ssthresh = 0;             ///< before it
  std::uint32_t retransmitted_bytes = 0;  ///< in it, and not reported as duplicates
  TsVal first_retransmission_at{};        ///< our timestamp on its first retransmission
  bool has_retransmitted = false;
  bool is_armed = false;
};

/// When and where an episode begins.
struct EpisodeFacts {
  Instant now{};
  SeqNum una;
  SeqNum nxt;
  std::uint32_t recover_fs = 0;  ///< see Prr::start; bytes
  CongestionState before;        ///< the window and threshold that undoing restores
};

/// RFC 6582's `recover`, RFC 9937's and RFC 5682's variables of one connection.
class RecoveryEpisode {
 public:
  [[nodiscard]] RecoveryPhase phase() const { return phase_; }
  [[nodiscard]] bool is_active() const { return phase_ == RecoveryPhase::FastRecovery; }
  /// Something lost is being retransmitted.
  [[nodiscard]] bool is_repairing() const {
    return is_active() || phase_ == RecoveryPhase::Timeout;
  }
  [[nodiscard]] bool reduces_window() const { return is_active() || phase_ == RecoveryPhase::Cwr; }
  [[nodiscard]] SeqNum recover() const { return recover_; }
  [[nodiscard]] const UndoState& undo_state() const { return undo_; }
  Prr& prr() { return prr_; }

  // RFC 6582 §3.2 R6582-02; RFC 6675 §5 R6675-05; RFC 3168 §6.1.2.
  /// A reduction begins: FastRecovery or Cwr. Congestion control has set ssthresh.
  void start(RecoveryPhase phase, const EpisodeFacts& facts);
  // RFC 5681 §4.3 R5681-15, RFC 8985 §9.3 R8985-14.
  /// Whether what left at `sent_at` left since the reduction began: its loss is a further sign of
  /// congestion.
  [[nodiscard]] bool was_sent_in_episode(Instant sent_at) const {
    return is_active() && sent_at >= reduced_at_;
  }
  /// Such a segment is lost: the reduction begins once more. What undo() restores is not changed.
  void restart(const EpisodeFacts& facts);
  // RFC 6298 §5.4; RFC 5682 §2.1 R5682-03.
  /// The retransmission timer expired. `may_detect_spurious`: whether F-RTO may test if the timeout
  /// was spurious.
  /// `is_first`: since snd.una advanced last.
  void on_timeout(const EpisodeFacts& facts, bool may_detect_spurious, bool is_first);
  /// Everything up to `nxt` is to be repaired, without being a sign of congestion.
  void repair(SeqNum nxt);
  /// The phase ended. Without SACK no fast recovery begins before `recover` is passed (RFC 6582
  /// §4); with it, duplicates may still be reported that take the reduction back.
  void finish(bool has_sack);

  // F-RTO (RFC 5682).
  [[nodiscard]] bool detects_spurious() const { return detects_spurious_; }
  /// F-RTO's new data is on its way, and its answer will tell.
  [[nodiscard]] bool awaits_verdict(SeqNum nxt) const {
    return detects_spurious_ && nxt > recover_;
  }
  void stop_detecting() { detects_spurious_ = wants_new_data_ = false; }
  /// RFC 5682 §2.1 R5682-01, step 2b: new data goes before what is lost, until the next ACK.
  void expect_new_data(SeqNum nxt) {
    recover_ = nxt;
    wants_new_data_ = true;
  }
  /// An ACK that reports `delivered` bytes.
  void on_ack(std::uint32_t delivered) {
    wants_new_data_ = false;
    copies_ -= std::min(copies_, delivered);
  }
  [[nodiscard]] bool wants_new_data() const { return wants_new_data_; }

  /// [begin, end) left again, with this timestamp.
  void on_retransmitted(SeqNum begin, SeqNum end, TsVal stamp);
  /// RFC 2883: the peer got these numbers twice.
  void on_duplicate_report(const SackBlock& block);
  // RFC 3708 §2.
  /// Nothing that was retransmitted was missing: each retransmission was reported as a duplicate.
  [[nodiscard]] bool all_were_duplicates() const {
    return undo_.is_armed && undo_.has_retransmitted && undo_.retransmitted_bytes == 0;
  }
  // RFC 3522 §3.2.
  /// An ACK that echoes `ecr` and advances was caused by an original, not by a retransmission.
  [[nodiscard]] bool is_answer_to_an_original(TsVal ecr) const {
    return undo_.is_armed &&
           (!undo_.has_retransmitted || difference(ecr, undo_.first_retransmission_at) < 0);
  }
  /// RFC 3168 §6.1.2 R3168-05: the network said that it is congested. Whatever turns out to have
  /// been late, the window stays lowered: that is the answer to the mark.
  void forbid_undo();
  /// Window and threshold as they were (never below what they are now); the episode is forgotten.
  void undo(CongestionState& state);

  // RFC 6675 §4 R6675-02: NextSeg's rules 3 and 4 send copies of what may still arrive.
  /// Bytes of such copies that may be in the network, beside the originals.
  [[nodiscard]] std::uint32_t copies() const { return copies_; }
  void on_copy_sent(std::uint32_t bytes) { copies_ += bytes; }
  /// Rule 4 sends the last of the flight once in each recovery.
  [[nodiscard]] bool may_rescue() const { return !has_rescued_; }
  void on_rescue() { has_rescued_ = true; }
  /// RFC 6675 §2: with SACK a duplicate is what reports something new without advancing.
  void count_report(bool has_advanced, bool is_new) {
    duplicates_ = has_advanced ? 0 : duplicates_ + (is_new ? 1U : 0U);
  }

  // Without SACK.
  [[nodiscard]] std::uint32_t duplicates() const { return duplicates_; }
  /// Bytes that left the network by the duplicates' count. RFC 9937 §6.2 (DeliveredData without
  /// SACK).
  [[nodiscard]] std::uint32_t assumed_delivered() const { return assumed_delivered_; }
  /// Whether a duplicate lets us assume a delivery: not while a timeout is repaired, but for the
  /// new data that F-RTO sent; nor, after that, before `recover` is passed.
  [[nodiscard]] bool may_count_duplicates(SeqNum una, SeqNum nxt) const {
    if (phase_ == RecoveryPhase::Timeout) return nxt > recover_;
    return !is_barred_ || una > recover_;
  }
  /// A duplicate ACK (RFC 5681 §2's definition, judged by the caller). Returns the bytes that it
  /// lets us assume delivered; all of them together at most `most`.
  std::uint32_t on_duplicate(std::uint32_t mss, std::uint32_t most);
  /// How much may be assumed delivered at most, of `in_network` bytes: while a timeout is repaired,
  /// what was sent after it.
  [[nodiscard]] std::uint32_t most_assumed(SeqNum nxt, std::uint32_t in_network) const {
    if (phase_ != RecoveryPhase::Timeout) return in_network;
    return nxt > recover_ ? std::min(static_cast<std::uint32_t>(nxt - recover_), in_network) : 0;
  }
  /// snd.una advanced by `acked`, to `una`. Returns what of it had not been assumed delivered.
  std::uint32_t on_advance(SeqNum una, std::uint32_t acked, std::uint32_t mss);
  /// RFC 6582 §3.2 step 4: the first partial ACK restarts the timer, later ones do not
  /// ("impatient").
  [[nodiscard]] bool may_restart_timer() const { return !is_active() || partial_acks_ <= 1; }
  void on_partial_ack() {
    if (partial_acks_ < 2) ++partial_acks_;
  }

 private:
  void remember(const EpisodeFacts& facts);

  Instant reduced_at_{};
  SeqNum recover_;
  Prr prr_;
  UndoState undo_;
  std::uint32_t duplicates_ = 0;
  std::uint32_t assumed_delivered_ = 0;
  std::uint32_t copies_ = 0;
  RecoveryPhase phase_ = RecoveryPhase::Open;
  std::uint8_t partial_acks_ = 0;
  bool detects_spurious_ = false;
  bool wants_new_data_ = false;
  bool is_barred_ = false;
  bool has_rescued_ = false;
};

}  // namespace glasstcp
