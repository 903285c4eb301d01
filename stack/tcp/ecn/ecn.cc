// RFC 3168 §6.1.1 and RFC 9768 §3.1: the negotiation; RFC 3168 §6.1.2-3 and RFC 9768 §3.2: the
// feedback. See ecn.h.
#include "stack/tcp/ecn/ecn.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::uint16_t kAll = TcpFlags::kAe | TcpFlags::kCwr | TcpFlags::kEce;
constexpr std::uint16_t kClassicSyn = TcpFlags::kCwr | TcpFlags::kEce;
constexpr std::uint16_t kClassicSynAck = TcpFlags::kEce;
constexpr std::uint32_t kCounterMask = 0xffffffU;  // RFC 9768 §3.2.3: 24 bits of each on the wire

std::uint16_t three_flags(TcpFlags flags) {
  return flags.bits & kAll;
}

std::uint16_t flags_of_ace(std::uint32_t ace) {
  return static_cast<std::uint16_t>(((ace & 4U) != 0 ? TcpFlags::kAe : 0) |
                                    ((ace & 2U) != 0 ? TcpFlags::kCwr : 0) |
                                    ((ace & 1U) != 0 ? TcpFlags::kEce : 0));
}

}  // namespace

// RFC 3168 §6.1.1.1 R3168-04: a classic SYN that nobody answered goes again without the flags. RFC
// 9768 §3.1.4.1 R9768-01: an accurate one is tried twice, with the same flags; R9768-02: the
// classic request is never made on a connection that made the other. R9768-33, not done: no memory
// of destinations where it failed; a failure costs one timeout more than without ECN.
// RFC 9293 §3.8.2 SHLD-8: asked for by our SYN if the stack is willing.
std::uint16_t ecn_syn_flags(EcnWill will, std::uint32_t retries) {
  if (will.use != EcnUse::On) return 0;
  if (will.accurate) return retries <= 1 ? kAll : std::uint16_t{0};
  return retries <= will.classic_retries ? kClassicSyn : std::uint16_t{0};
}

// RFC 9768 §3.1.2, table 2; §3.1.3 R9768-03: a combination that nobody has defined yet asks for
// accurate feedback like (1,1,1). RFC 3168 §6.1.1: a classic request has both of its flags.
EcnAgreement answer_ecn_syn(EcnWill will, TcpFlags syn, IpEcn arrived_as) {
  EcnAgreement agreed;
  const std::uint16_t asked = three_flags(syn);
  agreed.peer_syn = arrived_as;
  agreed.knows_accurate = will.accurate;
  if (will.use == EcnUse::Off || asked == 0) return agreed;
  if (will.accurate && asked != kClassicSyn) {
    agreed.feedback = EcnFeedback::Accurate;
  } else if ((asked & kClassicSyn) == kClassicSyn) {
    agreed.feedback = EcnFeedback::Classic;
  }
  agreed.may_mark = agreed.feedback != EcnFeedback::None;
  return agreed;
}

std::uint16_t ecn_handshake_encoding(IpEcn arrived_as) {
  switch (arrived_as) {
    case IpEcn::Ect1:
      return TcpFlags::kCwr | TcpFlags::kEce;
    case IpEcn::Ect0:
      return TcpFlags::kAe;
    case IpEcn::Ce:
      return TcpFlags::kAe | TcpFlags::kCwr;
    case IpEcn::NotEct:
      break;
  }
  return TcpFlags::kCwr;
}

// RFC 3168 §6.1.1 R3168-03; RFC 9768 §3.1.5 R9768-04: an accurate SYN-ACK tells how the newest SYN
// arrived; §3.2.3.2.2 R9768-05: sent for the third time it carries no flags, in case they are what
// does not pass.
std::uint16_t ecn_syn_ack_flags(const EcnAgreement& agreed, std::uint32_t retries) {
  switch (agreed.feedback) {
    case EcnFeedback::Classic:
      return kClassicSynAck;
    case EcnFeedback::Accurate:
      return retries <= 1 ? ecn_handshake_encoding(agreed.peer_syn) : std::uint16_t{0};
    case EcnFeedback::None:
      break;
  }
  return 0;
}

