// A connection: the transmission control block of RFC 9293 §3.3.1, and what the RFC lets happen to
// it.
//
// What it receives is the business of its Receiver (../receive/receiver.h); what is outstanding,
// and how much may be, that of its LossRecovery (../recovery/loss_recovery.h); how large a segment
// may be that of its SegmentSize (../send/segment_size.h); ECN's marks those of its Ecn
// (../ecn/ecn.h). The rest is one class, whose work is in files by topic, each read beside one
// section of the RFC:
//   segment_arrives.cc (§3.10.7), process_ack.cc (its fifth check), next_segment.cc (what is next,
//   and why), transmit.cc (doing it), user_calls.cc (§3.10.2-5), status.cc (§3.10.6), timers.cc
//   (§3.10.8), path_mtu.cc (RFC 4821), fast_open.cc (RFC 7413), user_timeout.cc (RFC 5482),
//   settings.cc
//
// Invariants (checked by check_invariants):
//   1. snd.una <= snd.nxt, and the retransmission queue tiles [snd.una, snd.nxt) exactly.
//   2. The Receiver's invariants.
//   3. state_ changes in enter() only, along an arrow of Figure 5.
//   4. One of the loss timers (retransmission, tail loss probe, reordering) runs iff something is
//      outstanding and the peer's window is open; the persist timer iff something waits and the
//      window is closed; the override timer only if nothing is outstanding and the window is open.
//
// Leaves out: passive opens before they are complete (half_open.h) and TIME-WAIT (time_wait.h):
// they have other lifetimes.
//
// Next: segment_arrives.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>

#include "stack/base/intrusive_list.h"
#include "stack/base/tcp_state.h"
#include "stack/tcp/connection/challenge_limit.h"
#include "stack/tcp/connection/connection_extras.h"
#include "stack/tcp/connection/connection_report.h"
#include "stack/tcp/connection/keep_alive.h"
#include "stack/tcp/connection/persist.h"
#include "stack/tcp/connection/stack_context.h"
#include "stack/tcp/connection/time_wait_facts.h"
#include "stack/tcp/connection/timer_table.h"
#include "stack/tcp/ecn/ecn.h"
#include "stack/tcp/handshake/agreement.h"
#include "stack/tcp/receive/receiver.h"
#include "stack/tcp/recovery/loss_recovery.h"
#include "stack/tcp/segment.h"
#include "stack/tcp/send/segment_size.h"
#include "stack/tcp/send/send_buffer_limit.h"
#include "stack/tcp/send/send_decision.h"
#include "stack/tcp/timestamps.h"
#include "stack/tcp/variables.h"

namespace glasstcp {

/// A verdict ends the processing of a segment; empty lets the next check see it.
using Check = std::optional<Verdict>;

/// One connection.
class Connection : public ListHook<ReadyTag>, public ListHook<EventTag>, public TimerNode {
 public:
  /// An active open, in SYN-SENT after open(); `buffer` was reserved from the budget and is
  /// returned by the destructor.
  Connection(TcpContext& context, const FourTuple& tuple, std::uint64_t hash, std::uint32_t buffer,
             Instant now);
  /// A passive open in SYN-RECEIVED whose SYN-ACK was sent: the next segment completes it.
  Connection(TcpContext& context, const Agreement& agreement, Instant now);
  ~Connection();
  /// Says under which name it is known. Once, right after construction.
  void set_id(ConnectionId id) { id_ = id; }

  // -- Opening
  /// What its listener has chosen for it, before anything is sent.
  void inherit(const ConnectionSettings& settings, Instant now) {
    apply_settings(settings, now);
    set_traffic_class(settings.traffic_class);
  }
  /// An active open that may put data into its SYN; before open().
  void use_fast_open(FastOpenUse use, Instant now);
  /// A passive open, made by a SYN with a good cookie: takes its data, and may send before the
  /// handshake ends. False: no memory for it, nothing was changed.
  bool begin_fast_open(const Segment& syn, const FastOpenPassive& how, Instant now);
  /// RFC 9293 §3.10.1: an active open begins.
  void open(Instant now);
  /// Handed to the application: events flow from here on.
  void accepted();

  // -- What arrives
  Verdict segment_arrives(const Segment& seg, Instant now);
  Verdict icmp_arrives(const IcmpSignal& signal, Instant now);
  void on_timer(Instant now);
  /// It is time for the next burst.
  void on_burst_time() { wants_output(); }

