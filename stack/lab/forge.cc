// See forge.h.
#include "stack/lab/forge.h"

#include "stack/wire/checksum.h"
#include "stack/wire/ip_header.h"

namespace glasstcp::lab {

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
