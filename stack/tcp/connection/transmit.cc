// Doing what was decided: the one place that builds a connection's segments. snd.nxt moves here,
// and where the peer has taken the octet of a probe (process_ack.cc).
// RFC 9293 §3.1 (format), §3.4 (numbers), §3.8.1 (timer), RFC 7323 §3.2, RFC 2018 §3.
// Next: ../receive/receiver.h.
#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/connection/connection.h"
#include "stack/tcp/connection/segment_options.h"

namespace glasstcp {

bool Connection::commit(const SendDecision& decision, Instant now, OutPacket& out) {
  SendDecision d = decision;
  const SeqNum text_at = d.seq + (d.flags.syn() ? 1U : 0U);
  if (d.length > 0) {
    const std::uint32_t gathered = tx_.gather(context_.tx, text_at, d.length, out);
    if (gathered < d.length) {  // it lies in more pieces than a packet can name
      d.length = gathered;
      d.flags.bits &= static_cast<std::uint16_t>(~(TcpFlags::kFin | TcpFlags::kPsh));
    }
  } else {
    out.payload_slices = 0;
    out.payload_length = 0;
  }
  const bool is_data = d.kind != SendDecision::Kind::Ack && d.kind != SendDecision::Kind::Probe &&
                       d.kind != SendDecision::Kind::Reset;
  if (!is_data) {
    build(d, now, out);
    note_control_sent(d, now);
    return true;
  }
  const SenderFacts sender = sender_facts(now);
  const SeqNum end = d.seq + d.length + (d.flags.syn() || d.flags.fin() ? 1U : 0U);
  const bool is_first = d.kind == SendDecision::Kind::NewData || d.kind == SendDecision::Kind::Syn;
  if (is_first && end > snd.nxt && !remember(d, end, sender)) return false;
  build(d, now, out);
  note_data_sent(d, sender, out);
  return true;
}

// What leaves for the first time is to be acknowledged. False: no memory to remember it by.
bool Connection::remember(const SendDecision& d, SeqNum end, const SenderFacts& sender) {
  return recovery_.acquire_flight(context_, this) &&
         recovery_.add(sender, {end, d.length, d.flags.syn()});
}

void Connection::build(const SendDecision& d, Instant now, OutPacket& out) {
  TcpHeader header;
  header.source = tuple_.local_port;
  header.destination = tuple_.remote_port;
  header.seq = d.seq;
  header.ack = d.flags.ack() ? rcv().nxt : SeqNum(0);
  header.flags = d.flags;
  const SegmentOptions carries(*this);
  const TcpOptions options = carries.of(d, now);
  EcnMarks marks;
  if (ecn_ != kNone) marks = ecn()->marks(carries.departure(d, options));
  if (d.flags.syn() && !d.flags.ack())
    marks.flags = ecn_syn_flags(settings().ecn, retransmissions_);
  header.flags.bits |= marks.flags;
  if (d.flags.urg()) {
    // RFC 9293 §3.8.5 MUST-30, MUST-62; an urgent end further than 65535 octets away is named as
    // far as the field goes.
    header.urgent = static_cast<std::uint16_t>(std::min<std::int32_t>(snd.up - d.seq, 65535));
  }
  if (d.flags.syn()) {
    const std::uint32_t window = d.flags.ack() ? rcv().wnd() : receiver_.buffer_size();
    header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window, 65535));
  } else if (!d.flags.rst()) {
    header.window = receiver_.window_field(context_.receive);
    note_ack_carried(header.window);
  }
  SegmentFrame frame = context_.frame(tuple_, hash_);
  // RFC 9293 §3.9.2 SHLD-23: the application's, which reorders its own packets if it changes it.
  frame.traffic_class = traffic_class_ | static_cast<std::uint8_t>(marks.field);
  frame.hop_limit = settings().hop_limit;
  // RFC 4821 §7: a probe is one segment, however large.
  frame.segment_payload = d.reason == SendReason::MtuProbe ? d.length
                          : d.flags.syn()                  ? 0
                                                           : max_payload();
  if (may_be_cut(d, now)) {
    // RFC 6864 §4.2, §4.3 R6864-02: a number of its own for each segment, also for those that a device
    // cuts a GSO packet into: it counts on from the first. §5.2 R6864-03: none left means that it
    // goes with "don't fragment", and may be lost where the path is narrow, which slows its sender
    // down.
    const auto number =
        context_.ip.identifications().take(tuple_.remote_address, frame.segments(d.length), now);
    frame.may_fragment = number.has_value();
    frame.identification = number.value_or(0);
  }
  write_segment(frame, header, options, out);
  if (ecn_ != kNone)
    context_.ecn[ecn_].on_sent(carries.departure(d, options), options.accurate_ecn.has_value());
  out.reason = d.reason;
  out.connection = id_;
  if (ConnectionStatistics* s = statistics()) s->on_departure(d, frame.segments(d.length), now);
  if (!d.flags.rst()) receiver_.on_duplicate_reported();
}

