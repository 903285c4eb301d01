// Slow start and congestion avoidance in numbers (RFC 5681 §3.1). See new_reno.h.
#include "stack/tcp/new_reno.h"

#include <algorithm>

namespace glasstcp {
namespace {
// Beyond this a window means nothing: a window field with the largest scale cannot offer more.
constexpr std::uint32_t kMaxWindow = 1U << 30;
}  // namespace

void NewReno::start(CongestionState& state, std::uint32_t initial_window) const noexcept {
  // RFC 5681 §3.1 R5681-02: the handshake's own acknowledgments grew nothing; here the window gets
  // its first value.
  state.cwnd = initial_window;
  state.ssthresh = kNoThreshold;
  state.acked_in_avoidance = 0;
}

void NewReno::on_ack(CongestionState& state, const AckFacts& facts) const noexcept {
  // A window that was not used says nothing about what the path could carry, so it does not grow
  // (RFC 7661 §4.1).
  if (!facts.window_was_limit) return;
  if (state.cwnd < state.ssthresh) {
    // RFC 5681 §3.1 R5681-05: slow start: by what was acknowledged, at most one segment for each
    // ACK. Where superpackets are
    // used, the one ACK of a packet stands for the ACKs of all the segments in it, and is counted
    // so.
    const std::uint32_t room = state.ssthresh - state.cwnd;
    state.cwnd =
        std::min(state.cwnd + std::min({facts.acked, facts.most_per_ack, room}), kMaxWindow);
    return;
  }
  // RFC 5681 §3.1 R5681-06: congestion avoidance: one segment for each full window acknowledged.
  state.acked_in_avoidance += facts.acked;
  if (state.acked_in_avoidance >= state.cwnd) {
    state.acked_in_avoidance -= state.cwnd;
    state.cwnd = std::min(state.cwnd + facts.mss, kMaxWindow);
  }
}

void NewReno::on_loss(CongestionState& state, std::uint32_t flight,
                      std::uint32_t mss) const noexcept {
  // RFC 5681 §3.1 R5681-07, §4.3 R5681-15: half of what was in flight, at least two segments.
  state.ssthresh = std::max(flight / 2, 2 * mss);
  state.acked_in_avoidance = 0;
}

void NewReno::on_timeout(CongestionState& state, std::uint32_t flight, std::uint32_t mss,
                         bool first) const noexcept {
  // RFC 5681 §3.1 R5681-07: only the first timeout of a segment lowers ssthresh; later ones would
  // halve a halved flight.
  if (first) on_loss(state, flight, mss);
  // RFC 5681 §3.1 R5681-08: the loss window is one segment.
  state.cwnd = mss;
}

void NewReno::on_idle(CongestionState& state, std::uint32_t restart_window) const noexcept {
  // RFC 5681 §4.1 R5681-13: the restart window is never larger than the window that was.
  state.cwnd = std::min(state.cwnd, restart_window);
}

}  // namespace glasstcp
