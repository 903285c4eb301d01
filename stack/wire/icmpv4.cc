// RFC 792: the 8 bytes that all messages share.
#include "stack/wire/icmpv4.h"

#include "stack/wire/checksum.h"

namespace glasstcp {

std::expected<Icmpv4View, Verdict> Icmpv4View::parse(ByteView message) {
  if (message.size() < kIcmpHeaderSize) return std::unexpected(Verdict::BadIcmpMessage);
  if (!is_checksum_right(add_to_checksum(0, message)))
    return std::unexpected(Verdict::BadIcmpChecksum);
  return Icmpv4View(message);
}

void write_icmpv4_header(ByteSpan message, const IcmpHeader& header) {
  message[0] = header.type;
  message[1] = header.code;
  store_be16(message.data() + 2, 0);
  store_be32(message.data() + 4, header.rest);
  store_be16(message.data() + 2, checksum_of(add_to_checksum(0, message)));
}

}  // namespace glasstcp
