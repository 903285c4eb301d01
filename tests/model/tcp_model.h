// A second TCP for comparison: SEGMENT ARRIVES of RFC 9293 §3.10.7 as the RFC tells it, step by
// step, over plain integers.
//
// Slow and obvious on purpose. It shares nothing with stack/: its own comparison of numbers, its
// own states, its own idea of text (octet by octet; an octet is known by its number). Where the
// stack deliberately does something else than the letter, Choices has a switch with the reason;
// switched off, the model does what the RFC says there.
//
// Invariants:
//   1. One call, one segment: what is due leaves afterwards, in one ACK (RFC 9293 §3.10.7.4
//   MUST-58).
//
// Leaves out: time (every timer), congestion, and segments larger than what one may send at once.
//
// Next: tcp_model.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace glasstcp::model {

using Number = std::uint32_t;  ///< a sequence number, or a distance between two

/// RFC 9293 §3.3.2.
enum class Stage {
  Closed,
  Listen,
  SynSent,
  SynReceived,
  Established,
  FinWait1,
  FinWait2,
  CloseWait,
  Closing,
  LastAck,
  TimeWait
};

/// A segment that arrives. `window` is scaled already.
struct Arriving {
  Number seq = 0, ack = 0, window = 0;
  Number urgent = 0;  ///< the pointer's field
  bool has_syn = false, has_ack = false, has_rst = false, has_fin = false, has_urg = false,
       has_psh = false;
  Number text = 0;  ///< octets
  std::optional<Number> timestamp;

  [[nodiscard]] Number length() const { return text + (has_syn ? 1 : 0) + (has_fin ? 1 : 0); }
};

/// A segment that leaves.
struct Leaving {
  bool has_syn = false, has_ack = false, has_rst = false, has_fin = false;
  Number seq = 0, ack = 0, window = 0, text = 0;
  std::optional<Number> echo;
};

/// What became of the segment: at which step it ended.
enum class Fate {
  NoConnection,  ///< CLOSED, answered with a reset
  ResetForNobody,
  AckWhileListening,
  NothingForListener,
  SynTaken,
  SynAgain,
  OldTimestamp,
  NoTimestamp,
  OpeningBadAck,  ///< SYN-SENT
  OpeningBadReset,
  OpeningNothing,
  Unacceptable,
  ResetOutside,
  ResetChallenged,
  ResetTaken,
  SynChallenged,
  NoAck,
  BadHandshakeAck,  ///< SYN-RECEIVED
  AckTooOld,
  AckOfUnsent,
  Taken,       ///< it went through all steps (or ended the connection regularly)
  TakenEarly,  ///< the same, and its text waits behind a gap
  TakenAsOld,  ///< the same, but there was no text in it that counts
  Completed,   ///< it made a half-open connection whole
  AfterClose,  ///< text for an application that is gone
  OldInTimeWait,
  ResetInTimeWait,
  NewAfterTimeWait,
};

/// Everything that followed from one segment.
struct Result {
  Fate fate = Fate::Taken;
  std::vector<Leaving> leaving;
  bool ack_may_wait = false;  ///< the ACK that leaves may also be delayed (§3.8.6.3)
  bool told_connected = false, told_closing = false, told_urgent = false, told_reset = false,
       told_refused = false;
  bool time_wait_restarted = false;
};

/// Where the stack does not do what the letter says, and why. Off: the letter.
struct Choices {
  /// RFC 5961: blind attackers get challenges and not resets (RFC 9293 leaves the choice).
  bool blind_attack_defence = true;
  /// RFC 9293 §3.10.7.2 queues text on a SYN that a listener hears; we let it come again: who sends
  /// it is not known yet.
  bool text_on_a_syn_is_dropped = true;
  /// RFC 9293 has no rule against a FIN beside a SYN; a listener drops it, as Linux does, and it
  /// takes over no TIME-WAIT.
  bool listener_drops_syn_with_fin = true;
  /// A SYN that comes again, when the first SYN-ACK was lost, needs a SYN-ACK; §3.10.7.4 would send
  /// an ACK and leave the rest to the timer.
  bool syn_again_draws_syn_ack = true;
  /// A SYN inside the window of a half-open connection is challenged as in every other state:
  /// returning to LISTEN would let a blind attacker end handshakes.
  bool half_open_outlives_a_syn = true;
  /// RFC 9293 Figure 8 wants the SYN-ACK of a simultaneous open to complete it; by the letter of
  /// §3.10.7.4 its SYN lies before the window, so it must be trimmed first.
  bool crossed_syn_is_trimmed = true;
  /// SYN-RECEIVED answers every wrong ACK with a reset, as §3.10.7.4 says there; RFC 5961's range
  /// (which would come first) has no largest window to reckon with yet.
  bool handshake_resets_before_range = true;
  /// A segment too old to set the window, whose ACK is new: the right edge stays (RFC 7323 §2.4);
  /// by the letter SND.WND stays, and with SND.UNA the edge would move.
  bool edge_stays_without_update = true;
  /// A stream has one FIN. By the letter, one more in the window would be counted again.
  bool only_one_fin = true;
  /// Text beyond a FIN that came early is not taken, since a FIN ends the stream. By the letter the
  /// text is processed first, in the order of the numbers, and the FIN is old then.
  bool early_fin_ends_text = true;
  /// What arrives for an application that is gone resets the connection (§3.6.1 SHLD-3).
  bool text_after_close_resets = true;
  /// TIME-WAIT: a reset does not end it (RFC 1337), a SYN is judged by RFC 6191 and challenged if
  /// it is no new one, the FIN that comes again restarts it although it stands before the window,
  /// and whatever else is not exactly at RCV.NXT is answered (without ACK only what stands before
  /// it): the record keeps no window, since the peer's stream has ended.
  bool time_wait_is_a_record = true;
  /// RFC 6191 §2 drops a SYN that may not take over TIME-WAIT without a word; we challenge it.
  bool time_wait_answers_a_syn = true;
  /// RFC 7323 §5.3 takes a timestamp once the number is acceptable; we wait until the ACK is, too,
  /// or a blind attacker could make PAWS reject the peer.
  bool timestamp_waits_for_ack = true;
  /// RFC 7323 §3.2 drops what lacks the option; we judge it by its numbers alone.
  bool missing_timestamp_is_taken = true;
  /// RFC 7323 §5.3 looks at timestamps before RFC 5961 challenges a SYN; we challenge it first, so
  /// that one without the option (from another host behind the same address) has an answer.
  bool syn_is_challenged_before_timestamps = true;
  /// RFC 5961 §3.2 wants exactly RCV.NXT; behind the peer's FIN the FIN's own number resets, too.
  bool reset_may_repeat_fin = true;
  /// RFC 9293 Appendix A.2: an empty segment at the right edge of an open window is acceptable,
  /// too, unless it is a reset.
  bool right_edge_is_acceptable = true;
  /// The same: the ACK of a segment that begins one number before the window is processed, although
  /// the segment is not acceptable.
  bool ack_just_before_counts = true;
};

