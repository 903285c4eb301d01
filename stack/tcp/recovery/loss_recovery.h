// Loss recovery of one connection: what is outstanding, what became of it, and how much more may
// be under way.
//
// The connection tells it what happened (a segment left, an ACK came, a timer expired) and passes
// SenderFacts; it answers with a value that says what the connection has to do: which timer to
// arm, what became of an MTU probe, what to count. It arms no timer, sends nothing, and changes no
// variable of the connection. Only here and in ../congestion are cwnd and ssthresh written.
//
// RFC 6298 (timeout), RFC 5681 and RFC 6582 (fast recovery), RFC 6675 and RFC 2018 (SACK), RFC 8985
// (RACK-TLP), RFC 9937 (PRR), RFC 5682, RFC 3522 and RFC 3708 (spurious retransmissions), RFC 7661
// (unused windows).
//
// Invariants:
//   1. A connection with anything outstanding has a FlightState. An idle connection has only the
//      members below.
//   2. The order of on_ack() matters: first everything that the ACK reports is taken in, then it is
//      asked whether an episode ended, then what is lost, then whether an episode begins; the
//      window comes last, since these steps decide whether PRR or congestion control sets it.
//
// Next: read_ack.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/slab.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/window_use.h"
#include "stack/tcp/recovery/ack_report.h"
#include "stack/tcp/recovery/flight.h"
#include "stack/tcp/recovery/loss_timers.h"
#include "stack/tcp/recovery/min_rtt.h"
#include "stack/tcp/recovery/recovery_context.h"
#include "stack/tcp/recovery/rtt_estimator.h"
#include "stack/tcp/recovery/sender_facts.h"
#include "stack/tcp/segment.h"
#include "stack/trace/reason.h"

namespace glasstcp {

/// What became of an MTU probe (RFC 8899) that was under way.
enum class MtuProbeResult : std::uint8_t {
  None,
  Lost,          ///< only the probe is lost: it was too large, which is no sign of congestion
  Inconclusive,  ///< an episode of recovery began meanwhile: nothing follows for its size
};

/// What a connection has to do after an acknowledgment, or after the reordering timer.
struct AckOutcome {
  std::optional<LossTimer> timer;   ///< to be armed; empty: the timers stay as they are
  bool restarts_timers = false;     ///< there was progress, or an episode began: all are restarted
  bool duplicate_reported = false;  ///< D-SACK
  MtuProbeResult mtu_probe = MtuProbeResult::None;
  /// bytes by which a segment that arrived only now was overtaken; 0: none was
  std::uint32_t reordered = 0;
  Duration rtt = kNoRtt;  ///< a sample, of a segment that was sent once
};

/// Data, or a SYN, that is about to leave for the first time, from snd.nxt on.
struct NewTransmission {
  SeqNum end;                 ///< with SYN and FIN
  std::uint32_t payload = 0;  ///< bytes
  bool has_syn = false;
};

/// A segment that has left again.
struct Retransmission {
  std::uint32_t entry = kNone;  ///< of the queue
  std::uint32_t length = 0;     ///< of the entry's numbers, from its first on
  SendReason reason = SendReason::RetransmitTimeout;
};

/// What RFC 6675's NextSeg() would send once more without knowing that it is lost.
struct UnreportedSegment {
  std::uint32_t entry = kNone;
  bool is_last = false;  ///< rule (4): the last segment of the flight, "rescued"
};

/// The loss recovery of one connection. 54 bytes.
class LossRecovery {
 public:
  explicit LossRecovery(const RtoBounds& bounds) : rtt_(bounds) {}

  // -- The handshake
  /// A SYN is to be sent; until it is answered one segment may be under way.
  void open(std::uint32_t mss) { window_.cwnd = mss; }
  /// RFC 6928 §2: the initial window in bytes: so many segments, but no more than 1460 bytes for
  /// each of them, or two segments, whichever is more.
  [[nodiscard]] static std::uint32_t initial_window(const ConnectionSettings& settings,
                                                    std::uint32_t mss);
  /// The handshake is complete, or data may be sent before it is: `window` bytes may be under way.
  void start(const CongestionControl& congestion, SeqNum una, std::uint32_t window);
  /// RFC 6298 §5.7: the SYN had to be repeated, and nothing was measured.
  void on_syn_retried() {
    if (!rtt_.has_sample()) rtt_.begin_anew(std::chrono::seconds(3));
  }
  /// Our SYN is acknowledged. A round-trip time, if its transmission was the only one; else kNoRtt.
  Duration on_ack_of_syn(const SenderFacts& s, const Segment& seg);
  /// An unambiguous measurement (RFC 6298 §3).
  void add_rtt_sample(RecoveryContext& context, const RtoBounds& bounds, Duration rtt, Instant now);

