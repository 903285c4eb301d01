// What came: data and FIN in order, acknowledgments owed, and the window that we offer. See
// receiver.h.
#include "stack/tcp/receive/receiver.h"

#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/user_types.h"

namespace glasstcp {
namespace {

// The number of a segment's first octet of data.
SeqNum data_begin(const Segment& seg) {
  return seg.seq + (seg.flags.syn() ? 1U : 0U);
}
std::uint32_t data_length(const Segment& seg) {
  return static_cast<std::uint32_t>(seg.data.size());
}

}  // namespace

// -- Opening

void Receiver::synchronize(SeqNum irs, std::uint32_t most_window) {
  rcv_.irs = irs;
  rcv_.nxt = rcv_.up = last_ack_sent_ = irs + 1;
  rcv_.edge = rcv_.nxt + std::min(size_.bytes(), most_window);
}

Received Receiver::take_syn_data(ReceiveContext& context, const Segment& syn) {
  Received result;
  const std::size_t fitting = std::min<std::size_t>(syn.data.size(), rcv_.wnd());
  if (fitting > 0) {
    result.advanced =
        buffer_.store(context.pool, rcv_.nxt, syn.data.first(fitting), rcv_.nxt, most_runs())
            .advanced;
    if (result.advanced > 0) result.events = EventMask::kReadable;
  }
  rcv_.nxt += result.advanced;
  last_ack_sent_ = rcv_.nxt;
  return result;
}

// The data lies in the buffer, but rcv.nxt does not count it and nobody can read it.
void Receiver::keep_early_data(ReceiveContext& context, const Segment& syn) {
  is_early_ = true;
  const std::size_t fitting = std::min<std::size_t>(syn.data.size(), rcv_.wnd());
  if (fitting > 0) {
    buffer_.store(context.pool, rcv_.nxt, syn.data.first(fitting), rcv_.nxt, most_runs());
  }
  const SeqNum up = syn.seq + syn.up;
  if (syn.flags.urg() && up > rcv_.nxt) {
    rcv_.up = up;
    urgent_ = true;
  }
  // What was cut off has to come again, and the FIN behind it too.
  const bool is_whole = buffer_.unread() == syn.data.size() && syn.end() <= rcv_.edge;
  if (syn.flags.fin() && is_whole) {
    fin_known_ = true;
    fin_at_ = syn.end() - 1;
  }
}

Received Receiver::take_early_data(const ReceiveContext& context, bool at_once) {
  is_early_ = false;
  Received result;
  StoreResult stored;
  stored.advanced = buffer_.unread();
  if (stored.advanced > 0) result = on_stored(context, stored, stored.advanced, at_once);
  if (urgent_) result.events |= EventMask::kUrgent;
  return result;
}

void Receiver::drop_early_data(ReceiveContext& context) {
  if (!is_early_) return;
  buffer_.clear(context.pool);
  is_early_ = urgent_ = fin_known_ = false;
}

// -- Segments

Received Receiver::process_urgent(const Segment& seg) {
  Received result;
  // RFC 9293 §3.8.5 MUST-62: the pointer names the octet after the urgent data; MUST-31: however
  // long that is.
  const SeqNum up = seg.seq + seg.up;
  if (!urgent_ && up <= read_up_to()) return result;
  // RFC 9293 §3.8.5 MUST-32: tell the application when it first becomes pending and when it moves
  // forward.
  if (!urgent_ || up > rcv_.up) {
    rcv_.up = up;
    urgent_ = true;
    result.events = EventMask::kUrgent;
  }
  return result;
}

// R9293-P7: keep what is new and inside the window.
NewData Receiver::new_data(const Segment& seg) const {
  const SeqNum begin = data_begin(seg);
  const SeqNum from = later(begin, rcv_.nxt);
  SeqNum to = earlier(begin + data_length(seg), rcv_.edge);
  if (fin_known_) to = earlier(to, fin_at_);  // nothing follows a FIN
  if (from >= to) return {};
  return {from, seg.data.subspan(static_cast<std::size_t>(from - begin),
                                 static_cast<std::size_t>(to - from))};
}

Verdict Receiver::refuse_data(const Segment& seg) {
  const SeqNum begin = data_begin(seg);
  const SeqNum end = begin + data_length(seg);
  if (end > rcv_.nxt) {
    ack_.demand(SendReason::AckOutsideWindow);
    return Verdict::OutsideWindow;
  }
  // RFC 2883 §4 R2883-01: all of it came before; only its ACK or FIN was new.
  note_duplicate(begin, end);
  ack_.demand(SendReason::AckDuplicateData);
  return Verdict::AcceptedDuplicate;
}

Received Receiver::store(ReceiveContext& context, const Segment& seg, const NewData& data,
                         bool at_once) {
  StoreResult stored = buffer_.store(context.pool, data.seq, data.bytes, rcv_.nxt, most_runs());
  const SeqNum begin = data_begin(seg);
  if (begin < data.seq) {
    // RFC 2883 §4.2: of several parts that came twice the first is reported.
    stored.duplicate = SackBlock{begin, data.seq};
    if (context.config.acks_overlap_at_once) ack_.demand(SendReason::AckDuplicateData);
  }
  // A packet that receive offload has merged counts as the segments that it was merged from.
  const std::uint32_t length = data_length(seg);
  const std::uint32_t size =
      seg.gso_size != 0 ? std::min<std::uint32_t>(seg.gso_size, length) : length;
  return on_stored(context, stored, size, at_once);
}

Received Receiver::on_stored(const ReceiveContext& context, const StoreResult& stored,
                             std::uint32_t segment_size, bool at_once) {
  const TcpConfig& config = context.config;
  Received result;
  // RFC 9768 §3.1.1 R9768-35: D-SACK is implemented, as accurate ECN beside SACK asks.
  if (stored.duplicate) note_duplicate(stored.duplicate->left, stored.duplicate->right);
  // RFC 5681 §4.2 R5681-14; RFC 9293 §3.10.7.4 MAY-13: at once for what is beyond a gap and for
  // what fills one.
  if (stored.filled_gap || (stored.advanced > 0 && buffer_.has_gap())) {
    ack_.demand(SendReason::AckGapFilled);
  } else if (stored.advanced == 0) {
    ack_.demand(stored.kept_out_of_order || stored.dropped ? SendReason::AckOutOfOrder
                                                           : SendReason::AckDuplicateData);
  }
  if (stored.advanced > 0) {
    rcv_.nxt += stored.advanced;
    // RFC 9293 §3.10.7.4 MUST-58, MUST-59: nothing is sent from here; one ACK covers whatever a
    // batch brought.
    const bool is_second = ack_.owed() == AckPolicy::Owed::Delayed;
    ack_.on_data(stored.advanced, segment_size, config.ack_every_segments);
    if (is_second && config.acks_second_segment) ack_.demand(SendReason::AckEverySecondSegment);
    result.advanced = stored.advanced;
    result.events = EventMask::kReadable;
  } else if (stored.kept_out_of_order) {
    result.verdict = Verdict::AcceptedOutOfOrder;
  } else {
    result.verdict = stored.dropped ? Verdict::ReassemblyFull : Verdict::AcceptedDuplicate;
  }
  if (at_once || ack_.is_among_first(config.quick_acks)) ack_.demand(SendReason::AckImmediate);
  result.delays_ack = ack_.owed() == AckPolicy::Owed::Delayed;
  return result;
}

Received Receiver::process_fin(ReceiveContext& context, const Segment& seg) {
  if (fin_taken_) return {};
  if (seg.flags.fin() && seg.end() > rcv_.edge) {
    // Trimmed away with the data before it: it must come again.
    ack_.demand(SendReason::AckOutsideWindow);
  } else if (seg.flags.fin()) {
    fin_known_ = true;
    fin_at_ = seg.end() - 1;
    if (fin_at_ != rcv_.nxt) ack_.demand(SendReason::AckOutOfOrder);
  }
  if (!fin_known_) return {};
  // A peer that sends data beyond its FIN contradicts itself; what the stream has passed is not
  // waited for.
  if (fin_at_ < rcv_.nxt) fin_known_ = false;
  // R9293-P11: only in order; a FIN that came early waits here.
  return fin_at_ == rcv_.nxt ? take_fin(context) : Received{};
}

Received Receiver::take_fin(ReceiveContext& context) {
  fin_taken_ = true;
  buffer_.drop_runs(context.pool);  // nothing lies behind a FIN
  rcv_.nxt += 1;
  rcv_.edge = later(rcv_.edge, rcv_.nxt);
  ack_.demand(SendReason::AckFin);
  Received result;
  result.events = EventMask::kPeerClosed | EventMask::kReadable;
  result.ends_stream = true;
  return result;
}

void Receiver::answer_old_segment(const Segment& seg) {
  // Our ACK was lost, or the peer was too quick. RFC 2883 §4 R2883-01: say which part came twice.
  if (!seg.data.empty()) note_duplicate(seg.seq, seg.seq + data_length(seg));
  ack_.demand(seg.flags.fin() ? SendReason::AckFin : SendReason::AckDuplicateData);
}

// -- Acknowledgments

void Receiver::on_ack_sent(const ReceiveContext& context, std::uint16_t window_field) {
  SeqNum edge = rcv_.nxt + (static_cast<std::uint32_t>(window_field) << rcv_.shift);
  if (window_field == 65535 && context.config.accepts_whole_buffer)
    edge = rcv_.nxt + window(context);
  rcv_.edge = later(rcv_.edge, edge);  // RFC 9293 §3.8.6 SHLD-14: never to the left
  last_ack_sent_ = rcv_.nxt;
  ack_.on_ack_sent();
}

std::uint8_t Receiver::sack_blocks(const ReceiveContext& context,
                                   std::array<SackBlock, TcpOptions::kMaxSackBlocks>& out,
                                   std::uint8_t most) const {
  std::uint8_t count = 0;
  // RFC 2883 §4 R2883-02: what came twice first; behind it the run that holds it, if one does.
  std::optional<SackBlock> duplicate;
  if (has_duplicate_) out[count++] = *(duplicate = duplicate_);
  std::array<SackBlock, TcpOptions::kMaxSackBlocks> runs{};
  most = static_cast<std::uint8_t>(most - count);
  const std::uint8_t found = buffer_.sack_blocks(context.pool, runs, most, duplicate);
  for (std::uint8_t i = 0; i < found; ++i) out[count++] = runs[i];
  return count;
}

// Each run costs a record and a step of every walk, so a small window may not have many.
std::uint32_t Receiver::most_runs() const {
  return std::min(ReceiveBuffer::kMostRuns, size_.bytes() / 2048 + 4);
}

// -- The window

std::uint32_t Receiver::window(const ReceiveContext& context) const {
  return rcv_.wnd() + edge_advance(context);
}

// RFC 9293 §3.8.6 SHLD-14: the edge goes on, or stays. MAY-8: for as long as nobody reads.
std::uint32_t Receiver::edge_advance(const ReceiveContext& context) const {
  // How far the window may reach beyond rcv.nxt, of which a field of 16 bits shows what it can.
  const std::uint32_t most =
      context.config.accepts_whole_buffer ? size_.bytes() : 65535U << rcv_.shift;
  const std::uint32_t free = std::min(free_bytes(), most);
  const std::uint32_t offered = rcv_.wnd();
  if (free <= offered) return 0;
  // RFC 9293 §3.8.6.2.2 MUST-39: by at least a segment or half of the buffer, or not at all.
  const bool is_worth_it = free - offered >= window_step() || context.config.window_follows_buffer;
  return is_worth_it ? free - offered : 0;
}

// A segment or half of the buffer, whichever is less.
std::uint32_t Receiver::window_step() const {
  return std::min(size_.bytes() / 2, std::max<std::uint32_t>(mss(), 536));
}

// A field counts units of 2^shift bytes. It is rounded up only into room that there is, so that
// what is promised has a bound; rounding down may show an edge that lies back by part of a unit,
// while rcv.edge, and with it what is accepted, stays (RFC 7323 §2.4).
std::uint16_t Receiver::window_field(const ReceiveContext& context) const {
  const std::uint32_t bytes = window(context);
  const std::uint32_t unit = 1U << rcv_.shift;
  std::uint32_t field = bytes >> rcv_.shift;
  const std::uint32_t rounded_up = (bytes + unit - 1) >> rcv_.shift;
  if ((rounded_up << rcv_.shift) <= free_bytes()) field = rounded_up;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(field, 65535));
}

