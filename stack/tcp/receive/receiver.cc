// The receiving side: text and FIN in order, acknowledgments owed, and the window that we offer.
// RFC 9293 §3.8.6 (window management), §3.8.6.2.2 (receiver's silly-window avoidance), §3.8.6.3
// (delayed ACK).
// Next: ../recovery/rtt_estimator.h.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

void Connection::on_stored(const StoreResult& stored, std::uint32_t segment_size, Instant now) {
  // RFC 9768 §3.1.1 R9768-35: D-SACK is implemented, as accurate ECN beside SACK asks.
  if (stored.duplicate && sack_) {
    duplicate_ = *stored.duplicate;
    has_duplicate_ = true;
  }
  // RFC 5681 §4.2 R5681-14; RFC 9293 §3.10.7.4 MAY-13: at once for what is beyond a gap and for
  // what fills one.
  if (stored.filled_gap || (stored.advanced > 0 && rx_.has_gap())) {
    ack_.demand(SendReason::AckGapFilled);
  } else if (stored.advanced == 0) {
    ack_.demand(stored.kept_out_of_order || stored.dropped ? SendReason::AckOutOfOrder
                                                           : SendReason::AckDuplicateData);
  }
  if (stored.advanced > 0) {
    rcv.nxt += stored.advanced;
    if (ConnectionStatistics* s = kept()) s->bytes_received += stored.advanced;
    // RFC 9293 §3.10.7.4 MUST-58, MUST-59: nothing is sent from here; one ACK covers whatever a
    // batch brought.
    const bool is_second = ack_.owed() == AckPolicy::Owed::Delayed;
    ack_.on_data(stored.advanced, segment_size, context_.config.ack_every_segments);
    if (is_second && context_.config.acks_second_segment)
      ack_.demand(SendReason::AckEverySecondSegment);
    signal(EventMask::kReadable);
  }
  if (context_.config.delayed_ack == Duration::zero() || settings().quick_ack ||
      ack_.is_among_first(context_.config.quick_acks))
    ack_.demand(SendReason::AckImmediate);
  // MUST-40: below half a second.
  if (ack_.owed() == AckPolicy::Owed::Delayed && !timers_.is_armed(TimerName::DelayedAck)) {
    arm(TimerName::DelayedAck, now + context_.config.delayed_ack);
  }
}

// RFC 9293 §3.10.7.4, eighth: R9293-P11, R9293-P14.
void Connection::on_peer_fin(Instant now) {
  peer_fin_done_ = true;
  rx_.drop_runs(context_.rx);  // nothing lies behind a FIN
  rcv.nxt += 1;
  rcv.edge = later(rcv.edge, rcv.nxt);
  ack_.demand(SendReason::AckFin);
  signal(EventMask::kPeerClosed | EventMask::kReadable);
  switch (state_) {
    case State::SynReceived:
    case State::Established:
      enter(State::CloseWait, now);
      break;
    case State::FinWait1:
      // If our FIN had been acknowledged, the fifth check would have moved us to FIN-WAIT-2.
      enter(State::Closing, now);
      break;
    case State::FinWait2:
      enter(State::TimeWait, now);
      break;
    default:
      break;
  }
}

// How far the window may reach beyond rcv.nxt, of which a field of 16 bits shows what it can.
std::uint32_t Connection::most_window() const {
  return context_.config.accepts_whole_buffer ? receive_buffer_ : 65535U << rcv.shift;
}

// The window to offer, in bytes from rcv.nxt on.
std::uint32_t Connection::window_to_offer() const {
  const std::uint32_t unread = rx_.unread();
  const std::uint32_t room = receive_buffer_ > unread ? receive_buffer_ - unread : 0;
  const std::uint32_t free = std::min(room, most_window());
  const std::uint32_t offered = rcv.wnd();
  // RFC 9293 §3.8.6 SHLD-14: the edge stays. MAY-8: for as long as nobody reads.
  if (free <= offered) return offered;
  // RFC 9293 §3.8.6.2.2 MUST-39: the edge moves by at least a segment or half of the buffer, or not
  // at all.
  const std::uint32_t step =
      std::min(receive_buffer_ / 2, std::max<std::uint32_t>(ack_.rcv_mss(), 536));
  return free - offered >= step || context_.config.window_follows_buffer ? free : offered;
}

// A field counts units of 2^shift bytes. It is rounded up only into room that there is, so that
// what is promised has a bound; rounding down may show an edge that lies back by part of a unit,
// while rcv.edge, and with it what is accepted, stays (RFC 7323 §2.4).
std::uint16_t Connection::window_field(std::uint32_t window) const {
  const std::uint32_t unit = 1U << rcv.shift;
  const std::uint32_t room = receive_buffer_ > rx_.unread() ? receive_buffer_ - rx_.unread() : 0;
  std::uint32_t field = window >> rcv.shift;
  const std::uint32_t rounded_up = (window + unit - 1) >> rcv.shift;
  if ((rounded_up << rcv.shift) <= room) field = rounded_up;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(field, 65535));
}

// Whether the reader has freed enough that the peer should hear of it without waiting for data.
bool Connection::window_update_is_worth_it() const {
  if (peer_fin_known_ || !is_synchronized(state_)) return false;
  const std::uint32_t offered = rcv.wnd();
  const std::uint32_t could = window_to_offer();
  if (could <= offered) return false;
  // The peer may be stuck on a closed window, or half of the buffer is free that it does not know
  // of.
  const std::uint32_t mss = std::max<std::uint32_t>(ack_.rcv_mss(), 536);
  const std::uint32_t part = receive_buffer_ / (context_.config.updates_at_quarter ? 4 : 2);
  return offered < std::min(mss, receive_buffer_ / 2) || could - offered >= part;
}

void Connection::consume(std::size_t n, Instant now) {
  rx_.consume(context_.rx, n);
  // Urgent data that was read is history; kept for ever its number would come round again.
  if (urgent_received_ && rcv.up < read_up_to()) urgent_received_ = false;
  size_receive_buffer(n, now);
  if (window_update_is_worth_it()) {
    ack_.demand(SendReason::WindowUpdate);
    wants_output();
  }
}

// Each run costs a block, so a small window may not have many.
std::uint32_t Connection::max_runs() const {
  return std::min(ReceiveBuffer::kMostRuns, receive_buffer_ / 2048 + 4);
}

}  // namespace glasstcp