// A segment with rcv.nxt and a window leaves: every ACK that was owed rides on it.
void Connection::note_ack_carried(std::uint16_t window) {
  receiver_.on_ack_sent(context_.receive, window);
  timers_.stop(TimerName::DelayedAck);
}

void Connection::note_data_sent(const SendDecision& d, const SenderFacts& sender,
                                const OutPacket& packet) {
  const std::uint32_t length = d.length + (d.flags.syn() || d.flags.fin() ? 1U : 0U);
  switch (d.kind) {
    case SendDecision::Kind::Syn:
      syn_ack_due_ = false;
      if (snd.nxt == snd.iss) {
        note_fast_open_syn(d);
        snd.nxt = d.seq + length;
      } else {
        arm(recovery_.on_syn_retransmitted(sender));
      }
      break;
    case SendDecision::Kind::Retransmission:
      arm(recovery_.on_retransmitted(sender, {d.entry, length, d.reason}));
      break;
    case SendDecision::Kind::TailProbe: {
      const auto tail = static_cast<std::uint32_t>(snd.nxt - d.seq);
      arm(recovery_.on_tail_retransmitted(sender, {kNone, tail, d.reason}));
      break;
    }
    default:
      note_new_data(d, sender, packet);
      break;
  }
  manage_send_timers(sender.now);
}

void Connection::note_new_data(const SendDecision& d, const SenderFacts& sender,
                               const OutPacket& packet) {
  const SeqNum end = d.seq + d.length + (d.flags.fin() ? 1U : 0U);
  intent_.on_sent();
  persist_.on_octet_counted();
  snd.nxt = later(snd.nxt, end);
  last_data_sent_ms_ = milliseconds_of(sender.now);
  // More would have gone if the congestion window had allowed it: what is in flight now shows what
  // it carries.
  const bool fills_window = cwnd_space() < max_payload();
  arm(recovery_.on_sent(sender, {end, d.length}, d.reason == SendReason::TailLossProbe,
                        fills_window));
  // The packet's own size: what options the next one will have is another matter.
  if (d.reason == SendReason::MtuProbe && packet.size() > path_search()->low())
    path_search()->on_probe_sent(static_cast<std::uint16_t>(packet.size()), d.seq, end);
  if (d.flags.fin() && state_ == State::CloseWait)
    enter(State::LastAck, StateCause::Close, sender.now);
}

// An ACK, a reset, or a probe: nothing that is to be acknowledged.
void Connection::note_control_sent(const SendDecision& d, Instant now) {
  if (d.kind == SendDecision::Kind::Reset) {
    pending_reset_.reset();
    return;
  }
  if (d.kind == SendDecision::Kind::Probe) {
    note_probe(d, now);
  } else {
    user_timeout_due_ = false;
    if (d.flags.fin()) recovery_.on_fin_repeated(context_);
  }
  manage_send_timers(now);
}

// Of a closed window, or of a peer that is silent.
void Connection::note_probe(const SendDecision& d, Instant now) {
  if (keep_alive_.is_due() && !persist_.is_due()) return keep_alive_.on_probe_sent();
  const std::uint32_t length = d.length + (d.flags.fin() ? 1U : 0U);
  const bool is_beyond = d.seq + length > snd.nxt;
  persist_.on_probe_sent(is_beyond);
  if (is_beyond) {
    if (d.flags.fin() && state_ == State::CloseWait) enter(State::LastAck, StateCause::Close, now);
  } else if (length > 0) {
    recovery_.on_window_probe_sent(context_, now);
  }
}

}  // namespace glasstcp
