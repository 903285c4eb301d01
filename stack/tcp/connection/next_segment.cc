// What is the next segment, and why? RFC 9293 §3.7 (segmentation, Nagle), §3.8.6 (windows), RFC
// 5681 (congestion window). All of it is const: it looks at the connection and answers with a
// value. The order of next() is the order of urgency.
// Next: transmit.cc.
#include <algorithm>

#include "stack/tcp/connection/connection.h"
#include "stack/tcp/personality/linux_tso_autosize.h"

namespace glasstcp {

std::optional<SendDecision> Connection::next(Instant now) const {
  if (auto d = next_reset_or_syn()) return d;
  // RFC 9768 §3.2.2.1: the report of how the SYN-ACK arrived rides on nothing.
  if (ecn_ != kNone && ecn()->owes_handshake_feedback()) {
    if (auto d = next_pure_ack()) return d;
  }
  // RFC 7413 §4.2.2: the server need not wait for the handshake's end.
  if (is_fast_opening()) {
    if (auto d = next_new_data(allowance(now))) return d;
    return next_pure_ack();
  }
  if (!is_synchronized(state_) || state_ == State::TimeWait) return std::nullopt;
  const std::uint32_t allowed = allowance(now);
  if (auto d = next_retransmission(allowed)) return d;
  if (auto d = next_tail_probe()) return d;
  if (auto d = next_mtu_probe(now)) return d;
  if (auto d = next_new_data(allowed)) return d;
  if (auto d = next_unreported()) return d;
  if (auto d = next_probe()) return d;
  return next_pure_ack();
}

std::optional<SendDecision> Connection::next_reset_or_syn() const {
  SendDecision d;
  if (pending_reset_) {
    d.kind = SendDecision::Kind::Reset;
    d.reason = *pending_reset_;
    d.flags.bits = TcpFlags::kRst | TcpFlags::kAck;
    d.seq = snd.nxt;
    return d;
  }
  if (state_ != State::SynSent && state_ != State::SynReceived) return std::nullopt;
  d.kind = SendDecision::Kind::Syn;
  d.seq = snd.iss;
  const bool first = snd.nxt == snd.iss;
  const std::uint32_t lost = queue().first_lost();
  const bool again = lost != kNone && lost == queue().head();  // the SYN; text behind it waits
  if (state_ == State::SynSent) {
    if (!first && !again) return std::nullopt;
    d.flags.bits = TcpFlags::kSyn;
    d.length = std::min(fast_open_room(), tx_.size());
    d.reason = !first              ? SendReason::SynRetransmit
               : d.length > 0      ? SendReason::SynFastOpen
               : asks_for_cookie() ? SendReason::SynCookieRequest
                                   : SendReason::Syn;
    return d;
  }
  // SYN-RECEIVED is here only by a simultaneous open or Fast Open: other passive opens are
  // half-open records until complete.
  if (syn_ack_due_ || again) {
    const SendReason reason = fast_open_passive_ ? SendReason::SynAckFastOpen : SendReason::SynAck;
    const bool is_answer = syn_ack_due_ && (first || !fast_open_passive_);
    d.flags.bits = TcpFlags::kSyn | TcpFlags::kAck;
    d.reason = is_answer ? reason : SendReason::SynAckRetransmit;
    return d;
  }
  if (is_fast_opening()) return std::nullopt;
  return next_pure_ack();
}

// RFC 5682 §2.1 R5682-01: new data tells whether the timeout was spurious, if there is any that may
// go: Nagle, the window or the application may hold it back.
bool Connection::waits_for_new_data(std::uint32_t allowed) const {
  const RecoveryEpisode& episode = recovery_.episode(context_);
  if (!episode.wants_new_data() || recovery_.ignores_cwnd()) return false;
  return snd.nxt > episode.recover() || next_new_data(allowed).has_value();
}

std::optional<SendDecision> Connection::next_retransmission(std::uint32_t allowed) const {
  const std::uint32_t entry = queue().first_lost();
  if (entry == kNone) return std::nullopt;
  if (waits_for_new_data(allowed)) return std::nullopt;
  const SentSegment& lost = context_.sent[entry];
  // RFC 9293 §3.8.6 SHLD-16, MAY-7 not done: what lies beyond a shrunken window waits, since it
  // would be dropped there.
  const SeqNum edge = snd.una + snd.wnd;
  if (lost.begin >= edge) return std::nullopt;
  const std::uint32_t mss = max_payload();
  const bool has_fin = fin_queued_ && lost.end == tx_.end_seq() + 1;
  std::uint32_t length = lost.length() - (has_fin ? 1U : 0U);
  length = std::min(length, static_cast<std::uint32_t>(edge - lost.begin));
  const std::uint32_t room = std::min(cwnd_space(), allowed);
  // A timeout's first segment does not ask the window. Every other one does: RFC 8985 §9.3
  // R8985-14.
  if (recovery_.ignores_cwnd() || room < mss) {
    if (!recovery_.ignores_cwnd() && room < std::min(length, mss)) return std::nullopt;
    length = std::min(length, mss);
  } else {
    length = std::min(length, cut_to_segments(std::min(length, room), length));
  }
  SendDecision d = data_decision(lost.begin, length);
  d.kind = SendDecision::Kind::Retransmission;
  d.entry = entry;
  d.reason = recovery_.retransmit_reason();
  if (has_fin && lost.begin + length == tx_.end_seq()) d.flags.bits |= TcpFlags::kFin;
  if (length == 0 && !d.flags.fin()) return std::nullopt;
  return d;
}

// A segment with text: ACK always, PSH where the application's data ends, URG while urgent data is
// ahead.
SendDecision Connection::data_decision(SeqNum seq, std::uint32_t length) const {
  SendDecision d;
  d.seq = seq;
  d.length = length;
  d.flags.bits = TcpFlags::kAck;
  // RFC 9293 §3.9.1.2 MUST-60, MUST-61, SHLD-27: no push flag in the call; the segment that empties
  // the queue carries PSH.
  if (length > 0 && seq + length == tx_.end_seq() && !unpushed_) d.flags.bits |= TcpFlags::kPsh;
  if (context_.config.push_gso && length > max_payload()) d.flags.bits |= TcpFlags::kPsh;
  if (urgent_pending_ && snd.up > seq) {
    d.flags.bits |= TcpFlags::kUrg;
    d.reason = SendReason::NewDataUrgent;
  }
  return d;
}

// The most text that one packet may carry: what the device takes; one segment where it takes none.
std::uint32_t Connection::packet_bound() const {
  const std::uint32_t mss = max_payload();
  const std::uint32_t headers = data_headers();
  // A device that cuts a GSO packet copies its urgent pointer, which would be wrong in the second,
  // and clears CWR in all but the first.
  const bool goes_alone = urgent_pending_ || (ecn_ != kNone && ecn()->goes_alone());
  const std::uint32_t gso = goes_alone ? 0 : context_.limits.gso_max;
  // Half of the peer's window at most, or it would wait for the other half of a packet.
  const std::uint32_t text = std::min(gso > headers ? gso - headers : 0U, size_.most_of_window());
  const std::uint32_t most = text > mss ? text / mss * mss : mss;
  if (!context_.config.gso_follows_rate) return most;
  const ConnectionStatistics* const s = statistics();
  LinuxTsoFacts facts;
  facts.mss = mss;
  facts.cwnd = recovery_.cwnd();
  facts.ssthresh = recovery_.ssthresh();
  facts.srtt = recovery_.rtt().srtt();
  if (s != nullptr) facts.min_rtt = s->min_rtt;
  facts.least_segments = context_.config.least_superpacket;
  return std::min(most, linux_tso_bytes(facts));
}

// Whole segments only, unless all that is queued goes; never more than the device takes in one
// packet.
std::uint32_t Connection::cut_to_segments(std::uint32_t sendable, std::uint32_t unsent) const {
  const std::uint32_t mss = max_payload();
  const std::uint32_t length = std::min(sendable, packet_bound());
  const bool is_all = length == unsent;
  if (length <= mss || length % mss == 0) return length;
  // The short segment at the end rides along only if it could also go alone.
  // Linux lets it ride along behind full ones as well where nothing is in flight.
  const bool alone = context_.config.tail_rides_along && flight() == 0;
  const bool tail_may_go =
      is_all && !more_coming_ && !settings().cork && (!nagle_ || fin_queued_ || alone);
  return tail_may_go ? length : length / mss * mss;
}

// RFC 9293 §3.8.6.2.1 MUST-38: the sender's silly-window rules, and §3.7.4 SHLD-7: Nagle.
bool Connection::may_send_small(std::uint32_t length, std::uint32_t unsent_bytes) const {
  if (override_small_) return true;
  const bool is_all = length == unsent_bytes;
  if (is_all && (more_coming_ || settings().cork)) return false;
  // RFC 9293 §3.7.4 MUST-17: Nagle can be switched off. A FIN behind the data means that no more
  // will come to be
  // coalesced.
  const bool none_in_flight = flight() == syn_in_flight();
  if (is_all && (!nagle_ || fin_queued_ || none_in_flight)) return true;
  // Rule (3): half of the largest window ever offered is worth a segment even if it is short of a
  // full one; with Nagle, only while nothing is in flight.
  return (none_in_flight || !nagle_) && length >= size_.max_window() / 2 && length > 0;
}

std::optional<SendDecision> Connection::next_new_data(std::uint32_t allowed) const {
  const RecoveryEpisode& episode = recovery_.episode(context_);
  const bool wants_new = episode.wants_new_data();
  if (queue().lost_bytes() > 0 && !wants_new) return std::nullopt;  // what is lost goes first
  const std::uint32_t waiting = unsent();
  // RFC 9293 §3.10.4: in SYN-RECEIVED a FIN behind data waits for ESTABLISHED.
  const bool fin_may_go = fin_queued_ && state_ != State::SynReceived;
  const bool fin_waits = fin_may_go && !has_sent_fin();
  if (waiting == 0 && !fin_waits) return std::nullopt;
  // RFC 9293 §3.8.6 MUST-34, SHLD-15: the usable window may be negative after the peer pulled it
  // back; then nothing goes.
  const std::int32_t usable_window = snd.una + syn_in_flight() + snd.wnd - snd.nxt;
  const std::uint32_t usable = usable_window > 0 ? static_cast<std::uint32_t>(usable_window) : 0;
  if (waiting == 0) {
    if (usable == 0 && flight() > 0) return std::nullopt;
    if (usable == 0 && snd.wnd == 0) return std::nullopt;
    SendDecision d = data_decision(snd.nxt, 0);
    d.reason = SendReason::Fin;
    d.flags.bits |= TcpFlags::kFin;
    return d;
  }
  const std::uint32_t mss = max_payload();
  const std::uint32_t piece = counts_memory() ? send_buffer_limit().first_piece(waiting) : waiting;
  const std::uint32_t sendable = std::min({waiting, usable, cwnd_space(), allowed, piece});
  const std::uint32_t length = cut_to_segments(sendable, waiting);
  if (length == 0) return std::nullopt;
  // RFC 9293 §3.9.1.2 SHLD-28: full-sized segments go whenever they can; a smaller one must be
  // allowed to.
  if (length < mss) {
    const bool cwnd_cut_it = cwnd_space() < std::min(waiting, usable);
    if (cwnd_cut_it && flight() > 0) return std::nullopt;
    if (!may_send_small(length, waiting)) return std::nullopt;
  }
  SendDecision d = data_decision(snd.nxt, length);
  if (!d.flags.urg()) d.reason = SendReason::NewData;
  if (length < mss && override_small_ && !settings().cork) d.reason = SendReason::SwsOverride;
  const bool is_limited_transmit = recovery_.has_flight() &&
                                   episode.phase() == RecoveryPhase::Open &&
                                   flight() + length > recovery_.cwnd();
  if (is_limited_transmit) d.reason = SendReason::LimitedTransmit;
  if (fin_may_go && length == waiting && usable > length) {
    d.flags.bits |= TcpFlags::kFin;
    if (d.reason == SendReason::NewData) d.reason = SendReason::NewDataFin;
  }
  return d;
}

// RFC 6675 §4, if RACK is switched off: nothing is known to be lost and nothing new may go, so what
// may be lost goes once more.
std::optional<SendDecision> Connection::next_unreported() const {
  if (context_.config.use_rack || !sack_ || snd.wnd == 0) return std::nullopt;
  const auto segment = recovery_.next_unreported(context_);
  if (!segment || cwnd_space() < max_payload()) return std::nullopt;
  SendDecision d = segment->is_last ? last_segment() : first_segment_of(segment->entry);
  d.reason = SendReason::SackHole;
  return d;
}

// The first segment of an entry, which is not the last of the flight, again.
SendDecision Connection::first_segment_of(std::uint32_t index) const {
  const SentSegment& segment = context_.sent[index];
  SendDecision d = data_decision(segment.begin, std::min(segment.length(), max_payload()));
  d.kind = SendDecision::Kind::Retransmission;
  d.entry = index;
  return d;
}

// The last segment of the flight again, with the FIN if it has one.
SendDecision Connection::last_segment() const {
  const SentSegment& last = context_.sent[queue().tail()];
  const bool has_fin = fin_queued_ && last.end == tx_.end_seq() + 1;
  const std::uint32_t text = last.length() - (has_fin ? 1U : 0U);
  const std::uint32_t length = std::min(text, max_payload());
  SendDecision d = data_decision(last.begin + (text - length), length);
  d.kind = SendDecision::Kind::TailProbe;
  if (has_fin) d.flags.bits |= TcpFlags::kFin;
  return d;
}

// RFC 8985 §7.3 R8985-10: new data if there is any and the peer's window takes it, whatever cwnd
// says; else the last segment again.
std::optional<SendDecision> Connection::next_tail_probe() const {
  if (!recovery_.owes_tail_probe(context_) || queue().empty()) return std::nullopt;
  const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
  const std::uint32_t mss = max_payload();
  const std::uint32_t fresh =
      std::min({unsent(), mss, usable > 0 ? static_cast<std::uint32_t>(usable) : 0U});
  if (fresh > 0) {
    SendDecision d = data_decision(snd.nxt, fresh);
    d.reason = SendReason::TailLossProbe;
    return d;
  }
  if (context_.sent[queue().tail()].state != SegmentState::InNetwork) return std::nullopt;
  SendDecision d = last_segment();
  d.reason = SendReason::TailLossProbe;
  return d;
}

// RFC 4821 §3 R4821-01, RFC 8899 §3 R8899-01: new data probes for a larger packet, while nothing is
// lost.
std::optional<SendDecision> Connection::next_mtu_probe(Instant now) const {
  const PathSearch* const search = path_search();
  const RecoveryEpisode& episode = recovery_.episode(context_);
  if (search == nullptr || queue().lost_bytes() > 0 || urgent_pending_) return std::nullopt;
  if (episode.phase() != RecoveryPhase::Open) return std::nullopt;
  // Without SACK, duplicates of what follows a timeout's repair at once say nothing (RFC 6582 §4):
  // a probe there would be missed by the next timeout only, of a timer that is still backed off.
  const bool is_seen = sack_ || episode.may_count_duplicates(snd.nxt, snd.nxt);
  if (!is_seen) return std::nullopt;
  ProbeFacts facts;
  facts.headers = data_headers();
  facts.full = max_payload();
  facts.unsent = unsent();
  facts.usable = snd.una + snd.wnd - snd.nxt;
  facts.cwnd = recovery_.cwnd();
  facts.cwnd_space = cwnd_space();
  const std::uint32_t text = size_.probe_payload(*search, facts, now);
  if (text == 0) return std::nullopt;
  SendDecision d = data_decision(snd.nxt, text);
  d.reason = SendReason::MtuProbe;
  d.flags.bits = TcpFlags::kAck;
  return d;
}

std::optional<SendDecision> Connection::next_probe() const {
  if (persist_.is_due() && has_something_waiting()) {
    // RFC 9293 §3.8.6.1 MUST-36, MUST-35: one octet at the edge of the closed window: new data, or
    // the first octet that is
    // outstanding; if only the FIN is left, that.
    const SeqNum seq = snd.una;
    const bool has_text = seq < tx_.end_seq();
    if (!has_text && !fin_queued_) return std::nullopt;
    SendDecision d = data_decision(seq, has_text ? 1 : 0);
    d.kind = SendDecision::Kind::Probe;
    if (context_.config.probes_without_text) {
      // An old number, as in a keep-alive: it is outside the window, so the peer must answer.
      d = {};
      d.kind = SendDecision::Kind::Probe;
      d.reason = SendReason::ZeroWindowProbe;
      d.flags.bits = TcpFlags::kAck;
      d.seq = snd.una - 1;
      return d;
    }
    d.reason = SendReason::ZeroWindowProbe;
    if (!has_text) d.flags.bits |= TcpFlags::kFin;
    return d;
  }
  if (keep_alive_.is_due()) {
    // RFC 9293 §3.8.4 SHLD-12: no text, a number just before the window: any TCP answers with an
    // ACK. MAY-6, not done: a
    // garbage octet for peers that ignore such a segment; none is known any more.
    SendDecision d;
    d.kind = SendDecision::Kind::Probe;
    d.reason = SendReason::KeepAlive;
    d.flags.bits = TcpFlags::kAck;
    d.seq = snd.nxt - 1;
    return d;
  }
  return std::nullopt;
}

std::optional<SendDecision> Connection::next_pure_ack() const {
  if (receiver_.ack().owed() != AckPolicy::Owed::Now) return std::nullopt;
  SendDecision d;
  d.kind = SendDecision::Kind::Ack;
  d.reason = receiver_.ack().reason();
  d.flags.bits = TcpFlags::kAck;
  // A pure ACK carries snd.nxt; beyond a shrunken window it would not be accepted, so it stays at
  // its edge.
  d.seq = snd.nxt;
  // Where its acknowledgment is waited for, the FIN may come again with any ACK (RFC 9293 §3.10.7.4
  // asks for its repetition by a timer alone); a challenge says no more than it must.
  const bool is_challenge = d.reason == SendReason::ChallengeReset ||
                            d.reason == SendReason::ChallengeSyn ||
                            d.reason == SendReason::ChallengeAck;
  if (context_.config.repeats_fin && has_sent_fin() && snd.una < snd.nxt && !is_challenge) {
    d.seq = snd.nxt - 1;
    d.flags.bits |= TcpFlags::kFin;
  }
  return d;
}

}  // namespace glasstcp
