// What BBR believes of the path and where it is in its cycle: one connection's record.
//
// draft-ietf-ccwg-bbr §2 and §5; the names of variables and steps are the draft's. Rates are in
// bytes per second, volumes in bytes, gains in per cent, all integers: the same run gives the same
// windows on every machine.
//
// Two time scales. Long-term: max_bw (the most that was delivered in this or the last probing
// cycle) and inflight_longterm (what the path held without much loss). Short-term: bw_shortterm and
// inflight_shortterm, which losses lower round by round, and which are forgotten before the next
// probe.
//
// Next: bbr.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/tcp/congestion/congestion_control.h"

namespace glasstcp {

/// Where BBR is (draft §5.1.1).
enum class BbrState : std::uint8_t {
  Startup,        ///< doubling the rate each round trip
  Drain,          ///< emptying the queue that Startup built
  ProbeBwDown,    ///< sending a little less than the path carries
  ProbeBwCruise,  ///< as much as it carries
  ProbeBwRefill,  ///< filling the pipe before the probe
  ProbeBwUp,      ///< more, to see whether it carries that
  ProbeRtt,       ///< half a pipe, to see the path without a queue
};

/// What the ACKs that come now tell about (draft §2.14).
enum class BbrAckPhase : std::uint8_t {
  Init,
  Refilling,
  ProbeStarting,
  ProbeFeedback,
  ProbeStopping
};

/// The most of the values of the last rounds: three best, each with the round it is from.
class RoundMax {
 public:
  [[nodiscard]] std::uint32_t best() const { return slots_[0].value; }
  /// `value` was seen in round `round`; what is older than `length` rounds is forgotten.
  void update(std::uint32_t value, std::uint32_t round, std::uint32_t length);

 private:
  struct Slot {
    std::uint32_t value = 0;
    std::uint32_t round = 0;
  };
  std::array<Slot, 3> slots_;  // best first; each later one is from a later round
};

/// Rates and volumes without a limit.
inline constexpr std::uint64_t kNoRate = ~std::uint64_t{0};
inline constexpr std::uint32_t kNoVolume = ~std::uint32_t{0};

/// The record.
struct BbrModel {
  static constexpr std::uint8_t kTag = 3;

  // Rates.
  std::array<std::uint64_t, 2> max_bw_filter{};  ///< of this cycle and of the one before
  std::uint64_t bw_shortterm = kNoRate;
  std::uint64_t bw_latest = 0;  ///< the most in this round trip
  std::uint64_t bw = 0;         ///< min(max_bw, bw_shortterm)
  std::uint64_t full_bw = 0;    ///< the rate that growth is measured against
  std::uint64_t pacing_rate = 0;
  std::uint64_t undo_bw_shortterm = kNoRate;
  // Bytes delivered, all in all.
  std::uint64_t delivered = 0;
  std::uint64_t next_round_delivered = 0;  ///< what leaves after that much ends the round
  std::uint64_t loss_round_delivered = 0;
  // Times.
  Duration min_rtt = kNoRtt;
  Duration probe_rtt_min_delay = kNoRtt;
  Instant min_rtt_stamp{};
  Instant probe_rtt_min_stamp{};
  Instant probe_rtt_done_stamp = kNever;  ///< kNever: the pipe is not yet half empty
  Instant extra_acked_interval_start{};
  Instant cycle_stamp{};
  std::uint32_t bw_probe_wait_ms = 0;
  // Volumes.
  RoundMax extra_acked;
  std::uint32_t extra_acked_delivered = 0;
  std::uint32_t inflight_longterm = kNoVolume;
  std::uint32_t inflight_shortterm = kNoVolume;
  std::uint32_t inflight_latest = 0;
  std::uint32_t undo_inflight_longterm = kNoVolume;
  std::uint32_t undo_inflight_shortterm = kNoVolume;
  std::uint32_t probe_up_acked_per_inc = kNoVolume;
  std::uint32_t bw_probe_up_acked = 0;
  std::uint32_t prior_cwnd = 0;
  std::uint32_t initial_cwnd = 0;
  std::uint32_t mss = 0;  ///< 0: no ACK was seen yet
  // Rounds.
  std::uint32_t round_count = 0;
  std::uint32_t rounds_since_probe_up = 0;
  std::uint32_t drain_start_round = 0;
  SeqNum last_lost_end;  ///< where the last lost range ends
  SeqNum una;            ///< differs from flow to flow: the random choices are drawn from it
  std::uint8_t bw_probe_up_rounds = 0;
  std::uint8_t full_bw_count = 0;
  std::uint8_t loss_ranges_in_round = 0;
  std::uint8_t cycle = 0;  ///< index of this cycle's slot in max_bw_filter

