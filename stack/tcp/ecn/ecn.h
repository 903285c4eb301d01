// Explicit congestion notification of one connection: what was agreed, what the peer is told, what
// it tells us.
//
// RFC 3168 §6.1 (one echo until CWR: "classic"), RFC 9768 (counters in both directions:
// "accurate"). A router that would have dropped a packet marks it CE instead; the receiver feeds
// that back, the sender slows down as for a loss, and nothing has to be sent again.
//
// Invariants:
//   1. The kind of feedback is agreed in the handshake and never changes afterwards.
//   2. Only new data is marked ECN-capable; nothing is unless both sides agreed.
//   3. Each mark is reported once; loss recovery decides how often the window shrinks for it.
//
// Leaves out: how the window reacts (recovery/), and ECN-capable control packets (RFC 8311's
// experiments).
//
// Next: ../congestion/congestion_control.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/tcp/config.h"
#include "stack/tcp/segment.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// The lower two bits of a traffic class (RFC 3168 §5).
enum class IpEcn : std::uint8_t { NotEct = 0, Ect1 = 1, Ect0 = 2, Ce = 3 };
[[nodiscard]] constexpr IpEcn ip_ecn(std::uint8_t traffic_class) {
  return static_cast<IpEcn>(traffic_class & 3U);
}

/// How marks are fed back.
enum class EcnFeedback : std::uint8_t { None, Classic, Accurate };

/// What a handshake agreed on.
struct EcnAgreement {
  EcnFeedback feedback = EcnFeedback::None;
  IpEcn peer_syn = IpEcn::NotEct;  ///< how the peer's newest SYN or SYN-ACK arrived
  bool may_mark = false;           ///< our data may be sent ECN-capable
  bool is_client = false;
  bool knows_accurate = false;  ///< we would have granted, or asked for, the accurate kind

  /// Whether the peer's SYN or SYN-ACK, that comes again, asks for or grants the other kind of
  /// feedback. Who knows only the classic kind cannot tell.
  [[nodiscard]] bool is_contradicted_by(const EcnAgreement& again) const {
    return knows_accurate && feedback != EcnFeedback::None && again.feedback != EcnFeedback::None &&
           again.feedback != feedback;
  }
  /// As a server: what the client's SYN asks for that came again, read as the first one was.
  [[nodiscard]] EcnAgreement asked_again(TcpFlags syn, IpEcn arrived_as) const;
  // RFC 9768 §3.1.5 R9768-24: a SYN without the flags means that the client may not be in that mode,
  // so nothing is marked; R9768-04: the newest SYN is the one that is reported.
  /// As a server: the client's SYN came again, and asks for `asked`.
  void on_syn_again(const EcnAgreement& asked) {
    peer_syn = asked.peer_syn;
    if (asked.feedback == EcnFeedback::None) may_mark = false;
  }
  // RFC 9768 §3.1.5 R9768-24: a server that ever sent a SYN-ACK without the flags must not set ECT.
  /// As a server: our SYN-ACK left with `flags`, of AE, CWR and ECE.
  void on_syn_ack_sent(std::uint16_t flags) {
    if (flags == 0) may_mark = false;
  }
};

/// AE, CWR and ECE of our SYN. `retries`: how often it was sent before.
[[nodiscard]] std::uint16_t ecn_syn_flags(EcnWill will, std::uint32_t retries);
/// What a SYN asks for and we grant.
[[nodiscard]] EcnAgreement answer_ecn_syn(EcnWill will, TcpFlags syn, IpEcn arrived_as);
/// AE, CWR and ECE of our SYN-ACK. `retries`: how often it was sent before.
[[nodiscard]] std::uint16_t ecn_syn_ack_flags(const EcnAgreement& agreed, std::uint32_t retries);
/// What a SYN-ACK grants to a client of that `will`; `retries`: SYNs sent after its first.
[[nodiscard]] EcnAgreement read_ecn_syn_ack(EcnWill will, std::uint32_t retries, TcpFlags syn_ack,
                                            IpEcn arrived_as);
/// RFC 9768 tables 2 and 3: how the field of a SYN or SYN-ACK is named in the three flags.
[[nodiscard]] std::uint16_t ecn_handshake_encoding(IpEcn arrived_as);
/// The three flags as RFC 9768's ACE, 0..7.
[[nodiscard]] constexpr std::uint32_t ace_of(TcpFlags flags) {
  return (flags.has(TcpFlags::kAe) ? 4U : 0U) | (flags.cwr() ? 2U : 0U) | (flags.ece() ? 1U : 0U);
}

/// A segment that arrived, as ECN sees it.
struct EcnArrival {
  [[nodiscard]] static EcnArrival of(const Segment& seg) {
    return {seg.flags, ip_ecn(seg.traffic_class), seg.count(),
            static_cast<std::uint32_t>(seg.data.size())};
  }

  TcpFlags flags;
  IpEcn field = IpEcn::NotEct;
  std::uint32_t segments = 1;  ///< of the wire, if they were merged
  std::uint32_t data = 0;      ///< bytes
};

/// An acknowledgment as ECN sees it.
struct EcnAck {
  TcpFlags flags;
  std::uint32_t segments_acked = 0;  ///< newly, about
  bool is_pure = false;              ///< no data, no SACK blocks
  const std::optional<AccurateEcnOption>* option = nullptr;
  SeqNum up_to{};  ///< what it acknowledges
};

