// RFC 1122 §3.2.2, RFC 4443 §3: types and codes become kinds; the quoted packet becomes a
// four-tuple.
#include "stack/ip/icmp_input.h"

#include "stack/wire/ip_header.h"

namespace glasstcp {
namespace {

using Kind = IcmpSignal::Kind;

// What must be quoted of the transport's header: ports and sequence number (RFC 792: 64 bits).
constexpr std::size_t kQuotedTransport = 8;

// Fills in who the quoted segment was from and to. The bytes begin with its TCP header.
Verdict read_quoted_tcp(ByteView tcp, const AddressTable& addresses, IcmpSignal& signal) {
  if (tcp.size() < kQuotedTransport) return Verdict::BadIcmpMessage;
  // RFC 5927 §4, RFC 8201 §4 R8201-03: an error about a packet that we cannot have sent is forged,
  // or went astray.
  if (!addresses.is_own(signal.tuple.local_address) ||
      !addresses.is_valid_remote(signal.tuple.remote_address)) {
    return Verdict::IcmpErrorNotOurs;
  }
  signal.tuple.local_port = Port{load_be16(tcp.data())};
  signal.tuple.remote_port = Port{load_be16(tcp.data() + 2)};
  signal.quoted_seq = SeqNum(load_be32(tcp.data() + 4));
  return Verdict::Accepted;
}

// RFC 1122 §3.2.2 R1122-11: the protocol field of the quoted header says whose error it is. TCP is
// our only transport.
Verdict read_quoted_v4(ByteView quote, const AddressTable& addresses, IcmpSignal& signal) {
  if (quote.size() < kIpv4HeaderSize || quote[0] >> 4 != 4) return Verdict::BadIcmpMessage;
  const std::size_t header_length = (quote[0] & 0x0fU) * 4U;
  if (header_length < kIpv4HeaderSize || header_length > quote.size())
    return Verdict::BadIcmpMessage;
  const bool is_first_piece = (load_be16(quote.data() + 6) & 0x1fffU) == 0;
  if (quote[9] != IpProtocol::kTcp || !is_first_piece) return Verdict::IcmpErrorNotOurs;
  signal.quoted_length = load_be16(quote.data() + 2);
  signal.tuple.local_address = IpAddress::v4(quote.data() + 12);
  signal.tuple.remote_address = IpAddress::v4(quote.data() + 16);
  return read_quoted_tcp(quote.subspan(header_length), addresses, signal);
}

// Our segments have no extension headers, so a quoted packet that has any is not one of them.
Verdict read_quoted_v6(ByteView quote, const AddressTable& addresses, IcmpSignal& signal) {
  if (quote.size() < kIpv6HeaderSize || quote[0] >> 4 != 6) return Verdict::BadIcmpMessage;
  if (quote[6] != IpProtocol::kTcp) return Verdict::IcmpErrorNotOurs;
  signal.quoted_length = static_cast<std::uint32_t>(kIpv6HeaderSize) + load_be16(quote.data() + 4);
  signal.tuple.local_address = IpAddress::v6(quote.data() + 8);
  signal.tuple.remote_address = IpAddress::v6(quote.data() + 24);
  return read_quoted_tcp(quote.subspan(kIpv6HeaderSize), addresses, signal);
}

// RFC 1122 §3.2.2.1 R1122-13: every unreachable goes up. Net, host and source route failed (0, 1,
// 5) are mere hints, which is why only protocol and port unreachable count as hard
// (IcmpSignal::is_hard).
Kind kind_of_unreachable_v4(std::uint8_t code) {
  switch (code) {
    case Icmpv4Code::kNet:
    case Icmpv4Code::kNetUnknown:
    case Icmpv4Code::kNetForService:
      return Kind::NetUnreachable;
    case Icmpv4Code::kHost:
    case Icmpv4Code::kHostUnknown:
    case Icmpv4Code::kHostForService:
      return Kind::HostUnreachable;
    case Icmpv4Code::kProtocol:
      return Kind::ProtocolUnreachable;
    case Icmpv4Code::kPort:
      return Kind::PortUnreachable;
    case Icmpv4Code::kFragmentationNeeded:
      return Kind::PacketTooBig;
    case Icmpv4Code::kNetProhibited:
    case Icmpv4Code::kHostProhibited:
    case Icmpv4Code::kCommunicationProhibited:
      return Kind::AdminProhibited;
    default:
      return Kind::OtherUnreachable;
  }
}

Kind kind_of_unreachable_v6(std::uint8_t code) {
  switch (code) {
    case Icmpv6Code::kNoRoute:
    case Icmpv6Code::kRejectRoute:
      return Kind::NetUnreachable;
    case Icmpv6Code::kProhibited:
    case Icmpv6Code::kPolicy:
      return Kind::AdminProhibited;
    case Icmpv6Code::kAddress:
      return Kind::HostUnreachable;
    case Icmpv6Code::kPort:
      return Kind::PortUnreachable;
    default:
      return Kind::OtherUnreachable;
  }
}

// RFC 4443 §2.4 R4443-02: an error of a type that we do not know goes up as well, as one of no
// particular kind.
// RFC 4443 §3.1 R4443-06, §3.2 R4443-07: so do unreachable and packet too big.
Kind kind_of_v6(std::uint8_t type, std::uint8_t code) {
  switch (type) {
    case Icmpv6Type::kDestinationUnreachable:
      return kind_of_unreachable_v6(code);
    case Icmpv6Type::kPacketTooBig:
      return Kind::PacketTooBig;
    case Icmpv6Type::kTimeExceeded:
      return Kind::TimeExceeded;
    case Icmpv6Type::kParameterProblem:
      return Kind::ParameterProblem;
    default:
      return Kind::OtherUnreachable;
  }
}

}  // namespace

IcmpErrorInput read_icmpv4_error(const Icmpv4View& message, const AddressTable& addresses) {
  IcmpSignal signal;
  signal.type = message.type();
  signal.code = message.code();
  switch (message.type()) {
    // RFC 9293 §3.9.2.2 MUST-55: source quench has no effect at all (RFC 6633).
    case Icmpv4Type::kSourceQuench:
    // RFC 1122 §3.2.2.2 R1122-14: every redirect is ignored, not only the dubious ones. There is
    // one neighbour at the end of a TUN device, so there is nowhere to be redirected to.
    case Icmpv4Type::kRedirect:
      return Verdict::QuietlyIgnored;
    case Icmpv4Type::kDestinationUnreachable:
      signal.kind = kind_of_unreachable_v4(message.code());
      break;
    case Icmpv4Type::kTimeExceeded:
      signal.kind = Kind::TimeExceeded;
      break;
    default:
      signal.kind = Kind::ParameterProblem;
      break;
  }
  const Verdict verdict = read_quoted_v4(message.body(), addresses, signal);
  if (verdict != Verdict::Accepted) return verdict;
  if (signal.kind == Kind::PacketTooBig) {
    signal.mtu = message.next_hop_mtu();
    // RFC 1191 §3 R1191-03: no link has less than 68 bytes.
    if (signal.mtu != 0 && signal.mtu < PathMtuCache::kIpv4Minimum)
      return Verdict::IcmpErrorImplausible;
  }
  return signal;
}

IcmpErrorInput read_icmpv6_error(const Icmpv6View& message, const AddressTable& addresses) {
  IcmpSignal signal;
  signal.type = message.type();
  signal.code = message.code();
  signal.kind = kind_of_v6(message.type(), message.code());
  const Verdict verdict = read_quoted_v6(message.body(), addresses, signal);
  if (verdict != Verdict::Accepted) return verdict;
  if (signal.kind == Kind::PacketTooBig) {
    signal.mtu = message.rest();
    // RFC 8201 §4 R8201-01: less than 1280 cannot be true.
    if (signal.mtu < PathMtuCache::kIpv6Minimum) return Verdict::IcmpErrorImplausible;
  }
  return signal;
}

}  // namespace glasstcp
