// RFC 8200 §3, §4.2, §4.5: the fixed header, the fragment header, and options.
#include "stack/wire/ipv6.h"

#include <algorithm>

namespace glasstcp {

std::expected<Ipv6View, Verdict> Ipv6View::parse(ByteView packet, bool is_gso) {
  if (packet.size() < kIpv6HeaderSize) return std::unexpected(Verdict::TruncatedPacket);
  if (packet[0] >> 4 != 6) return std::unexpected(Verdict::BadIpVersion);
  std::size_t payload_length = load_be16(packet.data() + 4);
  if (payload_length == 0 && is_gso) payload_length = packet.size() - kIpv6HeaderSize;
  if (payload_length > packet.size() - kIpv6HeaderSize) {
    return std::unexpected(Verdict::TruncatedPacket);
  }
  return Ipv6View(packet.first(kIpv6HeaderSize + payload_length));
}

Ipv6FragmentHeader read_ipv6_fragment_header(ByteView bytes) {
  const std::uint16_t offset_and_flag = load_be16(bytes.data() + 2);
  return {.next_header = bytes[0],
          .offset = static_cast<std::uint16_t>(offset_and_flag & 0xfff8U),
          .more_fragments = (offset_and_flag & 1U) != 0,
          .identification = load_be32(bytes.data() + 4)};
}

void write_ipv6_fragment_header(ByteSpan out, const Ipv6FragmentHeader& header) {
  out[0] = header.next_header;
  out[1] = 0;
  store_be16(out.data() + 2, static_cast<std::uint16_t>((header.offset & 0xfff8U) |
                                                        (header.more_fragments ? 1U : 0U)));
  store_be32(out.data() + 4, header.identification);
}

namespace {

constexpr std::uint8_t kPad1 = 0, kPadN = 1, kRouterAlert = 5, kJumboPayload = 0xc2;

// RFC 8504 §5.3 R8504-02: bounds on the work for one header. Eight options are more than any known
// packet has, and padding serves to align to 8 bytes, so more than 7 of it in a row serves nothing
// good.
constexpr int kMaxOptions = 8;
constexpr std::size_t kMaxPadding = 7;

bool is_known_option(std::uint8_t type, bool is_gso) {
  return type == kRouterAlert || (type == kJumboPayload && is_gso);
}

}  // namespace

Ipv6OptionsResult check_ipv6_options(ByteView header, bool is_gso) {
  using Kind = Ipv6OptionsResult::Kind;
  int options = 0;
  std::size_t padding = 0;
  for (std::size_t at = 2; at < header.size();) {
    const std::uint8_t type = header[at];
    const auto offset = static_cast<std::uint16_t>(at);
    std::size_t length = 1;
    if (type != kPad1) {
      if (at + 1 >= header.size()) return {.kind = Kind::Malformed, .offset = offset};
      length = header[at + 1] + 2U;
      if (length > header.size() - at) {
        return {.kind = Kind::Malformed, .offset = static_cast<std::uint16_t>(at + 1)};
      }
    }
    at += length;
    if (type == kPad1 || type == kPadN) {
      padding += length;
      if (padding > kMaxPadding) return {.kind = Kind::TooMany, .offset = offset};
      continue;
    }
    padding = 0;
    if (++options > kMaxOptions) return {.kind = Kind::TooMany, .offset = offset};
    // RFC 8200 §4.2 R8200-04: the two top bits of a type say what to do with an option that one
    // does not know.
    const auto action = static_cast<UnknownOptionAction>(type >> 6);
    if (!is_known_option(type, is_gso) && action != UnknownOptionAction::Skip) {
      return {.kind = Kind::Unknown, .action = action, .offset = offset};
    }
  }
  return {};
}

}  // namespace glasstcp
