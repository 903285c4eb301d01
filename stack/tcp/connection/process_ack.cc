// The fifth check's work (RFC 9293 §3.10.7.4): an acceptable ACK and what follows from it: what it
// reports as delivered, the queue, the round-trip time, the peer's window, and our own FIN. What it
// means for losses and for the congestion window: loss_recovery.cc.
// Next: next_segment.cc.
#include <algorithm>
#include <array>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// The SYN is acknowledged: a number without bytes, before anything is under way.
void Connection::process_ack_of_syn(const Segment& seg, Instant now) {
  FlightState* const f = flight_state();
  if (f == nullptr) return;
  std::optional<Instant> sent_once;
  const std::uint32_t first_ms =
      f->queue.empty() ? 0 : context_.sent[f->queue.head()].first_sent_ms;
  f->queue.acknowledge(context_.sent, seg.ack, [&](const SentSegment& syn, SeqNum) {
    if (!syn.retransmitted) sent_once = syn.sent_at;
  });
  if (ConnectionStatistics* s = kept()) {
    s->bytes_acked += static_cast<std::uint32_t>(seg.ack - snd.una);
    s->segments_delivered += 1;
  }
  snd.una = seg.ack;
  // RFC 6298 §3 R6298-06: Karn's rule. The echoed timestamp tells the copies of a SYN apart.
  if (sent_once) {
    add_rtt_sample(now - *sent_once, now);
  } else if (timestamps_.enabled() && seg.options.timestamps &&
             timestamps_.is_echo_since(seg.options.timestamps->ecr, first_ms, now)) {
    add_sample_by_timestamp(seg.options.timestamps->ecr, now);
  }
  if (f->queue.empty()) become_quiet(now);  // what a Fast Open sent with it may be left
  restart_loss_timers(now);
  signal_room();
  note_limit(now);
}

// RFC 9293 §3.10.7.4 R9293-P9 and what follows: an ACK in [snd.una - max window, snd.nxt].
void Connection::process_ack(const Segment& seg, Instant now) {
  AckReport report = read_report(seg, now);
  if (report.acked > 0) {
    on_progress(seg, report, now);
  } else if (seg.ack == snd.una && snd.wnd == 0) {
    // RFC 9293 §3.8.6.1 MUST-37: an answered probe is a sign of life, for the user timeout too.
    persist_.on_answer();
    timers_.stop(TimerName::UserTimeout);
  }
  if (FlightState* f = flight_state()) {
    judge(*f, report, now);
    if (f->queue.empty()) become_quiet(now);
  }
  if (report.acked > 0) {
    recovery_.window_use_.on_acked(snd.una);
    note_probe_progress(now);
  }
}

// What this acknowledgment reports as delivered, by its number and by SACK.
AckReport Connection::read_report(const Segment& seg, Instant now) {
  AckReport report;
  report.prior_una = snd.una;
  report.has_echo = timestamps_.enabled() && seg.options.timestamps.has_value();
  if (report.has_echo) report.echo = seg.options.timestamps->ecr;
  report.is_bare = seg.len() == 0 && seg.options.sack_count == 0 &&
                   static_cast<std::uint32_t>(seg.wnd) << snd.shift == snd.wnd;
  FlightState* const state = flight_state();
  const auto on_delivered = [&](const SentSegment& segment, SeqNum end) {
    note_delivered(*state, segment, end, report, now);
  };
  if (seg.ack > snd.una) {
    report.acked = static_cast<std::uint32_t>(seg.ack - snd.una);
    if (state != nullptr && !state->queue.empty()) {
      report.first_sent_ms = context_.sent[state->queue.head()].first_sent_ms;
      state->queue.acknowledge(context_.sent, seg.ack, on_delivered);
    }
    snd.una = seg.ack;
  }
  if (state != nullptr && sack_ && seg.options.sack_count > 0) {
    read_sack(seg, state->queue, report, on_delivered);
  }
  if (state != nullptr && !sack_) count_duplicates(seg, *state, report);
  if (report.sent_once && !report.any_retransmitted) {
    add_rtt_sample(now - *report.sent_once, now);
    report.rtt = now - *report.sent_once;
  } else if (report.any_retransmitted && is_echo_of_flight(report, now)) {
    add_sample_by_timestamp(report.echo, now);
  }
  if (ecn_ != kNone) {
    report.mark_reported = read_ecn_report(seg, report);
    const bool is_echo = seg.flags.ece() && ecn()->feedback() == EcnFeedback::Classic;
    report.mark_echoed = report.mark_reported || is_echo;
  }
  if (report.reordered > 0) note_reordering(report.reordered);
  return report;
}