/// RFC 9293 §3.3.1, and what the queues hold.
struct Tcb {
  Stage stage = Stage::Closed;
  bool is_passive = false;
  bool is_orphan = false;  ///< the application has left
  Number iss = 0, snd_una = 0, snd_nxt = 0, snd_wnd = 0, snd_wl1 = 0, snd_wl2 = 0;
  Number largest_window = 0;  ///< MAX.SND.WND of RFC 5961
  Number unsent = 0;          ///< octets that the application gave and the window keeps back
  bool has_sent_fin = false;  ///< it is the last number before SND.NXT
  Number irs = 0, rcv_nxt = 0, rcv_wnd = 0, rcv_up = 0;
  Number buffer = 0;                   ///< octets offered when the connection opens
  Number consumed = 0;                 ///< the application has read up to this number
  std::set<Number> held;               ///< octets behind a gap
  std::optional<Number> fin;           ///< where a FIN stands that came early
  bool has_fin = false;                ///< the peer's FIN was taken
  std::optional<Number> early_urgent;  ///< a crossing SYN's urgent end, until ESTABLISHED
  bool uses_timestamps = false;
  Number ts_recent = 0, last_ack_sent = 0;

  [[nodiscard]] Number edge() const { return rcv_nxt + rcv_wnd; }
};

/// One end of one connection.
class Model {
 public:
  explicit Model(Choices choices, Number buffer, Number iss) : choices_(choices) {
    tcb.buffer = buffer;
    tcb.iss = iss;
  }

  /// User calls (§3.10.1-§3.10.4), each with what leaves at once.
  void listen() { tcb.stage = Stage::Listen; }
  Result open();
  Result send(Number octets);
  Result close();
  Result leave();

  /// §3.10.7.
  Result segment_arrives(const Arriving& seg);

  Tcb tcb;
  bool is_listened_to = false;  ///< somebody listens on the port, so a SYN may follow TIME-WAIT

 private:
  // A step answers whether the next one sees the segment.
  void closed(const Arriving& seg);
  void listening(const Arriving& seg);
  void syn_sent(const Arriving& seg);
  void other_states(Arriving seg);
  void time_wait(const Arriving& seg);
  bool is_acceptable(const Arriving& seg) const;
  bool is_reset_of_fin(const Arriving& seg) const;
  bool timestamps(const Arriving& seg);
  bool first_sequence_number(Arriving& seg);
  bool second_reset(const Arriving& seg);
  bool fourth_syn(const Arriving& seg);
  bool fifth_ack(const Arriving& seg);
  bool handshake_ack(const Arriving& seg);
  bool range_of_ack(const Arriving& seg);
  void advance_una(const Arriving& seg);
  bool fin_acknowledged();
  void take_timestamp(const Arriving& seg);
  void sixth_urgent(const Arriving& seg);
  void seventh_text(const Arriving& seg);
  void eighth_fin(const Arriving& seg);
  void deliver();
  void take_fin();
  void take_syn(const Arriving& seg);
  void reset_for(const Arriving& seg);
  bool end(Fate fate);
  void owe_ack(bool may_wait = false);
  [[nodiscard]] bool is_beyond_window() const;
  void let_leave();

  Choices choices_;
  Result result_;
  bool owes_syn_ack_ = false, owes_ack_ = false, owes_ack_now_ = false;
};

}  // namespace glasstcp::model
