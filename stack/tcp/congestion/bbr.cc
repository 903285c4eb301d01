// BBR's steps for each event, its estimators, and the window and rate that follow from them
// (draft-ietf-ccwg-bbr §5.2, §5.5, §5.6). See bbr.h.
#include "stack/tcp/congestion/bbr.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::uint32_t kBeta = 70;          // per cent
constexpr std::uint32_t kHeadroom = 15;      // per cent
constexpr std::uint32_t kPacingMargin = 99;  // per cent: 1 % less than the bandwidth
constexpr std::uint32_t kExtraAckedRounds = 10;
constexpr std::uint32_t kMostQuantum = 65'536;
constexpr Duration kMinRttFilter = 10s;
constexpr Duration kProbeRttInterval = 5s;
// Above this (128 Gbit/s) rates are not told apart, so that they can be multiplied by a second.
constexpr std::uint64_t kMostRate = 16'000'000'000;

struct Gains {
  std::uint32_t pacing;
  std::uint32_t cwnd;
};

// draft-ietf-ccwg-bbr §5.6.1: what each state does, in per cent.
constexpr Gains gains(BbrState state) {
  switch (state) {
    case BbrState::Startup:
      return {277, 200};
    case BbrState::Drain:
      return {50, 200};
    case BbrState::ProbeBwDown:
      return {90, 200};
    case BbrState::ProbeBwCruise:
    case BbrState::ProbeBwRefill:
      return {100, 200};
    case BbrState::ProbeBwUp:
      return {125, 225};
    case BbrState::ProbeRtt:
      return {100, 50};
  }
  return {100, 200};
}

std::uint64_t rate_of(const RateSample& rate) {
  return std::min(rate.bytes_per_second(), kMostRate);
}

// What `rate` brings in `time`, bounded.
std::uint32_t volume(std::uint64_t rate, Duration time) {
  const auto ns = static_cast<std::uint64_t>(std::clamp<Duration>(time, 0s, 60s).count());
  const std::uint64_t bytes =
      rate * (ns / 1'000'000'000) + rate * (ns % 1'000'000'000) / 1'000'000'000;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, kMaxWindow));
}

std::uint32_t part(std::uint32_t volume, std::uint32_t per_cent) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{volume} * per_cent / 100, kMaxWindow));
}

// draft-ietf-ccwg-bbr §5.2.1: what can be known only when the first ACK is there. So begins a model
// that was given back, too: from the window that there is.
void begin(BbrModel& m, const CongestionState& s, const AckFacts& facts) {
  if (m.initial_cwnd == 0) m.initial_cwnd = s.cwnd;
  m.min_rtt_stamp = m.probe_rtt_min_stamp = m.extra_acked_interval_start = facts.now;
  if (facts.srtt > Duration::zero()) m.min_rtt = m.probe_rtt_min_delay = facts.srtt;
  const Duration srtt = facts.srtt > Duration::zero() ? facts.srtt : Duration(1ms);
  const auto nominal =
      std::uint64_t{s.cwnd} * 1'000'000'000 / static_cast<std::uint64_t>(srtt.count());
  m.pacing_rate = std::min(nominal, kMostRate) * gains(BbrState::Startup).pacing / 100;
  m.next_round_delivered = m.loss_round_delivered = facts.rate.prior_delivered;
}

// draft-ietf-ccwg-bbr §5.5.1: a round trip is over when something is delivered that left after its
// beginning.
void update_round(BbrModel& m, const RateSample& rate) {
  m.round_start = rate.newly_delivered > 0 && rate.prior_delivered >= m.next_round_delivered;
  if (!m.round_start) return;
  m.start_round();
  ++m.round_count;
  ++m.rounds_since_probe_up;
}

void update_latest_delivery_signals(BbrModel& m, const RateSample& rate) {
  m.loss_round_start = false;
  if (rate.newly_delivered == 0) return;
  m.bw_latest = std::max(m.bw_latest, rate_of(rate));
  const std::uint64_t delivered = rate.delivered - rate.prior_delivered;
  m.inflight_latest =
      std::max(m.inflight_latest,
               static_cast<std::uint32_t>(std::min<std::uint64_t>(delivered, kMaxWindow)));
  if (rate.prior_delivered < m.loss_round_delivered) return;
  m.loss_round_delivered = rate.delivered;
  m.loss_round_start = true;
}

