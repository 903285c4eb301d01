// Slow start and congestion avoidance in numbers (RFC 5681 §3.1). See new_reno.h.
// Next: cubic.h.
#include "stack/tcp/congestion/new_reno.h"

#include <algorithm>

namespace glasstcp {
void NewReno::start(Congestion c, std::uint32_t initial_window) const noexcept {
  CongestionState& state = c.state;
  // RFC 5681 §3.1 R5681-02: the handshake's own acknowledgments grew nothing; here the window gets
  // its first value.
  state.cwnd = initial_window;
  state.ssthresh = kNoThreshold;
  state.acked_in_avoidance = 0;
}

void NewReno::on_ack(Congestion c, const AckFacts& facts) const noexcept {
  if (facts.in_recovery) return;
  CongestionState& state = c.state;
  // RFC 9406 §4.2 R9406-02: each ACK is a sample, also one that only reports by SACK: where packets
  // overtake each other, those that advance are the late ones, and look like a queue that grows.
  if (state.cwnd < state.ssthresh && hystart_)
    return c.model.as<NewRenoModel>().hystart.on_ack(state, facts, facts.most_per_ack);
  if (facts.acked == 0) return;
  // A window that was not used says nothing about what the path could carry, so it does not grow
  // (RFC 7661 §4.1).
  if (!facts.window_was_limit) return;
  // RFC 5681 §3.1 R5681-05: slow start: by what was acknowledged, at most one segment for each ACK.
  // Where GSO packets are used, the one ACK of a packet stands for the ACKs of all the segments in
  // it, and is counted so.
  if (state.cwnd < state.ssthresh)
    return grow_in_slow_start(state, facts.acked, facts.most_per_ack);
  // RFC 5681 §3.1 R5681-06: congestion avoidance: one segment for each full window acknowledged. Full
  // is one of whole segments, since no other ones fill it: if the part of a segment that halving
  // leaves counted as well, a window of two and a half would take two round trips to grow.
  const std::uint32_t full = std::max(state.cwnd - state.cwnd % facts.mss, facts.mss);
  state.acked_in_avoidance += facts.acked;
  if (state.acked_in_avoidance >= full) {
    state.acked_in_avoidance -= full;
    state.cwnd = std::min(state.cwnd + facts.mss, kMaxWindow);
  }
}

void NewReno::on_congestion(Congestion c, const LossFacts& facts) const noexcept {
  // RFC 5681 §3.1 R5681-07, §4.3 R5681-15: half of what was in flight, at least two segments.
  c.state.ssthresh = std::max(facts.flight / 2, 2 * facts.mss);
  c.state.acked_in_avoidance = 0;
}

void NewReno::on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept {
  // RFC 5681 §3.1 R5681-07: only the first timeout of a segment lowers ssthresh; later ones would
  // halve a halved flight.
  if (first) on_congestion(c, facts);
  // RFC 5681 §3.1 R5681-08: the loss window is one segment.
  c.state.cwnd = facts.mss;
}

void NewReno::on_idle(Congestion c, std::uint32_t restart_window, Instant) const noexcept {
  // RFC 5681 §4.1 R5681-13: the restart window is never larger than the window that was.
  if (c.state.cwnd <= restart_window) return;
  c.state.cwnd = restart_window;
  // RFC 5681 §3.1 R5681-06: what was acknowledged of a larger window would let this one grow with
  // each ACK, where it is at the threshold already.
  c.state.acked_in_avoidance = 0;
}

}  // namespace glasstcp
