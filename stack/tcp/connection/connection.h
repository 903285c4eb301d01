// A connection: what the RFC lets happen to a transmission control block (tcb.h), which holds what
// is remembered and answers what follows from it.
//
// The procedures are one class, whose work is in files by topic, each read beside its section of
// the RFC: segment_arrives.cc and fast_path.cc (§3.10.7), process_ack.cc (its fifth check),
// transmit.cc (doing what next_segment.cc decides), user_calls.cc (§3.10.2-5), timers.cc (§3.10.8),
// icmp_arrives.cc (§3.9.2.2), path_mtu.cc (RFC 4821), fast_open.cc (RFC 7413), user_timeout.cc (RFC
// 5482), settings.cc; connection.cc has its birth, its changes of state and its end.
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

#include <cstdint>
#include <expected>
#include <optional>

#include "stack/base/intrusive_list.h"
#include "stack/base/tcp_state.h"
#include "stack/tcp/connection/demux_state.h"
#include "stack/tcp/connection/next_segment.h"
#include "stack/tcp/connection/tcb.h"
#include "stack/tcp/handshake/agreement.h"
#include "stack/tcp/segment.h"
#include "stack/tcp/send/send_decision.h"

namespace glasstcp {

/// One connection.
class Connection : public ListHook<ReadyTag>,
                   public ListHook<EventTag>,
                   public TimerNode,
                   public Tcb {
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
  [[nodiscard]] std::optional<SendDecision> next(Instant now) const {
    return NextSegment(*this).decide(now);
  }
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
  /// CLOSE of both directions: the id is not valid any more, and the connection is an orphan.
  void close(Instant now);
  void abort(StateCause cause, Instant now);
  /// An administrator ends it: a reset, and the application is told (it still holds the id).
  void drop(Instant now);
  void set_nagle(bool on) {
    intent_.set_nagle(on);
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
  void want_writable() { intent_.want_space(true); }

  // -- For the demultiplexer
  DemuxState demux;
  /// There are too many like it: resets what the peer knows of.
  void give_up(Instant now);
  /// Others need its room: resets it, and gives back at once what it has reserved.
  void evict(Instant now);
  /// The events since the last call.
  [[nodiscard]] std::uint16_t take_events();
  /// A TIME-WAIT record answers for it from now on: it owes no ACK and sends nothing.
  void on_time_wait_taken_over();
  /// All has been quiet for long: releases the sender's side block.
  void release_flight_state() { recovery_.release_flight(context_); }
  void check_invariants() const;

 private:
  // The same blocks as the Tcb shows, to be changed.
  using Tcb::path_search;
  using Tcb::statistics;
  [[nodiscard]] ConnectionStatistics* statistics() {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].statistics;
  }
  [[nodiscard]] PathSearch* path_search() {
    return extras_ == kNone ? nullptr : context_.extras[extras_].path_search();
  }
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
  // transmit.cc
  void build(const SendDecision& decision, Instant now, OutPacket& out);
  void note_data_sent(const SendDecision& decision, const SenderFacts& sender,
                      const OutPacket& packet);
  void note_new_data(const SendDecision& decision, const SenderFacts& sender,
                     const OutPacket& packet);
  void note_control_sent(const SendDecision& decision, Instant now);
  void note_probe(const SendDecision& decision, Instant now);
  void note_ack_carried(std::uint16_t window);
  [[nodiscard]] bool remember(const SendDecision& d, SeqNum end, const SenderFacts& sender);
  // icmp_arrives.cc
  Verdict packet_too_big_arrives(const IcmpSignal& message, Instant now);
  // path_mtu.cc
  SizeChange update_segment_size(Instant now);
  void apply_path_mtu(Instant now);
  [[nodiscard]] bool may_be_cut(const SendDecision& decision, Instant now);
  void begin_path_search(Instant now);
  [[nodiscard]] bool search_from(std::uint16_t size, const PathFacts& path);
  bool escape_black_hole(Instant now);
  void on_path_search_progress(Instant now);
  void forget_probe();
  // fast_open.cc
  void note_fast_open_syn(const SendDecision& decision);
  void finish_fast_open(const Segment& syn_ack);
  void note_fast_open_loss(Instant now);
  Check syn_again_in_syn_received(const Segment& seg, Instant now);
  // user_timeout.cc
  void adopt_user_timeout(std::uint16_t option);
  // timers.cc
  void on_retransmit_timer(Instant now);
  void on_persist_timer(Instant now);
  void on_memory_retry_timer(Instant now);
  void on_keep_alive_timer(Instant now);
  void restart_keep_alive(Instant now);
  void move_keep_alive(Duration idle_before, Instant now);
  bool has_given_up(StateCause cause, Instant now);
  void manage_send_timers(Instant now);
  void on_output_paused(Instant now);
  void on_sign_of_life(Instant now);
  void restart_loss_timers(Instant now);
  void arm(const std::optional<LossTimer>& timer) {
    if (timer) arm(timer->name, timer->deadline);
  }
  void arm(TimerName timer, Instant deadline);
  void arm_wheel();
  // user_calls.cc
  [[nodiscard]] std::optional<StreamError> refuse_send() const;
  void after_queueing(SendOptions options, Instant now);
  void restart_if_idle(Instant now);
  // When space may have become free, or all that may leave has left.
  void signal_send_space(bool has_sent);
  // settings.cc
  void make_extras();
  // connection.cc
  void enter(State to, StateCause cause, Instant now);
  void fail(StreamError error, StateCause cause, Instant now);
  void reset(SendReason reason, StreamError error, StateCause cause, Instant now);
  void signal(std::uint16_t events);
  // Statistics: what data waits for from now on.
  void note_limit(Instant now);
  void wants_output();
  void release_buffers();
};
// With its flow-table slot and the HTTP state of an idle peer this stays near 512 bytes.
static_assert(sizeof(Connection) <= 416, "an idle connection is cheap");

}  // namespace glasstcp