  // -- What leaves
  /// What is the next segment, and why? Looks, does not touch.
  [[nodiscard]] std::optional<SendDecision> next(Instant now) const;
  /// Does it: fills `out` and moves the variables. False: no memory to remember it by; nothing was
  /// changed.
  bool commit(const SendDecision& decision, Instant now, OutPacket& out);
  /// next() was empty (or commit() had no memory): sees to it that what waits is tried again.
  void on_nothing_to_send(Instant now);
  void on_no_memory(Instant now);

  // -- User calls (see socket/stack.h for their contracts)
  std::expected<std::size_t, StreamError> send(ByteView bytes, SendOptions options, Instant now);
  std::expected<void, StreamError> send_borrowed(ByteView bytes, std::uint64_t cookie,
                                                 SendOptions options, Instant now);
  [[nodiscard]] std::expected<ByteView, StreamError> peek() const;
  void consume(std::size_t n, Instant now);
  std::expected<void, StreamError> shutdown_send(Instant now);
  /// The application gives the id back.
  void close(Instant now);
  void abort(Instant now);
  /// An administrator ends it: a reset, and the application is told (it still holds the id).
  void drop(Instant now);
  void set_nagle(bool on) {
    nagle_ = on;
    wants_output();
  }
  void set_keep_alive(bool on, Instant now);
  void set_user_timeout(Duration timeout, Instant now);
  // RFC 9293 §3.9.1.9 MUST-48, SHLD-21: the application chooses, at any time; ECN's two bits are
  // ours.
  void set_traffic_class(std::uint8_t dscp_byte) { traffic_class_ = dscp_byte & 0xfcU; }
  void set_user(std::uint64_t user) { user_ = user; }
  /// Chooses differently from the stack. False: no memory for it.
  bool apply_settings(const ConnectionSettings& settings, Instant now);
  /// What an earlier SEND with `more` held back may go.
  void push();
  /// An ACK that is delayed leaves now.
  void acknowledge_now();
  /// Copies unread bytes from `offset` on, without taking them; returns how many.
  [[nodiscard]] std::size_t copy_unread(std::size_t offset, ByteSpan into) const {
    return receiver_.copy(context_.receive, offset, into);
  }
  /// The next room to send is told by kWritable, even if nothing was refused.
  void want_writable() { wants_writable_ = true; }
  /// Bytes that our SYN, which has not left yet, will carry at most.
  [[nodiscard]] std::uint32_t fast_open_room() const;

  // -- STATUS (RFC 9293 §3.10.6)
  [[nodiscard]] TcbSnapshot status() const;
  /// All that TCP_INFO shows.
  [[nodiscard]] ConnectionReport report(Instant now) const;
  [[nodiscard]] std::size_t unacknowledged() const { return tx_.size(); }
  [[nodiscard]] const Receiver& receiver() const { return receiver_; }

