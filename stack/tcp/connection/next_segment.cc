// The decisions, in the order of their urgency. See next_segment.h.
// Next: ../send/send_intent.h.
#include "stack/tcp/connection/next_segment.h"

#include <algorithm>

#include "stack/tcp/personality/linux_tso_autosize.h"

namespace glasstcp {

std::optional<SendDecision> NextSegment::decide(Instant now) const {
  if (tcb_.pending_reset_) return reset();
  if (tcb_.state_ == State::SynSent || tcb_.state_ == State::SynReceived) {
    if (auto d = syn()) return d;
  }
  // RFC 9768 §3.2.2.1: the report of how the SYN-ACK arrived rides on nothing.
  if (tcb_.ecn_ != kNone && tcb_.ecn()->owes_handshake_feedback()) {
    if (auto d = pure_ack()) return d;
  }
  // RFC 7413 §4.2.2: the server need not wait for the handshake's end.
  if (tcb_.is_fast_opening()) {
    if (auto d = new_data(tcb_.allowance(now))) return d;
    return pure_ack();
  }
  if (!is_synchronized(tcb_.state_) || tcb_.state_ == State::TimeWait) return std::nullopt;
  const std::uint32_t allowed = tcb_.allowance(now);
  if (tcb_.recovery_.has_flight()) {
    if (auto d = retransmission(allowed)) return d;
    if (auto d = tail_probe()) return d;
  }
  if (auto d = mtu_probe(now)) return d;
  if (auto d = new_data(allowed)) return d;
  if (auto d = unreported()) return d;
  if (auto d = probe()) return d;
  return pure_ack();
}

SendDecision NextSegment::reset() const {
  SendDecision d;
  d.kind = SendDecision::Kind::Reset;
  d.reason = *tcb_.pending_reset_;
  d.flags.bits = TcpFlags::kRst | TcpFlags::kAck;
  // Behind a shrunken window snd.nxt is outside, where a reset is ignored (RFC 5961 §3.2); what the
  // peer expects next is what it acknowledged last.
  d.seq = is_beyond_window() ? tcb_.snd.una : tcb_.snd.nxt;
  return d;
}

// Whether snd.nxt is a number that the peer takes from nobody any more, since it has pulled the
// right edge of its window back. An edge that only the scale has rounded down is none (RFC 7323
// §2.4).
bool NextSegment::is_beyond_window() const {
  if (tcb_.snd.una == tcb_.snd.iss) return false;  // the window begins behind our SYN
  const std::int32_t beyond = tcb_.snd.nxt - (tcb_.snd.una + tcb_.snd.wnd);
  return beyond >= 1 << tcb_.snd.shift;
}

NextSegment::Decision NextSegment::syn() const {
  SendDecision d;
  d.kind = SendDecision::Kind::Syn;
  d.seq = tcb_.snd.iss;
  const bool first = tcb_.snd.nxt == tcb_.snd.iss;
  const std::uint32_t lost = tcb_.queue().first_lost();
  const bool again = lost != kNone && lost == tcb_.queue().head();  // the SYN; data behind it waits
  if (tcb_.state_ == State::SynSent) {
    if (!first && !again) return std::nullopt;
    d.flags.bits = TcpFlags::kSyn;
    d.length = std::min(tcb_.fast_open_room(), tcb_.tx_.size());
    d.reason = !first                         ? SendReason::SynRetransmit
               : d.length > 0                 ? SendReason::SynFastOpen
               : tcb_.fast_open_plan().option ? SendReason::SynCookieRequest
                                              : SendReason::Syn;
    return d;
  }
  // SYN-RECEIVED is here only by a simultaneous open or Fast Open: other passive opens are
  // half-open records until complete.
  if (tcb_.syn_ack_due_ || again) {
    const SendReason reason =
        tcb_.fast_open_passive_ ? SendReason::SynAckFastOpen : SendReason::SynAck;
    const bool is_answer = tcb_.syn_ack_due_ && (first || !tcb_.fast_open_passive_);
    d.flags.bits = TcpFlags::kSyn | TcpFlags::kAck;
    d.reason = is_answer ? reason : SendReason::SynAckRetransmit;
    return d;
  }
  if (tcb_.is_fast_opening()) return std::nullopt;
  return pure_ack();
}

// RFC 5682 §2.1 R5682-01: new data tells whether the timeout was spurious, if there is any that may
// go: Nagle, the window or the application may hold it back.
bool NextSegment::waits_for_new_data(std::uint32_t allowed) const {
  const RecoveryEpisode& episode = tcb_.recovery_.episode(tcb_.context_);
  if (!episode.wants_new_data() || tcb_.recovery_.ignores_cwnd()) return false;
  return tcb_.snd.nxt > episode.recover() || new_data(allowed).has_value();
}

NextSegment::Decision NextSegment::retransmission(std::uint32_t allowed) const {
  const std::uint32_t entry = tcb_.queue().first_lost();
  if (entry == kNone) return std::nullopt;
  if (waits_for_new_data(allowed)) return std::nullopt;
  const SentSegment& lost = tcb_.context_.sent[entry];
  // RFC 9293 §3.8.6 SHLD-16, MAY-7 not done: what lies beyond a shrunken window waits, since it
  // would be dropped there.
  const SeqNum edge = tcb_.snd.una + tcb_.snd.wnd;
  if (lost.begin >= edge) return std::nullopt;
  const std::uint32_t mss = tcb_.max_payload();
  const bool has_fin = tcb_.intent_.fin_queued() && lost.end == tcb_.tx_.end_seq() + 1;
  std::uint32_t length = lost.length() - (has_fin ? 1U : 0U);
  length = std::min(length, static_cast<std::uint32_t>(edge - lost.begin));
  const std::uint32_t room = std::min(tcb_.cwnd_space(), allowed);
  // A timeout's first segment does not ask the window. Every other one does: RFC 8985 §9.3
  // R8985-14.
  if (tcb_.recovery_.ignores_cwnd() || room < mss) {
    if (!tcb_.recovery_.ignores_cwnd() && room < std::min(length, mss)) return std::nullopt;
    length = std::min(length, mss);
  } else {
    length = std::min(length, cut_to_segments(std::min(length, room), length));
  }
  SendDecision d = data_segment(lost.begin, length);
  d.kind = SendDecision::Kind::Retransmission;
  d.entry = entry;
  d.reason = tcb_.recovery_.retransmit_reason();
  if (has_fin && lost.begin + length == tcb_.tx_.end_seq()) d.flags.bits |= TcpFlags::kFin;
  if (length == 0 && !d.flags.fin()) return std::nullopt;
  return d;
}

// A segment with data: ACK always, PSH where the application's data ends, URG while urgent data is
// ahead.
SendDecision NextSegment::data_segment(SeqNum seq, std::uint32_t length) const {
  SendDecision d;
  d.seq = seq;
  d.length = length;
  d.flags.bits = TcpFlags::kAck;
  if (length > 0 && seq + length == tcb_.tx_.end_seq() && tcb_.intent_.pushes_end())
    d.flags.bits |= TcpFlags::kPsh;
  if (tcb_.context_.config.push_gso && length > tcb_.max_payload()) d.flags.bits |= TcpFlags::kPsh;
  if (tcb_.intent_.is_urgent() && tcb_.snd.up > seq) {
    d.flags.bits |= TcpFlags::kUrg;
    d.reason = SendReason::NewDataUrgent;
  }
  return d;
}

// The most data that one packet may carry: what the device takes; one segment where it takes none.
std::uint32_t NextSegment::packet_bound() const {
  const std::uint32_t mss = tcb_.max_payload();
  const std::uint32_t headers = tcb_.data_headers();
  // A device that cuts a GSO packet copies its urgent pointer, which would be wrong in the second,
  // and clears CWR in all but the first.
  const bool goes_alone =
      tcb_.intent_.is_urgent() || (tcb_.ecn_ != kNone && tcb_.ecn()->goes_alone());
  const std::uint32_t gso = goes_alone ? 0 : tcb_.context_.limits.gso_max;
  // Half of the peer's window at most, or it would wait for the other half of a packet.
  const std::uint32_t data =
      std::min(gso > headers ? gso - headers : 0U, tcb_.size_.most_of_window());
  const std::uint32_t most = data > mss ? data / mss * mss : mss;
  if (!tcb_.context_.config.gso_follows_rate) return most;
  const ConnectionStatistics* const s = tcb_.statistics();
  LinuxTsoFacts facts;
  facts.mss = mss;
  facts.cwnd = tcb_.recovery_.cwnd();
  facts.ssthresh = tcb_.recovery_.ssthresh();
  facts.srtt = tcb_.recovery_.rtt().srtt();
  if (s != nullptr) facts.min_rtt = s->min_rtt;
  facts.least_segments = tcb_.context_.config.least_superpacket;
  return std::min(most, linux_tso_bytes(facts));
}

// Whole segments only, unless all that is queued goes; never more than the device takes in one
// packet.
std::uint32_t NextSegment::cut_to_segments(std::uint32_t sendable, std::uint32_t unsent) const {
  const std::uint32_t mss = tcb_.max_payload();
  const std::uint32_t length = std::min(sendable, packet_bound());
  const bool is_all = length == unsent;
  if (length <= mss || length % mss == 0) return length;
  // The short segment at the end rides along only if it could also go alone.
  // Linux lets it ride along behind full ones as well where nothing is in flight.
  const bool alone = tcb_.context_.config.tail_rides_along && tcb_.flight() == 0;
  const bool tail_may_go = is_all && tcb_.intent_.may_ride(tcb_.settings().cork, alone);
  return tail_may_go ? length : length / mss * mss;
}

NextSegment::Decision NextSegment::new_data(std::uint32_t allowed) const {
  const RecoveryEpisode& episode = tcb_.recovery_.episode(tcb_.context_);
  const bool wants_new = episode.wants_new_data();
  if (tcb_.queue().lost_bytes() > 0 && !wants_new) return std::nullopt;  // what is lost goes first
  const std::uint32_t waiting = tcb_.unsent();
  // RFC 9293 §3.10.4: in SYN-RECEIVED a FIN behind data waits for ESTABLISHED.
  const bool fin_may_go = tcb_.intent_.fin_queued() && tcb_.state_ != State::SynReceived;
  const bool fin_waits = fin_may_go && !tcb_.has_sent_fin();
  if (waiting == 0 && !fin_waits) return std::nullopt;
  // RFC 9293 §3.8.6 MUST-34, SHLD-15: the usable window may be negative after the peer pulled it
  // back; then nothing goes.
  const std::int32_t usable_window =
      tcb_.snd.una + tcb_.syn_in_flight() + tcb_.snd.wnd - tcb_.snd.nxt;
  const std::uint32_t usable = usable_window > 0 ? static_cast<std::uint32_t>(usable_window) : 0;
  if (waiting == 0) {
    if (usable == 0 && tcb_.flight() > 0) return std::nullopt;
    if (usable == 0 && tcb_.snd.wnd == 0) return std::nullopt;
    SendDecision d = data_segment(tcb_.snd.nxt, 0);
    d.reason = SendReason::Fin;
    d.flags.bits |= TcpFlags::kFin;
    return d;
  }
  const std::uint32_t mss = tcb_.max_payload();
  const std::uint32_t piece =
      tcb_.counts_memory() ? tcb_.send_buffer_limit().first_piece(waiting) : waiting;
  const std::uint32_t space = tcb_.cwnd_space();
  const std::uint32_t sendable = std::min({waiting, usable, space, allowed, piece});
  const std::uint32_t length = cut_to_segments(sendable, waiting);
  if (length == 0) return std::nullopt;
  // RFC 9293 §3.9.1.2 SHLD-28: full-sized segments go whenever they can; a smaller one must be
  // allowed to.
  if (length < mss) {
    const bool cwnd_cut_it = space < std::min(waiting, usable);
    if (cwnd_cut_it && tcb_.flight() > 0) return std::nullopt;
    const bool none_in_flight = tcb_.flight() == tcb_.syn_in_flight();
    const SmallSegment small{length, waiting, tcb_.size_.max_window(), none_in_flight,
                             tcb_.settings().cork};
    if (!tcb_.intent_.may_send(small)) return std::nullopt;
  }
  SendDecision d = data_segment(tcb_.snd.nxt, length);
  if (!d.flags.urg()) d.reason = SendReason::NewData;
  if (length < mss && tcb_.intent_.overrides() && !tcb_.settings().cork)
    d.reason = SendReason::SwsOverride;
  const bool is_limited_transmit = tcb_.recovery_.has_flight() &&
                                   episode.phase() == RecoveryPhase::Open &&
                                   tcb_.flight() + length > tcb_.recovery_.cwnd();
  if (is_limited_transmit) d.reason = SendReason::LimitedTransmit;
  if (fin_may_go && length == waiting && usable > length) {
    d.flags.bits |= TcpFlags::kFin;
    if (d.reason == SendReason::NewData) d.reason = SendReason::NewDataFin;
  }
  return d;
}

// RFC 6675 §4, if RACK is switched off: nothing is known to be lost and nothing new may go, so what
// may be lost goes once more.
NextSegment::Decision NextSegment::unreported() const {
  if (tcb_.settings().use_rack || !tcb_.sack_ || tcb_.snd.wnd == 0) return std::nullopt;
  const auto segment = tcb_.recovery_.next_unreported(tcb_.context_);
  if (!segment || tcb_.cwnd_space() < tcb_.max_payload()) return std::nullopt;
  SendDecision d = segment->is_last ? last_segment() : first_segment_of(segment->entry);
  d.reason = SendReason::SackHole;
  return d;
}

// The first segment of an entry, which is not the last of the flight, again.
SendDecision NextSegment::first_segment_of(std::uint32_t index) const {
  const SentSegment& segment = tcb_.context_.sent[index];
  SendDecision d = data_segment(segment.begin, std::min(segment.length(), tcb_.max_payload()));
  d.kind = SendDecision::Kind::Retransmission;
  d.entry = index;
  return d;
}

// The last segment of the flight again, with the FIN if it has one.
SendDecision NextSegment::last_segment() const {
  const SentSegment& last = tcb_.context_.sent[tcb_.queue().tail()];
  const bool has_fin = tcb_.intent_.fin_queued() && last.end == tcb_.tx_.end_seq() + 1;
  const std::uint32_t payload = last.length() - (has_fin ? 1U : 0U);
  const std::uint32_t length = std::min(payload, tcb_.max_payload());
  SendDecision d = data_segment(last.begin + (payload - length), length);
  d.kind = SendDecision::Kind::TailProbe;
  if (has_fin) d.flags.bits |= TcpFlags::kFin;
  return d;
}

// RFC 8985 §7.3 R8985-10: new data if there is any and the peer's window takes a whole segment of
// it, whatever cwnd says; else the last segment again. A piece that only filled the rest of the
// window would be the silly segment that RFC 9293 §3.8.6.2.1 forbids, and would probe no better.
NextSegment::Decision NextSegment::tail_probe() const {
  if (!tcb_.recovery_.owes_tail_probe(tcb_.context_) || tcb_.queue().empty()) return std::nullopt;
  const std::int32_t usable = tcb_.snd.una + tcb_.snd.wnd - tcb_.snd.nxt;
  const std::uint32_t fresh = std::min(tcb_.unsent(), tcb_.max_payload());
  if (fresh > 0 && usable >= static_cast<std::int32_t>(fresh)) {
    SendDecision d = data_segment(tcb_.snd.nxt, fresh);
    d.reason = SendReason::TailLossProbe;
    return d;
  }
  if (tcb_.context_.sent[tcb_.queue().tail()].state != SegmentState::InNetwork) return std::nullopt;
  SendDecision d = last_segment();
  d.reason = SendReason::TailLossProbe;
  return d;
}

// RFC 4821 §3 R4821-01, RFC 8899 §3 R8899-01: new data probes for a larger packet, while nothing is
// lost.
NextSegment::Decision NextSegment::mtu_probe(Instant now) const {
  const PathSearch* const search = tcb_.path_search();
  const RecoveryEpisode& episode = tcb_.recovery_.episode(tcb_.context_);
  if (search == nullptr || tcb_.queue().lost_bytes() > 0 || tcb_.intent_.is_urgent())
    return std::nullopt;
  if (episode.phase() != RecoveryPhase::Open) return std::nullopt;
  // Without SACK, duplicates of what follows a timeout's repair at once say nothing (RFC 6582 §4):
  // a probe there would be missed by the next timeout only, of a timer that is still backed off.
  const bool is_seen = tcb_.sack_ || episode.may_count_duplicates(tcb_.snd.nxt, tcb_.snd.nxt);
  if (!is_seen) return std::nullopt;
  ProbeFacts facts;
  facts.headers = tcb_.data_headers();
  facts.full = tcb_.max_payload();
  facts.unsent = tcb_.unsent();
  facts.usable = tcb_.snd.una + tcb_.snd.wnd - tcb_.snd.nxt;
  facts.cwnd = tcb_.recovery_.cwnd();
  facts.cwnd_space = tcb_.cwnd_space();
  const std::uint32_t payload = tcb_.size_.probe_payload(*search, facts, now);
  if (payload == 0) return std::nullopt;
  SendDecision d = data_segment(tcb_.snd.nxt, payload);
  d.reason = SendReason::MtuProbe;
  d.flags.bits = TcpFlags::kAck;
  return d;
}

NextSegment::Decision NextSegment::probe() const {
  if (tcb_.persist_.is_due() && tcb_.has_something_waiting()) {
    // RFC 9293 §3.8.6.1 MUST-36, MUST-35: one octet at the edge of the closed window: new data, or
    // the first octet that is outstanding; if only the FIN is left, that.
    const SeqNum seq = tcb_.snd.una;
    const bool has_data = seq < tcb_.tx_.end_seq();
    if (!has_data && !tcb_.intent_.fin_queued()) return std::nullopt;
    SendDecision d = data_segment(seq, has_data ? 1 : 0);
    d.kind = SendDecision::Kind::Probe;
    if (tcb_.context_.config.probes_without_data) {
      // An old number, as in a keep-alive: it is outside the window, so the peer must answer.
      d = {};
      d.kind = SendDecision::Kind::Probe;
      d.reason = SendReason::ZeroWindowProbe;
      d.flags.bits = TcpFlags::kAck;
      d.seq = tcb_.snd.una - 1;
      return d;
    }
    d.reason = SendReason::ZeroWindowProbe;
    if (!has_data) d.flags.bits |= TcpFlags::kFin;
    return d;
  }
  if (tcb_.keep_alive_.is_due()) {
    // RFC 9293 §3.8.4 SHLD-12: no data, a number just before the window: any TCP answers with an
    // ACK. MAY-6, not done: a garbage octet for peers that ignore such a segment; none is known any
    // more.
    SendDecision d;
    d.kind = SendDecision::Kind::Probe;
    d.reason = SendReason::KeepAlive;
    d.flags.bits = TcpFlags::kAck;
    d.seq = tcb_.snd.nxt - 1;
    return d;
  }
  return std::nullopt;
}

NextSegment::Decision NextSegment::pure_ack() const {
  if (tcb_.receiver_.ack().owed() != AckPolicy::Owed::Now) return std::nullopt;
  SendDecision d;
  d.kind = SendDecision::Kind::Ack;
  d.reason = tcb_.receiver_.ack().reason();
  d.flags.bits = TcpFlags::kAck;
  // RFC 9293 §3.10.7.4 R9293-P6: a pure ACK carries snd.nxt, unless that is beyond a shrunken window:
  // the peer would not accept it, nor see what it acknowledges; its edge is still good.
  const bool is_beyond = is_beyond_window();
  d.seq = is_beyond ? tcb_.snd.una + tcb_.snd.wnd : tcb_.snd.nxt;
  // Where its acknowledgment is waited for, the FIN may come again with any ACK (RFC 9293 §3.10.7.4
  // asks for its repetition by a timer alone); a challenge says no more than it must.
  const bool is_challenge = d.reason == SendReason::ChallengeReset ||
                            d.reason == SendReason::ChallengeSyn ||
                            d.reason == SendReason::ChallengeAck;
  if (tcb_.context_.config.repeats_fin && tcb_.has_sent_fin() && tcb_.snd.una < tcb_.snd.nxt &&
      !is_beyond && !is_challenge) {
    d.seq = tcb_.snd.nxt - 1;
    d.flags.bits |= TcpFlags::kFin;
  }
  return d;
}

}  // namespace glasstcp
