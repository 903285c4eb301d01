// The bytes of a segment: IP header, TCP header, options, checksum. See segment_writer.h.
#include "stack/tcp/send/segment_writer.h"

#include <algorithm>

#include "stack/wire/checksum.h"
#include "stack/wire/ip_header.h"

namespace glasstcp {

void write_segment(const SegmentFrame& frame, TcpHeader header, const TcpOptions& options,
                   OutPacket& out) {
  const FourTuple& tuple = *frame.tuple;
  const std::size_t ip_size = ip_header_size(tuple.local_address.version());
  std::uint8_t* tcp = out.header.data() + ip_size;
  const std::size_t option_size = write_tcp_options({tcp + TcpHeader::kSize, TcpOptions::kMaxBytes},
                                                    options, frame.option_layout);
  header.header_length = static_cast<std::uint8_t>(TcpHeader::kSize + option_size);
  write_tcp_header({tcp, TcpHeader::kSize}, header);

  // RFC 9293 §3.8.1 MAY-4, not done: identical retransmissions need no identical id, as none can be
  // fragmented.
  IpHeaderFields ip;
  ip.source = tuple.local_address;
  ip.destination = tuple.remote_address;
  ip.protocol = IpProtocol::kTcp;
  ip.traffic_class = frame.traffic_class;  // RFC 9293 §3.9.1.9 SHLD-22: as the application gave it
  ip.hop_limit = frame.hop_limit;
  // RFC 1191 §3 R1191-07: on a path whose MTU is being learned; so routers report, and never cut.
  ip.dont_fragment = !frame.may_fragment;
  ip.identification = frame.identification;
  // RFC 6437 §3 R6437-01, R6437-02: the same for all packets of a flow, from a keyed hash of its
  // addresses and ports; zero would say that there is none.
  ip.flow_label = std::max(static_cast<std::uint32_t>(frame.hash >> 40) & 0xfffffU, 1U);
  const std::uint32_t tcp_length = header.header_length + out.payload_length;
  write_ip_header({out.header.data(), ip_size}, ip, tcp_length);

  out.header_length = static_cast<std::uint16_t>(ip_size + header.header_length);
  out.is_v6 = !tuple.local_address.is_v4();
  out.transport_header_end = out.header_length;
  out.gso_size = frame.segment_payload != 0 && out.payload_length > frame.segment_payload
                     ? static_cast<std::uint16_t>(frame.segment_payload)
                     : std::uint16_t{0};
  out.checksum_start = static_cast<std::uint16_t>(ip_size);
  out.checksum_offset = TcpView::kChecksumOffset;
  const std::uint32_t pseudo =
      pseudo_header_sum(tuple.local_address, tuple.remote_address, IpProtocol::kTcp, tcp_length);
  out.checksum_partial = frame.checksum_offload;
  if (out.checksum_partial) {
    store_be16(tcp + TcpView::kChecksumOffset, fold(pseudo));  // the device adds the rest
    return;
  }
  // RFC 9293 §3.1 MUST-2: over pseudo-header, header and data.
  ChecksumAccumulator sum(pseudo);
  sum.add({tcp, header.header_length});
  for (std::uint16_t i = 0; i < out.payload_slices; ++i) sum.add(out.payload[i]);
  store_be16(tcp + TcpView::kChecksumOffset, sum.finish());
}

}  // namespace glasstcp