  // -- For the demultiplexer
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] const FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t user() const { return user_; }
  [[nodiscard]] std::optional<StreamError> error() const { return error_; }
  [[nodiscard]] const ConnectionSettings& settings() const {
    return extras_ == kNone ? context_.default_settings : context_.extras[extras_].settings;
  }
  /// The number of the byte that the application queues next.
  [[nodiscard]] SeqNum queued_up_to() const { return tx_.end_seq(); }
  /// The application gave the id back; nobody reads or is told any more.
  [[nodiscard]] bool is_orphan() const { return orphan_; }
  /// It may be freed: CLOSED or in TIME-WAIT, with nothing left to send, and nobody holds it.
  [[nodiscard]] bool is_finished() const {
    return orphan_ && !pending_reset_ && (state_ == State::Closed || state_ == State::TimeWait);
  }
  [[nodiscard]] bool is_known_in_table() const { return in_table_; }
  void set_known_in_table(bool known) { in_table_ = known; }
  [[nodiscard]] bool is_counted_orphan() const { return counted_orphan_; }
  void set_counted_orphan(bool counted) { counted_orphan_ = counted; }
  /// What a TIME-WAIT record needs to know.
  [[nodiscard]] TimeWaitFacts time_wait_facts() const;
  /// Null: neither side uses it.
  [[nodiscard]] const FastOpenState* fast_open() const {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].fast_open;
  }
  /// It is one of its listener's pending Fast Open connections.
  [[nodiscard]] bool takes_fast_open_place() const { return fast_open_place_; }
  void leave_fast_open_place() { fast_open_place_ = false; }
  /// There are too many like it: resets what the peer knows of.
  void give_up(Instant now);
  /// The events since the last call.
  [[nodiscard]] std::uint16_t take_events();
  /// Text in TIME-WAIT is impossible: releases what only a living connection needs.
  void on_time_wait_taken_over();
  /// All has been quiet for long: gives the sender's side block back.
  void release_flight_state() { recovery_.release_flight(context_); }
  void check_invariants() const;

 private:
  // segment_arrives.cc
  Verdict segment_arrives_in_syn_sent(const Segment& seg, Instant now);
  Check check_timestamps(const Segment& seg, Instant now);
  Check first_check_sequence_number(const Segment& seg, Instant now);
  Check second_check_reset(const Segment& seg, Instant now);
  Check fourth_check_syn(const Segment& seg, Instant now);
  Check fifth_check_ack(const Segment& seg, Instant now);
  Check fifth_check_ack_in_syn_received(const Segment& seg, Instant now);
  void sixth_check_urg(const Segment& seg, Instant now);
  Verdict seventh_process_text(const Segment& seg, Instant now);
  void eighth_check_fin(const Segment& seg, Instant now);
  Verdict unacceptable(const Segment& seg, Instant now);
  Verdict answer_unacceptable(const Segment& seg, Instant now);
  [[nodiscard]] bool is_reset_of_their_fin(const Segment& seg) const;
  Verdict act_on(Received received, Instant now);
  void enter_after_their_fin(Instant now);
  Verdict answer_syn(const Segment& seg, Instant now);
  bool challenge(SendReason reason, Instant now);
  void note_arrived_field(const Segment& seg);
  void adopt_syn(const Segment& syn, Instant now);
  void adopt(const Agreement& agreed, Instant now);
  void become_established(const Segment& seg, Instant now);
  // fast_path.cc
  Check fast_path(const Segment& seg, Instant now);
  [[nodiscard]] bool is_common(const Segment& seg, Instant now) const;
  // process_ack.cc
  void process_ack_of_syn(const Segment& seg, Instant now);
  void process_ack(const Segment& seg, Instant now);
  void on_progress(std::uint32_t acked);
  void apply(const AckOutcome& outcome);
  void update_send_window(const Segment& seg, SeqNum edge, Instant now);
  void after_fin_acked(Instant now);
  void take_probe_as_sent(Instant now);
  void retransmit_all(SendReason reason);
  // What recovery/ sees of this connection, and what it knows.
  [[nodiscard]] SenderFacts sender_facts(Instant now) const;
  [[nodiscard]] const RetransmissionQueue& queue() const { return recovery_.queue(context_); }
  [[nodiscard]] std::uint32_t allowance(Instant now) const {
    return recovery_.may_pace() ? recovery_.allowance(sender_facts(now)) : kMaxWindow;
  }
  // next_segment.cc
  [[nodiscard]] std::optional<SendDecision> next_reset_or_syn() const;
  [[nodiscard]] bool waits_for_new_data(std::uint32_t allowed) const;
  [[nodiscard]] std::optional<SendDecision> next_retransmission(std::uint32_t allowed) const;
  [[nodiscard]] std::optional<SendDecision> next_tail_probe() const;
  [[nodiscard]] std::optional<SendDecision> next_unreported() const;
  [[nodiscard]] SendDecision first_segment_of(std::uint32_t index) const;
  [[nodiscard]] SendDecision last_segment() const;
  [[nodiscard]] std::optional<SendDecision> next_new_data(std::uint32_t allowed) const;
  [[nodiscard]] std::optional<SendDecision> next_mtu_probe(Instant now) const;
  [[nodiscard]] std::optional<SendDecision> next_probe() const;
  [[nodiscard]] std::optional<SendDecision> next_pure_ack() const;
  [[nodiscard]] std::uint32_t cwnd_space() const {
    return recovery_.cwnd_space(context_, snd, syn_in_flight());
  }
  [[nodiscard]] bool may_send_small(std::uint32_t length, std::uint32_t unsent) const;
  [[nodiscard]] std::uint32_t packet_bound() const;
  [[nodiscard]] std::uint32_t cut_to_segments(std::uint32_t sendable, std::uint32_t unsent) const;
  [[nodiscard]] SendDecision data_decision(SeqNum seq, std::uint32_t length) const;
  // transmit.cc
  void build(const SendDecision& decision, Instant now, OutPacket& out);
  void note_data_sent(const SendDecision& decision, const SenderFacts& sender);
  void note_new_data(const SendDecision& decision, const SenderFacts& sender);
  void note_control_sent(const SendDecision& decision, Instant now);
  void note_probe(const SendDecision& decision, Instant now);
  void note_ack_carried(std::uint16_t window);
  [[nodiscard]] bool remember(const SendDecision& d, SeqNum end, const SenderFacts& sender);
  [[nodiscard]] TcpOptions options_for(const SendDecision& decision, Instant now) const;
  // Null: not agreed on.
  [[nodiscard]] const Ecn* ecn() const { return ecn_ == kNone ? nullptr : &context_.ecn[ecn_]; }
  [[nodiscard]] EcnDeparture ecn_departure(const SendDecision& d, const TcpOptions& options) const;
  [[nodiscard]] DataOptions data_options() const;
  // Bytes of the headers that a segment with text has now.
  [[nodiscard]] std::uint32_t data_headers() const {
    return header_bytes(tuple_.local_address.version()) + data_options().bytes();
  }
  [[nodiscard]] std::uint32_t max_payload() const;
  [[nodiscard]] std::uint32_t initial_window() const {
    return LossRecovery::initial_window(context_.config, size_.mss());
  }
  // path_mtu.cc
  [[nodiscard]] PathFacts path_facts(Instant now) const;
  SizeChange update_segment_size(Instant now);
  void apply_path_mtu(Instant now);
  Verdict packet_too_big_arrives(const IcmpSignal& message, Instant now);
  [[nodiscard]] bool may_be_cut(const SendDecision& decision, Instant now);
  // Null: it does not search for a larger packet.
  [[nodiscard]] PathSearch* path_search() const {
    if (extras_ == kNone) return nullptr;
    auto& search = context_.extras[extras_].search;
    return search ? &*search : nullptr;
  }
  void begin_path_search(Instant now);
  [[nodiscard]] bool search_from(std::uint16_t size, const PathFacts& path);
  bool escape_black_hole(Instant now);
  void on_path_search_progress(Instant now);
  void forget_probe();
  // fast_open.cc
  [[nodiscard]] FastOpenPlan fast_open_plan() const;
  [[nodiscard]] bool asks_for_cookie() const { return fast_open_plan().option; }
  void add_fast_open(TcpOptions& options, const SendDecision& decision) const;
  void note_fast_open_syn(const SendDecision& decision);
  void finish_fast_open(const Segment& syn_ack);
  void note_fast_open_loss(Instant now);
  Check syn_again_in_syn_received(const Segment& seg, Instant now);
  // Our SYN-ACK has left and is not acknowledged; text may follow it all the same. The SYN counts
  // neither as text in flight nor against the peer's window.
  [[nodiscard]] bool is_fast_opening() const {
    return fast_open_passive_ && state_ == State::SynReceived && snd.nxt != snd.iss;
  }
  [[nodiscard]] std::uint32_t syn_in_flight() const { return is_fast_opening() ? 1 : 0; }
  // user_timeout.cc
  void add_user_timeout(TcpOptions& options, const SendDecision& decision) const;
  void adopt_user_timeout(std::uint16_t option);
  void restart_keep_alive(Instant now);
  // timers.cc
  void on_retransmit_timer(Instant now);
  void on_persist_timer(Instant now);
  void on_sws_override_timer();
  void on_memory_retry_timer(Instant now);
  void on_keep_alive_timer(Instant now);
  bool has_given_up(Instant now);
  void manage_send_timers(Instant now);
  void on_output_paused(Instant now);
  void on_sign_of_life(Instant now);
  void restart_loss_timers(Instant now);
  [[nodiscard]] bool has_loss_timer() const { return timers_.loss_timer().has_value(); }
  void arm(const std::optional<LossTimer>& timer) {
    if (timer) arm(timer->name, timer->deadline);
  }
  void arm(TimerName timer, Instant deadline);
  void arm_wheel();
  // status.cc
  [[nodiscard]] SendLimit limit_now() const;
  void note_limit(Instant now);
  // Null: not kept.
  [[nodiscard]] const ConnectionStatistics* statistics() const {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].statistics;
  }
  // user_calls.cc and shared
  [[nodiscard]] std::optional<StreamError> refuse_send() const;
  void after_queueing(SendOptions options, Instant now);
  void restart_if_idle(Instant now);
  void enter(State to, Instant now);
  void fail(StreamError error, Instant now);
  void reset(SendReason reason, StreamError error, Instant now);
  void signal(std::uint16_t events);
  // When space may have become free, or all that may leave has left.
  void signal_send_space(bool has_sent);
  [[nodiscard]] SendBufferLimit send_buffer_limit() const;
  [[nodiscard]] bool counts_memory() const {
    return context_.config.counts_send_memory && extras_ != kNone;
  }
  [[nodiscard]] ConnectionStatistics* kept() {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].statistics;
  }
  void make_extras();
  void wants_output();
  void release_buffers();

  [[nodiscard]] const ReceiveVariables& rcv() const { return receiver_.rcv(); }
  [[nodiscard]] bool has_sent_fin() const { return fin_queued_ && snd.nxt == tx_.end_seq() + 1; }
  [[nodiscard]] std::uint32_t unsent() const {
    return tx_.end_seq() > snd.nxt ? static_cast<std::uint32_t>(tx_.end_seq() - snd.nxt) : 0;
  }
  [[nodiscard]] std::uint32_t flight() const {
    return static_cast<std::uint32_t>(snd.nxt - snd.una);
  }
  [[nodiscard]] const CongestionControl& congestion() const {
    return context_.algorithms.get(settings().congestion);
  }
  [[nodiscard]] bool has_something_waiting() const {
    return flight() > 0 || unsent() > 0 || (fin_queued_ && !has_sent_fin());
  }

  TcpContext& context_;
  ConnectionId id_;
  FourTuple tuple_;
  std::uint64_t hash_;
  std::uint64_t user_ = 0;

  SendVariables snd;
  TxQueue tx_;
  [[no_unique_address]] Receiver receiver_;
  [[no_unique_address]] LossRecovery recovery_;
  SegmentSize size_;
  Timestamps timestamps_;
  ChallengeLimit challenges_;
  [[no_unique_address]] TimerTable timers_;  // whose last bytes the next member may use

  std::uint32_t extras_ = kNone;         // what only some connections have
  std::uint32_t ecn_ = kNone;            // if the two ends agreed on it
  std::uint32_t last_data_sent_ms_ = 0;  // of the connection's time, modulo 2^32
  std::uint16_t events_ = 0;
  std::uint8_t retransmissions_ = 0;  // in a row, without progress
  Persist persist_;
  KeepAlive keep_alive_;
  std::uint8_t traffic_class_ = 0;
  State state_ = State::Closed;
  std::optional<SendReason> pending_reset_;
  std::optional<StreamError> error_;

  bool sack_ : 1 = false;
  bool passive_ : 1 = false;  // MUST-11: how SYN-RECEIVED was reached
  bool nagle_ : 1 = true;
  bool fin_queued_ : 1 = false;
  bool more_coming_ : 1 = false;     // the last SEND said so
  bool unpushed_ : 1 = false;        // its last bytes do not carry PSH
  bool override_small_ : 1 = false;  // the SWS override timer expired
  bool urgent_pending_ : 1 = false;  // we have urgent data to announce
  bool orphan_ : 1 = false;          // the application gave the id back
  bool accepted_ : 1 = false;        // the application knows it
  bool in_table_ : 1 = false;
  bool wants_writable_ : 1 = false;
  bool syn_ack_due_ : 1 = false;  // simultaneous open
  bool soft_error_told_ : 1 = false;
  bool fast_open_place_ : 1 = false;    // counts against its listener's limit
  bool fast_open_passive_ : 1 = false;  // opened by the peer's SYN with a cookie
  bool counted_orphan_ : 1 = false;     // among the orphans that TcpLayer counts
  bool user_timeout_due_ : 1 = false;   // RFC 5482's option goes with the next pure ACK
};
// With its flow-table slot and the HTTP state of an idle peer this stays near 512 bytes.
static_assert(sizeof(Connection) <= 416, "an idle connection is cheap");

}  // namespace glasstcp
