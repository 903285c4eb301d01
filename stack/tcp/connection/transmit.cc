// Doing what was decided: the one place that builds a connection's segments and moves snd.nxt.
// RFC 9293 §3.1 (format), §3.4 (numbers), §3.8.1 (timer), RFC 7323 §3.2, RFC 2018 §3.
// Next: ../receive/receiver.h.
#include <algorithm>

#include "stack/base/assert.h"
#include "stack/tcp/connection/connection.h"

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
  const SeqNum end = d.seq + d.length + (d.flags.syn() || d.flags.fin() ? 1U : 0U);
  const bool is_first = d.kind == SendDecision::Kind::NewData || d.kind == SendDecision::Kind::Syn;
  if (is_first && end > snd.nxt && !remember(d, end, now)) return false;
  // RFC 8201 §5.4: what goes again is cut as the path takes it now, and so it will be reported.
  if (d.kind == SendDecision::Kind::Retransmission)
    context_.sent[d.entry].text = static_cast<std::uint16_t>(max_text());
  build(d, now, out);
  note_left(d, now);
  note_sent(d, now);
  return true;
}

// The record of what leaves for the first time. False: no memory for it.
bool Connection::remember(const SendDecision& d, SeqNum end, Instant now) {
  if (!recovery_.acquire_flight(context_, *this)) return false;
  FlightState& f = *flight_state();
  const std::uint32_t in_flight = pipe();
  const auto text = static_cast<std::uint16_t>(max_text());
  // A SYN has a record of its own: it may be acknowledged, or lost, without the text behind it.
  const bool is_apart = d.flags.syn() && d.length > 0;
  const SeqNum from = snd.nxt + (is_apart ? 1U : 0U);
  const bool has_room = (!is_apart || f.queue.append(context_.sent, snd.nxt, from, text, now)) &&
                        f.queue.append(context_.sent, from, end, text, now);
  if (!has_room) {
    if (d.flags.syn()) f.queue.clear(context_.sent);
    if (f.queue.empty()) release_flight_state();
    return false;
  }
  const auto stamp = note_departure(f, in_flight, d.length, now);
  context_.sent[f.queue.tail()].stamp = stamp;
  if (is_apart) context_.sent[f.queue.head()].stamp = stamp;
  return true;
}

// A record leaves again, or its first `length` numbers.
void Connection::note_sent_again(std::uint32_t record, std::uint32_t length, Instant now) {
  FlightState& f = *flight_state();
  const std::uint32_t in_flight = pipe();
  f.queue.on_retransmitted(context_.sent, record, length, now);
  SentSegment& segment = context_.sent[record];
  segment.stamp = note_departure(f, in_flight, segment.length(), now);
  f.episode.on_retransmitted(segment.begin, segment.end, timestamps_.now_value(now));
  // RFC 5682 §2.1, step 2b: no new data could go, so nothing will tell.
  if (f.episode.wants_new_data()) f.episode.stop_detecting();
  if (f.episode.reduces_window()) f.episode.prr().on_sent(segment.length());
  // RFC 6298 §5: what is waited for first has just left.
  // A SYN that came again is answered, but prolongs nothing.
  const bool is_answer = !is_synchronized(state_) && timers_.is_armed(TimerName::Retransmit);
  if (record == f.queue.head() && !timers_.is_armed(TimerName::RackReordering) && !is_answer) {
    arm(TimerName::Retransmit, now + recovery_.rto(context_));
  }
}

