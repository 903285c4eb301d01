// Packets as a peer without scruples writes them: valid until something of them is changed.
//
// Each byte of a stream is a function of its sequence number, so that any piece of it can be
// checked by itself, wherever it turns up.
#pragma once

#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/wire/packet.h"
#include "tests/support/raw_packet.h"

namespace glasstcp::fuzz {

/// The byte that stands at `seq` in a stream.
constexpr std::uint8_t byte_at(std::uint32_t seq) {
  return static_cast<std::uint8_t>((seq * 0x9e3779b1U) >> 24);
}

/// The sum of RFC 1071 over `bytes`, as plain as can be, added to `sum`.
inline std::uint32_t plain_sum(ByteView bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += load_be16(&bytes[i]);
  if (bytes.size() % 2 != 0) sum += static_cast<std::uint32_t>(bytes.back()) << 8;
  return sum;
}
/// The sum folded to 16 bits; 0xffff if a checksum is within it and right.
inline std::uint16_t folded(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// Makes the IPv4 header checksum right.
inline void finish_ipv4(test::Bytes& packet) {
  if (packet.size() < 20 || packet[0] >> 4 != 4) return;
  const std::size_t length = std::min<std::size_t>((packet[0] & 15U) * 4U, packet.size());
  store_be16(&packet[10], 0);
  store_be16(&packet[10],
             static_cast<std::uint16_t>(~folded(plain_sum(ByteView(packet).first(length)))));
}

/// Writes a segment whose data is what its numbers say.
inline void write_segment(const test::RawTcp& raw, test::Bytes& packet) {
  const ByteSpan data = test::write_raw_packet(raw, packet);
  const std::uint32_t first = raw.seq + ((raw.flags & test::kSyn) != 0 ? 1U : 0U);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = byte_at(first + static_cast<std::uint32_t>(i));
  finish_ipv4(packet);
}

/// An IP packet of either version around `body`, from `source` to `destination`.
inline void write_ip(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                     ByteView body, test::Bytes& packet) {
  const bool is_v4 = source.is_v4();
  const std::size_t header = is_v4 ? 20 : 40;
  packet.assign(header, 0);
  packet.insert(packet.end(), body.begin(), body.end());
  if (is_v4) {
    packet[0] = 0x45, packet[8] = 64, packet[9] = protocol;
    store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
  } else {
    packet[0] = 0x60, packet[6] = protocol, packet[7] = 64;
    store_be16(&packet[4], static_cast<std::uint16_t>(body.size()));
  }
  std::ranges::copy(source.bytes(), packet.begin() + (is_v4 ? 12 : 8));
  std::ranges::copy(destination.bytes(), packet.begin() + (is_v4 ? 16 : 24));
  finish_ipv4(packet);
}

/// An ICMP message of either version.
struct RawIcmp {
  IpAddress source, destination;
  std::uint8_t type = 0, code = 0;
  std::uint32_t rest = 0;  ///< the second word
  ByteView body{};
};

/// Writes it in its IP packet, with its checksum.
inline void write_icmp(const RawIcmp& icmp, test::Bytes& packet) {
  test::Bytes message{icmp.type, icmp.code, 0, 0, 0, 0, 0, 0};
  store_be32(&message[4], icmp.rest);
  message.insert(message.end(), icmp.body.begin(), icmp.body.end());
  const std::uint8_t protocol = icmp.source.is_v4() ? 1 : 58;
  std::uint32_t sum = plain_sum(message);
  if (!icmp.source.is_v4()) {
    sum = plain_sum(icmp.source.bytes(), plain_sum(icmp.destination.bytes(), sum)) + protocol +
          static_cast<std::uint32_t>(message.size());
  }
  store_be16(&message[2], static_cast<std::uint16_t>(~folded(sum)));
  write_ip(icmp.source, icmp.destination, protocol, message, packet);
}

}  // namespace glasstcp::fuzz