EcnAgreement read_ecn_syn_ack(EcnWill will, std::uint32_t retries, TcpFlags syn_ack,
                              IpEcn arrived_as) {
  EcnAgreement agreed;
  agreed.is_client = true;
  agreed.knows_accurate = will.accurate;
  agreed.peer_syn = arrived_as;
  const std::uint16_t asked = ecn_syn_flags(will, 0);
  const std::uint16_t granted = three_flags(syn_ack);
  // RFC 9768 §3.1.2 R9768-06: nothing granted, or our own flags thrown back by a broken peer.
  if (asked == 0 || granted == 0 || granted == kAll) return agreed;
  if ((granted & kClassicSyn) == kClassicSynAck && (granted & TcpFlags::kAe) == 0) {
    agreed.feedback = EcnFeedback::Classic;
  } else if (asked == kAll) {
    agreed.feedback = EcnFeedback::Accurate;
  }
  // RFC 3168 §6.1.1: a client that ever sent a SYN without ECN flags must not set ECT. RFC 9768
  // §3.1.4.1 lets an accurate client do so, since only a server in that mode answers like this;
  // unless the answer says that our SYN, sent Not-ECT, arrived as something else (§3.2.2.3
  // R9768-25).
  const bool plain_syn_sent = ecn_syn_flags(will, retries) == 0;
  const bool is_mangled = granted != ecn_handshake_encoding(IpEcn::NotEct) &&
                          granted != (TcpFlags::kAe | TcpFlags::kEce);
  if (agreed.feedback == EcnFeedback::Classic) agreed.may_mark = !plain_syn_sent;
  if (agreed.feedback == EcnFeedback::Accurate) agreed.may_mark = !is_mangled;
  return agreed;
}

// RFC 9768 §3.2.1 R9768-07: counters begin at 5, 1, 1 and 0; §3.2.2.2 R9768-08: a client counts a
// marked SYN-ACK once, a server does not count a marked SYN.
Ecn::Ecn(const EcnAgreement& agreed) : agreed_(agreed), awaits_handshake_ack_(!agreed.is_client) {
  if (agreed_.feedback != EcnFeedback::Accurate || !agreed.is_client) return;
  handshake_feedback_ = true;
  if (agreed.peer_syn == IpEcn::Ce) ++r_cep_;
}

// -- As the receiver of data

bool Ecn::on_segment(const EcnArrival& arrival, bool owes_ack) {
  const bool is_ce = arrival.field == IpEcn::Ce;
  if (agreed_.feedback == EcnFeedback::Classic) {
    // RFC 3168 §6.1.3 R3168-07: from a mark until CWR; a mark on the segment with CWR is a new one.
    // Only data is sent ECN-capable, so a mark elsewhere says nothing (§6.1.4).
    if (arrival.flags.cwr()) echo_ = false;
    const bool is_new_mark = is_ce && arrival.data > 0 && !echo_;
    echo_ = echo_ || is_new_mark;
    return is_new_mark;
  }
  if (agreed_.feedback != EcnFeedback::Accurate) return false;
  // RFC 9768 §3.2 R9768-10: every acceptable packet is counted, and so are its bytes.
  if (is_ce) r_cep_ += arrival.segments;
  if (arrival.data > 0 && arrival.field != IpEcn::NotEct) {
    counted_since_ack_ = true;
    saw_ect0_ = saw_ect0_ || arrival.field == IpEcn::Ect0;
    saw_ect1_ = saw_ect1_ || arrival.field == IpEcn::Ect1;
    std::uint32_t& bytes = is_ce ? r_ceb_ : (arrival.field == IpEcn::Ect0 ? r_e0b_ : r_e1b_);
    bytes += arrival.data;
  }
  // RFC 9768 §3.2.2.5.1 R9768-11: at once when marks begin; R9768-12: and for every second mark
  // while an ACK is owed, for every third otherwise, before three bits of counter can wrap.
  const bool begins = is_ce && !last_was_ce_ && arrival.data > 0;
  last_was_ce_ = is_ce;
  if (is_ce) {
    const std::uint32_t marks = marks_since_ack_ + arrival.segments;
    marks_since_ack_ = static_cast<std::uint8_t>(std::min<std::uint32_t>(marks, 7));
  }
  const bool many = marks_since_ack_ >= (owes_ack || arrival.data > 0 ? 2 : 3);
  return begins || (is_ce && many);
}

std::uint16_t Ecn::flags(bool is_pure_ack) const {
  if (agreed_.feedback == EcnFeedback::Classic) return echo_ ? TcpFlags::kEce : std::uint16_t{0};
  if (agreed_.feedback != EcnFeedback::Accurate) return 0;
  // RFC 9768 §3.2.2.1 R9768-09, §3.2.2.2 R9768-13: three bits of the counter, but for the feedback
  // of the handshake; §3.2 R9768-36: of the counter as it is when the segment leaves.
  if (handshake_feedback_ && is_pure_ack) return ecn_handshake_encoding(agreed_.peer_syn);
  return flags_of_ace(r_cep_);
}

// RFC 9768 §3.2.3.3 R9768-14: with an ACK after which a byte counter moved, and every field that
// ever moved; unchanged ones are left off the tail. §3.2.3.2.1 R9768-31: the first ACK of a
// client tests whether the option passes; §3.2.3.2.2: the next goes without, since the first may
// have been lost for it.
std::uint8_t Ecn::option_fields() const {
  if (agreed_.feedback != EcnFeedback::Accurate || options_off_) return 0;
  if (!counted_since_ack_) return handshake_feedback_ && !feedback_again_ ? 1 : 0;
  const bool saw_ce = r_ceb_ > 0;
  if (saw_ect0_ && saw_ect1_) return 3;
  return saw_ce ? 2 : 1;
}