void advance_latest_delivery_signals(BbrModel& m, const RateSample& rate) {
  if (!m.loss_round_start) return;
  m.bw_latest = rate_of(rate);
  m.inflight_latest = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(rate.delivered - rate.prior_delivered, kMaxWindow));
}

void update_max_bw(BbrModel& m, const RateSample& rate) {
  update_round(m, rate);
  // draft-ietf-ccwg-bbr §5.5.4: what the application held low says nothing, unless it is
  // more than was known.
  const std::uint64_t sample = rate_of(rate);
  if (sample == 0 || (rate.is_app_limited && sample < m.max_bw())) return;
  std::uint64_t& slot = m.max_bw_filter[m.cycle];
  slot = std::max(slot, sample);
}

// draft-ietf-ccwg-bbr §5.5.10.3: outside a probe loss lowers what we send to what arrives,
// by at most 0.7 for each round trip.
void adapt_lower_bounds(BbrModel& m, const CongestionState& s) {
  if (m.is_probing_bw() || !m.is_loss_in_round) return;
  if (m.bw_shortterm == kNoRate) m.bw_shortterm = m.max_bw();
  if (m.inflight_shortterm == kNoVolume) m.inflight_shortterm = s.cwnd;
  m.bw_shortterm = std::max(m.bw_latest, m.bw_shortterm * kBeta / 100);
  m.inflight_shortterm = std::max(m.inflight_latest, part(m.inflight_shortterm, kBeta));
}

void update_congestion_signals(BbrModel& m, const CongestionState& s, const RateSample& rate) {
  update_max_bw(m, rate);
  if (!m.loss_round_start) return;
  adapt_lower_bounds(m, s);
  m.is_loss_in_round = false;
}

// draft-ietf-ccwg-bbr §5.5.9: ACKs that come in heaps need more in flight.
void update_ack_aggregation(BbrModel& m, const CongestionState& s, const AckFacts& facts) {
  std::uint32_t expected = volume(m.bw, facts.now - m.extra_acked_interval_start);
  if (m.extra_acked_delivered <= expected) {
    m.extra_acked_delivered = 0;
    m.extra_acked_interval_start = facts.now;
    expected = 0;
  }
  m.extra_acked_delivered =
      std::min(m.extra_acked_delivered + facts.rate.newly_delivered, 2 * kMaxWindow);
  const std::uint32_t extra = std::min(m.extra_acked_delivered - expected, s.cwnd);
  m.extra_acked.update(extra, m.round_count, m.full_bw_reached ? kExtraAckedRounds : 1);
}

void update_min_rtt(BbrModel& m, const AckFacts& facts) {
  // draft-ietf-ccwg-bbr §5.3.4.3, §5.5.7: the least of ten seconds; after five without a
  // lower one it is to be looked for.
  m.probe_rtt_expired = facts.now > m.probe_rtt_min_stamp + kProbeRttInterval;
  const bool has_sample = facts.rtt >= Duration::zero();
  if (has_sample && (m.probe_rtt_min_delay == kNoRtt || facts.rtt < m.probe_rtt_min_delay ||
                     m.probe_rtt_expired)) {
    m.probe_rtt_min_delay = facts.rtt;
    m.probe_rtt_min_stamp = facts.now;
  }
  if (m.probe_rtt_min_delay == kNoRtt) return;
  if (m.min_rtt != kNoRtt && m.probe_rtt_min_delay >= m.min_rtt &&
      facts.now <= m.min_rtt_stamp + kMinRttFilter)
    return;
  m.min_rtt = m.probe_rtt_min_delay;
  m.min_rtt_stamp = m.probe_rtt_min_stamp;
}

