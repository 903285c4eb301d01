// RFC 791 §3.1: the checks that every IPv4 packet has to pass before anybody looks further.
#include "stack/wire/ipv4.h"

namespace glasstcp {
namespace {

// Option types (RFC 791 §3.1): copied flag, class and number in one byte.
constexpr std::uint8_t kEndOfOptions = 0, kNoOperation = 1, kLooseSourceRoute = 131,
                       kStrictSourceRoute = 137;

}  // namespace

std::expected<Ipv4View, Verdict> Ipv4View::parse(ByteView packet, bool is_gso) {
  if (packet.size() < kIpv4HeaderSize) return std::unexpected(Verdict::TruncatedPacket);
  // RFC 1122 §3.2.1.1 R1122-01: another version is dropped without a word.
  if (packet[0] >> 4 != 4) return std::unexpected(Verdict::BadIpVersion);
  const std::size_t header_length = (packet[0] & 0x0fU) * 4U;
  if (header_length < kIpv4HeaderSize) return std::unexpected(Verdict::BadIpHeaderLength);
  if (header_length > packet.size()) return std::unexpected(Verdict::TruncatedPacket);

  // RFC 791 §3.1 R791-01: both lengths must agree with the bytes that came; what a link padded is
  // ignored.
  std::size_t total_length = load_be16(packet.data() + 2);
  // A GSO packet of more than 65535 bytes has no length that fits: only then is 0 one.
  if (total_length == 0 && is_gso) total_length = packet.size();
  if (total_length < header_length) return std::unexpected(Verdict::BadIpHeaderLength);
  if (total_length > packet.size()) return std::unexpected(Verdict::TruncatedPacket);

  // RFC 1122 §3.2.1.2 R1122-02: the header checksum, of every datagram.
  if (!is_checksum_right(add_to_checksum(0, packet.first(header_length)))) {
    return std::unexpected(Verdict::BadIpChecksum);
  }
  return Ipv4View(packet.first(total_length));
}

// RFC 1122 §3.2.1.8 R1122-08: no length is believed before it was compared with the header's end,
// and what we do not know is stepped over.
// RFC 9293 §3.9.2 MUST-50: TCP understands none of these options, so none reaches it.
// RFC 9293 §3.9.2 MAY-10, MAY-11, not done: timestamp and record route are skipped; they would slow
// down every packet that carries them for the sake of tools that nobody uses on a TUN link of one
// hop.
Ipv4OptionsResult check_ipv4_options(ByteView options) {
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t type = options[at];
    if (type == kEndOfOptions) break;
    if (type == kNoOperation) {
      ++at;
      continue;
    }
    const auto offset = static_cast<std::uint8_t>(kIpv4HeaderSize + at);
    if (at + 1 >= options.size()) return {Verdict::BadIpOption, offset};
    const std::size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) {
      return {Verdict::BadIpOption, static_cast<std::uint8_t>(offset + 1)};
    }
    // RFC 1122 §3.3.5 R1122-19: we forward nothing, and also drop what was routed to us by its
    // source: such packets serve to reach hosts around their filters (RFC 7126 §4.3).
    if (type == kLooseSourceRoute || type == kStrictSourceRoute)
      return {Verdict::SourceRouted, offset};
    at += length;
  }
  return {};
}

}  // namespace glasstcp
