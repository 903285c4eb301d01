// The tail loss probe: if nothing comes back for two round trips, one segment is sent to make the
// peer speak, so that the loss of a flight's end is found by SACK instead of by a long timeout.
//
// RFC 8985 §7. The timer shares its place with the retransmission timer and never ends after it.
//
// Invariants:
//   1. At most one probe episode is open: from a probe until what was sent by then is acknowledged.
//
// Leaves out: the timer (loss_timers.cc) and choosing the segment (next_segment.cc).
//
// Next: prr.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// What an acknowledgment said about an open episode.
enum class ProbeOutcome : std::uint8_t {
  Open,      ///< nothing yet, or there is none
  Ended,     ///< all arrived, the probe too
  Repaired,  ///< the probe repaired a loss that nobody else will notice
};

/// What is known when an acknowledgment comes.
struct ProbeAckFacts {
  SeqNum ack;
  std::optional<SeqNum> duplicate_end;  ///< D-SACK: what ends here came twice
  bool is_plain_duplicate = false;  ///< acknowledges nothing new, reports nothing, carries nothing
};

/// RFC 8985 §7's variables of one connection. 8 bytes.
class TailLossProbe {
 public:
  static constexpr Duration kPeerDelayedAck = std::chrono::milliseconds(200);  ///< RFC 8985 §7.2

  // RFC 8985 §7.2 R8985-07, R8985-08.
  /// How long to wait for an acknowledgment. `srtt`: zero if there is no sample. `delayed_ack`:
  /// what the peer may add when it waits for a second segment; for a flight of one.
  [[nodiscard]] static Duration timeout(Duration srtt, Duration delayed_ack, Duration floor) {
    if (srtt == Duration::zero()) return std::chrono::seconds(1);
    return std::max<Duration>(2 * srtt + delayed_ack, floor);
  }

  // RFC 8985 §7.3 R8985-09.
  /// One that is due and cannot leave is not waited for again: the timeout is next.
  [[nodiscard]] bool may_probe() const { return !is_open_ && !is_due_ && has_new_sample_; }
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// The timer expired: a probe is to be sent.
  void on_timer() { is_due_ = true; }
  [[nodiscard]] bool is_due() const { return is_due_; }

  void on_rtt_sample() { has_new_sample_ = true; }
  /// A probe left; snd.nxt is `nxt` with it.
  void on_sent(SeqNum nxt, bool is_retransmission) {
    is_due_ = false;
    is_open_ = true;
    has_new_sample_ = false;
    end_seq_ = nxt;
    is_retransmission_ = is_retransmission;
  }
  // RFC 8985 §7.4.2 R8985-12.
  ProbeOutcome on_ack(const ProbeAckFacts& facts) {
    is_due_ = false;
    if (!is_open_ || facts.ack < end_seq_) return ProbeOutcome::Open;
    if (!is_retransmission_ || facts.duplicate_end == end_seq_) {
      is_open_ = false;
      return ProbeOutcome::Ended;
    }
    if (facts.ack > end_seq_) {
      is_open_ = false;
      return ProbeOutcome::Repaired;
    }
    if (facts.is_plain_duplicate) {
      is_open_ = false;
      return ProbeOutcome::Ended;
    }
    return ProbeOutcome::Open;
  }
  /// A timeout or recovery takes over.
  void stop() { is_open_ = is_due_ = false; }

 private:
  SeqNum end_seq_;
  bool is_open_ = false;
  bool is_due_ = false;
  bool is_retransmission_ = false;
  bool has_new_sample_ = true;
};

}  // namespace glasstcp