// draft-ietf-ccwg-bbr §5.6.4.6.
void set_cwnd(BbrModel& m, CongestionState& s, const RateSample& rate) {
  const std::uint32_t volume = m.bdp(m.bw, gains(m.state).cwnd) + m.extra_acked.best();
  const std::uint32_t max_inflight = m.with_quantization(volume);
  const std::uint32_t grown = std::min(s.cwnd + rate.newly_delivered, kMaxWindow);
  if (m.full_bw_reached) {
    s.cwnd = std::min(grown, max_inflight);
  } else if (s.cwnd < max_inflight || rate.delivered < m.initial_cwnd) {
    s.cwnd = grown;
  }
  s.cwnd = std::max(s.cwnd, m.min_pipe_cwnd());
  if (m.state == BbrState::ProbeRtt) s.cwnd = std::min(s.cwnd, m.probe_rtt_cwnd());
  m.bound_cwnd_for_model(s);
}

// draft-ietf-ccwg-bbr §5.5.11.1: in case the loss turns out to be none. Once for an episode: a
// probe that it ends forgets the losses of the round, and the next of them is not the first.
void save_state_upon_loss(BbrModel& m, const CongestionState& s, bool in_recovery) {
  m.save_cwnd(s, in_recovery);
  if (in_recovery || m.is_undo_saved) return;
  m.is_undo_saved = true;
  m.undo_state = BbrState::Drain;
  m.undo_bw_shortterm = m.bw_shortterm;
  m.undo_inflight_shortterm = m.inflight_shortterm;
  m.undo_inflight_longterm = m.inflight_longterm;
}

void note_loss(BbrModel& m, const CongestionState& s, bool in_recovery) {
  if (!m.is_loss_in_round) {
    m.loss_round_delivered = m.delivered;
    save_state_upon_loss(m, s, in_recovery);
  }
  m.is_loss_in_round = true;
}

// draft-ietf-ccwg-bbr §5.5.10.2: at which volume in flight losses crossed 2 %: perhaps in the
// middle of a burst.
std::uint32_t inflight_at_loss(const LostSegment& lost) {
  const std::uint32_t size = lost.length();
  const std::uint32_t before = lost.tx_in_flight > size ? lost.tx_in_flight - size : 0;
  const std::uint32_t lost_before = lost.lost_since > size ? lost.lost_since - size : 0;
  const std::uint64_t allowed = std::uint64_t{before} * 2;  // in hundredths
  const std::uint64_t used = std::uint64_t{lost_before} * 100;
  if (used >= allowed) return before;
  return before + static_cast<std::uint32_t>((allowed - used) / 98);
}

}  // namespace

void RoundMax::update(std::uint32_t value, std::uint32_t round, std::uint32_t length) {
  const Slot sample{value, round};
  if (value >= slots_[0].value || round - slots_[2].round > length) {
    slots_.fill(sample);
    return;
  }
  if (value >= slots_[1].value) {
    slots_[1] = slots_[2] = sample;
  } else if (value >= slots_[2].value) {
    slots_[2] = sample;
  }
  // The best is too old: the next ones step up.
  for (int i = 0; i < 2 && round - slots_[0].round > length; ++i) {
    slots_[0] = slots_[1];
    slots_[1] = slots_[2];
    slots_[2] = sample;
  }
  // Nothing younger stands behind the best for a quarter, or half, of the time: this one does.
  if (slots_[1].round == slots_[0].round && round - slots_[0].round > length / 4) {
    slots_[1] = slots_[2] = sample;
  } else if (slots_[2].round == slots_[1].round && round - slots_[1].round > length / 2) {
    slots_[2] = sample;
  }
}

std::uint32_t BbrModel::bdp(std::uint64_t rate, std::uint32_t gain) const {
  if (min_rtt == kNoRtt) return initial_cwnd;
  return part(volume(rate, min_rtt), gain);
}

std::uint32_t BbrModel::send_quantum() const {
  const auto millisecond =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(pacing_rate / 1000, kMostQuantum));
  return std::max(millisecond, 2 * mss);
}

std::uint32_t BbrModel::with_quantization(std::uint32_t volume) const {
  // draft-ietf-ccwg-bbr §5.5.8, §5.6.4.2: three bursts: in the device, in segmentation, and
  // waiting for its ACK.
  volume = std::max({volume, 3 * send_quantum(), min_pipe_cwnd()});
  if (state == BbrState::ProbeBwUp) volume += 2 * mss;
  return std::min(volume, kMaxWindow);
}

