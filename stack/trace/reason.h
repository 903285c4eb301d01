// Why a packet was sent: one enumerator for each reason that a packet of ours can have.
//
// One table (reason.cc) gives each its name, its RFC section and one sentence in English and in
// Chinese. Captures, narration, the report and the tests all read that table, so they cannot
// disagree.
//
// Invariants:
//   1. Every packet that leaves the stack has exactly one SendReason, fixed where the decision to
//   send was taken.
//   2. The table has a row for each enumerator, in the same order (checked at compile time).
//
// Next: verdict.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace glasstcp {

/// Why we sent a packet.
enum class SendReason : std::uint8_t {
  // Opening.
  Syn,               ///< active open: our first SYN
  SynAck,            ///< answer to a SYN
  HandshakeAck,      ///< third segment of the handshake
  SynRetransmit,     ///< our SYN went unanswered
  SynAckRetransmit,  ///< our SYN-ACK went unanswered, or the SYN came again
  SynFastOpen,       ///< Fast Open: our SYN carries the first data
  SynCookieRequest,  ///< Fast Open: our SYN asks for a cookie
  SynAckFastOpen,    ///< Fast Open: the SYN's data is taken and acknowledged
  SynAckCookie,      ///< answer to a SYN of which nothing is remembered (SYN cookie)
  // Data and close.
  NewData,        ///< the application's bytes, first transmission
  NewDataUrgent,  ///< the same, with an urgent pointer
  Fin,            ///< the application closed; no data rides with the FIN
  NewDataFin,     ///< last data and FIN in one segment
  // Acknowledgments.
  AckEverySecondSegment,  ///< two full-sized segments wait for an ACK
  AckDelayTimer,          ///< the delayed-ACK time ended
  AckImmediate,           ///< quick ACK: the start of a connection, or the application asked
  AckOutOfOrder,          ///< a segment beyond a gap: duplicate ACK with SACK
  AckGapFilled,           ///< a segment filled (part of) a gap
  AckDuplicateData,       ///< all of it was old: ACK again (with D-SACK)
  AckFin,                 ///< the peer's FIN
  AckCongestionMark,      ///< a router marked the segment (CE): tell the sender
  WindowUpdate,           ///< the application read; the window opens enough to say so
  // Probes.
  ZeroWindowProbe,  ///< the peer's window is closed, the persist timer expired
  KeepAlive,        ///< nothing heard for the keep-alive interval
  // Loss recovery.
  RetransmitTimeout,       ///< RTO
  RetransmitAfterTimeout,  ///< further segments after an RTO, under slow start (go-back-N)
  FastRetransmit,          ///< third duplicate ACK
  PartialAckRetransmit,    ///< New Reno: a partial ACK shows the next hole
  RackRetransmit,          ///< RACK judged it lost by time
  SackHole,                ///< RFC 6675's NextSeg chose a hole
  TailLossProbe,           ///< RACK-TLP's probe
  LimitedTransmit,         ///< new data on the first two duplicate ACKs
  MtuRetransmit,           ///< packet too big: the same data in smaller segments
  MtuBlackHole,            ///< full-sized segments vanish: the same data in smaller ones
  FastOpenRetransmit,      ///< Fast Open: the SYN's data was not taken
  SwsOverride,             ///< less than a full segment, because the override timer expired
  MtuProbe,                ///< PLPMTUD: a larger segment to see whether it passes
  // Defence (RFC 5961 and §3.10.7.4).
  ChallengeReset,    ///< a RST inside the window but not exact
  ChallengeSyn,      ///< a SYN on a synchronized connection
  ChallengeAck,      ///< an ACK outside the range that could be ours
  AckOutsideWindow,  ///< an unacceptable segment: say what we expect
  AckOfUnsentData,   ///< it acknowledges what we never sent
  AckOldTimestamp,   ///< PAWS dropped it
  TimeWaitAck,       ///< TIME-WAIT: the FIN (or another old segment) came again
  // Resets.
  RstNoConnection,     ///< nobody listens, no connection
  RstUnacceptableAck,  ///< an ACK that no handshake of ours explains
  RstAborted,          ///< the application aborted
  RstUnreadData,       ///< closed with unread data, or data after close
  RstTimeout,          ///< we gave up (R2, user timeout, FIN-WAIT-2, keep-alive)
  RstOutOfMemory,      ///< limits of the stack
  RstEvicted,          ///< others need the room, and this peer holds most
  RstEcnAmbiguous,     ///< SYNs or SYN-ACKs with two kinds of ECN feedback
  // Not TCP.
  EchoReply,                ///< ping
  IcmpPortUnreachable,      ///< UDP to a port on which nobody listens
  IcmpProtocolUnreachable,  ///< no such transport here
  IcmpParameterProblem,     ///< IPv6 header field or option that must be reported
  IcmpTimeExceeded,         ///< reassembly took too long
};
inline constexpr int kSendReasonCount = static_cast<int>(SendReason::IcmpTimeExceeded) + 1;

/// A row of the table: what people and programs read about a reason.
struct ReasonInfo {
  SendReason reason;
  std::string_view name;         ///< as the enumerator, e.g. "FastRetransmit"
  std::string_view rfc;          ///< e.g. "RFC 5681 §3.2"
  std::string_view sentence;     ///< English, one sentence, no full stop
  std::string_view sentence_zh;  ///< Chinese, one sentence, no full stop
};

/// The row of a reason. Static lifetime.
[[nodiscard]] const ReasonInfo& info(SendReason reason);
/// The enumerator's name.
[[nodiscard]] std::string_view name_of(SendReason reason);
/// All rows, in the order of the enumerators.
[[nodiscard]] std::span<const ReasonInfo> all_reasons();

/// Whether the reason repeats bytes that were sent before.
[[nodiscard]] constexpr bool is_retransmission(SendReason r) {
  return r == SendReason::SynRetransmit || r == SendReason::SynAckRetransmit ||
         (r >= SendReason::RetransmitTimeout && r <= SendReason::TailLossProbe) ||
         r == SendReason::MtuRetransmit || r == SendReason::MtuBlackHole ||
         r == SendReason::FastOpenRetransmit;
}

}  // namespace glasstcp
