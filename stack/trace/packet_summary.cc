// A bounded walk through IP, extension headers, TCP and its options; whatever is odd ends the walk.
#include "stack/trace/packet_summary.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::uint8_t kIcmp4 = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kDestinationOptions = 60;

void read_sack(PacketSummary& s, const std::uint8_t* p, std::size_t length) {
  for (; length >= 8 && s.sack_count < s.sack.size(); p += 8, length -= 8) {
    s.sack[s.sack_count++] = {SeqNum(load_be32(p)), SeqNum(load_be32(p + 4))};
  }
}

void read_option(PacketSummary& s, std::uint8_t kind, const std::uint8_t* value,
                 std::size_t length) {
  if (kind == 2 && length == 2) {
    s.has_mss = true;
    s.mss = load_be16(value);
  } else if (kind == 3 && length == 1) {
    s.has_window_scale = true;
    s.window_scale = value[0];
  } else if (kind == 4 && length == 0) {
    s.sack_permitted = true;
  } else if (kind == 5) {
    read_sack(s, value, length);
  } else if (kind == 8 && length == 8) {
    s.has_timestamps = true;
    s.ts_val = load_be32(value);
    s.ts_ecr = load_be32(value + 4);
  }
}

void read_options(PacketSummary& s, ByteView options) {
  while (!options.empty() && options[0] != 0) {  // 0: end of list
    if (options[0] == 1) {                       // 1: no operation
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    read_option(s, options[0], options.data() + 2, options[1] - 2U);
    options = options.subspan(options[1]);
  }
}

// `length` is that of the whole segment, of which `bytes` may be only the beginning.
void read_tcp(PacketSummary& s, ByteView bytes, std::size_t length) {
  if (bytes.size() < 20) return;
  const std::size_t header = std::size_t{bytes[12]} / 16 * 4;
  if (header < 20 || header > bytes.size() || header > length) return;
  s.kind = PacketSummary::Kind::Tcp;
  s.source_port = Port{load_be16(bytes.data())};
  s.destination_port = Port{load_be16(bytes.data() + 2)};
  s.seq = SeqNum(load_be32(bytes.data() + 4));
  s.ack = SeqNum(load_be32(bytes.data() + 8));
  s.flags = load_be16(bytes.data() + 12) & 0x01ff;
  s.window = load_be16(bytes.data() + 14);
  s.urgent = load_be16(bytes.data() + 18);
  s.text_length = static_cast<std::uint32_t>(length - header);
  read_options(s, bytes.subspan(20, header - 20));
}

void read_transport(PacketSummary& s, ByteView bytes, std::size_t length) {
  s.kind = PacketSummary::Kind::Other;
  if (s.protocol == kTcp) {
    s.kind = PacketSummary::Kind::NotUnderstood;
    read_tcp(s, bytes, length);
  } else if ((s.protocol == kIcmp4 || s.protocol == kIcmp6) && bytes.size() >= 2) {
    s.kind = PacketSummary::Kind::Icmp;
    s.icmp_type = bytes[0];
    s.icmp_code = bytes[1];
  } else if (s.protocol == kUdp && bytes.size() >= 8) {
    s.kind = PacketSummary::Kind::Udp;
    s.source_port = Port{load_be16(bytes.data())};
    s.destination_port = Port{load_be16(bytes.data() + 2)};
    s.text_length = static_cast<std::uint32_t>(length - std::min<std::size_t>(8, length));
  }
}

// A length field may be less than what came (padding), or 0 on a packet that the device is to cut
// up.
std::size_t believable_length(std::size_t claimed, std::size_t there) {
  return claimed == 0 ? there : std::min(claimed, there);
}

void read_v4(PacketSummary& s, ByteView bytes) {
  if (bytes.size() < 20) return;
  const std::size_t header = (bytes[0] & 0x0fU) * std::size_t{4};
  const std::size_t length = believable_length(load_be16(bytes.data() + 2), s.total_length);
  if (header < 20 || header > bytes.size() || header > length) return;
  s.source = IpAddress::v4(bytes.data() + 12);
  s.destination = IpAddress::v4(bytes.data() + 16);
  s.protocol = bytes[9];
  s.ecn = bytes[1] & 3U;
  s.kind = PacketSummary::Kind::Fragment;
  if ((load_be16(bytes.data() + 6) & 0x3fff) != 0) return;  // more fragments, or an offset
  read_transport(s, bytes.first(std::min(bytes.size(), length)).subspan(header), length - header);
}

void read_v6(PacketSummary& s, ByteView bytes) {
  if (bytes.size() < 40) return;
  const std::size_t payload = load_be16(bytes.data() + 4);
  const std::size_t length = believable_length(payload == 0 ? 0 : payload + 40, s.total_length);
  s.source = IpAddress::v6(bytes.data() + 8);
  s.destination = IpAddress::v6(bytes.data() + 24);
  s.protocol = bytes[6];
  s.ecn = (bytes[1] >> 4) & 3U;
  bytes = bytes.first(std::min(bytes.size(), length));
  std::size_t at = 40;
  while (s.protocol == kHopByHop || s.protocol == kRouting || s.protocol == kDestinationOptions) {
    if (bytes.size() - at < 8) return;
    s.protocol = bytes[at];
    const std::size_t extension = (bytes[at + 1] + std::size_t{1}) * 8;
    if (extension > bytes.size() - at) return;
    at += extension;
  }
  if (s.protocol == kFragmentHeader) {
    s.kind = PacketSummary::Kind::Fragment;
    return;
  }
  read_transport(s, bytes.subspan(at), length - at);
}

}  // namespace

PacketSummary summarize(std::span<const ByteView> pieces) {
  std::array<std::uint8_t, PacketSummary::kLookAt> start;
  std::size_t used = 0;
  std::size_t total = 0;
  for (const ByteView piece : pieces) total += piece.size();
  PacketSummary s;
  for (const ByteView piece : pieces) {
    const std::size_t n = std::min(piece.size(), start.size() - used);
    if (n == 0) continue;
    std::memcpy(start.data() + used, piece.data(), n);
    used += n;
    s = {};
    s.total_length = static_cast<std::uint32_t>(total);
    const ByteView bytes(start.data(), used);
    if (bytes[0] >> 4 == 4) read_v4(s, bytes);
    if (bytes[0] >> 4 == 6) read_v6(s, bytes);
    // What lies behind a TCP header may be bytes of a mapped file that somebody has cut.
    if (s.is_tcp()) break;
  }
  s.total_length = static_cast<std::uint32_t>(total);
  return s;
}

PacketSummary summarize(ByteView packet) {
  return summarize(std::span(&packet, 1));
}

void add_flags(TextBuffer& out, std::uint16_t flags) {
  struct Named {
    std::uint16_t bit;
    std::string_view name;
  };
  static constexpr std::array kNamed = {
      Named{PacketSummary::kSyn, "SYN"}, Named{PacketSummary::kFin, "FIN"},
      Named{PacketSummary::kRst, "RST"}, Named{PacketSummary::kPsh, "PSH"},
      Named{PacketSummary::kUrg, "URG"}, Named{PacketSummary::kAck, "ACK"},
      Named{PacketSummary::kEce, "ECE"}, Named{PacketSummary::kCwr, "CWR"},
      Named{PacketSummary::kAe, "AE"},
  };
  const std::size_t mark = out.size();
  for (const Named& n : kNamed) {
    if ((flags & n.bit) != 0) out.add_item(mark, "-", "{}", n.name);
  }
  if (out.size() == mark) out.add("none");
}

}  // namespace glasstcp