bool Receiver::is_window_update_due(const ReceiveContext& context) const {
  const std::uint32_t advance = fin_known_ ? 0 : edge_advance(context);
  if (advance == 0) return false;
  // The peer may be stuck on a closed window, or half of the buffer is free that it does not know
  // of.
  const std::uint32_t part = size_.bytes() / (context.config.updates_at_quarter ? 4 : 2);
  return rcv_.wnd() < window_step() || advance >= part;
}

// -- Reading

void Receiver::consume(ReceiveContext& context, std::size_t n, Instant now) {
  buffer_.consume(context.pool, n);
  // Urgent data that was read is history; kept for ever its number would come round again.
  if (urgent_ && rcv_.up < read_up_to()) urgent_ = false;
  size_.on_read(context, n, rcv_.wnd() + buffer_.unread(), now);
}

void Receiver::size_buffer(ReceiveContext& context, std::uint32_t largest, Duration round_trip,
                           Instant now) {
  if (rcv_.shift == 0) largest = std::min(largest, 65535U);
  size_.follow(context, {round_trip, largest, mss()}, now);
}

std::uint32_t Receiver::urgent_remaining() const {
  if (!urgent_ || is_early_) return 0;
  const SeqNum next = read_up_to();
  return rcv_.up > next ? static_cast<std::uint32_t>(rcv_.up - next) : 0;
}

void Receiver::release(ReceiveContext& context) {
  buffer_.clear(context.pool);
  context.budget.release(size_.bytes());
  size_ = ReceiveBufferSize(0);
}

void Receiver::check_invariants(const ReceiveContext& context) const {
  buffer_.check(context.pool, rcv_.nxt);
  STACK_ASSERT(rcv_.nxt <= rcv_.edge);
}

}  // namespace glasstcp
