// A transmission control block: what is remembered of one connection, and what follows from it.
//
// RFC 9293 §3.3.1 (the record), §3.10.6 (STATUS). What it receives is the business of its Receiver
// (../receive/receiver.h); what is outstanding, and how much may be, that of its LossRecovery
// (../recovery/loss_recovery.h); how large a segment may be that of its SegmentSize
// (../send/segment_size.h); ECN's marks those of its Ecn (../ecn/ecn.h).
//
// Everything here looks and changes nothing, so that whoever only asks is given a `const Tcb&`:
// NextSegment, SegmentOptions, the demultiplexer. The procedures that change it are Connection's,
// and so is the use of two answers that can change a side block: sender_facts(), by which loss
// recovery tells ECN what it found, and send_buffer_limit(), which counts what SEND queues.
//
// Invariants: see connection.h, whose check_invariants() holds them.
//
// Next: connection.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stack/base/tcp_state.h"
#include "stack/tcp/connection/activity.h"
#include "stack/tcp/connection/challenge_limit.h"
#include "stack/tcp/connection/connection_extras.h"
#include "stack/tcp/connection/connection_report.h"
#include "stack/tcp/connection/keep_alive.h"
#include "stack/tcp/connection/persist.h"
#include "stack/tcp/connection/stack_context.h"
#include "stack/tcp/connection/time_wait_facts.h"
#include "stack/tcp/connection/timer_table.h"
#include "stack/tcp/ecn/ecn.h"
#include "stack/tcp/receive/receiver.h"
#include "stack/tcp/recovery/loss_recovery.h"
#include "stack/tcp/send/segment_size.h"
#include "stack/tcp/send/send_buffer_limit.h"
#include "stack/tcp/send/send_intent.h"
#include "stack/tcp/send/send_queue.h"
#include "stack/tcp/timestamps.h"
#include "stack/tcp/variables.h"

