// Duplicates and partial acknowledgments (RFC 5681 §3.2, RFC 6582 §3.2). See recovery.h.
#include "stack/tcp/recovery.h"

#include <algorithm>

namespace glasstcp {

RecoveryAction Recovery::on_duplicate(CongestionState& state, const CongestionControl& control,
                                      const FlightFacts& facts) {
  ++duplicates_;
  if (active_) {
    // RFC 5681 §3.2 step 4: another segment has left the network.
    state.cwnd = std::min(state.cwnd + facts.mss, 1U << 30);
    return RecoveryAction::SendNewSegment;
  }
  if (duplicates_ < 3) return RecoveryAction::SendNewSegment;
  if (duplicates_ > 3) return RecoveryAction::None;
  // RFC 6582 §3.2 step 2; RFC 5681 §3.2 R5681-09: the third duplicate begins recovery, unless it
  // only echoes what
  // a timeout resent.
  if (after_timeout_ && facts.una <= recover_) return RecoveryAction::None;
  // RFC 6582 §3.2 R6582-02: remember how far we had sent.
  recover_ = facts.nxt;
  active_ = true;
  after_timeout_ = false;
  partial_acks_ = 0;
  // RFC 5681 §3.2 steps 2 and 3, R5681-12: halve, resend the missing segment, count the three that
  // left the network.
  control.on_loss(state, facts.flight(), facts.mss);
  state.cwnd = state.ssthresh + 3 * facts.mss;
  return RecoveryAction::RetransmitFirst;
}

RecoveryAction Recovery::on_advance(CongestionState& state, SeqNum ack, std::uint32_t acked,
                                    const FlightFacts& facts) {
  duplicates_ = 0;
  if (after_timeout_ && ack > recover_) after_timeout_ = false;
  if (!active_) {
    if (!after_timeout_) recover_ = ack;  // keeps it within half a circle of the present
    return RecoveryAction::None;
  }
  if (ack >= recover_) {
    // RFC 6582 §3.2 step 3; RFC 5681 §3.2 R5681-12: full acknowledgment: deflate, without allowing
    // a burst.
    const std::uint32_t outstanding = static_cast<std::uint32_t>(facts.nxt - ack);
    state.cwnd = std::min(state.ssthresh, std::max(outstanding, facts.mss) + facts.mss);
    active_ = false;
    return RecoveryAction::Leave;
  }
  // RFC 6582 §3.2 step 3, R6582-01: partial: the segment at the new snd.una is lost as well.
  // Deflate by what left.
  ++partial_acks_;
  state.cwnd = state.cwnd > acked ? state.cwnd - acked : 0;
  if (acked >= facts.mss) state.cwnd += facts.mss;
  state.cwnd = std::max(state.cwnd, facts.mss);
  return RecoveryAction::RetransmitNextHole;
}

void Recovery::on_timeout(SeqNum nxt) {
  recover_ = nxt;
  active_ = false;
  after_timeout_ = true;
  duplicates_ = 0;
}

}  // namespace glasstcp
