// RACK: a segment is lost when one that left sufficiently later was delivered.
//
// RFC 8985 §5-§6. Time instead of counting: duplicate acknowledgments count segments and are fooled
// by reordering and by lost retransmissions; the time at which a segment left is not. How much
// later is "sufficiently" is the reordering window: zero until reordering was seen, then a fraction
// of the round trip that grows while D-SACK reports what was retransmitted too early.
//
// Invariants:
//   1. xmit_ts and end_seq never go back: they name the delivered segment that left last.
//   2. reo_wnd <= srtt.
//
// Leaves out: the tail loss probe (tail_loss_probe.h), and what a loss means for cwnd
// (recovery_episode.h).
//
// Next: tail_loss_probe.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/recovery/retransmission_queue.h"

namespace glasstcp {

/// What is known when a segment was delivered.
struct RackFacts {
  Instant now{};
  Duration min_rtt{};          ///< zero: none yet
  bool echo_is_older = false;  ///< the echoed timestamp is older than this transmission
};

/// What the reordering window depends on.
struct ReorderingFacts {
  Duration min_rtt{};
  Duration srtt{};
  std::uint32_t sacked_bytes = 0;
  std::uint32_t mss = 0;
  bool in_recovery = false;
};

/// RFC 8985's variables of one connection.
class Rack {
 public:
  // RFC 8985 §6.2 R8985-05, steps 2 and 3.
  /// `segment` was delivered up to `end` (by ACK or SACK), for the first time.
  void on_delivered(const SentSegment& segment, SeqNum end, const RackFacts& facts) {
    note_order(segment, end);
    const Duration took = facts.now - segment.sent_at;
    if (segment.retransmitted && (facts.echo_is_older || took < facts.min_rtt)) return;
    rtt_ = took;
    if (has_segment_ && !left_after(segment.sent_at, end)) return;
    has_segment_ = true;
    xmit_ts_ = segment.sent_at;
    end_seq_ = end;
  }

  // RFC 8985 §6.2 R8985-02, step 4: something was retransmitted too early: wait longer, but grow at most
  // once in a round trip.
  /// A duplicate was reported.
  void on_duplicate_report(SeqNum nxt) {
    if (in_dsack_round_) return;
    in_dsack_round_ = true;
    dsack_round_ = nxt;
    reo_wnd_mult_ = std::min<std::uint8_t>(static_cast<std::uint8_t>(reo_wnd_mult_ + 1), 254);
    reo_wnd_persist_ = kPersist;
  }
  /// snd.una advanced.
  void on_advance(SeqNum una) {
    if (in_dsack_round_ && una >= dsack_round_) in_dsack_round_ = false;
  }
  /// A recovery ended: after sixteen recoveries without a D-SACK reo_wnd_mult is 1 again.
  void on_recovery_exit() {
    if (reo_wnd_persist_ > 0) --reo_wnd_persist_;
    if (reo_wnd_persist_ == 0) reo_wnd_mult_ = 1;
  }

  // RFC 8985 §3.3.2 R8985-01, R8985-03, §6.2 step 4.
  /// How much later a delivered segment must have left.
  [[nodiscard]] Duration reordering_window(const ReorderingFacts& facts) const {
    if (!reordering_seen_ && (facts.in_recovery || facts.sacked_bytes >= 3 * facts.mss)) {
      return Duration::zero();
    }
    return std::min<Duration>(reo_wnd_mult_ * (facts.min_rtt / 4), facts.srtt);
  }

  // RFC 8985 §6.2 R8985-05, R8985-06, step 5.
  /// Calls on_lost(index) for each segment in the network that is lost. Returns how long to wait
  /// until the last of the others that left before the delivered one is lost, too; zero: there are
  /// none. Looks at kMostWaiting of those at most: each ACK of a flight that waits for the
  /// reordering window would else walk all of it. With more it answers for the delivered segment
  /// itself, which left no sooner than the last of them.
  template <typename F>
  [[nodiscard]] Duration detect_loss(RetransmissionQueue& log,
                                     const RetransmissionQueue::Pool& pool, Duration reo_wnd,
                                     Instant now, F on_lost) const {
    Duration wait{};
    if (!has_segment_) return wait;
    std::uint32_t waiting = 0;
    auto walk = log.walk_network();
    std::uint32_t index = log.next_in_network(pool, walk);
    while (index != kNone && left_before_delivered(pool[index])) {
      const Duration remaining = pool[index].sent_at + rtt_ + reo_wnd - now;
      if (remaining <= Duration::zero()) {
        on_lost(index);
      } else if (++waiting > kMostWaiting) {
        return xmit_ts_ + rtt_ + reo_wnd - now;
      } else {
        wait = remaining;
      }
      index = log.next_in_network(pool, walk);
    }
    return wait;
  }
  /// RFC 8985 §6.3: whether a segment may still be on its way when the retransmission timer ends.
  [[nodiscard]] bool may_still_arrive(const SentSegment& segment, Duration reo_wnd,
                                      Instant now) const {
    return has_segment_ && segment.sent_at + rtt_ + reo_wnd > now;
  }

  [[nodiscard]] bool reordering_seen() const { return reordering_seen_; }
  /// How far `segment` was reordered, in bytes, if it is delivered now: 0 if it was not, or if it
  /// was retransmitted, which explains it.
  [[nodiscard]] std::uint32_t reordering_extent(const SentSegment& segment) const {
    if (!has_fack_ || segment.retransmitted || segment.begin >= fack_) return 0;
    return segment.end > fack_ ? 0 : static_cast<std::uint32_t>(fack_ - segment.begin);
  }
  [[nodiscard]] Duration rtt() const { return rtt_; }
  /// Takes over what an idle connection remembers: whether reordering was seen.
  void remember_reordering(bool seen) { reordering_seen_ = seen; }
  /// Segments that wait for the reordering window and are looked at by one ACK.
  static constexpr std::uint32_t kMostWaiting = 32;

 private:
  static constexpr std::uint8_t kPersist = 16;

  // RFC 8985 §6.2, RACK_sent_after; GSO packets leave at one time, so the numbers decide.
  [[nodiscard]] bool left_after(Instant sent_at, SeqNum end) const {
    return sent_at > xmit_ts_ || (sent_at == xmit_ts_ && end > end_seq_);
  }
  // In the order of the network's list: by time, then by number.
  [[nodiscard]] bool left_before_delivered(const SentSegment& segment) const {
    return segment.sent_at < xmit_ts_ || (segment.sent_at == xmit_ts_ && segment.end < end_seq_);
  }
  // RFC 8985 §6.2 step 3: delivered below what was delivered before, and not retransmitted: reordering.
  void note_order(const SentSegment& segment, SeqNum end) {
    if (!has_fack_ || end > fack_) {
      fack_ = end;
      has_fack_ = true;
    } else if (end < fack_ && !segment.retransmitted) {
      reordering_seen_ = true;
    }
  }

  Instant xmit_ts_{};
  Duration rtt_{};
  SeqNum end_seq_;
  SeqNum fack_;
  SeqNum dsack_round_;
  std::uint8_t reo_wnd_mult_ = 1;
  std::uint8_t reo_wnd_persist_ = kPersist;
  bool has_segment_ = false;
  bool has_fack_ = false;
  bool in_dsack_round_ = false;
  bool reordering_seen_ = false;
};

}  // namespace glasstcp
