// What became of a packet that arrived: one enumerator for each fate.
//
// Every received packet ends in exactly one Verdict: accepted, or dropped for a named cause. Each
// has a counter. The table (verdict.cc) gives each its name, RFC section and one sentence in
// English and in Chinese.
//
// Invariants:
//   1. Whatever bytes arrive, the answer is a Verdict; never an assertion.
//   2. The table has a row for each enumerator, in the same order (checked at compile time).
//
// Next: ../wire/tcp.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace glasstcp {

/// What became of a packet that arrived.
enum class Verdict : std::uint8_t {
  // Accepted.
  Accepted,            ///< a segment that was processed in full
  AcceptedOutOfOrder,  ///< beyond a gap: kept for later
  AcceptedDuplicate,   ///< nothing new in it, but its ACK and window were used
  SynAccepted,         ///< a half-open connection was made
  SynDuplicate,        ///< the SYN came again: SYN-ACK again
  FastOpenAccepted,    ///< a SYN with a good Fast Open cookie: a connection, with its data
  SynCookieSent,       ///< a SYN that is answered and not remembered
  HandshakeComplete,   ///< the ACK that made a half-open connection whole
  TimeWaitReused,      ///< a new SYN replaced a TIME-WAIT record
  ResetAccepted,       ///< a valid RST ended the connection
  EchoAnswered,        ///< echo request
  IcmpErrorUsed,       ///< an ICMP error that matched a connection and counted
  FragmentKept,        ///< part of a datagram, waiting for the rest
  QuietlyIgnored,      ///< router solicitation, MLD and the like: not for us, no fault
  // IP: dropped.
  TruncatedPacket,  ///< shorter than its headers claim
  BadIpVersion,
  BadIpHeaderLength,
  BadIpChecksum,
  BadIpOption,
  NotForUs,          ///< not one of our addresses
  BadSourceAddress,  ///< broadcast, multicast, unspecified, loopback, or our own
  SourceRouted,
  BadExtensionHeader,
  TooManyExtensionHeaders,
  UnknownProtocol,
  BadFragment,
  FragmentOverlap,
  FragmentTableFull,
  ReassemblyTimeout,
  // ICMP and UDP: dropped.
  BadIcmpChecksum,
  BadIcmpMessage,
  IcmpUnknownType,
  IcmpErrorNotOurs,      ///< it quotes nothing that we sent
  IcmpErrorImplausible,  ///< RFC 5927: quoted sequence number out of range, or a size that must not
                         ///< be believed
  UdpPortClosed,
  // TCP form: dropped.
  BadTcpHeader,
  BadTcpChecksum,
  BadTcpOption,
  BadTcpPort,  ///< port zero
  // TCP, no connection.
  NoConnection,       ///< answered with RST (unless it was one)
  ResetNoConnection,  ///< a RST for nobody
  ListenBadAck,       ///< LISTEN: an ACK (answered with RST)
  ListenIgnored,      ///< LISTEN: neither SYN nor ACK nor RST
  SynWithFin,         ///< LISTEN: a SYN that ends what it begins
  SynToMulticast,
  SynBacklogFull,
  SynDropped,  ///< more SYNs than can be answered: this one was not drawn
  AcceptQueueFull,
  ConnectionTableFull,
  OutOfMemory,
  // TCP, a connection: dropped.
  SynSentBadAck,
  SynSentBadReset,
  SynSentNothing,      ///< neither SYN nor RST
  SynAsksForOtherEcn,  ///< it names another kind of ECN feedback than the SYN before
  PawsRejected,        ///< timestamp older than the recent one
  TimestampMissing,
  OutsideWindow,
  ResetOutsideWindow,
  ResetChallenged,
  SynChallenged,
  NoAckFlag,
  AckTooOld,
  AckOfUnsent,
  DataAfterClose,  ///< the application is gone: RST
  TimeWaitOldDuplicate,
  TimeWaitResetIgnored,
  ReassemblyFull,  ///< out-of-order data that does not fit the bounds
};
inline constexpr int kVerdictCount = static_cast<int>(Verdict::ReassemblyFull) + 1;

/// A row of the table.
struct VerdictInfo {
  Verdict verdict;
  std::string_view name;
  std::string_view rfc;
  std::string_view sentence;
  std::string_view sentence_zh;
};

/// The row of a verdict. Static lifetime.
[[nodiscard]] const VerdictInfo& info(Verdict verdict);
/// The enumerator's name.
[[nodiscard]] std::string_view name_of(Verdict verdict);
/// All rows, in the order of the enumerators.
[[nodiscard]] std::span<const VerdictInfo> all_verdicts();

/// Whether the packet was used (and not dropped).
[[nodiscard]] constexpr bool is_accepted(Verdict v) {
  return v <= Verdict::QuietlyIgnored;
}

}  // namespace glasstcp
