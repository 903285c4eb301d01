// See frame_parser.h.
#include "tun/report/frame_parser.h"

#include <tins/exceptions.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/tcp.h>

#include <algorithm>

namespace glasstcp::report {
namespace {

// Where the TCP header is in the packet, and how long the packet was.
struct Place {
  ByteView packet;
  std::size_t ip_header;
  std::size_t packet_length;  // on the wire, without what the link padded
};

std::expected<Segment, Unused> segment_of(const Tins::PDU& inner, const Place& at) {
  if (inner.pdu_type() != Tins::PDU::TCP) return std::unexpected(Unused::NotTcp);
  const auto& tcp = static_cast<const Tins::TCP&>(inner);
  const ByteView header = at.packet.subspan(at.ip_header);
  const std::size_t size = (header[12] >> 4) * 4U;
  if (at.packet_length < at.ip_header + size) return std::unexpected(Unused::Malformed);
  Segment segment;
  segment.seq = tcp.seq();
  segment.ack = tcp.ack_seq();
  // libtins has twelve flag bits; the ninth is NS, which is AE today.
  segment.flags = static_cast<std::uint16_t>(tcp.flags() & 0x1ff);
  segment.window = tcp.window();
  segment.source.port = Port{tcp.sport()};
  segment.destination.port = Port{tcp.dport()};
  segment.ip_header = static_cast<std::uint8_t>(std::min<std::size_t>(at.ip_header, 255));
  segment.tcp_header = static_cast<std::uint8_t>(size);
  segment.length = static_cast<std::uint32_t>(at.packet_length - at.ip_header - size);
  segment.payload = header.subspan(size);
  segment.payload =
      segment.payload.first(std::min<std::size_t>(segment.payload.size(), segment.length));
  segment.options = header.subspan(20, size - 20);
  return segment;
}

std::expected<Segment, Unused> parse_v4(ByteView packet, std::uint32_t wire_length) {
  const Tins::IP ip(packet.data(), static_cast<std::uint32_t>(packet.size()));
  if (ip.inner_pdu() == nullptr) return std::unexpected(Unused::NotTcp);
  const std::size_t length = ip.tot_len() != 0 ? ip.tot_len() : wire_length;
  auto segment = segment_of(*ip.inner_pdu(), {packet, ip.header_size(), length});
  if (!segment) return segment;
  segment->source.address = IpAddress::v4(packet.data() + 12);
  segment->destination.address = IpAddress::v4(packet.data() + 16);
  segment->hop_limit = ip.ttl();
  return segment;
}

std::expected<Segment, Unused> parse_v6(ByteView packet, std::uint32_t wire_length) {
  const Tins::IPv6 ip(packet.data(), static_cast<std::uint32_t>(packet.size()));
  if (ip.inner_pdu() == nullptr) return std::unexpected(Unused::NotTcp);
  const std::size_t length = ip.payload_length() != 0 ? 40U + ip.payload_length() : wire_length;
  auto segment = segment_of(*ip.inner_pdu(), {packet, ip.header_size(), length});
  if (!segment) return segment;
  segment->source.address = IpAddress::v6(packet.data() + 8);
  segment->destination.address = IpAddress::v6(packet.data() + 24);
  segment->hop_limit = ip.hop_limit();
  return segment;
}

}  // namespace

std::expected<Segment, Unused> parse_packet(ByteView packet, std::uint32_t wire_length) {
  const bool is_cut = packet.size() < wire_length;
  try {
    return packet[0] >> 4 == 4 ? parse_v4(packet, wire_length) : parse_v6(packet, wire_length);
  } catch (const Tins::exception_base&) {
    return std::unexpected(is_cut ? Unused::TooShort : Unused::Malformed);
  } catch (const std::exception&) {
    return std::unexpected(Unused::Malformed);
  }
}

}  // namespace glasstcp::report