TcpOptions Connection::options_for(const SendDecision& d, Instant now) const {
  TcpOptions options;
  const TcpConfig& config = context_.config;
  const bool syn = d.flags.syn();
  if (syn) {
    // RFC 9293 §3.7.1 MAY-3, §3.2 MUST-65: on every SYN, and on nothing else.
    options.mss = context_.offered_mss(tuple_.remote_address, now);
    if (settings().mss != 0) options.mss = std::min(*options.mss, settings().mss);
    // What the peer's SYN did not offer is left out of our SYN-ACK (RFC 7323 §2.3 R7323-04, RFC
    // 2018 §2 R2018-01).
    const bool answering = d.flags.ack();
    if (!answering && retransmissions_ > config.syn_option_retries) return options;
    options.sack_permitted = answering ? sack_ : config.use_sack;
    const bool scale = answering ? rcv().shift > 0 || snd.shift > 0 : config.use_window_scale;
    if (scale) options.window_scale = context_.rcv_shift;
    add_fast_open(options, d);
  }
  const std::uint8_t ecn_fields = ecn_option_fields(d);
  // RFC 7323 §3.2 R7323-09: once negotiated, on every segment; §5.2 R7323-18: a reset may carry it
  // too.
  const bool stamped = syn && !d.flags.ack() ? config.use_timestamps : timestamps_.enabled();
  if (stamped) {
    options.timestamps = TimestampsOption{timestamps_.now_value(now),
                                          d.flags.ack() ? timestamps_.recent() : TsVal{0}};
  }
  // RFC 9768 §3.2.2.1: the report of how a SYN-ACK arrived stands on an ACK without blocks.
  const bool is_report =
      ecn_ != kNone && ecn()->owes_handshake_report() && d.length == 0 && !d.flags.fin();
  if (sack_ && !syn && !d.flags.rst() && !is_report && receiver_.has_sack_blocks()) {
    std::uint8_t room = timestamps_.enabled() ? 3 : 4;
    if (ecn_fields > 0) --room;
    options.sack_count = receiver_.sack_blocks(context_.receive, options.sack, room);
  }
  add_user_timeout(options, d);
  // RFC 9768 §3.2.3.3 R9768-22: before a third SACK block, but never instead of the second.
  const bool fits = ecn_fields < 3 || options.sack_count == 0 || !timestamps_.enabled();
  if (ecn_fields > 0 && fits) options.accurate_ecn = ecn()->option(ecn_fields);
  return options;
}

void Connection::build(const SendDecision& d, Instant now, OutPacket& out) {
  TcpHeader header;
  header.source = tuple_.local_port;
  header.destination = tuple_.remote_port;
  header.seq = d.seq;
  header.ack = d.flags.ack() ? rcv().nxt : SeqNum(0);
  header.flags = d.flags;
  const TcpOptions options = options_for(d, now);
  header.flags.bits |= ecn_flags(d, options.sack_count > 0);
  if (d.flags.urg()) {
    // RFC 9293 §3.8.5 MUST-30, MUST-62; an urgent end further than 65535 octets away is named as
    // far as the field goes.
    header.urgent = static_cast<std::uint16_t>(std::min<std::int32_t>(snd.up - d.seq, 65535));
  }
  if (d.flags.syn()) {
    const std::uint32_t window = d.flags.ack() ? rcv().wnd() : receiver_.buffer_size();
    header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window, 65535));
  } else if (!d.flags.rst()) {
    header.window = window_field();
    note_ack_carried(header.window);
  }
  SegmentFrame frame = context_.frame(tuple_, hash_);
  // RFC 9293 §3.9.2 SHLD-23: the application's, which reorders its own packets if it changes it.
  frame.traffic_class = traffic_class_ | ecn_field(d);
  frame.hop_limit = settings().hop_limit;
  // RFC 4821 §7: a probe is one segment, however large.
  frame.segment_text = d.reason == SendReason::MtuProbe ? d.length : d.flags.syn() ? 0 : max_text();
  if (may_be_cut(d, now)) {
    // RFC 6864 §4.2, §4.3 R6864-02: a number of its own for each segment, also for those that a device
    // cuts a superpacket into: it counts on from the first. §5.2 R6864-03: none left means that it
    // goes with "don't fragment", and may be lost where the path is narrow, which slows its sender
    // down.
    const std::uint32_t each = std::max(frame.segment_text, 1U);
    const std::uint32_t segments = std::max((out.payload_length + each - 1) / each, 1U);
    const auto number = context_.ip.identifications().take(tuple_.remote_address, segments, now);
    frame.may_fragment = number.has_value();
    frame.identification = number.value_or(0);
  }
  write_segment(frame, header, options, out);
  note_ecn_sent(d, options);
  out.reason = d.reason;
  out.connection = id_;
}

// A segment with rcv.nxt and a window leaves: every ACK that was owed rides on it.
void Connection::note_ack_carried(std::uint16_t window) {
  receiver_.on_ack_sent(context_.receive, window);
  timers_.stop(TimerName::DelayedAck);
}

