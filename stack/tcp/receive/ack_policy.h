// When to acknowledge: which ACK is owed, how urgent it is, and why.
//
// RFC 9293 §3.8.6.3 (delay below 0.5 s, at least every second full-sized segment), RFC 5681 §4.2
// (at once for gaps).
//
// Invariants:
//   1. An ACK that is owed stays owed until a segment with the present rcv.nxt leaves.
//   2. The stronger demand wins: "now" is never weakened to "delayed".
//
// Leaves out: the timer itself (timer_table.h) and the window update (receiver.h).
//
// Next: receive_buffer.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/trace/reason.h"

namespace glasstcp {

/// What kind of ACK is owed. 8 bytes.
class AckPolicy {
 public:
  enum class Owed : std::uint8_t { None, Delayed, Now };

  // RFC 9293 §3.8.6.3 SHLD-18, SHLD-19: every second full-sized segment, or two receive-MSS of new
  // bytes. A packet that receive offload has merged counts as the segments it was merged from.
  /// Data arrived in order. `segment_size`: data bytes of one segment on the wire.
  void on_data(std::uint32_t bytes, std::uint32_t segment_size, std::uint32_t every_segments) {
    rcv_mss_ = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(segment_size, rcv_mss_, 65535));
    unacked_bytes_ += bytes;
    const std::uint32_t enough = every_segments * std::max<std::uint32_t>(rcv_mss_, 1);
    if (unacked_bytes_ >= enough) {
      demand(SendReason::AckEverySecondSegment);
    } else if (owed_ == Owed::None) {
      owed_ = Owed::Delayed;
    }
  }
  /// One more segment with data came: whether it is among the first `count` (at most 63).
  bool is_among_first(std::uint32_t count) {
    if (segments_ >= count || segments_ == 63) return false;
    segments_ = (segments_ + 1U) & 63U;
    return true;
  }
  /// An ACK must leave with the next output. The first reason is kept: it is why the packet leaves.
  void demand(SendReason reason) {
    if (owed_ == Owed::Now) return;
    owed_ = Owed::Now;
    reason_ = reason;
  }
  /// The delay ended.
  void on_delay_timer() {
    if (owed_ == Owed::Delayed) demand(SendReason::AckDelayTimer);
  }
  /// A segment that carries the present rcv.nxt left.
  void on_ack_sent() {
    owed_ = Owed::None;
    unacked_bytes_ = 0;
  }

  [[nodiscard]] Owed owed() const { return owed_; }
  [[nodiscard]] SendReason reason() const { return reason_; }
  /// The largest segment seen from the peer, 0 before data.
  [[nodiscard]] std::uint32_t rcv_mss() const { return rcv_mss_; }

 private:
  std::uint32_t unacked_bytes_ = 0;
  std::uint16_t rcv_mss_ = 0;
  Owed owed_ : 2 = Owed::None;
  std::uint8_t segments_ : 6 = 0;  // counted up to the limit of is_among_first
  SendReason reason_ = SendReason::AckImmediate;
};

}  // namespace glasstcp
