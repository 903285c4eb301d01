// Loss recovery without SACK: duplicate acknowledgments, fast retransmit, fast recovery with
// partial ACKs.
//
// RFC 5681 §3.2 (fast retransmit and recovery), RFC 6582 (New Reno), RFC 3042 (limited transmit).
//
// Invariants:
//   1. In recovery, `recover` is the highest number sent when it began; it ends when that is
//   acknowledged.
//   2. After a timeout no fast retransmit starts before `recover` is passed (RFC 6582 §4).
//
// Next: tcp_context.h.
#pragma once

#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/tcp/congestion.h"

namespace glasstcp {

/// What a duplicate or an advancing acknowledgment means for recovery.
enum class RecoveryAction : std::uint8_t {
  None,
  SendNewSegment,      ///< limited transmit, or a segment left the network during recovery
  RetransmitFirst,     ///< the first outstanding segment is lost: fast retransmit
  RetransmitNextHole,  ///< partial acknowledgment: so is the one at the new snd.una
  Leave,               ///< recovery is over
};

/// RFC 6582's variables of one connection. 12 bytes.
class Recovery {
 public:
  /// A duplicate acknowledgment came (RFC 5681 §2's definition, judged by the caller).
  RecoveryAction on_duplicate(CongestionState& state, const CongestionControl& control,
                              const struct FlightFacts& facts);
  /// An acknowledgment advanced snd.una to `ack`, by `acked` bytes.
  RecoveryAction on_advance(CongestionState& state, SeqNum ack, std::uint32_t acked,
                            const struct FlightFacts& facts);
  /// The retransmission timer ended: recovery (if any) is over, and none starts before `nxt` is
  /// acknowledged.
  void on_timeout(SeqNum nxt);
  /// The connection's numbers are known.
  void start(SeqNum una) { recover_ = una; }

  [[nodiscard]] bool is_active() const { return active_; }
  [[nodiscard]] std::uint32_t duplicates() const { return duplicates_; }
  [[nodiscard]] SeqNum recover() const { return recover_; }
  /// RFC 6582 §3.2 step 4: the first partial ACK restarts the timer, later ones do not
  /// ("impatient").
  [[nodiscard]] bool may_restart_timer() const { return !active_ || partial_acks_ <= 1; }
  // RFC 5681 §3.2 R5681-10: on the first two duplicates new data may leave beyond cwnd, without
  // changing it.
  /// Bytes beyond cwnd that limited transmit allows.
  [[nodiscard]] std::uint32_t limited_transmit(std::uint32_t mss) const {
    return active_ || duplicates_ > 2 ? 0 : duplicates_ * mss;
  }

 private:
  SeqNum recover_;
  std::uint32_t duplicates_ = 0;
  std::uint16_t partial_acks_ = 0;
  bool active_ = false;
  bool after_timeout_ = false;
};

/// What Recovery needs to know about the flight.
struct FlightFacts {
  SeqNum una;
  SeqNum nxt;
  std::uint32_t mss = 0;
  [[nodiscard]] std::uint32_t flight() const { return static_cast<std::uint32_t>(nxt - una); }
};

}  // namespace glasstcp
