// The receiving side of a connection: which octets are new and where they belong, what the
// application may read, which acknowledgment is owed, and how large a window is offered.
//
// RFC 9293 §3.10.7.4 (the sixth, seventh and eighth step), §3.8.6 (window), §3.8.6.2.2 (silly
// windows), §3.8.6.3 (delayed ACKs), RFC 5681 §4.2 (ACKs at once), RFC 7323 §2 (window scale), RFC
// 2883 (D-SACK).
//
// It writes to itself and to the memory of its ReceiveContext, and to nothing else. What follows
// for the connection (events, a timer, a change of state) it returns as a Received.
//
// Invariants:
//   1. rcv().edge, the right edge of the offered window, never moves left (RFC 9293 §3.8.6
//   SHLD-14).
//   2. rcv().nxt <= rcv().edge, once the peer's SYN is known.
//   3. Nothing is stored behind the peer's FIN.
//   4. What a crossing SYN brought is neither counted by rcv().nxt nor shown to the application
//   before take_early_data().
//
// Next: ../recovery/rtt_estimator.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/receive/ack_policy.h"
#include "stack/tcp/receive/receive_buffer.h"
#include "stack/tcp/receive/receive_context.h"
#include "stack/tcp/receive/window_tuning.h"
#include "stack/tcp/segment.h"
#include "stack/tcp/variables.h"
#include "stack/trace/reason.h"
#include "stack/trace/verdict.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// What (a step of) a segment did, and what the connection has to do for it. 8 bytes.
struct Received {
  std::uint32_t advanced = 0;           ///< octets of data that rcv.nxt moved on by
  std::uint16_t events = 0;             ///< EventMask: what to tell the application
  Verdict verdict = Verdict::Accepted;  ///< of the data in it
  bool ends_stream : 1 = false;         ///< the peer's FIN is in order: the state changes
  bool delays_ack : 1 = false;          ///< an ACK is owed that may wait: its timer has to run
};

/// The part of a segment's data that was not received before and lies in the window.
struct NewData {
  SeqNum seq;
  ByteView bytes;  ///< of the segment
};

/// The receiving side of one connection. 85 bytes.
class Receiver {
 public:
  /// `buffer` bytes are reserved from the budget for it.
  explicit Receiver(std::uint32_t buffer) : size_(buffer) {}

  // -- Opening (RFC 9293 §3.10.7.2, §3.10.7.3)
  /// The peer's SYN has the number `irs`. `most_window`: what the window of our SYN can say.
  void synchronize(SeqNum irs, std::uint32_t most_window);
  /// RFC 7323 §2.2: both SYNs had the option; our window fields count units of 2^shift bytes.
  void scale_window(std::uint8_t shift) { rcv_.shift = shift; }
  /// Takes the data of a SYN in at once (RFC 7413 §4.2.2); our SYN-ACK will acknowledge it.
  Received take_syn_data(ReceiveContext& context, const Segment& syn);
  /// RFC 9293 §3.10.7.3: keeps data and controls of a crossing SYN until ESTABLISHED is reached.
  void keep_early_data(ReceiveContext& context, const Segment& syn);
  /// ESTABLISHED was reached: what was kept counts now. `at_once`: as of store().
  Received take_early_data(const ReceiveContext& context, bool at_once);
  /// The connection was refused instead: what was kept, if anything was, goes.
  void drop_early_data(ReceiveContext& context);

  // -- Segments (RFC 9293 §3.10.7.4); the connection has looked at its state before
  /// Sixth, the URG bit, which is set.
  Received process_urgent(const Segment& seg);
  /// Seventh, the segment text: what is new in it, empty if nothing is.
  [[nodiscard]] NewData new_data(const Segment& seg) const;
  /// There was nothing new: owes an ACK that says so.
  Verdict refuse_data(const Segment& seg);
  /// Stores what new_data() found. `at_once`: the application wants no ACK delayed.
  Received store(ReceiveContext& context, const Segment& seg, const NewData& data, bool at_once);
  /// Eighth, the FIN bit. One that comes before what precedes it is remembered.
  Received process_fin(ReceiveContext& context, const Segment& seg);
  /// First check: all of it lies before the window. It is acknowledged again, and reported as a
  /// duplicate (RFC 2883 §4).
  void answer_old_segment(const Segment& seg);

  // -- Acknowledgments (§3.8.6.3)
  /// Which ACK is owed, and why.
  [[nodiscard]] const AckPolicy& ack() const { return ack_; }
  /// An ACK has to leave with the next output, whatever for.
  void demand_ack(SendReason reason) { ack_.demand(reason); }
  /// The delay of an ACK ended.
  void on_delayed_ack_timer() { ack_.on_delay_timer(); }
  /// A segment with rcv.nxt and the window field `window` leaves: every ACK that was owed rides on
  /// it.
  void on_ack_sent(const ReceiveContext& context, std::uint16_t window);
  /// The TIME-WAIT record acknowledges from here on; this object owes nothing more.
  void forget_ack() { ack_.on_ack_sent(); }
  /// Whether bytes wait behind others that are missing.
  [[nodiscard]] bool has_gap() const { return buffer_.has_gap(); }
  /// Whether there are SACK blocks to send.
  [[nodiscard]] bool has_sack_blocks() const { return buffer_.has_gap() || has_duplicate_; }
  /// RFC 2018 §4, RFC 2883 §4: what came twice first, then the runs behind gaps. Returns how many
  /// blocks were written, at most `most`.
  [[nodiscard]] std::uint8_t sack_blocks(const ReceiveContext& context,
                                         std::array<SackBlock, TcpOptions::kMaxSackBlocks>& out,
                                         std::uint8_t most) const;
  /// RFC 2883 §4: a duplicate is reported once.
  void on_duplicate_reported() { has_duplicate_ = false; }

