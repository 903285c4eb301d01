// Slow start that ends when delay rises, before the queue overflows: HyStart++.
//
// RFC 9406; without it, RFC 5681 §3.1. Each round trip of the first slow start is measured by its
// least RTT. If that is an eighth more than the round before (at least 4 ms, at most 16 ms), a
// queue builds: growth goes on at a quarter of the pace (conservative slow start), and after five
// such rounds slow start is over. If the delay falls again, the rise meant nothing.
//
// Invariants:
//   1. It never ends slow start on a path whose round trips stay below 4 ms.
//   2. A model made anew in the middle of slow start only begins a new round.
//
// Next: bbr.h.
#pragma once

#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/tcp/congestion/congestion_control.h"

namespace glasstcp {

/// RFC 5681's slow start: by what was acknowledged, as much as one ACK may count for, up to
/// ssthresh.
void grow_in_slow_start(CongestionState& state, std::uint32_t bytes, std::uint32_t most);

/// What HyStart++ remembers of one connection's first slow start. 28 bytes.
class HyStart {
 public:
  // RFC 9406 §4.3 R9406-07: L is 8 without pacing and infinite with it. We pace, but not where the
  // loop is too coarse for it: 8 is safe there.
  static constexpr std::uint32_t kSegmentsPerAck = 8;

  /// An ACK in slow start (cwnd < ssthresh), outside recovery: grows cwnd if it was the limit, by
  /// at most `most` bytes, and sets ssthresh when slow start is over.
  void on_ack(CongestionState& state, const AckFacts& facts, std::uint32_t most);
  /// Growing at a quarter of the pace, to see whether the rise of the delay lasts.
  [[nodiscard]] bool is_conservative() const { return conservative_; }

 private:
  void begin_round(const AckFacts& facts);
  void take_sample(Duration rtt);
  void judge_round();

  // Microseconds; kNone: not known.
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::uint32_t last_min_ = kNone;     // of the round before
  std::uint32_t current_min_ = kNone;  // of this one
  std::uint32_t baseline_ = kNone;     // the least RTT that made us conservative
  SeqNum round_ends_;                  // when what follows this is acknowledged
  std::uint16_t samples_ = 0;
  std::uint8_t conservative_rounds_ = 0;
  bool conservative_ = false;
  bool in_round_ = false;
};

}  // namespace glasstcp