void Connection::note_sent(const SendDecision& d, Instant now) {
  const std::uint32_t length = d.length + (d.flags.syn() || d.flags.fin() ? 1U : 0U);
  const SeqNum end = d.seq + length;
  if (!d.flags.rst()) receiver_.on_duplicate_reported();
  switch (d.kind) {
    case SendDecision::Kind::Reset:
      pending_reset_.reset();
      return;
    case SendDecision::Kind::Syn:
      syn_ack_due_ = false;
      if (snd.nxt == snd.iss) {
        note_fast_open_syn(d);
        snd.nxt = end;
      } else {
        note_sent_again(queue().head(), 1, now);
      }
      break;
    case SendDecision::Kind::NewData:
      override_small_ = false;
      persist_.on_octet_counted();
      snd.nxt = later(snd.nxt, end);
      last_data_sent_ms_ = milliseconds_of(now);
      note_new_data(d, now);
      note_probe_sent(d);
      // More would have gone if the congestion window had allowed it: what is in flight now shows
      // what it carries.
      recovery_.window_use_.on_sent(snd.una, snd.nxt, flight(), cwnd_room() < max_text());
      if (d.flags.fin() && state_ == State::CloseWait) enter(State::LastAck, now);
      break;
    case SendDecision::Kind::Retransmission:
      note_copy(d, length);
      note_sent_again(d.entry, length, now);
      if (recovery_.retransmit_reason_ == SendReason::RetransmitTimeout) {
        recovery_.retransmit_reason_ = SendReason::RetransmitAfterTimeout;
      }
      recovery_.retransmit_now_ = false;
      break;
    case SendDecision::Kind::TailProbe: {
      const auto tail = static_cast<std::uint32_t>(snd.nxt - d.seq);
      note_copy(d, length);
      note_sent_again(flight_state()->queue.split_tail(context_.sent, tail), tail, now);
      if (d.reason == SendReason::TailLossProbe) on_tail_probe_sent(true, now);
      break;
    }
    case SendDecision::Kind::Probe:
      if (keep_alive_.is_due() && !persist_.is_due()) {
        keep_alive_.on_probe_sent();
        break;
      }
      persist_.on_probe_sent(end > snd.nxt);
      if (end > snd.nxt) {
        if (d.flags.fin() && state_ == State::CloseWait) enter(State::LastAck, now);
      } else if (length > 0) {
        flight_state()->queue.touch_first(context_.sent, now);
      }
      break;
    case SendDecision::Kind::Ack:
      user_timeout_due_ = false;
      if (d.flags.fin()) {
        // RFC 6298 §3 R6298-06: a FIN that rode on it again was sent twice, and gives no sample.
        const std::uint32_t fin = flight_state()->queue.split_tail(context_.sent, 1);
        context_.sent[fin].retransmitted = true;
      }
      break;
  }
  manage_send_timers(now);
}

// New data left: what judges losses, and the timers that wait for its acknowledgment.
void Connection::note_new_data(const SendDecision& d, Instant now) {
  FlightState& f = *flight_state();
  if (f.episode.reduces_window()) f.episode.prr().on_sent(d.length);
  if (d.reason == SendReason::TailLossProbe) return on_tail_probe_sent(false, now);
  // RFC 8985 §7.2: the probe is due two round trips after the last segment.
  if (may_probe_tail() && !timers_.is_armed(TimerName::RackReordering)) {
    arm(TimerName::TailLossProbe, probe_deadline(now, rto_after_head(now)));
  }
}

// RFC 6675 §4: what NextSeg's rules 3 and 4 send is in the network beside the original.
void Connection::note_copy(const SendDecision& d, std::uint32_t length) {
  RecoveryEpisode& recovery = flight_state()->episode;
  if (d.reason != SendReason::SackHole || queue().lost_bytes() > 0) return;
  recovery.on_copy_sent(length);
  if (d.kind == SendDecision::Kind::TailProbe) recovery.on_rescue();
}

// RFC 8985 §7.3 R8985-11.
void Connection::on_tail_probe_sent(bool is_retransmission, Instant now) {
  flight_state()->probe.on_sent(snd.nxt, is_retransmission);
  arm(TimerName::Retransmit, now + recovery_.rto(context_));
}

}  // namespace glasstcp