// RFC 3522 §3.2, RFC 7323 §4.3: whoever advances snd.una and echoes honestly names what left no sooner
// than the first of what was outstanding. An echo of 0, or of any other time before, proves
// nothing.
bool Connection::is_echo_of_flight(const AckReport& report, Instant now) const {
  return report.acked > 0 && report.has_echo &&
         timestamps_.is_echo_since(report.echo, report.first_sent_ms, now);
}

// One record, or the first part of one, is known to have arrived.
// RFC 6937 §3 R6937-03: each byte counts once, whichever of the two reports it first.
void Connection::note_delivered(FlightState& state, const SentSegment& segment, SeqNum end,
                                AckReport& report, Instant now) {
  const auto bytes = static_cast<std::uint32_t>(end - segment.begin);
  report.delivered += bytes;
  if (segment.retransmitted) {
    report.any_retransmitted = true;
  } else {
    // RFC 6298 §3 R6298-06: no sample from what was sent twice.
    report.sent_once = segment.sent_at;
    // RFC 5682 §3.1 R5682-02: what a timeout took for lost. What left too late for that (RFC 8985
    // §6.3) arrives whether the timeout was right or not.
    const bool is_taken_for_lost = segment.state == SegmentState::Lost;
    if (is_taken_for_lost && end <= state.episode.recover()) report.original_delivered = true;
  }
  state.rate.on_delivered(segment.stamp, bytes, segment.sent_at, now);
  RackFacts facts;
  facts.now = now;
  facts.min_rtt = recovery_.min_rtt_.get();
  facts.echo_is_older =
      report.has_echo && difference(report.echo, timestamps_.now_value(segment.sent_at)) < 0;
  if (kept() != nullptr)
    report.reordered = std::max(report.reordered, state.rack.reordering_extent(segment));
  state.rack.on_delivered(segment, end, facts);
}

// How far reordering went, for reports such as TCP_INFO.
void Connection::note_reordering(std::uint32_t bytes) {
  ConnectionStatistics* const s = kept();
  s->reorderings_seen += 1;
  s->reordering = std::max(s->reordering, (bytes + effective_mss_ - 1) / effective_mss_);
}

// RFC 2018 §4, RFC 6675 §5 R6675-04, RFC 2883 §5.
template <typename F>
void Connection::read_sack(const Segment& seg, RetransmissionQueue& log, AckReport& report,
                           F on_delivered) {
  const auto& blocks = seg.options.sack;
  std::uint8_t first = 0;
  // RFC 2883 §5 R2883-03: a duplicate lies below this segment's own ACK, or inside the second block.
  const bool below = blocks[0].right <= seg.ack;
  const bool inside = seg.options.sack_count > 1 && blocks[0].left >= blocks[1].left &&
                      blocks[0].right <= blocks[1].right;
  if (below || inside) {
    first = 1;
    report.duplicate_reported = blocks[0].left < blocks[0].right && blocks[0].right <= snd.nxt;
    report.duplicate = blocks[0];
  }
  const std::uint32_t before = log.sacked_bytes();
  std::array<SackBlock, TcpOptions::kMaxSackBlocks> ascending = blocks;
  const auto begin = ascending.begin() + first, end = ascending.begin() + seg.options.sack_count;
  // RFC 8985 §6.2 step 3: what one ACK reports arrived in the order of its numbers, for all we know;
  // the blocks stand in another. Left so, two of them that are both news would look like
  // reordering.
  std::sort(begin, end, [](const SackBlock& a, const SackBlock& b) { return a.left < b.left; });
  for (auto i = begin; i != end; ++i) {
    const SackBlock block{later(i->left, snd.una), i->right};
    if (block.left >= block.right || block.right > snd.nxt) continue;  // old, or never sent
    log.sack(context_.sent, block, on_delivered);
  }
  report.by_sack = log.sacked_bytes() > before;
}

