// See forge.h.
#include "stack/lab/forge.h"

#include <algorithm>

#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/ip_header.h"

namespace glasstcp::lab {

std::vector<std::uint8_t> too_big_message(ByteView packet, std::uint32_t mtu) {
  // RFC 1812 §4.3.2.3: as much of the packet as fits one that passes everywhere.
  constexpr std::size_t kIcmp = 8, kMost = 576 - kIpv4HeaderSize - kIcmp;
  const std::size_t quoted = std::min(packet.size(), kMost);
  std::vector<std::uint8_t> message(kIpv4HeaderSize + kIcmp + quoted);
  IpHeaderFields fields;
  fields.source = IpAddress::v4(192, 0, 2, 254);
  fields.destination = IpAddress::v4(&packet[12]);
  fields.protocol = IpProtocol::kIcmpV4;
  write_ip_header(message, fields, static_cast<std::uint32_t>(kIcmp + quoted));
  const ByteSpan icmp = ByteSpan(message).subspan(kIpv4HeaderSize);
  std::ranges::copy(packet.first(quoted), icmp.begin() + kIcmp);
  write_icmpv4_header(icmp, {3, Icmpv4Code::kFragmentationNeeded, mtu});
  return message;
}

bool mark_congestion(ByteSpan packet) {
  if (packet.size() < kIpv4HeaderSize || packet[0] >> 4 != 4) return false;
  if ((packet[1] & EcnCodepoint::kMask) == EcnCodepoint::kNotEct) return false;
  packet[1] = static_cast<std::uint8_t>(packet[1] | EcnCodepoint::kCe);
  packet[10] = packet[11] = 0;
  const ByteView header(packet.data(), std::size_t{packet[0] & 0xfU} * 4);
  store_be16(&packet[10], checksum_of(add_to_checksum(0, header)));
  return true;
}

std::vector<std::uint8_t> forged_segment(const IpAddress& from, const IpAddress& to,
                                         const TcpHeader& header) {
  std::vector<std::uint8_t> packet(kIpv4HeaderSize + TcpHeader::kSize);
  IpHeaderFields fields;
  fields.source = from;
  fields.destination = to;
  fields.protocol = IpProtocol::kTcp;
  write_ip_header(packet, fields, TcpHeader::kSize);
  const ByteSpan segment = ByteSpan(packet).subspan(kIpv4HeaderSize);
  write_tcp_header(segment, header);
  const std::uint32_t pseudo = pseudo_header_sum(from, to, IpProtocol::kTcp, TcpHeader::kSize);
  store_be16(&segment[TcpView::kChecksumOffset], checksum_of(add_to_checksum(pseudo, segment)));
  return packet;
}

}  // namespace glasstcp::lab