std::uint32_t BbrModel::inflight(std::uint64_t rate, std::uint32_t gain) const {
  return with_quantization(bdp(rate, gain));
}

std::uint32_t BbrModel::inflight_with_headroom() const {
  if (inflight_longterm == kNoVolume) return kNoVolume;
  const std::uint32_t headroom = std::max(mss, part(inflight_longterm, kHeadroom));
  const std::uint32_t rest = inflight_longterm > headroom ? inflight_longterm - headroom : 0;
  return std::max(rest, min_pipe_cwnd());
}

std::uint32_t BbrModel::probe_rtt_cwnd() const {
  return std::max(bdp(bw, gains(BbrState::ProbeRtt).cwnd), min_pipe_cwnd());
}

void BbrModel::save_cwnd(const CongestionState& s, bool in_recovery) {
  const bool is_good = !in_recovery && state != BbrState::ProbeRtt;
  prior_cwnd = is_good ? s.cwnd : std::max(prior_cwnd, s.cwnd);
}

void BbrModel::restore_cwnd(CongestionState& s) const {
  s.cwnd = std::max(s.cwnd, prior_cwnd);
}

void BbrModel::bound_cwnd_for_model(CongestionState& s) const {
  std::uint32_t cap = kNoVolume;
  if (state == BbrState::ProbeRtt || state == BbrState::ProbeBwCruise) {
    cap = inflight_with_headroom();
  } else if (is_in_probe_bw()) {
    cap = inflight_longterm;
  }
  cap = std::max(std::min(cap, inflight_shortterm), min_pipe_cwnd());
  s.cwnd = std::min(s.cwnd, cap);
}

void BbrModel::set_pacing_rate(std::uint32_t gain) {
  // draft-ietf-ccwg-bbr §5.6.2: before the pipe was ever full the rate only rises.
  const std::uint64_t rate = bw * gain / 100 * kPacingMargin / 100;
  if (full_bw_reached || rate > pacing_rate) pacing_rate = rate;
}

void Bbr::start(Congestion c, std::uint32_t initial_window) const noexcept {
  c.state.cwnd = initial_window;
  c.state.ssthresh = kNoThreshold;
  c.state.acked_in_avoidance = 0;
  c.model.clear();
  c.model.as<BbrModel>().initial_cwnd = initial_window;
}

void Bbr::on_ack(Congestion c, const AckFacts& facts) const noexcept {
  BbrModel& m = c.model.as<BbrModel>();
  if (m.mss == 0) begin(m, c.state, facts);
  m.mss = facts.mss;
  m.una = facts.una;
  m.has_sack = facts.has_sack;
  m.delivered = facts.rate.delivered;
  if (!facts.in_recovery && !m.is_in_timeout) m.is_undo_saved = false;
  // draft-ietf-ccwg-bbr §5.2.3.
  update_latest_delivery_signals(m, facts.rate);
  update_congestion_signals(m, c.state, facts.rate);
  update_ack_aggregation(m, c.state, facts);
  m.check_full_bw_reached(facts);
  m.check_startup_done(facts);
  m.check_drain_done(facts);
  m.update_probe_bw_cycle_phase(c.state, facts);
  update_min_rtt(m, facts);
  m.check_probe_rtt(c.state, facts);
  advance_latest_delivery_signals(m, facts.rate);
  m.bw = std::min(m.max_bw(), m.bw_shortterm);
  if (m.bw > 0) m.set_pacing_rate(gains(m.state).pacing);
  set_cwnd(m, c.state, facts.rate);
}

