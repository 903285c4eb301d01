// What ECN sets on a segment that leaves, and what a SYN or SYN-ACK that comes again changes.
// RFC 3168 §6.1, RFC 9768 §3.1.5 and §3.2. See ecn.h.
#include "stack/tcp/ecn/ecn.h"

namespace glasstcp {

// -- Segments that leave

// RFC 9768 §3.1.2: in a simultaneous open our SYN-ACK is a server's.
// RFC 9768 §3.1.5 R9768-29; RFC 3168 §6.1.1 R3168-01, R3168-02: nothing is sent ECN-capable before it
// was agreed on, and no SYN; §6.1.4 R3168-08: no pure ACK; §6.1.5 R3168-09: no retransmission;
// §6.1.6 R3168-10: no probe, nor has it CWR; §6.1.2 R3168-06: that is on new data.
EcnMarks Ecn::marks(const EcnDeparture& departure) const {
  if (departure.flags.rst()) return {};
  if (departure.flags.syn()) return {syn_ack_flags(departure.retries)};
  EcnMarks marks;
  marks.flags = flags(departure.is_pure_ack);
  if (!departure.is_new_data) return marks;
  if (cwr_due_) marks.flags |= TcpFlags::kCwr;
  if (agreed_.may_mark) marks.field = IpEcn::Ect0;
  return marks;
}

// RFC 9768 §3.2.3.2.1 R9768-30: not on a SYN (and one that comes on a SYN is not looked at);
// §3.2.3.2.2 R9768-32: not on a retransmission, in case it was the option that did not pass.
std::uint8_t Ecn::option_fields(const EcnDeparture& departure) const {
  const TcpFlags flags = departure.flags;
  const bool fits = !flags.syn() && !flags.rst() && flags.ack();
  return fits && !departure.is_retransmission ? option_fields() : std::uint8_t{0};
}

void Ecn::on_sent(const EcnDeparture& departure, bool with_option) {
  if (departure.flags.rst() || !departure.flags.ack()) return;
  if (departure.flags.syn()) return on_syn_ack_sent(departure.retries);
  on_ack_sent(departure.is_pure_ack, with_option);
  if (departure.is_new_data) on_data_sent(departure.end);
}

// A device that cuts a GSO packet clears CWR in all segments but the first: right for the classic
// flag, but then the whole packet would wait for it; wrong for one that is part of a counter.
bool Ecn::goes_alone() const {
  return cwr_due_ || (flags(false) & TcpFlags::kCwr) != 0;
}

// -- A SYN or SYN-ACK that comes again

EcnAgreement EcnAgreement::asked_again(TcpFlags syn, IpEcn arrived_as) const {
  return answer_ecn_syn({EcnUse::Passive, knows_accurate}, syn, arrived_as);
}

// RFC 9768 §3.2.2.1 R9768-09: the pure ACK of each SYN-ACK that confirms the accurate mode names the
// field of that SYN-ACK; of any other it has the counter.
void Ecn::on_syn_ack_again(const EcnAgreement& granted) {
  if (agreed_.feedback != EcnFeedback::Accurate || granted.feedback != EcnFeedback::Accurate)
    return;
  handshake_feedback_ = feedback_again_ = true;
  const bool is_first_mark = granted.peer_syn == IpEcn::Ce && agreed_.peer_syn != IpEcn::Ce;
  if (is_first_mark && r_cep_ == kFirstCount) ++r_cep_;
  agreed_.peer_syn = granted.peer_syn;
}

}  // namespace glasstcp
