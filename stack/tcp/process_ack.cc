// The fifth check's work (RFC 9293 §3.10.7.4): an acceptable ACK and what follows from it: the
// queue, the round-trip time, the congestion window, loss recovery, the peer's window, and our own
// FIN.
#include <algorithm>

#include "stack/tcp/connection.h"

namespace glasstcp {

void Connection::process_new_ack(const Segment& seg, Instant now) {
  const bool had_data = !tx_.empty();
  const bool window_was_limit =
      window_use_.was_used(congestion_.cwnd, congestion_.cwnd < congestion_.ssthresh);
  const AckedSegments acked = log_.acknowledge(context_.sent, seg.ack);
  take_rtt_sample(seg, acked, now);
  snd.una = seg.ack;
  if (ConnectionStatistics* s = kept()) {
    s->bytes_acked += acked.bytes;
    s->segments_delivered += (acked.bytes + effective_mss_ - 1) / effective_mss_;
  }
  // The SYN and the FIN are numbers without bytes.
  tx_.acknowledge(context_.tx, earlier(seg.ack, tx_.end_seq()));
  if (acked.bytes > 0)
    largest_acked_ =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(acked.bytes, effective_mss_));
  retransmissions_ =
      state_ == State::SynSent || state_ == State::SynReceived ? retransmissions_ : std::uint8_t{0};
  unanswered_probes_ = 0;
  soft_error_told_ = false;
  if (snd.up <= snd.una) urgent_pending_ = false;

  if (is_synchronized(state_)) {
    const FlightFacts facts{snd.una, snd.nxt, effective_mss_};
    const bool in_recovery = recovery_.is_active();
    act_on(recovery_.on_advance(congestion_, seg.ack, acked.bytes, facts), now);
    if (!in_recovery) {
      context_.congestion.on_ack(
          congestion_,
          {acked.bytes, effective_mss_, context_.limits.gso_max > 0 ? acked.bytes : effective_mss_,
           window_was_limit});
    }
    window_use_.on_acked(snd.una);
  }
  timers_.stop(TimerName::UserTimeout);  // progress
  // RFC 6298 §5.3 R6298-10: restart the timer when new data is acknowledged.
  if (recovery_.may_restart_timer()) restart_retransmit_timer(now);
  if (had_data && tx_.empty()) signal(EventMask::kDrained);
  if (context_.config.more_ends_with_ack) more_coming_ = false;
  signal_room();
  note_limit(now);
}

void Connection::take_rtt_sample(const Segment& seg, const AckedSegments& acked, Instant now) {
  // RFC 6298 §3 R6298-06, R6298-07: from our own record if nothing in it was sent twice...
  if (acked.newest_sent && !acked.any_retransmitted) {
    rtt_.add_sample(now - *acked.newest_sent, context_.rto_bounds);
    note_rtt(now - *acked.newest_sent);
    return;
  }
  // ... else from the echoed timestamp, which tells the copies apart (RFC 7323 §4.1 R7323-13,
  // R7323-15).
  if (acked.any_retransmitted && timestamps_.enabled() && seg.options.timestamps) {
    const Duration since = timestamps_.since(seg.options.timestamps->ecr, now);
    if (since >= Duration::zero() && since < 1h)
      rtt_.add_sample(std::max<Duration>(since, 1ms), context_.rto_bounds);
  }
}

void Connection::process_duplicate_ack(const Segment& seg, Instant now) {
  if (snd.wnd == 0) {
    // RFC 9293 §3.8.6.1 MUST-37: an answered probe is a sign of life, for the user timeout too.
    unanswered_probes_ = 0;
    timers_.stop(TimerName::UserTimeout);
  }
  // RFC 5681 §2: a duplicate acknowledges nothing new while something is outstanding, and carries
  // neither text, SYN nor FIN.
  if (flight() == 0 || seg.len() > 0 || snd.wnd == 0) return;
  if (sack_) {
    // RFC 5681 §3.2 R5681-11; RFC 6675 §2: with SACK it is one that reports something new above
    // snd.una, whatever its window: receivers that tune their buffer move it with every ACK.
    // RFC 2883 §4: the first block may report a duplicate instead; then the news is in the second.
    const bool is_dsack = seg.options.sack[0].right <= snd.una && seg.options.sack_count > 1;
    const SackBlock& newest = seg.options.sack[is_dsack ? 1 : 0];
    const std::uint32_t stamp = newest.left.raw() * 31 + newest.right.raw();
    if (seg.options.sack_count == 0 || newest.right <= snd.una || stamp == last_sacked_) return;
    last_sacked_ = stamp;
  } else if (static_cast<std::uint32_t>(seg.wnd) << snd.shift != snd.wnd) {
    return;  // without SACK, a change of the window is what the segment is about
  }
  act_on(
      recovery_.on_duplicate(congestion_, context_.congestion, {snd.una, snd.nxt, effective_mss_}),
      now);
}

void Connection::act_on(RecoveryAction action, Instant now) {
  switch (action) {
    case RecoveryAction::RetransmitFirst:
    case RecoveryAction::RetransmitNextHole:
      retransmit_reason_ = action == RecoveryAction::RetransmitFirst
                               ? SendReason::FastRetransmit
                               : SendReason::PartialAckRetransmit;
      log_.mark_first_lost(context_.sent, max_text());
      retransmit_now_ = true;
      if (action == RecoveryAction::RetransmitFirst) restart_retransmit_timer(now);
      break;
    case RecoveryAction::None:
    case RecoveryAction::SendNewSegment:
    case RecoveryAction::Leave:
      break;
  }
}