  // -- What arrives
  /// An acceptable ACK; snd.una has moved already, from `prior_una`.
  AckOutcome on_ack(const SenderFacts& s, const Segment& seg, SeqNum prior_una);

  // -- What leaves
  /// Something is about to leave; `owner`: see await_next_burst(). False: no memory.
  [[nodiscard]] bool acquire_flight(RecoveryContext& context, Connection* owner);
  /// Remembers what is about to leave. False: no memory, so it must not be sent.
  [[nodiscard]] bool add(const SenderFacts& s, const NewTransmission& sent);
  /// It has left, and snd.nxt has moved. `is_probe`: as a tail loss probe; `fills_window`: cwnd
  /// allows no more.
  std::optional<LossTimer> on_sent(const SenderFacts& s, const NewTransmission& sent, bool is_probe,
                                   bool fills_window);
  std::optional<LossTimer> on_syn_retransmitted(const SenderFacts& s);
  std::optional<LossTimer> on_retransmitted(const SenderFacts& s, const Retransmission& sent);
  /// The same of the last `sent.length` numbers of the flight, whatever entry they belong to.
  std::optional<LossTimer> on_tail_retransmitted(const SenderFacts& s, Retransmission sent);
  /// A zero-window probe carried the first number that is outstanding.
  void on_window_probe_sent(RecoveryContext& context, Instant now);
  /// The FIN went along with an ACK once more.
  void on_fin_repeated(RecoveryContext& context);
  /// The octet at snd.nxt, which zero-window probes carried, may be acknowledged. False: no memory.
  [[nodiscard]] bool add_probed_octet(const SenderFacts& s);
  /// draft-ietf-ccwg-bbr §4.1.2.4: cwnd would allow more, but nothing waits to be sent.
  void on_application_limited(RecoveryContext& context, const SendVariables& snd);
  /// Something waits that cwnd allows and pacing does not yet: when it does, the owner's
  /// on_burst_time() is called.
  void await_next_burst(RecoveryContext& context, Instant now);
  /// When that is; kNever: nothing waits for it.
  [[nodiscard]] Instant next_burst(const RecoveryContext& context) const {
    return flight_ == kNone ? kNever : context.flights[flight_].deadline();
  }

  // -- What time brings
  /// RFC 6298 §5.4: the retransmission timer expired, while the SYN is not acknowledged.
  void on_syn_timeout(RecoveryContext& context);
  /// The retransmission timer expired after the handshake. `is_first`: since snd.una advanced last;
  /// `reason`: of the retransmission.
  void on_timeout(const SenderFacts& s, bool is_first, SendReason reason);
  /// RFC 6298 §5.5: the timeout is doubled, where there was no memory to send a SYN.
  void back_off() { rtt_.back_off(); }
  void on_tail_probe_timer(const SenderFacts& s);
  AckOutcome on_reordering_timer(const SenderFacts& s);
  /// Nothing is outstanding, and data comes after more than a timeout (RFC 5681 §4.1).
  void restart_after_idle(const SenderFacts& s);
  /// Nothing is outstanding, and data comes `idle` after the last (RFC 7661 §4.4.3).
  void shrink_idle_window(const SenderFacts& s, Duration idle);
  /// RFC 8985 §8: which timer is to run while something is outstanding.
  [[nodiscard]] LossTimer loss_timer(const SenderFacts& s) const;