// RFC 5681 §2: without SACK, a duplicate acknowledges nothing new while something is outstanding,
// carries neither text, SYN nor FIN, and does not change the window.
void Connection::count_duplicates(const Segment& seg, FlightState& state, AckReport& report) {
  if (report.acked > 0) {
    report.delivered = state.episode.on_advance(snd.una, report.acked, full_segment_);
    // What was resent and what was not cannot be told apart in one ACK (RFC 5682 §2.1 step 3b).
    if (report.any_retransmitted) report.original_delivered = false;
    return;
  }
  if (seg.ack != snd.una || flight() == 0 || seg.len() > 0 || snd.wnd == 0) return;
  // RFC 5682 §2.1 step 3a: what F-RTO waits for is an ACK that does not advance. Its new data may be
  // one superpacket, which brings one answer; if that changes the window as well, there is no
  // other.
  const bool is_other_window = static_cast<std::uint32_t>(seg.wnd) << snd.shift != snd.wnd;
  if (is_other_window && !state.episode.awaits_verdict(snd.nxt)) return;
  report.is_duplicate = true;
  if (!state.episode.may_count_duplicates(snd.una, snd.nxt)) return;
  const std::uint32_t in_network = flight() - queue().lost_bytes();
  report.delivered =
      state.episode.on_duplicate(full_segment_, state.episode.most_assumed(snd.nxt, in_network));
}

// snd.una moved: the queue shrinks, and whatever waited for progress stops waiting.
void Connection::on_progress(const Segment& seg, const AckReport& report, Instant now) {
  const bool had_data = !tx_.empty();
  if (ConnectionStatistics* s = kept()) {
    s->bytes_acked += report.acked;
    s->segments_delivered += (report.acked + effective_mss_ - 1) / effective_mss_;
  }
  // RFC 2018 §8 R2018-04, RFC 6675 §4 R6675-03: what SACK reported stays, for the peer may still
  // throw it away. The SYN and the FIN are numbers without bytes.
  tx_.acknowledge(context_.tx, earlier(seg.ack, tx_.end_seq()));
  largest_acked_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(report.acked, full_segment_));
  retransmissions_ = 0;
  persist_.on_answer();
  soft_error_told_ = false;
  if (snd.up <= snd.una) urgent_pending_ = false;
  timers_.stop(TimerName::UserTimeout);  // progress
  if (had_data && tx_.empty()) signal(EventMask::kDrained);
  if (context_.config.more_ends_with_ack) more_coming_ = false;
  signal_room();
  note_limit(now);
}

void Connection::add_rtt_sample(Duration rtt, Instant now) {
  recovery_.rtt_.add_sample(rtt, context_.rto_bounds);
  recovery_.min_rtt_.add(rtt, now);
  note_rtt(rtt);
  if (FlightState* state = flight_state()) state->probe.on_rtt_sample();
}

// RFC 7323 §4.1 R7323-13, R7323-15; RFC 6298 §3 R6298-07: the echoed timestamp tells apart what was
// sent twice. `echo` lies between the first transmission and now.
void Connection::add_sample_by_timestamp(TsVal echo, Instant now) {
  const Duration since = timestamps_.since(echo, now);
  recovery_.rtt_.add_sample(std::max<Duration>(since, 1ms), context_.rto_bounds);
  if (FlightState* state = flight_state()) state->probe.on_rtt_sample();
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
  note_window(snd.wnd);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  if (was_closed && snd.wnd > 0) {
    // What had been outstanding for a whole timeout when the window closed is lost; the rest gets
    // its timer back.
    if (persist_.backoff() > 0 && flight() > 0) {
      recovery_.retransmit_reason_ = SendReason::RetransmitAfterTimeout;
      repair_everything();
    }
    persist_.on_window_opened();
    timers_.stop(TimerName::Persist);
    if (flight() == 0) restart_if_idle(now);
  }
}