AccurateEcnOption Ecn::option(std::uint8_t fields) const {
  AccurateEcnOption option;
  option.fields = fields;
  option.ect1_first = saw_ect1_ && !saw_ect0_;
  option.ect0_bytes = r_e0b_ & kCounterMask;
  option.ce_bytes = r_ceb_ & kCounterMask;
  option.ect1_bytes = r_e1b_ & kCounterMask;
  return option;
}

void Ecn::on_ack_sent(bool is_pure_ack, bool with_option) {
  marks_since_ack_ = 0;
  if (is_pure_ack) handshake_feedback_ = false;
  if (with_option) counted_since_ack_ = false;
}

// -- As the sender of data

bool Ecn::on_ack(const EcnAck& ack) {
  const bool is_handshake = awaits_handshake_ack_;
  awaits_handshake_ack_ = false;
  if (agreed_.feedback == EcnFeedback::Classic) {
    if (cwr_under_way_ && ack.up_to >= cwr_end_) cwr_under_way_ = false;
    // A SYN-ACK is not sent ECN-capable, so what acknowledges it reports nothing. RFC 3168 §6.1.2
    // R3168-05: until CWR has arrived an echo is that of a mark which was answered already.
    return ack.flags.ece() && !is_handshake && !cwr_due_ && !cwr_under_way_;
  }
  if (agreed_.feedback != EcnFeedback::Accurate || ignores_feedback_) return false;
  return is_handshake && ack.is_pure ? read_handshake_ack(ace_of(ack.flags)) : read_ace(ack);
}

// RFC 9768 §3.2.2.1 R9768-15, table 4: the ACK of our SYN-ACK names its field. 0 means that the
// client is not in this mode: we neither mark nor listen, but go on to report. §3.2.2.3 R9768-25,
// R9768-28: our SYN-ACK was sent Not-ECT; if it arrived as anything else, something changes the
// field on the way.
bool Ecn::read_handshake_ack(std::uint32_t ace) {
  ignores_feedback_ = ace == 0;
  if (ace == 0 || ace == 3 || ace == 4 || ace == 6) agreed_.may_mark = false;
  if (ace != 6) return false;
  ++s_cep_;
  return true;
}

bool Ecn::read_ace(const EcnAck& ack) {
  const std::uint32_t ace = ace_of(ack.flags);
  const bool is_first = first_feedback_;
  first_feedback_ = false;
  if (is_first && ace == 0) {
    // RFC 9768 §3.2.2.4 R9768-26: a counter cannot be 0 so early: somebody clears the flags.
    ignores_feedback_ = true;
    agreed_.may_mark = false;
    return false;
  }
  // RFC 9768 §3.2.2.2 R9768-16, §3.2.2.5.2 R9768-17: the least increment that fits the three bits;
  // where so much was acknowledged that they may have come round, as many rounds as could be.
  // Without any increment no round is assumed: eight marks in a row, all their ACKs lost, are not
  // likely, and every ACK of a merged packet would look like that.
  std::uint32_t marks = (ace - s_cep_) & 7U;
  // Nothing newly acknowledged and a counter far ahead: an older ACK that came late (§3.2.2.2).
  if (ack.segments_acked == 0 && marks > 4) return false;
  const bool is_certain = ack.segments_acked < 8;
  const bool has_option = ack.option != nullptr && ack.option->has_value();
  if (!is_certain && !has_option && marks > 0) {
    marks = ack.segments_acked - ((ack.segments_acked - marks) & 7U);
  }
  s_cep_ += marks;
  const bool by_bytes = has_option && read_option(**ack.option, marks, is_certain);
  return marks > 0 || by_bytes;
}

// RFC 9768 §3.2.3.1 R9768-18: the increment of 24 bits; only the count of marked bytes matters
// here. §3.2.3.2.5 R9768-19: marked bytes without a marked packet cannot be: the flags are being
// changed on the way, and nothing is sent ECN-capable from here on.
bool Ecn::read_option(const AccurateEcnOption& option, std::uint32_t new_marks, bool is_certain) {
  if (option.fields < 2) return false;
  const std::uint32_t more = (option.ce_bytes - s_ceb_) & kCounterMask;
  if (more == 0 || more > kCounterMask / 2) return false;  // the latter is an older one
  s_ceb_ += more;
  if (new_marks == 0 && is_certain) agreed_.may_mark = false;
  return true;
}

// RFC 3168 §6.1.2 R3168-06: whatever reduced the window, the next new data says so. RFC 9768
// §3.1.5 R9768-20: in the accurate mode that flag has another meaning, and is not used so.
void Ecn::on_reduction() {
  cwr_due_ = agreed_.feedback == EcnFeedback::Classic;
}

void Ecn::on_data_sent(SeqNum end) {
  if (!cwr_due_) return;
  cwr_due_ = false;
  cwr_under_way_ = true;
  cwr_end_ = end;
}

}  // namespace glasstcp