  // -- The window (§3.8.6)
  /// RFC 9293 §3.3.1: the receive sequence variables.
  [[nodiscard]] const ReceiveVariables& rcv() const { return rcv_; }
  /// The window to offer now, in bytes from rcv.nxt on.
  [[nodiscard]] std::uint32_t window(const ReceiveContext& context) const;
  /// The same as a segment without SYN carries it: in units of 2^shift bytes.
  [[nodiscard]] std::uint16_t window_field(const ReceiveContext& context) const;
  /// RFC 7323 §4.3: Last.ACK.sent.
  [[nodiscard]] SeqNum last_ack_sent() const { return last_ack_sent_; }
  /// Bytes that the buffer holds at most, which are reserved from the budget.
  [[nodiscard]] std::uint32_t buffer_size() const { return size_.bytes(); }
  /// When the application read last, to a round trip; milliseconds of the stack's time, modulo
  /// 2^32.
  [[nodiscard]] std::uint32_t last_read_ms() const { return size_.last_read_ms(); }
  /// The data bytes of the largest segment that came, 0 before data.
  [[nodiscard]] std::uint32_t mss() const { return ack_.rcv_mss(); }

  // -- What the application reads (§3.10.3)
  /// Bytes in order and not read.
  [[nodiscard]] std::uint32_t unread() const { return is_early_ ? 0 : buffer_.unread(); }
  /// Whether anything in order is there, even if it is not to be shown yet.
  [[nodiscard]] bool holds_data() const { return buffer_.unread() > 0; }
  /// The first contiguous unread bytes; empty if there are none.
  [[nodiscard]] ByteView front(const ReceiveContext& context) const {
    return is_early_ ? ByteView{} : buffer_.front(context.pool);
  }
  /// Copies unread bytes from `offset` on and leaves them there; returns how many.
  [[nodiscard]] std::size_t copy(const ReceiveContext& context, std::size_t offset,
                                 ByteSpan into) const {
    return is_early_ ? 0 : buffer_.copy(context.pool, offset, into);
  }
  /// The application took the first n unread bytes; n <= unread().
  void consume(ReceiveContext& context, std::size_t n, Instant now);
  /// Reading was measured for long enough to size the buffer by it.
  [[nodiscard]] bool is_reading_measured(Instant now) const { return size_.is_measured(now); }
  /// Sizes the buffer as its reader needs it. `largest`: bytes that it may grow to; `round_trip` of
  /// the path.
  void size_buffer(ReceiveContext& context, std::uint32_t largest, Duration round_trip,
                   Instant now);
  /// Whether the reader has freed enough that the peer should hear of it without waiting for data.
  [[nodiscard]] bool is_window_update_due(const ReceiveContext& context) const;
  /// RFC 9293 §3.8.5 MUST-33: how many urgent octets are still to be read.
  [[nodiscard]] std::uint32_t urgent_remaining() const;

  // -- The end of the stream
  /// The peer's FIN came; there may be gaps before it.
  [[nodiscard]] bool knows_fin() const { return fin_known_; }
  /// The peer's FIN is in order: rcv.nxt counts it.
  [[nodiscard]] bool has_fin() const { return fin_taken_; }
  /// Nothing but the peer's SYN came.
  [[nodiscard]] bool has_only_syn() const {
    return rcv_.nxt == rcv_.irs + 1 && !buffer_.has_gap() && !fin_known_;
  }
  /// Nobody reads any more: drops what is stored.
  void discard(ReceiveContext& context) { buffer_.clear(context.pool); }
  /// The connection ends: gives all memory back.
  void release(ReceiveContext& context);

  /// The number of the byte that the application reads next; a FIN is counted in rcv.nxt and never
  /// read.
  [[nodiscard]] SeqNum read_up_to() const {
    return rcv_.nxt - (buffer_.unread() + (fin_taken_ ? 1U : 0U));
  }

  void check_invariants(const ReceiveContext& context) const;

 private:
  [[nodiscard]] std::uint32_t free_bytes() const {
    return size_.bytes() > buffer_.unread() ? size_.bytes() - buffer_.unread() : 0;
  }
  [[nodiscard]] std::uint32_t most_runs() const;
  // How far the right edge may move on now; 0: not far enough to say so.
  [[nodiscard]] std::uint32_t edge_advance(const ReceiveContext& context) const;
  [[nodiscard]] std::uint32_t window_step() const;
  Received on_stored(const ReceiveContext& context, const StoreResult& stored,
                     std::uint32_t segment_size, bool at_once);
  Received take_fin(ReceiveContext& context);
  void note_duplicate(SeqNum left, SeqNum right) {
    duplicate_ = {left, right};
    has_duplicate_ = true;
  }

  [[no_unique_address]] ReceiveVariables rcv_;  // whose last bytes the next members may use
  bool is_early_ : 1 = false;                   // data of a crossing SYN is kept
  bool urgent_ : 1 = false;                     // rcv.up is valid
  bool fin_known_ : 1 = false;
  bool fin_taken_ : 1 = false;
  bool has_duplicate_ : 1 = false;
  ReceiveBuffer buffer_;
  AckPolicy ack_;
  SackBlock duplicate_{};  // to report as D-SACK with the next ACK, if has_duplicate_
  SeqNum last_ack_sent_;
  SeqNum fin_at_;  // where the peer's FIN stands, if fin_known_
  [[no_unique_address]] ReceiveBufferSize size_;
};

}  // namespace glasstcp
