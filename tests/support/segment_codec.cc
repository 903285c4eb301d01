// libtins at work, and the second reading beside it.
#include "tests/support/segment_codec.h"

#include <tins/exceptions.h>
#include <tins/ip.h>
#include <tins/ip_address.h>
#include <tins/ipv6.h>
#include <tins/ipv6_address.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>

#include <algorithm>

namespace glasstcp::test {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kV4Header = 20;
constexpr std::size_t kV6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kTcpChecksumAt = 16;

std::size_t ip_header_size(ByteView packet) {
  return (packet[0] >> 4) == 4 ? kV4Header : kV6Header;
}

Tins::IP v4_header(const IpAddress& source, const IpAddress& destination) {
  return {Tins::IPv4Address(destination.to_string()), Tins::IPv4Address(source.to_string())};
}

Tins::IPv6 v6_header(const IpAddress& source, const IpAddress& destination) {
  return {Tins::IPv6Address(destination.to_string()), Tins::IPv6Address(source.to_string())};
}

Tins::TCP tcp_header(const Datagram& datagram) {
  const Segment& segment = datagram.segment;
  Tins::TCP tcp(datagram.destination_port, datagram.source_port);
  tcp.seq(segment.seq);
  tcp.ack_seq(segment.ack);
  tcp.flags(segment.flags);
  tcp.window(segment.window);
  tcp.urg_ptr(segment.urgent);
  for (const Option& option : segment.options) {
    tcp.add_option(Tins::TCP::option(static_cast<Tins::TCP::OptionTypes>(option.kind),
                                     option.data.begin(), option.data.end()));
  }
  return tcp;
}

void fill_tcp_checksum(Bytes& packet, const Datagram& datagram) {
  const std::size_t start = ip_header_size(packet);
  const ByteSpan tcp = ByteSpan(packet).subspan(start);
  store_be16(&tcp[kTcpChecksumAt], 0);
  const std::uint32_t pseudo =
      pseudo_header_sum(datagram.source, datagram.destination, kTcp, tcp.size());
  store_be16(&tcp[kTcpChecksumAt], obvious_checksum(obvious_sum(tcp, pseudo)));
}

void fill_v4_checksum(Bytes& packet) {
  store_be16(&packet[10], 0);
  store_be16(&packet[10], obvious_checksum(obvious_sum(ByteView(packet).first(kV4Header))));
}

// libtins writes only well-formed options; others are put in place by hand, and lengths and
// checksums done again.
void replace_options(Bytes& packet, const Datagram& datagram, const Bytes& options) {
  const std::size_t ip = ip_header_size(packet);
  const std::size_t old_size = static_cast<std::size_t>(packet[ip + 12] >> 4) * 4;
  const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(ip + kTcpHeader);
  const auto after =
      packet.erase(begin, packet.begin() + static_cast<std::ptrdiff_t>(ip + old_size));
  packet.insert(after, options.begin(), options.end());
  packet[ip + 12] = static_cast<std::uint8_t>((kTcpHeader + options.size()) / 4 << 4);
  if (datagram.source.is_v4()) {
    store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
    fill_v4_checksum(packet);
  } else {
    store_be16(&packet[4], static_cast<std::uint16_t>(packet.size() - kV6Header));
  }
  fill_tcp_checksum(packet, datagram);
}

Segment segment_of(const Tins::TCP& tcp) {
  Segment segment;
  segment.seq = tcp.seq();
  segment.ack = tcp.ack_seq();
  segment.flags = static_cast<std::uint16_t>(tcp.flags());
  segment.window = tcp.window();
  segment.urgent = tcp.urg_ptr();
  for (const auto& option : tcp.options()) {
    segment.options.push_back({static_cast<std::uint8_t>(option.option()),
                               Bytes(option.data_ptr(), option.data_ptr() + option.data_size())});
  }
  if (const auto* raw = tcp.find_pdu<Tins::RawPDU>()) segment.payload = raw->payload();
  return segment;
}

// The second reading: the fixed header field by field. Empty when it agrees with libtins.
std::string disagreement(const Datagram& seen, ByteView tcp) {
  const Segment& segment = seen.segment;
  const auto header = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (header < kTcpHeader || header > tcp.size())
    return "the data offset points outside the packet";
  if (load_be16(&tcp[0]) != seen.source_port || load_be16(&tcp[2]) != seen.destination_port) {
    return "ports";
  }
  if (load_be32(&tcp[4]) != segment.seq || load_be32(&tcp[8]) != segment.ack) return "seq or ack";
  if ((load_be16(&tcp[12]) & 0x1ff) != segment.flags) return "flags";
  if ((tcp[12] & 0x0e) != 0) return "reserved bits are not zero";
  if (load_be16(&tcp[14]) != segment.window || load_be16(&tcp[18]) != segment.urgent) {
    return "window or urgent pointer";
  }
  const ByteView text = tcp.subspan(header);
  return std::ranges::equal(text, segment.payload) ? "" : "text";
}

std::string checksum_fault(const Datagram& seen, ByteView packet, Leniency leniency) {
  if (seen.source.is_v4() && obvious_checksum(obvious_sum(packet.first(kV4Header))) != 0) {
    return "the IPv4 header checksum is wrong";
  }
  const ByteView tcp = packet.subspan(ip_header_size(packet));
  const std::uint32_t pseudo = pseudo_header_sum(seen.source, seen.destination, kTcp, tcp.size());
  if (leniency.partial_checksum) return "";
  return obvious_checksum(obvious_sum(tcp, pseudo)) == 0 ? "" : "the TCP checksum is wrong";
}

std::string length_fault(ByteView packet) {
  if (packet.size() < kV4Header + kTcpHeader) return "shorter than the smallest headers";
  const bool v4 = (packet[0] >> 4) == 4;
  if (!v4 && (packet[0] >> 4) != 6) return "the IP version is neither 4 nor 6";
  if (v4 && packet[0] != 0x45) return "an IPv4 header with options";
  if (v4 && packet[9] != kTcp) return "not TCP";
  if (!v4 && (packet.size() < kV6Header + kTcpHeader || packet[6] != kTcp)) return "not TCP";
  const std::size_t claimed = v4 ? load_be16(&packet[2]) : load_be16(&packet[4]) + kV6Header;
  return claimed == packet.size() ? "" : "the IP length differs from the packet's";
}

// RFC 9293 §3.2 MUST-68, MUST-69: what our own encoder must get right; libtins stops reading at end-of-list.
std::string padding_fault(ByteView tcp) {
  const std::size_t end = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  for (std::size_t i = kTcpHeader; i < end;) {
    if (tcp[i] == kOptionEnd) {
      const bool zeros =
          std::all_of(&tcp[i], tcp.data() + end, [](std::uint8_t b) { return b == 0; });
      return zeros ? "" : "bytes after end-of-list are not zero";
    }
    if (tcp[i] == kOptionNop) {
      ++i;
      continue;
    }
    if (i + 1 >= end || tcp[i + 1] < 2 || i + tcp[i + 1] > end)
      return "an option's length is wrong";
    i += tcp[i + 1];
  }
  return "";
}

// What libtins made of a packet, and whether it would write the same bytes.
struct Reading {
  Datagram seen;
  bool same_bytes = false;
};

// libtins 4.0 throws where it is to write an option of two bytes that it does not know, such as the
// request for a Fast Open cookie: of such a segment it judges the reading alone.
bool can_be_rewritten(const Segment& segment) {
  return std::ranges::none_of(segment.options, [](const Option& option) {
    return option.kind == kOptionFastOpen && option.data.empty();
  });
}

template <typename Ip>
std::expected<Reading, std::string> read_by_libtins(ByteView packet) {
  Ip ip(packet.data(), static_cast<std::uint32_t>(packet.size()));
  const auto* tcp = ip.template find_pdu<Tins::TCP>();
  if (tcp == nullptr) return std::unexpected("libtins sees no TCP in it");
  Reading reading;
  Datagram& seen = reading.seen;
  seen.source = *IpAddress::parse(ip.src_addr().to_string());
  seen.destination = *IpAddress::parse(ip.dst_addr().to_string());
  seen.source_port = tcp->sport();
  seen.destination_port = tcp->dport();
  seen.segment = segment_of(*tcp);
  reading.same_bytes =
      !can_be_rewritten(seen.segment) || std::ranges::equal(ip.serialize(), packet);
  return reading;
}

std::expected<Reading, std::string> read_packet(ByteView packet) {
  try {
    const bool v4 = (packet[0] >> 4) == 4;
    return v4 ? read_by_libtins<Tins::IP>(packet) : read_by_libtins<Tins::IPv6>(packet);
  } catch (const std::exception& error) {
    return std::unexpected(std::string("libtins cannot read it: ") + error.what());
  }
}

}  // namespace