namespace glasstcp {

/// What is known of one connection.
class Tcb {
 public:
  Tcb(const Tcb&) = delete;
  Tcb& operator=(const Tcb&) = delete;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] const FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t user() const { return user_; }
  [[nodiscard]] std::optional<StreamError> error() const { return error_; }
  [[nodiscard]] const ConnectionSettings& settings() const {
    return extras_ == kNone ? context_.default_settings : context_.extras[extras_].settings;
  }
  [[nodiscard]] const Receiver& receiver() const { return receiver_; }
  /// Bytes that the application queued and the peer has not acknowledged.
  [[nodiscard]] std::size_t unacknowledged() const { return tx_.size(); }
  /// The number of the byte that the application queues next.
  [[nodiscard]] SeqNum queued_up_to() const { return tx_.end_seq(); }
  /// The application has closed it: nobody reads or is told any more.
  [[nodiscard]] bool is_orphan() const { return orphan_; }
  /// It may be freed: CLOSED or in TIME-WAIT, with nothing left to send, and nobody holds it.
  [[nodiscard]] bool is_finished() const {
    return orphan_ && !pending_reset_ && (state_ == State::Closed || state_ == State::TimeWait);
  }
  /// What its memory is used for, and whether that goes on: for who has to take room from somebody.
  [[nodiscard]] Activity activity(Instant now) const;
  /// Bytes that our SYN, which has not left yet, will carry at most.
  [[nodiscard]] std::uint32_t fast_open_room() const;
  /// Null: neither side uses it.
  [[nodiscard]] const FastOpenState* fast_open() const {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].fast_open;
  }

  // -- STATUS (RFC 9293 §3.10.6): status.cc
  [[nodiscard]] TcbSnapshot status() const;
  /// What runs for it, the earliest first.
  [[nodiscard]] std::vector<RunningTimer> timers() const;
  /// What is sent and not acknowledged, in order; neighbours of one state are one range.
  [[nodiscard]] std::vector<OutstandingRange> outstanding() const;
  /// All that TCP_INFO shows.
  [[nodiscard]] ConnectionReport report(Instant now) const;
  /// What a TIME-WAIT record needs to know.
  [[nodiscard]] TimeWaitFacts time_wait_facts() const;

 protected:
  /// `buffer` was reserved from the budget. Nothing is known of the peer yet.
  Tcb(TcpContext& context, const FourTuple& tuple, std::uint64_t hash, std::uint32_t buffer,
      Instant now);
  ~Tcb() = default;  // Connection releases its blocks in the context's slabs

  // -- What is under way, and what waits
  [[nodiscard]] const ReceiveVariables& rcv() const { return receiver_.rcv(); }
  [[nodiscard]] const RetransmissionQueue& queue() const { return recovery_.queue(context_); }
  [[nodiscard]] std::uint32_t flight() const {
    return static_cast<std::uint32_t>(snd.nxt - snd.una);
  }
  [[nodiscard]] std::uint32_t unsent() const {
    return tx_.end_seq() > snd.nxt ? static_cast<std::uint32_t>(tx_.end_seq() - snd.nxt) : 0;
  }
  [[nodiscard]] bool has_sent_fin() const {
    return intent_.fin_queued() && snd.nxt == tx_.end_seq() + 1;
  }
  [[nodiscard]] bool has_something_waiting() const {
    return flight() > 0 || unsent() > 0 || (intent_.fin_queued() && !has_sent_fin());
  }
  // Our SYN-ACK has left and is not acknowledged; data may follow it all the same. The SYN counts
  // neither as data in flight nor against the peer's window.
  [[nodiscard]] bool is_fast_opening() const {
    return fast_open_passive_ && state_ == State::SynReceived && snd.nxt != snd.iss;
  }
  [[nodiscard]] std::uint32_t syn_in_flight() const { return is_fast_opening() ? 1 : 0; }
  [[nodiscard]] bool has_loss_timer() const { return timers_.loss_timer().has_value(); }
  // What data waits for.
  [[nodiscard]] SendLimit limit_now() const;

  // -- How much may go, and how large
  [[nodiscard]] std::uint32_t cwnd_space() const {
    return recovery_.cwnd_space(context_, snd, syn_in_flight());
  }
  [[nodiscard]] std::uint32_t allowance(Instant now) const {
    return recovery_.may_pace() ? recovery_.allowance(sender_facts(now)) : kMaxWindow;
  }
  // Bytes that a segment has at most beside the options it will carry, and in the peer's window.
  [[nodiscard]] std::uint32_t max_payload() const {
    if (ecn_ == kNone && !receiver_.has_sack_blocks()) return size_.full();
    return size_.full_beside(data_options().varying_bytes());
  }
  // The options that a segment with data has now, and the bytes of all its headers.
  [[nodiscard]] DataOptions data_options() const;
  [[nodiscard]] std::uint32_t data_headers() const {
    return header_bytes(tuple_.local_address.version()) + data_options().bytes();
  }
  [[nodiscard]] std::uint32_t initial_window() const {
    return LossRecovery::initial_window(settings(), size_.mss());
  }
  [[nodiscard]] bool counts_memory() const {
    return context_.config.counts_send_memory && extras_ != kNone;
  }
  [[nodiscard]] SendBufferLimit send_buffer_limit() const;
  [[nodiscard]] Duration rto() const { return recovery_.rto(settings().rto); }
  // No ACK waits for a second segment, or for the timer.
  [[nodiscard]] bool acks_at_once() const {
    return settings().quick_ack || settings().delayed_ack == Duration::zero();
  }

  // -- What the inner rooms are told, and the blocks that only some connections have
  [[nodiscard]] SenderFacts sender_facts(Instant now) const;
  [[nodiscard]] PathFacts path_facts(Instant now) const;
  // What our first SYN will have; every further one is plain, since the first may have been lost
  // for its option or its data.
  [[nodiscard]] FastOpenPlan fast_open_plan() const;
  [[nodiscard]] const CongestionControl& congestion() const {
    const ConnectionSettings& own = settings();
    return context_.algorithms.get(own.congestion, own.hystart);
  }
  // Null: not agreed on.
  [[nodiscard]] const Ecn* ecn() const { return ecn_ == kNone ? nullptr : &context_.ecn[ecn_]; }
  // Null: not kept.
  [[nodiscard]] const ConnectionStatistics* statistics() const {
    return extras_ == kNone ? nullptr : &context_.extras[extras_].statistics;
  }
  // Null: it does not search for a larger packet.
  [[nodiscard]] const PathSearch* path_search() const {
    return extras_ == kNone ? nullptr : context_.extras[extras_].path_search();
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
  SendIntent intent_;

  bool sack_ : 1 = false;
  bool passive_ : 1 = false;      // MUST-11: how SYN-RECEIVED was reached
  bool orphan_ : 1 = false;       // the application has closed it
  bool accepted_ : 1 = false;     // the application knows it
  bool syn_ack_due_ : 1 = false;  // simultaneous open
  bool soft_error_told_ : 1 = false;
  bool fast_open_passive_ : 1 = false;  // opened by the peer's SYN with a cookie
  bool user_timeout_due_ : 1 = false;   // RFC 5482's option goes with the next pure ACK

 private:
  friend class NextSegment;  // who only look, at all of it
  friend class SegmentOptions;
};

}  // namespace glasstcp
