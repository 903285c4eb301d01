// The curve in numbers, and when it begins anew (RFC 9438 §4). See cubic.h.
#include "stack/tcp/congestion/cubic.h"

#include <algorithm>
#include <utility>

namespace glasstcp {
namespace {

// RFC 9438 §4.6, §5.1 R9438-02: C = 0.4 = 2/5, beta = 0.7.
constexpr std::uint64_t kTicksPerSecond = 65'536;
// Beyond this the curve is above every window, whatever it starts from: 0.4 * 1024^3 segments.
constexpr Duration kFarthest = 1024s;

constexpr std::int64_t ticks(Duration d) {
  const Duration bounded = std::clamp(d, -kFarthest, kFarthest);
  return bounded.count() * static_cast<std::int64_t>(kTicksPerSecond) / 1'000'000'000;
}

constexpr std::uint32_t seven_tenths(std::uint32_t window) {
  return static_cast<std::uint32_t>(std::uint64_t{window} * 7 / 10);
}

// The largest r with r^3 <= n, bit by bit.
constexpr std::uint64_t cube_root(std::uint64_t n) {
  std::uint64_t root = 0;
  for (int bit = 20; bit >= 0; --bit) {
    const std::uint64_t trial = root | (std::uint64_t{1} << bit);
    if (trial * trial * trial <= n) root = trial;
  }
  return root;
}

// Time went by that is not part of the growth: the curve moves along.
void skip(CubicModel& model, Instant now) {
  if (model.has_acks && model.curve.epoch != kNever && now > model.last_ack)
    model.curve.epoch += now - std::max(model.last_ack, model.curve.epoch);
  model.last_ack = now;
  model.has_acks = true;
}

void begin_epoch(CubicCurve& curve, const CongestionState& state, const AckFacts& facts) {
  curve.epoch = facts.now;
  curve.w_est = std::uint64_t{state.cwnd} << 16;
  // RFC 9438 §4.8 R9438-10, §4.10 R9438-11: where no W_max is known, after a timeout or a slow
  // start without loss, the curve begins flat; so it does above W_max.
  curve.w_max = std::max(curve.w_max, state.cwnd);
  curve.k = cubic_k(curve.w_max, state.cwnd, facts.mss);
}

// RFC 9438 §4.3 R9438-12: equation 4: what Reno would have, if it cut to 0.7 and therefore grew more slowly
// until it is back where it was.
void grow_estimate(CubicCurve& curve, const CongestionState& state, const AckFacts& facts) {
  const std::uint64_t per_window = (std::uint64_t{facts.acked} * facts.mss << 16) / state.cwnd;
  const bool is_back = curve.w_est >> 16 >= curve.cwnd_prior;
  curve.w_est = std::min(curve.w_est + (is_back ? per_window : per_window * 9 / 17),
                         std::uint64_t{kMaxWindow} << 16);
}

void avoid_congestion(CubicModel& model, CongestionState& state, const AckFacts& facts) {
  CubicCurve& curve = model.curve;
  if (curve.epoch == kNever) begin_epoch(curve, state, facts);
  grow_estimate(curve, state, facts);
  const Duration elapsed = facts.now - curve.epoch;
  const auto reno = static_cast<std::uint32_t>(curve.w_est >> 16);
  // RFC 9438 §4.3 R9438-04: where Reno is ahead, be Reno.
  if (cubic_window(curve, elapsed, facts.mss) < reno) {
    state.cwnd = std::max(state.cwnd, reno);
    return;
  }
  // RFC 9438 §4.2 R9438-03: the target is the curve one round trip ahead, and at most half a window
  // away; each acknowledged window brings us there.
  const Duration ahead = facts.srtt > Duration::zero() ? facts.srtt : Duration::zero();
  const std::uint32_t most = std::min(state.cwnd + state.cwnd / 2, kMaxWindow);
  const std::uint32_t target =
      std::clamp(cubic_window(curve, elapsed + ahead, facts.mss), state.cwnd, most);
  model.remainder += std::uint64_t{target - state.cwnd} * facts.acked;
  const std::uint64_t grown = model.remainder / state.cwnd;
  model.remainder %= state.cwnd;
  state.cwnd = static_cast<std::uint32_t>(std::min<std::uint64_t>(state.cwnd + grown, kMaxWindow));
}

}  // namespace

std::uint32_t cubic_window(const CubicCurve& curve, Duration elapsed, std::uint32_t mss) {
  const std::int64_t farthest = ticks(kFarthest);
  const std::int64_t x = std::clamp(ticks(elapsed) - curve.k, -farthest, farthest);
  const auto distance = static_cast<std::uint64_t>(x < 0 ? -x : x);
  // Seconds cubed, first with 16 and then with 10 binary places: nothing overflows 64 bits.
  const std::uint64_t cubed = ((distance * distance >> 16) * distance >> 16) >> 6;
  const std::uint64_t bytes = cubed * 2 * mss / 5 >> 10;
  if (x < 0) return curve.w_max > bytes ? static_cast<std::uint32_t>(curve.w_max - bytes) : 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(curve.w_max + bytes, kMaxWindow));
}

