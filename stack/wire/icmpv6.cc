// RFC 4443 §2.1, §2.3: the 8 bytes that all messages share, under a checksum that covers the
// addresses too.
#include "stack/wire/icmpv6.h"

#include "stack/wire/checksum.h"
#include "stack/wire/ip_header.h"

namespace glasstcp {
namespace {

// RFC 8200 §8.1 R8200-14: unlike ICMP for IPv4, the sum begins with the pseudo-header.
std::uint32_t sum_of(ByteView message, AddressPair addresses) {
  const std::uint32_t pseudo =
      pseudo_header_sum(addresses.source, addresses.destination, IpProtocol::kIcmpV6,
                        static_cast<std::uint32_t>(message.size()));
  return add_to_checksum(pseudo, message);
}

}  // namespace

std::expected<Icmpv6View, Verdict> Icmpv6View::parse(ByteView message, AddressPair addresses) {
  if (message.size() < kIcmpHeaderSize) return std::unexpected(Verdict::BadIcmpMessage);
  // RFC 4443 §2.3 R4443-10: a message with a wrong checksum is dropped.
  if (!is_checksum_right(sum_of(message, addresses)))
    return std::unexpected(Verdict::BadIcmpChecksum);
  return Icmpv6View(message);
}

void write_icmpv6_header(ByteSpan message, const IcmpHeader& header, AddressPair addresses) {
  message[0] = header.type;
  message[1] = header.code;
  store_be16(message.data() + 2, 0);
  store_be32(message.data() + 4, header.rest);
  store_be16(message.data() + 2, checksum_of(sum_of(message, addresses)));
}

}  // namespace glasstcp
