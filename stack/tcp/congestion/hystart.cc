// Rounds, their least RTT, and what follows from it (RFC 9406 §4.2). See hystart.h.
#include "stack/tcp/congestion/hystart.h"

#include <algorithm>
#include <limits>

namespace glasstcp {
namespace {

constexpr std::uint32_t kLeastRise = 4'000;      // MIN_RTT_THRESH, microseconds
constexpr std::uint32_t kMostRise = 16'000;      // MAX_RTT_THRESH
constexpr std::uint32_t kRiseDivisor = 8;        // MIN_RTT_DIVISOR
constexpr std::uint16_t kSamples = 8;            // N_RTT_SAMPLE
constexpr std::uint32_t kGrowthDivisor = 4;      // CSS_GROWTH_DIVISOR
constexpr std::uint8_t kConservativeRounds = 5;  // CSS_ROUNDS

}  // namespace

void grow_in_slow_start(CongestionState& state, std::uint32_t bytes, std::uint32_t most) {
  const std::uint32_t room = state.ssthresh - state.cwnd;
  state.cwnd = std::min(state.cwnd + std::min({bytes, most, room}), kMaxWindow);
}

void HyStart::on_ack(CongestionState& state, const AckFacts& facts, std::uint32_t most) {
  // RFC 9406 §4.3 R9406-06: later slow starts know the threshold that they head for.
  if (state.ssthresh != kNoThreshold) {
    if (facts.window_was_limit) grow_in_slow_start(state, facts.acked, facts.most_per_ack);
    return;
  }
  // The round is over when something is acknowledged that left after it began.
  if (!in_round_ || facts.una > round_ends_) begin_round(facts);
  if (conservative_rounds_ > kConservativeRounds) {
    // RFC 9406 §4.2 R9406-05: five rounds of conservative growth did not bring the delay down.
    state.ssthresh = state.cwnd;
    return;
  }
  take_sample(facts.rtt);
  judge_round();
  if (!facts.window_was_limit) return;
  // RFC 9406 §4.2 R9406-03: a quarter of the pace.
  const std::uint32_t counted = std::min(facts.acked, most);
  grow_in_slow_start(state, conservative_ ? counted / kGrowthDivisor : counted, most);
}

void HyStart::begin_round(const AckFacts& facts) {
  in_round_ = true;
  round_ends_ = facts.nxt;
  last_min_ = current_min_;
  current_min_ = kNone;
  samples_ = 0;
  // The round in which it began counts, so the sixth begins when five are over.
  if (conservative_) ++conservative_rounds_;
}

void HyStart::take_sample(Duration rtt) {
  if (rtt < Duration::zero()) return;
  const std::int64_t us = std::min<std::int64_t>(to_us(rtt), kNone - 1);
  current_min_ = std::min(current_min_, static_cast<std::uint32_t>(us));
  if (samples_ < std::numeric_limits<std::uint16_t>::max()) ++samples_;
}

void HyStart::judge_round() {
  // RFC 9406 §4.2 R9406-02: fewer samples than eight say too little.
  if (samples_ < kSamples) return;
  if (conservative_) {
    // RFC 9406 §4.2 R9406-04: the delay fell below what alarmed us: it was noise.
    if (current_min_ >= baseline_) return;
    conservative_ = false;
    baseline_ = kNone;
    return;
  }
  if (last_min_ == kNone) return;
  // RFC 9406 §4.2 R9406-01, R9406-02: an eighth more than the round before, within bounds.
  const std::uint32_t rise = std::clamp(last_min_ / kRiseDivisor, kLeastRise, kMostRise);
  if (current_min_ < last_min_ + rise) return;
  conservative_ = true;
  conservative_rounds_ = 1;
  baseline_ = current_min_;
}

}  // namespace glasstcp
