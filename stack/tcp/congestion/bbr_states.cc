// BBR's state machine: when to accelerate, cruise and slow down (draft-ietf-ccwg-bbr §5.3). See
// bbr_model.h.
#include <algorithm>

#include "stack/tcp/congestion/bbr_model.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kBeta = 70;            // per cent
constexpr std::uint32_t kMostRenoRounds = 63;  // T_reno_bound
constexpr std::uint8_t kStartupFullLossCount = 6;
constexpr Duration kProbeRttDuration = 200ms;

std::uint32_t part(std::uint32_t volume, std::uint32_t per_cent) {
  return static_cast<std::uint32_t>(std::uint64_t{volume} * per_cent / 100);
}

std::uint32_t capped(std::uint64_t volume) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(volume, kMaxWindow));
}

// Scrambles the flow's own numbers: chance that can be had again.
std::uint64_t scrambled(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

bool is_inflight_too_high(const RateSample& rate, bool has_sack) {
  // draft-ietf-ccwg-bbr §5.5.10.2: 2 % is what probing may cost.
  if (!has_sack && rate.lost_since > 0) return true;
  return std::uint64_t{rate.lost_since} * 100 > std::uint64_t{rate.tx_in_flight} * 2;
}

void BbrModel::reset_full_bw() {
  full_bw = 0;
  full_bw_count = 0;
  full_bw_now = false;
}

void BbrModel::reset_short_term_model() {
  bw_shortterm = kNoRate;
  inflight_shortterm = kNoVolume;
}

void BbrModel::reset_congestion_signals() {
  is_loss_in_round = false;
  bw_latest = 0;
  inflight_latest = 0;
}

void BbrModel::enter_drain() {
  state = BbrState::Drain;
  drain_start_round = round_count;
}

void BbrModel::check_full_bw_reached(const AckFacts& facts) {
  // draft-ietf-ccwg-bbr §5.3.1.2: three rounds in which the rate grew by less than a
  // quarter.
  if (full_bw_now || !round_start || facts.rate.is_app_limited || !facts.rate.is_valid()) return;
  const std::uint64_t rate = facts.rate.bytes_per_second();
  if (rate >= full_bw + full_bw / 4) {
    reset_full_bw();
    full_bw = rate;
    return;
  }
  ++full_bw_count;
  full_bw_now = full_bw_count >= 3;
  if (full_bw_now) full_bw_reached = true;
}

void BbrModel::handle_queue_too_high_in_startup() {
  undo_state = BbrState::Startup;
  full_bw_reached = true;
  inflight_longterm = std::max(bdp(bw, 100), inflight_latest);
}

void BbrModel::check_startup_done(const AckFacts& facts) {
  if (state != BbrState::Startup) return;
  // draft-ietf-ccwg-bbr §5.3.1.3: a round trip of recovery with much loss in many places; or
  // any loss, where only one can be seen.
  const bool lost_much = has_sack ? loss_round_start && facts.in_recovery &&
                                        loss_ranges_in_round >= kStartupFullLossCount &&
                                        is_inflight_too_high(facts.rate, has_sack)
                                  : facts.in_recovery;
  if (!full_bw_reached && lost_much) handle_queue_too_high_in_startup();
  if (loss_round_start) loss_ranges_in_round = 0;
  if (full_bw_reached) enter_drain();
}

void BbrModel::check_drain_done(const AckFacts& facts) {
  if (state != BbrState::Drain) return;
  // draft-ietf-ccwg-bbr §5.3.2: the queue is gone, or the bandwidth was overestimated.
  if (facts.in_flight <= inflight(bw, 100) || round_count > drain_start_round + 3)
    start_probe_bw_down(facts.now);
}

void BbrModel::pick_probe_wait() {
  // draft-ietf-ccwg-bbr §5.3.3.8: two to three seconds, and a round more or less, so that
  // flows do not probe in step.
  const std::uint64_t chance =
      scrambled((std::uint64_t{una.raw()} << 32) ^ delivered ^ round_count);
  rounds_since_probe_up = static_cast<std::uint32_t>(chance & 1);
  bw_probe_wait_ms = static_cast<std::uint32_t>(2000 + (chance >> 1) % 1000);
}

void BbrModel::start_probe_bw_down(Instant now) {
  reset_congestion_signals();
  probe_up_acked_per_inc = kNoVolume;
  pick_probe_wait();
  cycle_stamp = now;
  ack_phase = BbrAckPhase::ProbeStopping;
  start_round();
  state = BbrState::ProbeBwDown;
}

void BbrModel::start_probe_bw_refill() {
  reset_short_term_model();
  bw_probe_up_rounds = 0;
  bw_probe_up_acked = 0;
  prev_probe_precautionary = false;
  ack_phase = BbrAckPhase::Refilling;
  start_round();
  state = BbrState::ProbeBwRefill;
}

void BbrModel::start_probe_bw_up(const CongestionState& s, const AckFacts& facts) {
  ack_phase = BbrAckPhase::ProbeStarting;
  start_round();
  reset_full_bw();
  full_bw = facts.rate.bytes_per_second();
  state = BbrState::ProbeBwUp;
  raise_inflight_longterm_slope(s);
}

void BbrModel::update_probe_bw_cycle_phase(const CongestionState& s, const AckFacts& facts) {
  if (!full_bw_reached || adapt_long_term_model(s, facts)) return;
  switch (state) {
    case BbrState::ProbeBwDown:
      // draft-ietf-ccwg-bbr §5.3.3.1: down until there is headroom and no queue.
      if (!is_time_to_probe_bw(s, facts.now) && is_time_to_cruise(facts))
        state = BbrState::ProbeBwCruise;
      return;
    case BbrState::ProbeBwCruise:
      (void)is_time_to_probe_bw(s, facts.now);
      return;
    case BbrState::ProbeBwRefill:
      // draft-ietf-ccwg-bbr §5.3.3.3: after one round trip the pipe is full.
      if (!round_start) return;
      is_bw_probe_sample = true;
      return start_probe_bw_up(s, facts);
    case BbrState::ProbeBwUp:
      if (!is_time_to_go_down(s, facts)) return;
      prev_probe_too_high = false;
      return start_probe_bw_down(facts.now);
    default:
      return;
  }
}

bool BbrModel::is_time_to_probe_bw(const CongestionState& s, Instant now) {
  // draft-ietf-ccwg-bbr §5.3.3.8: after the wait, or after as many rounds as Reno would need
  // to grow back what a probe may cost it.
  const std::uint32_t reno_rounds = std::min(bdp(bw, 100), s.cwnd) / mss;
  const bool is_due = now > cycle_stamp + std::chrono::milliseconds(bw_probe_wait_ms) ||
                      rounds_since_probe_up >= std::min(reno_rounds, kMostRenoRounds);
  if (is_due) start_probe_bw_refill();
  return is_due;
}

bool BbrModel::is_time_to_cruise(const AckFacts& facts) const {
  return facts.in_flight <= inflight_with_headroom() && facts.in_flight <= inflight(max_bw(), 100);
}

bool BbrModel::is_time_to_go_down(const CongestionState& s, const AckFacts& facts) {
  // draft-ietf-ccwg-bbr §5.3.3.6: the last probe lost too much: touch that level and go.
  if (prev_probe_too_high && facts.in_flight >= inflight_longterm) {
    prev_probe_precautionary = true;
    return true;
  }
  if (facts.window_was_limit && s.cwnd >= inflight_longterm) {
    // It is our own bound that holds the rate, so a plateau of the rate means nothing.
    reset_full_bw();
    full_bw = facts.rate.bytes_per_second();
    return false;
  }
  return full_bw_now;
}

void BbrModel::raise_inflight_longterm_slope(const CongestionState& s) {
  const std::uint32_t growth = 1U << bw_probe_up_rounds;
  bw_probe_up_rounds =
      std::min<std::uint8_t>(static_cast<std::uint8_t>(bw_probe_up_rounds + 1), 30);
  probe_up_acked_per_inc = std::max(s.cwnd / growth, mss);
}

void BbrModel::probe_inflight_longterm_upward(const CongestionState& s, const AckFacts& facts) {
  // draft-ietf-ccwg-bbr §5.3.3.5: by 1, 2, 4, 8... segments, spread over each round trip.
  if (!facts.window_was_limit || s.cwnd < inflight_longterm) return;
  bw_probe_up_acked += facts.rate.newly_delivered;
  if (bw_probe_up_acked >= probe_up_acked_per_inc) {
    const std::uint32_t delta = bw_probe_up_acked / probe_up_acked_per_inc;
    bw_probe_up_acked -= delta * probe_up_acked_per_inc;
    inflight_longterm = capped(inflight_longterm + std::uint64_t{delta} * mss);
  }
  if (round_start) raise_inflight_longterm_slope(s);
}

// True: the next state is decided.
bool BbrModel::adapt_long_term_model(const CongestionState& s, const AckFacts& facts) {
  if (ack_phase == BbrAckPhase::ProbeStarting && round_start)
    ack_phase = BbrAckPhase::ProbeFeedback;
  if (ack_phase == BbrAckPhase::ProbeStopping && round_start) {
    is_bw_probe_sample = false;
    ack_phase = BbrAckPhase::Init;
    // draft-ietf-ccwg-bbr §5.5.6: the cycle is over: the rates of the one before are
    // forgotten.
    if (is_in_probe_bw() && !facts.rate.is_app_limited) {
      cycle ^= 1;
      max_bw_filter[cycle] = 0;
    }
    if (is_in_probe_bw() && prev_probe_precautionary && !prev_probe_too_high) {
      start_probe_bw_refill();
      return true;
    }
  }
  if (is_inflight_too_high(facts.rate, has_sack) || inflight_longterm == kNoVolume) return false;
  inflight_longterm = std::max(inflight_longterm, facts.rate.tx_in_flight);
  if (state == BbrState::ProbeBwUp) probe_inflight_longterm_upward(s, facts);
  return false;
}

void BbrModel::handle_inflight_too_high(const CongestionState& s, const RateSample& rate,
                                        Instant now) {
  // draft-ietf-ccwg-bbr §5.5.10.2: once for each probe; never below 0.7 of the target, as
  // CUBIC.
  prev_probe_too_high = true;
  is_bw_probe_sample = false;
  if (!rate.is_app_limited)
    inflight_longterm = std::max(rate.tx_in_flight, part(std::min(bdp(bw, 100), s.cwnd), kBeta));
  if (state != BbrState::ProbeBwUp) return;
  undo_state = BbrState::ProbeBwUp;
  start_probe_bw_down(now);
}

void BbrModel::check_probe_rtt(CongestionState& s, const AckFacts& facts) {
  // draft-ietf-ccwg-bbr §5.3.4.3: no lower delay for five seconds, and no silence that would
  // have emptied the queue.
  if (state != BbrState::ProbeRtt && probe_rtt_expired && !idle_restart) {
    save_cwnd(s, facts.in_recovery);
    state = BbrState::ProbeRtt;
    probe_rtt_done_stamp = kNever;
    ack_phase = BbrAckPhase::ProbeStopping;
    start_round();
  }
  if (state == BbrState::ProbeRtt) handle_probe_rtt(s, facts);
  if (facts.rate.newly_delivered > 0) idle_restart = false;
}

void BbrModel::handle_probe_rtt(CongestionState& s, const AckFacts& facts) {
  if (probe_rtt_done_stamp == kNever) {
    if (facts.in_flight > probe_rtt_cwnd()) return;
    probe_rtt_done_stamp = facts.now + kProbeRttDuration;
    probe_rtt_round_done = false;
    start_round();
    return;
  }
  if (round_start) probe_rtt_round_done = true;
  if (probe_rtt_round_done) check_probe_rtt_done(s, facts.now);
}

void BbrModel::check_probe_rtt_done(CongestionState& s, Instant now) {
  if (probe_rtt_done_stamp == kNever || now <= probe_rtt_done_stamp) return;
  probe_rtt_min_stamp = now;
  restore_cwnd(s);
  exit_probe_rtt(now);
}

void BbrModel::exit_probe_rtt(Instant now) {
  reset_short_term_model();
  if (!full_bw_reached) return enter_startup();
  // draft-ietf-ccwg-bbr §5.3.4.4: the clock of the cycle begins anew; the queue is gone already.
  start_probe_bw_down(now);
  state = BbrState::ProbeBwCruise;
}

}  // namespace glasstcp