std::uint32_t obvious_sum(ByteView bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint32_t value = bytes[i];
    sum += i % 2 == 0 ? value << 8 : value;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

std::uint16_t obvious_checksum(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t length) {
  std::uint32_t sum = obvious_sum(source.bytes());
  sum = obvious_sum(destination.bytes(), sum);
  sum += protocol;
  return sum + static_cast<std::uint32_t>(length & 0xffff) +
         static_cast<std::uint32_t>(length >> 16);
}

Bytes encode(const Datagram& datagram, const RawParts& raw) {
  Bytes packet;
  Tins::TCP tcp = tcp_header(datagram);
  Tins::RawPDU text(datagram.segment.payload);
  if (datagram.source.is_v4()) {
    Tins::IP ip = v4_header(datagram.source, datagram.destination);
    ip.ttl(datagram.hop_limit);
    ip.tos(datagram.traffic_class);
    Tins::IP whole = datagram.segment.payload.empty() ? ip / tcp : ip / tcp / text;
    packet = whole.serialize();
  } else {
    Tins::IPv6 ip = v6_header(datagram.source, datagram.destination);
    ip.hop_limit(datagram.hop_limit);
    ip.traffic_class(datagram.traffic_class);
    Tins::IPv6 whole = datagram.segment.payload.empty() ? ip / tcp : ip / tcp / text;
    packet = whole.serialize();
  }
  if (raw.options) replace_options(packet, datagram, *raw.options);
  if (raw.corrupt_checksum) packet[ip_header_size(packet) + kTcpChecksumAt] ^= 0x40;
  return packet;
}

Bytes encode(const IcmpError& error) {
  Bytes message(8);
  message[0] = error.type;
  message[1] = error.code;
  store_be32(&message[4], error.word);
  // RFC 1122 §3.2.2: at least the header and 8 bytes; the whole TCP header helps RFC 5927's checks.
  const std::size_t quoted =
      std::min(error.quoted.size(), ip_header_size(error.quoted) + kTcpHeader + 8);
  message.insert(message.end(), error.quoted.begin(),
                 error.quoted.begin() + static_cast<std::ptrdiff_t>(quoted));
  const bool v4 = error.source.is_v4();
  const std::uint32_t pseudo =
      v4 ? 0 : pseudo_header_sum(error.source, error.destination, 58, message.size());
  store_be16(&message[2], obvious_checksum(obvious_sum(message, pseudo)));
  const Tins::RawPDU body(message);
  if (v4) {
    Tins::IP ip = v4_header(error.source, error.destination) / body;
    ip.ttl(64);
    ip.protocol(1);
    Bytes packet = ip.serialize();
    packet[9] = 1;
    fill_v4_checksum(packet);
    return packet;
  }
  Tins::IPv6 ip = v6_header(error.source, error.destination) / body;
  ip.hop_limit(64);
  ip.next_header(58);
  Bytes packet = ip.serialize();
  packet[6] = 58;
  return packet;
}

std::expected<Datagram, std::string> judge(ByteView packet, Leniency leniency) {
  if (std::string fault = length_fault(packet); !fault.empty()) return std::unexpected(fault);
  const ByteView tcp = packet.subspan(ip_header_size(packet));
  auto reading = read_packet(packet);
  if (!reading) return std::unexpected(reading.error());
  Datagram& seen = reading->seen;
  const bool v4 = seen.source.is_v4();
  seen.hop_limit = v4 ? packet[8] : packet[7];
  seen.traffic_class =
      static_cast<std::uint8_t>(v4 ? packet[1] : (load_be16(packet.data()) >> 4) & 0xff);
  seen.flow_label = v4 ? 0 : load_be32(packet.data()) & 0xfffff;
  if (std::string fault = checksum_fault(seen, packet, leniency); !fault.empty()) {
    return std::unexpected(fault);
  }
  if (std::string fault = disagreement(seen, tcp); !fault.empty()) {
    return std::unexpected("libtins reads it differently: " + fault);
  }
  if (std::string fault = padding_fault(tcp); !fault.empty()) return std::unexpected(fault);
  if (!reading->same_bytes && !leniency.partial_checksum) {
    return std::unexpected("libtins writes other bytes for the same packet");
  }
  return seen;
}

}  // namespace glasstcp::test
