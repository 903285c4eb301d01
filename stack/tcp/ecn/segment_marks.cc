// What explicit congestion notification has a connection do: mark, report, and obey reports.
// RFC 3168 §6.1, RFC 9768 §3.2. What is agreed and counted stands in ecn.h.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// Without memory for its record nothing is marked; what the peer marks goes unreported then, but
// for a table as long as that of the connections this does not happen.
// RFC 9768 §3.1.5 R9768-27: the first agreement stays, whatever other SYNs come.
void Connection::agree_on_ecn(const EcnAgreement& agreed) {
  if (agreed.feedback == EcnFeedback::None || ecn_ != kNone) return;
  ecn_ = context_.ecn.acquire(agreed);
}

// RFC 9768 §3.1.5 R9768-23, R9768-24, R9768-04: in SYN-RECEIVED after Fast Open or crossing SYNs as
// in a half-open record: see HalfOpen::check_ecn_of_syn.
Check Connection::check_ecn_of_syn_again(const Segment& syn, Instant now) {
  if (ecn_ == kNone) return std::nullopt;
  const EcnFeedback asked =
      answer_ecn_syn({EcnUse::Passive, true}, syn.flags, IpEcn::NotEct).feedback;
  const bool is_plain = asked == EcnFeedback::None;
  if (settings().ecn.accurate && !is_plain && asked != ecn()->feedback()) {
    reset(SendReason::RstEcnAmbiguous, StreamError::Aborted, now);
    return Verdict::SynAsksForOtherEcn;
  }
  context_.ecn[ecn_].on_syn_again(ip_ecn(syn.traffic_class), is_plain);
  return std::nullopt;
}

// The answer to our SYN, once more: the peer did not hear that the first one came.
bool Connection::is_syn_ack_again(const Segment& seg) const {
  return ecn_ != kNone && !passive_ && seg.flags.syn() && seg.flags.ack() && seg.seq == rcv().irs &&
         seg.ack > snd.iss && seg.ack <= snd.nxt;
}

// RFC 9768 §3.1.5 R9768-34: one SYN-ACK granted the classic kind and another the accurate one: what
// the peer counts by cannot be known. The rule is for the time of the handshake. Ours ended with
// the first of the two, and a flag that comes later is to be ignored (ibid.); but the peer, who
// repeats its SYN-ACK, may still be in its own, until something else of its is here. Nobody can use
// this for a blind reset: it takes both initial numbers.
bool Connection::grants_other_ecn(const Segment& syn_ack) const {
  const bool is_in_handshake = syn_ack.ack == snd.iss + 1 && receiver_.has_only_syn();
  if (!is_in_handshake || !settings().ecn.accurate) return false;
  const EcnFeedback granted =
      read_ecn_syn_ack(settings().ecn, 0, syn_ack.flags, IpEcn::NotEct).feedback;
  return granted != EcnFeedback::None && granted != ecn()->feedback();
}

// RFC 9768 §3.2.2.1 R9768-09: the pure ACK of each SYN-ACK that confirms the accurate mode names the
// field of that SYN-ACK; of any other it has the counter.
void Connection::note_syn_ack_again(const Segment& syn_ack) {
  const EcnAgreement granted =
      read_ecn_syn_ack(settings().ecn, 0, syn_ack.flags, ip_ecn(syn_ack.traffic_class));
  if (granted.feedback == EcnFeedback::Accurate)
    context_.ecn[ecn_].on_syn_ack_again(granted.peer_syn);
}

// RFC 3168 §6.1.3: an acceptable segment came; its IP header may say that a router was congested.
void Connection::note_arrived_field(const Segment& seg) {
  if (ecn_ == kNone) return;
  const EcnArrival arrival{seg.flags, ip_ecn(seg.traffic_class), seg.count(),
                           static_cast<std::uint32_t>(seg.text.size())};
  const bool owes_ack = receiver_.ack().owed() != AckPolicy::Owed::None;
  if (context_.ecn[ecn_].on_segment(arrival, owes_ack))
    receiver_.demand_ack(SendReason::AckCongestionMark);
}

// A device that cuts a superpacket clears CWR in all segments but the first: right for the classic
// flag, but then the whole superpacket would wait for it; wrong for one that is part of a counter.
bool Connection::goes_alone_for_ecn() const {
  if (ecn_ == kNone) return false;
  return ecn()->cwr_due() || (ecn()->flags(false) & TcpFlags::kCwr) != 0;
}

std::uint16_t Connection::ecn_flags(const SendDecision& d, bool with_sack) const {
  if (d.kind == SendDecision::Kind::Syn) {
    // RFC 9768 §3.1.2: in a simultaneous open our SYN-ACK is a server's.
    if (d.flags.ack()) {
      return ecn_ == kNone ? std::uint16_t{0} : ecn()->syn_ack_flags(retransmissions_);
    }
    return ecn_syn_flags(settings().ecn, retransmissions_);
  }
  if (ecn_ == kNone || d.flags.rst()) return 0;
  // RFC 3168 §6.1.6 R3168-10: no CWR on probes; §6.1.2 R3168-06: on new text.
  const bool is_new_text = d.kind == SendDecision::Kind::NewData && d.length > 0;
  const bool is_pure = d.length == 0 && !d.flags.fin() && !with_sack;
  const std::uint16_t cwr = is_new_text && ecn()->cwr_due() ? TcpFlags::kCwr : std::uint16_t{0};
  return ecn()->flags(is_pure) | cwr;
}

// RFC 9768 §3.1.5 R9768-29; RFC 3168 §6.1.1 R3168-01, R3168-02: nothing before it was agreed on, and
// no SYN; §6.1.4 R3168-08: no pure ACK; §6.1.5 R3168-09: no retransmission; §6.1.6 R3168-10: no
// probe.
std::uint8_t Connection::ecn_field(const SendDecision& d) const {
  const bool is_new_text = d.kind == SendDecision::Kind::NewData && d.length > 0;
  if (ecn_ == kNone || !is_new_text || !ecn()->may_mark()) return 0;
  return static_cast<std::uint8_t>(IpEcn::Ect0);
}

// RFC 9768 §3.2.3.2.1 R9768-30: not on a SYN (and one that comes on a SYN is not looked at);
// §3.2.3.2.2 R9768-32: not on a retransmission, in case it was the option that did not pass.
std::uint8_t Connection::ecn_option_fields(const SendDecision& d) const {
  const bool fits = !d.flags.syn() && !d.flags.rst() && d.flags.ack();
  const bool is_again =
      d.kind == SendDecision::Kind::Retransmission || d.kind == SendDecision::Kind::TailProbe;
  if (ecn_ == kNone || !fits || is_again) return 0;
  return ecn()->option_fields();
}

void Connection::note_ecn_sent(const SendDecision& d, const TcpOptions& options) {
  if (ecn_ == kNone || d.flags.rst() || !d.flags.ack()) return;
  Ecn& ecn = context_.ecn[ecn_];
  if (d.flags.syn()) return ecn.on_syn_ack_sent(retransmissions_);
  const bool is_pure = d.length == 0 && !d.flags.fin() && options.sack_count == 0;
  ecn.on_ack_sent(is_pure, options.accurate_ecn.has_value());
  if (d.kind == SendDecision::Kind::NewData && d.length > 0) ecn.on_text_sent(d.seq + d.length);
}

}  // namespace glasstcp