  // -- What the connection decides
  /// Whatever is outstanding is retransmitted, without being a sign of congestion: after a change
  /// of the path's MTU, or when a closed window opens. False: nothing is outstanding.
  bool retransmit_all(RecoveryContext& context, SeqNum nxt, SendReason reason);
  /// Other bounds of the timeout from now on.
  void change_rto_bounds(const RtoBounds& bounds) { rtt_.change_bounds(bounds); }
  /// Another algorithm from now on.
  void on_congestion_control_changed(RecoveryContext& context);
  /// Gives the flight state back, and forgets what is outstanding.
  void release_flight(RecoveryContext& context);

  // -- What may leave
  /// RFC 6675 §4: bytes believed to be in the network.
  [[nodiscard]] std::uint32_t pipe(const RecoveryContext& context, const SendVariables& snd) const;
  /// Bytes that cwnd still allows. `syn_in_flight`: 1 while our SYN is, and data may follow it
  /// (RFC 7413): it does not count.
  [[nodiscard]] std::uint32_t cwnd_space(const RecoveryContext& context, const SendVariables& snd,
                                         std::uint32_t syn_in_flight) const;
  /// Whether pacing may hold something back.
  [[nodiscard]] bool may_pace() const {
    return flight_ != kNone && rtt_.has_sample() && rtt_.srtt() >= kPacingLeastSrtt;
  }
  /// Bytes that pacing lets go now: nothing, or a segment and more.
  [[nodiscard]] std::uint32_t allowance(const SenderFacts& s) const;
  [[nodiscard]] Pace pace(const SenderFacts& s) const;
  /// The next retransmission does not ask cwnd: a timeout's first, or a partial ACK's.
  [[nodiscard]] bool ignores_cwnd() const { return retransmit_now_; }
  [[nodiscard]] SendReason retransmit_reason() const { return retransmit_reason_; }
  /// A tail loss probe is to leave.
  [[nodiscard]] bool owes_tail_probe(const RecoveryContext& context) const {
    return flight_ != kNone && context.flights[flight_].probe.is_due();
  }
  /// RFC 6675 §4, NextSeg's rules (3) and (4), where RACK is switched off.
  [[nodiscard]] std::optional<UnreportedSegment> next_unreported(
      const RecoveryContext& context) const;

  // -- What is known
  [[nodiscard]] const RttEstimator& rtt() const { return rtt_; }
  /// RFC 6298 §2: the retransmission timeout, with backoff.
  [[nodiscard]] Duration rto(const RtoBounds& bounds) const { return rtt_.rto(bounds); }
  [[nodiscard]] std::uint32_t cwnd() const { return window_.cwnd; }
  [[nodiscard]] std::uint32_t ssthresh() const { return window_.ssthresh; }
  [[nodiscard]] bool has_flight() const { return flight_ != kNone; }
  /// What is outstanding; empty without a flight state.
  [[nodiscard]] const RetransmissionQueue& queue(const RecoveryContext& context) const {
    static constexpr RetransmissionQueue kNothing;
    return flight_ == kNone ? kNothing : context.flights[flight_].queue;
  }
  /// The episode of recovery; Open without a flight state.
  [[nodiscard]] const RecoveryEpisode& episode(const RecoveryContext& context) const {
    static constexpr RecoveryEpisode kOpen;
    return flight_ == kNone ? kOpen : context.flights[flight_].episode;
  }
  /// RFC 8985 §6.2 step 4; zero without a flight state.
  [[nodiscard]] Duration reordering_window(const RecoveryContext& context, std::uint32_t mss) const;
  /// Bytes that were retransmitted and of which nothing was heard since. Walks the queue.
  [[nodiscard]] std::uint32_t retransmitted_bytes(const RecoveryContext& context) const;