/// A segment that leaves, as ECN sees it.
struct EcnDeparture {
  TcpFlags flags;                  ///< before ECN has set its own
  bool is_new_data = false;        ///< it has data that never left before, and is no probe
  bool is_retransmission = false;  ///< it has nothing but data or a FIN that left before
  bool is_pure_ack = false;        ///< neither data, FIN nor SACK blocks
  std::uint8_t retries = 0;        ///< of a SYN or SYN-ACK: how often it was sent before
  SeqNum end{};                    ///< the first number after its data
};

/// What ECN sets in the headers of a segment.
struct EcnMarks {
  std::uint16_t flags = 0;      ///< AE, CWR and ECE
  IpEcn field = IpEcn::NotEct;  ///< in the IP header
};

/// Both roles of one connection.
class Ecn {
 public:
  /// RFC 9768 §3.2.1: where the counter of marked packets begins.
  static constexpr std::uint32_t kFirstCount = 5;

  explicit Ecn(const EcnAgreement& agreed);

  [[nodiscard]] const EcnAgreement& agreed() const { return agreed_; }
  [[nodiscard]] EcnFeedback feedback() const { return agreed_.feedback; }

  // -- Of every segment that leaves (segment_marks.cc)
  /// What ECN sets in its headers. Not for a SYN without ACK: see ecn_syn_flags().
  [[nodiscard]] EcnMarks marks(const EcnDeparture& departure) const;
  /// How many fields of the option it carries, if they fit, 0..3; 0: none of it.
  [[nodiscard]] std::uint8_t option_fields(const EcnDeparture& departure) const;
  /// It left; `with_option`: so did the option.
  void on_sent(const EcnDeparture& departure, bool with_option);
  /// Whether the next segment with new data may not be part of a GSO packet.
  [[nodiscard]] bool goes_alone() const;

  // -- Of a SYN or SYN-ACK that comes again
  /// Whether the peer now asks for, or grants, the other kind of feedback.
  [[nodiscard]] bool is_contradicted_by(const EcnAgreement& again) const {
    return agreed_.is_contradicted_by(again);
  }
  /// As a client: `granted` is what the SYN-ACK says that came again.
  void on_syn_ack_again(const EcnAgreement& granted);
  /// As a server: `asked` is what the SYN asks for that came again.
  void on_syn_again(const EcnAgreement& asked) { agreed_.on_syn_again(asked); }

  // -- As the receiver of data
  /// An acceptable segment came. True: the peer should have an ACK at once.
  bool on_segment(const EcnArrival& arrival, bool owes_ack);
  /// AE, CWR and ECE of the next segment with ACK and without SYN.
  [[nodiscard]] std::uint16_t flags(bool is_pure_ack) const;
  /// Whether the next pure ACK names the field of the SYN-ACK, and should go before any data.
  [[nodiscard]] bool owes_handshake_feedback() const { return handshake_feedback_; }
  /// How many fields of the option are worth sending now, 0..3; 0: none of it.
  [[nodiscard]] std::uint8_t option_fields() const;
  [[nodiscard]] AccurateEcnOption option(std::uint8_t fields) const;
  /// A segment with ACK left; `with_option`: so did the option.
  void on_ack_sent(bool is_pure_ack, bool with_option);

  /// AE, CWR and ECE of our SYN-ACK in a simultaneous open.
  [[nodiscard]] std::uint16_t syn_ack_flags(std::uint32_t retries) const {
    return ecn_syn_ack_flags(agreed_, retries);
  }
  /// Our SYN-ACK left.
  void on_syn_ack_sent(std::uint32_t retries) { agreed_.on_syn_ack_sent(syn_ack_flags(retries)); }

  // -- As the sender of data
  /// A believable ACK came. True: it reports congestion that calls for a reduction.
  bool on_ack(const EcnAck& ack);
  /// The window was reduced, for whatever cause.
  void on_reduction();
  /// New data up to `end` left.
  void on_data_sent(SeqNum end);

  /// The counter of marked packets as the peer reports it, from kFirstCount on.
  [[nodiscard]] std::uint32_t reported_marks() const { return s_cep_; }

 private:
  bool read_handshake_ack(std::uint32_t ace);
  bool read_ace(const EcnAck& ack);
  bool read_option(const AccurateEcnOption& option, std::uint32_t new_marks, bool is_certain);

  // RFC 9768 §3.2.1: counters of what arrived (r) and of what the peer says of ours (s).
  std::uint32_t r_cep_ = kFirstCount, r_ceb_ = 0, r_e0b_ = 1, r_e1b_ = 1;
  std::uint32_t s_cep_ = kFirstCount, s_ceb_ = 0;
  SeqNum cwr_end_;  // of the data that carries CWR, if cwr_under_way_
  EcnAgreement agreed_;
  std::uint8_t marks_since_ack_ = 0;
  bool echo_ : 1 = false;           // classic: ECE until CWR
  bool cwr_due_ : 1 = false;        // classic: say that we reduced
  bool cwr_under_way_ : 1 = false;  // classic: said, and not acknowledged yet
  bool handshake_feedback_ : 1 = false;
  bool feedback_again_ : 1 = false;  // of a SYN-ACK that came again
  bool last_was_ce_ : 1 = false;
  bool counted_since_ack_ : 1 = false;  // a byte counter moved since the last ACK
  bool saw_ect0_ : 1 = false;
  bool saw_ect1_ : 1 = false;
  bool options_off_ : 1 = false;
  bool awaits_handshake_ack_ : 1 = false;  // as a server: the ACK of our SYN-ACK
  bool first_feedback_ : 1 = true;
  bool ignores_feedback_ : 1 = false;  // the peer's cannot be believed
};

}  // namespace glasstcp