  BbrState state = BbrState::Startup;
  BbrState undo_state = BbrState::Drain;  ///< Startup or ProbeBwUp; anything else: none
  BbrAckPhase ack_phase = BbrAckPhase::Init;
  bool round_start : 1 = false;
  bool loss_round_start : 1 = false;
  bool is_loss_in_round : 1 = false;
  bool full_bw_reached : 1 = false;
  bool full_bw_now : 1 = false;
  bool is_bw_probe_sample : 1 = false;
  bool prev_probe_too_high : 1 = false;
  bool prev_probe_precautionary : 1 = false;
  bool idle_restart : 1 = false;
  bool probe_rtt_round_done : 1 = false;
  bool probe_rtt_expired : 1 = false;
  bool has_sack : 1 = false;
  bool is_in_timeout : 1 = false;  ///< what a timeout lost is being repaired
  bool is_undo_saved : 1 = false;  ///< of the episode that is going on

  [[nodiscard]] std::uint64_t max_bw() const {
    return max_bw_filter[0] > max_bw_filter[1] ? max_bw_filter[0] : max_bw_filter[1];
  }
  [[nodiscard]] bool is_in_probe_bw() const {
    return state >= BbrState::ProbeBwDown && state <= BbrState::ProbeBwUp;
  }
  [[nodiscard]] bool is_probing_bw() const {
    return state == BbrState::Startup || state == BbrState::ProbeBwRefill ||
           state == BbrState::ProbeBwUp;
  }
  /// The least window that keeps a path busy whose peer acknowledges every second segment.
  [[nodiscard]] std::uint32_t min_pipe_cwnd() const { return 4 * mss; }

  // -- Volumes (bbr.cc)
  /// The bandwidth-delay product at `rate` times `gain` per cent.
  [[nodiscard]] std::uint32_t bdp(std::uint64_t rate, std::uint32_t gain) const;
  /// What must be in flight for that, whole bursts and a least window considered.
  [[nodiscard]] std::uint32_t inflight(std::uint64_t rate, std::uint32_t gain) const;
  [[nodiscard]] std::uint32_t with_quantization(std::uint32_t volume) const;
  [[nodiscard]] std::uint32_t inflight_with_headroom() const;
  [[nodiscard]] std::uint32_t probe_rtt_cwnd() const;
  [[nodiscard]] std::uint32_t send_quantum() const;
  void save_cwnd(const CongestionState& s, bool in_recovery);
  void restore_cwnd(CongestionState& s) const;
  void bound_cwnd_for_model(CongestionState& s) const;
  void set_pacing_rate(std::uint32_t gain);

  // -- The state machine (bbr_states.cc)
  void enter_startup() { state = BbrState::Startup; }
  void enter_drain();
  void start_probe_bw_down(Instant now);
  void start_probe_bw_refill();
  void start_probe_bw_up(const CongestionState& s, const AckFacts& facts);
  void exit_probe_rtt(Instant now);
  void check_full_bw_reached(const AckFacts& facts);
  void check_startup_done(const AckFacts& facts);
  void check_drain_done(const AckFacts& facts);
  void update_probe_bw_cycle_phase(const CongestionState& s, const AckFacts& facts);
  void check_probe_rtt(CongestionState& s, const AckFacts& facts);
  void check_probe_rtt_done(CongestionState& s, Instant now);
  void handle_inflight_too_high(const CongestionState& s, const RateSample& rate, Instant now);
  void reset_full_bw();
  void reset_short_term_model();
  void reset_congestion_signals();
  void start_round() { next_round_delivered = delivered; }

 private:
  void handle_queue_too_high_in_startup();
  bool adapt_long_term_model(const CongestionState& s, const AckFacts& facts);
  bool is_time_to_probe_bw(const CongestionState& s, Instant now);
  [[nodiscard]] bool is_time_to_cruise(const AckFacts& facts) const;
  bool is_time_to_go_down(const CongestionState& s, const AckFacts& facts);
  void raise_inflight_longterm_slope(const CongestionState& s);
  void probe_inflight_longterm_upward(const CongestionState& s, const AckFacts& facts);
  void handle_probe_rtt(CongestionState& s, const AckFacts& facts);
  void pick_probe_wait();
};
static_assert(sizeof(BbrModel) <= CongestionModel::kRoom);

/// Loss of more than 2 % of what was in flight (any loss at all, where SACK does not count them).
[[nodiscard]] bool is_inflight_too_high(const RateSample& rate, bool has_sack);

}  // namespace glasstcp