 private:
  [[nodiscard]] FlightState* flight(RecoveryContext& context) {
    return flight_ == kNone ? nullptr : &context.flights[flight_];
  }
  [[nodiscard]] const FlightState* flight(const RecoveryContext& context) const {
    return flight_ == kNone ? nullptr : &context.flights[flight_];
  }
  [[nodiscard]] Congestion variables(FlightState& f) { return {window_, f.model}; }
  // read_ack.cc
  AckReport read_ack(const SenderFacts& s, const Segment& seg, SeqNum prior_una);
  void read_numbers(const SenderFacts& s, FlightState& f, const Segment& seg, AckReport& report);
  void on_delivered(const SenderFacts& s, FlightState& f, const SentSegment& segment, SeqNum end,
                    AckReport& report);
  void read_rtt(const SenderFacts& s, AckReport& report);
  void add_sample_by_timestamp(const SenderFacts& s, TsVal echo);
  // find_losses.cc
  void find_losses(const SenderFacts& s, FlightState& f, AckReport& report);
  void find_losses_by_duplicates(const SenderFacts& s, FlightState& f, AckReport& report);
  template <typename F>
  void find_losses_by_counting(const SenderFacts& s, FlightState& f, const AckReport& report,
                               F lose);
  void on_segment_lost(const SenderFacts& s, FlightState& f, const SentSegment& segment);
  [[nodiscard]] Duration reordering_window(const FlightState& f, std::uint32_t mss) const;
  // loss_recovery.cc
  void respond(const SenderFacts& s, FlightState& f, AckReport& report, AckOutcome& outcome);
  void end_tail_probe_episode(const SenderFacts& s, FlightState& f, const AckReport& report);
  void step_episode(const SenderFacts& s, FlightState& f, const AckReport& report);
  void step_after_timeout(const SenderFacts& s, FlightState& f, const AckReport& report);
  void exit_recovery(const SenderFacts& s, FlightState& f);
  void undo(const SenderFacts& s, FlightState& f);
  void respond_to_mark(const SenderFacts& s, FlightState& f, const AckReport& report);
  bool respond_to_losses(const SenderFacts& s, FlightState& f, const AckReport& report,
                         AckOutcome& outcome);
  bool take_mtu_probe_loss(const SenderFacts& s, FlightState& f, const AckReport& report);
  [[nodiscard]] EpisodeFacts episode_facts(const SenderFacts& s, const FlightState& f,
                                           std::uint32_t delivered) const;
  [[nodiscard]] LossFacts loss_facts(const SenderFacts& s, const FlightState& f,
                                     const AckReport& report) const;
  void update_window(const SenderFacts& s, FlightState& f, const AckReport& report,
                     bool was_reducing);
  [[nodiscard]] std::uint32_t most_per_ack(const SenderFacts& s, const AckReport& report) const;
  void on_queue_empty(const SenderFacts& s);
  // window_validation.cc
  [[nodiscard]] std::optional<std::uint32_t> unvalidated_pipe(const SenderFacts& s,
                                                              const FlightState& f) const;
  void validate_window(const SenderFacts& s, FlightState& f, const AckReport& report);
  void shrink_unused_window(const SenderFacts& s);
  void restart_from(const SenderFacts& s, std::uint32_t window);
  void end_reduction(const SenderFacts& s, FlightState& f);
  void forget_pipe_ack(FlightState& f, Instant now);
  // on_sent.cc
  DeliveryStamp stamp_departure(const SenderFacts& s, FlightState& f, std::uint32_t in_flight,
                                std::uint32_t length);
  std::optional<LossTimer> retransmitted(const SenderFacts& s, std::uint32_t entry,
                                         std::uint32_t length);
  bool note_copy(const SenderFacts& s, const Retransmission& sent);
  // loss_timers.cc
  void restart_timers(const SenderFacts& s, AckOutcome& outcome) const;
  void mark_lost_by_timeout(const SenderFacts& s, FlightState& f);
  [[nodiscard]] std::optional<LossTimer> timer_without_progress(const SenderFacts& s) const;
  [[nodiscard]] bool may_probe_tail(const SenderFacts& s) const;
  [[nodiscard]] Instant rto_after_head(const SenderFacts& s) const;
  [[nodiscard]] LossTimer tail_probe_timer(const SenderFacts& s, Instant timeout) const;
  [[nodiscard]] LossTimer retransmission_timer(const SenderFacts& s) const;

  [[no_unique_address]] RttEstimator rtt_;  // whose last bytes the next members may use
  SendReason retransmit_reason_ = SendReason::RetransmitTimeout;
  bool retransmit_now_ : 1 = false;   // a timeout's first segment does not ask cwnd
  bool reordering_seen_ : 1 = false;  // while there is no FlightState
  CongestionState window_;
  WindowUse window_use_;
  RttMinimum min_rtt_;
  std::uint32_t flight_ = kNone;
};

}  // namespace glasstcp