// The octet of a zero-window probe does not count as sent, so that it goes again in a full segment
// when the window opens; but the peer may have taken it.
void Connection::take_probe_as_sent(Instant now) {
  if (!recovery_.acquire_flight(context_, *this)) return;
  RetransmissionQueue& log = flight_state()->queue;
  if (!log.append(context_.sent, snd.nxt, snd.nxt + 1, 1, now)) return;
  // Which of the probes it was is unknown: no RTT sample.
  log.on_retransmitted(context_.sent, log.tail(), 1, now);
  snd.nxt += 1;
  persist_.on_octet_counted();
}

void Connection::after_fin_acked(Instant now) {
  if (!has_sent_fin() || snd.una != snd.nxt) return;
  switch (state_) {
    case State::FinWait1:
      enter(State::FinWait2, now);
      // RFC 9293 has no limit here; without one a silent peer would keep the record of a departed
      // application for ever.
      if (orphan_) arm(TimerName::FinWait2, now + settings().fin_wait_2_timeout);
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
    const std::uint32_t headers = header_bytes(tuple_.local_address.version());
    const std::uint32_t acked_packet =
        largest_acked_ == 0 ? 0 : largest_acked_ + headers + option_bytes();
    // RFC 5927 §7.2 R5927-03: while packets of that size do arrive, it is believed only if progress
    // stops. The cache may know it already, from a connection beside this one.
    static_cast<void>(context_.ip.path_mtu().on_packet_too_big(tuple_.remote_address,
                                                               signal_in.packet_too_big(), now));
    const std::uint16_t mtu = context_.ip.path_mtu().lookup(tuple_.remote_address, now);
    if (PathSearch* search = path_search()) {
      search->lower_to(mtu);
      // RFC 8899 §4.6.1 R8899-02: it quotes the probe, which only its loss will end.
      if (search->has_probe() && signal_in.quoted_seq == search->probe_begin())
        return Verdict::IcmpErrorUsed;
    }
    const bool is_cut_now =
        !path_cuts_ && context_.ip.path_mtu().may_be_cut(tuple_.remote_address, now);
    if (!is_cut_now && mtu >= effective_mss_ + (timestamps_.enabled() ? 12U : 0U) + headers) {
      return Verdict::IcmpErrorImplausible;  // our packets fit already
    }
    const std::uint32_t named = is_cut_now ? named_mtu(signal_in.packet_too_big()) : mtu;
    if (is_synchronized(state_) && acked_packet > named && retransmissions_ == 0) {
      return Verdict::IcmpErrorUsed;  // the retransmission timer will ask the cache
    }
    apply_path_mtu(now);
    wants_output();
    return Verdict::IcmpErrorUsed;
  }
  // RFC 9293 §3.9.2.2 MUST-54, MUST-56, SHLD-25, SHLD-26; RFC 5927 §5.2 R5927-02: a hard error ends
  // only a connection that
  // is not synchronized yet; everything else is a hint for the application.
  if (context_.is_hard(signal_in) && !is_synchronized(state_)) {
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
  const bool was_cut = path_cuts_;
  set_effective_mss(now);
  const bool is_cut_now = path_cuts_ && !was_cut;
  if (effective_mss_ >= old && !is_cut_now) return;
  // RFC 8201 §5.4 R8201-05; RFC 1191 §6.3 R1191-06: what was too big is sent again, smaller; this
  // is not congestion.
  recovery_.retransmit_reason_ = SendReason::MtuRetransmit;
  repair_everything();
}

}  // namespace glasstcp