void Bbr::on_segment_lost(Congestion c, const LostSegment& lost) const noexcept {
  BbrModel& m = c.model.as<BbrModel>();
  if (m.mss == 0) return;
  m.delivered = lost.delivered;
  note_loss(m, c.state, lost.in_recovery);
  if (m.loss_ranges_in_round == 0 || lost.begin != m.last_lost_end)
    m.loss_ranges_in_round =
        std::min<std::uint8_t>(static_cast<std::uint8_t>(m.loss_ranges_in_round + 1), 250);
  m.last_lost_end = lost.end;
  if (!m.is_bw_probe_sample) return;
  RateSample rate;
  rate.tx_in_flight = lost.tx_in_flight;
  rate.lost_since = lost.lost_since;
  rate.is_app_limited = lost.is_app_limited;
  if (!is_inflight_too_high(rate, lost.has_sack)) return;
  rate.tx_in_flight = inflight_at_loss(lost);
  m.handle_inflight_too_high(c.state, rate, lost.now);
}

void Bbr::on_congestion(Congestion c, const LossFacts&) const noexcept {
  // Each lost segment was told; a mark by ECN was not, and counts as a loss.
  note_loss(c.model.as<BbrModel>(), c.state, false);
}

void Bbr::on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept {
  // draft-ietf-ccwg-bbr §5.6.4.4: one segment more than nothing; recovery gives back what was.
  BbrModel& m = c.model.as<BbrModel>();
  if (first) note_loss(m, c.state, false);
  m.is_in_timeout = true;
  c.state.cwnd = facts.mss;
}

void Bbr::on_recovery_exit(Congestion c, Instant) const noexcept {
  BbrModel& m = c.model.as<BbrModel>();
  m.is_in_timeout = false;
  if (m.mss == 0) return;
  m.restore_cwnd(c.state);
  m.bound_cwnd_for_model(c.state);
}

void Bbr::on_idle(Congestion c, std::uint32_t restart_window, Instant) const noexcept {
  // draft-ietf-ccwg-bbr §5.4.2: the model still knows the path, so the window stays, and pacing
  // prevents a burst. Without a model nothing is known.
  const BbrModel* m = c.model.get<BbrModel>();
  if (m == nullptr || m->mss == 0) c.state.cwnd = std::min(c.state.cwnd, restart_window);
}

void Bbr::on_restart(Congestion c, Instant now) const noexcept {
  // draft-ietf-ccwg-bbr §5.4.1: at exactly the bandwidth; and a silence is as good as ProbeRTT.
  BbrModel& m = c.model.as<BbrModel>();
  if (m.mss == 0) return;
  m.idle_restart = true;
  m.extra_acked_interval_start = now;
  if (m.is_in_probe_bw()) {
    m.set_pacing_rate(100);
  } else if (m.state == BbrState::ProbeRtt) {
    m.check_probe_rtt_done(c.state, now);
  }
}

void Bbr::on_spurious(Congestion c, Instant) const noexcept {
  // draft-ietf-ccwg-bbr §5.5.11.2.
  BbrModel& m = c.model.as<BbrModel>();
  if (m.mss == 0) return;
  m.restore_cwnd(c.state);
  m.is_loss_in_round = false;
  m.reset_full_bw();
  m.bw_shortterm = std::max(m.bw_shortterm, m.undo_bw_shortterm);
  m.inflight_shortterm = std::max(m.inflight_shortterm, m.undo_inflight_shortterm);
  m.inflight_longterm = std::max(m.inflight_longterm, m.undo_inflight_longterm);
  if (m.undo_state == BbrState::Startup && m.state != BbrState::Startup) {
    m.full_bw_reached = false;
    if (m.state != BbrState::ProbeRtt) m.enter_startup();
  } else if (m.undo_state == BbrState::ProbeBwUp && m.state != BbrState::ProbeBwUp) {
    if (m.state != BbrState::ProbeRtt) m.start_probe_bw_refill();
  }
  m.undo_state = BbrState::Drain;
  m.is_undo_saved = m.is_in_timeout = false;
}

bool Bbr::holds_back(const CongestionModel& model) const noexcept {
  const BbrModel* m = model.get<BbrModel>();
  return m != nullptr && m->state == BbrState::ProbeRtt;
}

std::uint64_t Bbr::pacing_rate(const CongestionState&,
                               const CongestionModel& model) const noexcept {
  const BbrModel* m = model.get<BbrModel>();
  return m == nullptr ? 0 : m->pacing_rate;
}

}  // namespace glasstcp
