// See router.h.
#include "stack/link/router.h"

#include <algorithm>

#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ip_header.h"

namespace glasstcp {

std::vector<std::uint8_t> too_big_message(const IpAddress& router, ByteView packet,
                                          std::uint32_t mtu) {
  // RFC 1812 §4.3.2.3, RFC 4443 §2.4.
  constexpr std::size_t kIcmp = 8;
  const bool v4 = router.is_v4();
  const std::size_t ip = v4 ? kIpv4HeaderSize : kIpv6HeaderSize;
  const std::size_t quoted = std::min(packet.size(), (v4 ? 576 : 1280) - ip - kIcmp);
  std::vector<std::uint8_t> message(ip + kIcmp + quoted);
  IpHeaderFields fields;
  fields.source = router;
  fields.destination = v4 ? IpAddress::v4(&packet[12]) : IpAddress::v6(&packet[8]);
  fields.protocol = v4 ? IpProtocol::kIcmpV4 : IpProtocol::kIcmpV6;
  write_ip_header(message, fields, static_cast<std::uint32_t>(kIcmp + quoted));
  const ByteSpan icmp = ByteSpan(message).subspan(ip);
  std::ranges::copy(packet.first(quoted), icmp.begin() + kIcmp);
  if (v4) {
    write_icmpv4_header(icmp, {3, Icmpv4Code::kFragmentationNeeded, mtu});
  } else {
    write_icmpv6_header(icmp, {2, 0, mtu}, {router, fields.destination});
  }
  return message;
}

bool mark_congestion(ByteSpan packet) {
  if (packet.size() < kIpv4HeaderSize) return false;
  if (packet[0] >> 4 == 6) {
    // The two bits lie across bytes 0 and 1: traffic class, shifted by four.
    if ((packet[1] >> 4 & EcnCodepoint::kMask) == EcnCodepoint::kNotEct) return false;
    packet[1] = static_cast<std::uint8_t>(packet[1] | EcnCodepoint::kCe << 4);
    return true;
  }
  if (packet[0] >> 4 != 4 || (packet[1] & EcnCodepoint::kMask) == EcnCodepoint::kNotEct)
    return false;
  packet[1] = static_cast<std::uint8_t>(packet[1] | EcnCodepoint::kCe);
  packet[10] = packet[11] = 0;
  const ByteView header(packet.data(), std::size_t{packet[0] & 0xfU} * 4);
  store_be16(&packet[10], checksum_of(add_to_checksum(0, header)));
  return true;
}

}  // namespace glasstcp
