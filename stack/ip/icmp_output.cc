// RFC 1122 §3.2.2, RFC 4443 §2.4: who gets an answer, and what is in it.
#include "stack/ip/icmp_output.h"

#include <algorithm>

#include "stack/ip/extension_headers.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ipv4.h"

namespace glasstcp {
namespace {

// RFC 1812 §4.3.2.3: as much of the packet as fits into 576 bytes; RFC 4443 §2.4 R4443-03: into
// 1280 bytes.
constexpr std::size_t kMaxQuoteV4 = 576 - kIpv4HeaderSize - kIcmpHeaderSize;
constexpr std::size_t kMaxQuoteV6 = 1280 - kIpv6HeaderSize - kIcmpHeaderSize;

// RFC 6864 §4.3 R6864-02: an identification must not come back within a packet's lifetime, two
// minutes. There are 65536 of them, so 1000 fragmented replies at once and 400 a second after that
// are what we allow: 61000 in two minutes, with the errors.
constexpr std::uint32_t kFragmentedV4PerSecond = 400;
constexpr std::uint32_t kFragmentedV4Burst = 1000;

IpAddress source_of(ByteView packet) {
  return packet[0] >> 4 == 4 ? IpAddress::v4(packet.data() + 12) : IpAddress::v6(packet.data() + 8);
}
IpAddress destination_of(ByteView packet) {
  return packet[0] >> 4 == 4 ? IpAddress::v4(packet.data() + 16)
                             : IpAddress::v6(packet.data() + 24);
}

// RFC 1122 §3.2.2 R1122-10: an ICMP error, or a fragment that is not the first.
bool is_unreportable_v4(ByteView packet) {
  const std::size_t header_length = (packet[0] & 0x0fU) * 4U;
  const bool is_later_fragment = (load_be16(packet.data() + 6) & 0x1fffU) != 0;
  if (is_later_fragment) return true;
  if (packet[9] != IpProtocol::kIcmpV4) return false;
  return packet.size() <= header_length || Icmpv4View::is_icmpv4_error(packet[header_length]);
}

// RFC 4443 §2.4 R4443-04: an ICMPv6 error or a redirect, wherever in the chain of headers it
// stands.
bool is_unreportable_v6(ByteView packet) {
  const ByteView chain = packet.subspan(kIpv6HeaderSize);
  const UpperLayer upper = find_upper_layer(packet[6], chain);
  if (upper.protocol != IpProtocol::kIcmpV6) return false;
  // What a later fragment carries is data, whatever its first byte looks like.
  if (upper.is_in_another_fragment) return false;
  if (upper.at >= chain.size()) return true;
  const std::uint8_t type = chain[upper.at];
  return type < 128 || type == Icmpv6Type::kRedirect;
}

}  // namespace

IcmpOutput::IcmpOutput(const IpConfig& config, const AddressTable& addresses, const Seed& seed)
    : addresses_(addresses),
      outbox_({.bytes = config.outbox_bytes, .messages = config.outbox_messages}),
      ids_(seed),
      errors_(config.icmp_errors_per_second, config.icmp_error_burst),
      fragmented_v4_(kFragmentedV4PerSecond, kFragmentedV4Burst) {}

std::uint32_t IcmpOutput::next_identification(IpVersion version) {
  return version == IpVersion::V4 ? ids_.next_v4() : ids_.next_v6();
}

// RFC 1122 §3.2.2.6 R1122-15, RFC 4443 §4.1 R4443-09: all the data comes back, unchanged, however
// much it is.
bool IcmpOutput::answer_echo(const IpDatagram& request, const OutboxPath& path, Instant now) {
  const bool is_v4 = request.version == IpVersion::V4;
  const std::size_t length = ip_header_size(request.version) + request.payload.size();
  const bool is_fragmented = length > path.mtu || path.may_be_cut;
  // RFC 1122 §3.3.4 R1122-18, RFC 4443 §2.2 R4443-01: from the address that was asked. §4.2
  // R4443-11: if a group was asked, from a unicast address of ours, and within the rate of errors:
  // one request has as many answers as the group has members.
  const bool to_group = !addresses_.is_own(request.destination);
  const auto source =
      to_group ? addresses_.source_for(request.source) : std::optional(request.destination);
  if (!source || (to_group && !errors_.take(now))) return false;
  if (is_fragmented && is_v4 && !fragmented_v4_.take(now)) return false;
  const ByteSpan message = outbox_.reserve(request.payload.size());
  if (message.empty()) return false;
  std::copy(request.payload.begin(), request.payload.end(), message.begin());

  OutboxMessage envelope;
  envelope.source = *source;
  envelope.destination = request.source;
  // RFC 1349 §5.1: a reply travels with the service of its request. Its ECN bits are not ours to
  // repeat.
  envelope.traffic_class = static_cast<std::uint8_t>(request.traffic_class & ~EcnCodepoint::kMask);
  envelope.reason = SendReason::EchoReply;
  if (is_fragmented) envelope.identification = next_identification(request.version);
  const std::uint32_t rest = load_be32(request.payload.data() + 4);
  if (is_v4) {
    envelope.protocol = IpProtocol::kIcmpV4;
    write_icmpv4_header(message, {.type = Icmpv4Type::kEchoReply, .code = 0, .rest = rest});
  } else {
    envelope.protocol = IpProtocol::kIcmpV6;
    write_icmpv6_header(message, {.type = Icmpv6Type::kEchoReply, .code = 0, .rest = rest},
                        {envelope.source, envelope.destination});
  }
  outbox_.commit(envelope);
  return true;
}

bool IcmpOutput::may_report(ByteView packet, const IcmpError& error) const {
  // RFC 1122 §3.2.2 R1122-10, RFC 4443 §2.4 R4443-04: sources that name nobody, or ourselves, get
  // nothing; nor does a packet that was for many, since all of them would answer.
  if (!addresses_.is_valid_source(source_of(packet))) return false;
  if (!addresses_.is_own(destination_of(packet)) && !error.even_to_group) return false;
  return packet[0] >> 4 == 4 ? !is_unreportable_v4(packet) : !is_unreportable_v6(packet);
}

void IcmpOutput::report(ByteView packet, const IcmpError& error, Instant now) {
  if (!may_report(packet, error)) return;
  // RFC 4443 §2.4 R4443-05: last, so that only messages that would really go out use up tokens.
  if (!errors_.take(now)) return;
  const bool is_v4 = packet[0] >> 4 == 4;
  const ByteView quote = packet.first(std::min(packet.size(), is_v4 ? kMaxQuoteV4 : kMaxQuoteV6));
  const ByteSpan message = outbox_.reserve(kIcmpHeaderSize + quote.size());
  if (message.empty()) return;
  std::copy(quote.begin(), quote.end(), message.begin() + kIcmpHeaderSize);

  OutboxMessage envelope;
  envelope.destination = source_of(packet);
  const IpAddress asked = destination_of(packet);
  // RFC 1122 §3.2.1.3 R1122-05: from one of our own unicast addresses, always.
  envelope.source = addresses_.is_own(asked)
                        ? asked
                        : addresses_.source_for(envelope.destination).value_or(asked);
  if (!addresses_.is_own(envelope.source)) return;
  envelope.protocol = is_v4 ? IpProtocol::kIcmpV4 : IpProtocol::kIcmpV6;
  envelope.reason = error.reason;
  // An error of 576 or 1280 bytes fits into one packet, unless the device's MTU is smaller than
  // that.
  envelope.identification = next_identification(envelope.source.version());
  if (is_v4) {
    write_icmpv4_header(message, error.header);
  } else {
    write_icmpv6_header(message, error.header, {envelope.source, envelope.destination});
  }
  outbox_.commit(envelope);
}

}  // namespace glasstcp