std::int64_t cubic_k(std::uint32_t w_max, std::uint32_t cwnd, std::uint32_t mss) {
  // RFC 9438 §4.2 equation 2. With 30 binary places the root has 10: a millisecond.
  const std::uint64_t cubed = (std::uint64_t{w_max - cwnd} * 5 << 29) / mss;
  return static_cast<std::int64_t>(cube_root(cubed) << 6);
}

void Cubic::start(Congestion c, std::uint32_t initial_window) const noexcept {
  c.state.cwnd = initial_window;
  c.state.ssthresh = kNoThreshold;
  c.state.acked_in_avoidance = 0;
}

void Cubic::on_ack(Congestion c, const AckFacts& facts) const noexcept {
  CubicModel& model = c.model.as<CubicModel>();
  model.was_limited = facts.window_was_limit;
  // RFC 9438 §4.2 R9438-01: the time since the last ACK does not count if the window was not used,
  // nor does such an ACK: what was not used says nothing about what the path can carry.
  if (!facts.window_was_limit) skip(model, facts.now);
  model.last_ack = facts.now;
  model.has_acks = true;
  if (facts.in_recovery) return;
  // RFC 9438 §4.10 R9438-08: below the threshold slow start, the first one with HyStart++.
  if (c.state.cwnd < c.state.ssthresh && hystart_) {
    const std::uint32_t most = std::max(facts.most_per_ack, HyStart::kSegmentsPerAck * facts.mss);
    return model.hystart.on_ack(c.state, facts, most);
  }
  if (!facts.window_was_limit) return;
  if (c.state.cwnd < c.state.ssthresh)
    return grow_in_slow_start(c.state, facts.acked, facts.most_per_ack);
  avoid_congestion(model, c.state, facts);
}

void Cubic::on_congestion(Congestion c, const LossFacts& facts) const noexcept {
  CubicModel& model = c.model.as<CubicModel>();
  CubicCurve& curve = model.curve;
  // RFC 9438 §4.9.2 R9438-09: a retransmission that was lost as well tells no more of what was
  // before the first loss.
  if (!facts.is_further) model.saved = curve;
  // RFC 9438 §4.6: the flight, not the window, is what the path refused. Where the window was the
  // limit they are the same but for what pacing and whole segments leave unused, so the window
  // stands for it; where it was not, the window proves nothing and the flight is taken. In recovery
  // the window is on its way down, and the flight that we are told of is bounded by where it goes.
  const bool is_window = model.was_limited && !facts.is_further;
  const std::uint32_t used = is_window ? c.state.cwnd : std::min(c.state.cwnd, facts.flight);
  curve.cwnd_prior = used;
  // RFC 9438 §4.7 R9438-06: a second loss below the first: another flow wants room, so the curve
  // is flat lower, at 0.85 of the window.
  curve.w_max =
      used < curve.w_max ? static_cast<std::uint32_t>(std::uint64_t{used} * 17 / 20) : used;
  // RFC 9438 §4.6 R9438-05: 0.7 of it, at least two segments; recovery brings cwnd there.
  c.state.ssthresh = std::max(seven_tenths(used), 2 * facts.mss);
  curve.epoch = kNever;
  model.remainder = 0;
}

void Cubic::on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept {
  CubicModel& model = c.model.as<CubicModel>();
  if (first) on_congestion(c, facts);
  // RFC 9438 §4.8 R9438-07: as Reno, down to one segment; the next stage begins with a flat curve
  // at whatever window slow start reaches.
  c.state.cwnd = facts.mss;
  model.curve.w_max = 0;
  model.curve.epoch = kNever;
}

void Cubic::on_idle(Congestion c, std::uint32_t restart_window, Instant now) const noexcept {
  CubicModel& model = c.model.as<CubicModel>();
  skip(model, now);
  if (c.state.cwnd <= restart_window) return;
  // RFC 5681 §4.1 R5681-13: slow start leads back to ssthresh, where a new stage begins.
  c.state.cwnd = restart_window;
  model.curve.epoch = kNever;
}

void Cubic::on_restart(Congestion c, Instant now) const noexcept {
  // RFC 9438 §4.2 R9438-01: nor does a silence count that was shorter than a timeout.
  skip(c.model.as<CubicModel>(), now);
}

void Cubic::on_spurious(Congestion c, Instant) const noexcept {
  // RFC 9438 §4.9.2 R9438-09: all of it as it was, unless we are beyond that already. Before a new
  // stage has begun we cannot be, even if the window has not yet shrunk: else each reordering that
  // is found at once would lower W_max.
  CubicModel& model = c.model.as<CubicModel>();
  const bool has_grown = model.curve.epoch != kNever;
  if (!has_grown || c.state.cwnd < model.curve.cwnd_prior) model.curve = model.saved;
}

}  // namespace glasstcp