// RFC 9293 §3.10.7.4 R9293-P10: only from segments that are not older than the one that set the
// window last.
// `edge`: the right edge of the window before this segment.
void Connection::update_send_window(const Segment& seg, SeqNum edge, Instant now) {
  if (seg.ack < snd.una) return;
  const bool newer = snd.wl1 < seg.seq || (snd.wl1 == seg.seq && snd.wl2 <= seg.ack);
  if (!newer) {
    // RFC 7323 §2.4 R7323-08: what it acknowledged has left the window, whose edge stays.
    snd.wnd = edge > snd.una ? static_cast<std::uint32_t>(edge - snd.una) : 0;
    return;
  }
  // RFC 7323 §2.3 R7323-05: scaled on every segment but a SYN.
  const bool was_closed = snd.wnd == 0;
  snd.wnd = static_cast<std::uint32_t>(seg.wnd) << snd.shift;
  snd.max_wnd = std::max(snd.max_wnd, snd.wnd);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  if (was_closed && snd.wnd > 0) {
    // What had been outstanding for a whole timeout when the window closed is lost; the rest gets
    // its timer back.
    if (probe_backoff_ > 0 && flight() > 0) {
      retransmit_reason_ = SendReason::RetransmitAfterTimeout;
      log_.mark_all_lost(context_.sent);
    }
    probe_backoff_ = 0;
    probe_due_ = false;
    timers_.stop(TimerName::Persist);  // the override timer is a shorter one
    if (flight() == 0) restart_if_idle(now);
  }
}

// The octet of a zero-window probe does not count as sent, so that it goes again in a full segment
// when the window opens; but the peer may have taken it.
void Connection::take_probe_as_sent(Instant now) {
  if (!log_.append(context_.sent, snd.nxt, snd.nxt + 1, now)) return;
  log_.on_retransmitted(context_.sent, log_.tail(), 1,
                        now);  // which of the probes it was is unknown: no RTT sample
  snd.nxt += 1;
  probe_beyond_ = false;
}

void Connection::after_fin_acked(Instant now) {
  if (!has_sent_fin() || snd.una != snd.nxt) return;
  switch (state_) {
    case State::FinWait1:
      enter(State::FinWait2, now);
      // RFC 9293 has no limit here; without one a silent peer would keep the record of a departed
      // application for ever.
      if (orphan_) arm(TimerName::FinWait2, now + knobs().fin_wait_2_timeout);
      break;
    case State::Closing:
      enter(State::TimeWait, now);
      break;
    case State::LastAck:
      enter(State::Closed, now);
      signal(EventMask::kClosed);
      break;
    default:
      break;
  }
}

Verdict Connection::icmp_arrives(const IcmpSignal& signal_in, Instant now) {
  // RFC 5927 §4.1 R5927-01: the quoted number must be one that is outstanding.
  if (signal_in.quoted_seq < snd.una || signal_in.quoted_seq >= snd.nxt)
    return Verdict::IcmpErrorImplausible;
  if (ConnectionStatistics* s = kept()) {
    s->icmp_error = static_cast<std::uint8_t>(1 + static_cast<unsigned>(signal_in.kind));
  }
  if (signal_in.kind == IcmpSignal::Kind::PacketTooBig) {
    const std::uint32_t headers = tuple_.local_address.is_v4() ? 40 : 60;
    const std::uint32_t acked_packet =
        largest_acked_ == 0 ? 0 : largest_acked_ + headers + option_bytes();
    // RFC 5927 §7.2 R5927-03: while packets of that size do arrive, it is believed only if progress
    // stops. The cache may know it already, from a connection beside this one.
    static_cast<void>(context_.ip.path_mtu().on_packet_too_big(tuple_.remote_address,
                                                               signal_in.packet_too_big(), now));
    const std::uint32_t mtu = context_.ip.path_mtu().lookup(tuple_.remote_address, now);
    if (mtu >= effective_mss_ + (timestamps_.enabled() ? 12U : 0U) + headers) {
      return Verdict::IcmpErrorImplausible;  // our packets fit already
    }
    if (is_synchronized(state_) && acked_packet > mtu && retransmissions_ == 0) {
      return Verdict::IcmpErrorUsed;  // the retransmission timer will ask the cache
    }
    apply_path_mtu(now);
    wants_output();
    return Verdict::IcmpErrorUsed;
  }
  // RFC 9293 §3.9.2.2 MUST-54, MUST-56, SHLD-25, SHLD-26; RFC 5927 §5.2 R5927-02: a hard error ends
  // only a connection that
  // is not synchronized yet; everything else is a hint for the application.
  if (signal_in.is_hard() && !is_synchronized(state_)) {
    fail(StreamError::Unreachable, now);
    return Verdict::IcmpErrorUsed;
  }
  // RFC 9293 §3.9.1.8 MUST-47: the way of soft errors to the application is this event.
  signal(EventMask::kSoftError);
  return Verdict::IcmpErrorUsed;
}

// Asks the path MTU cache again.
void Connection::apply_path_mtu(Instant now) {
  const std::uint16_t old = effective_mss_;
  set_effective_mss(now);
  if (effective_mss_ >= old) return;
  // RFC 8201 §5.4 R8201-05; RFC 1191 §6.3 R1191-06: what was too big is sent again, smaller; this
  // is
  // not congestion.
  retransmit_reason_ = SendReason::MtuRetransmit;
  log_.mark_all_lost(context_.sent);
}

}  // namespace glasstcp
