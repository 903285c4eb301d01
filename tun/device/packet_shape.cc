// See packet_shape.h.
#include "tun/device/packet_shape.h"

#include <algorithm>

#include "stack/wire/checksum.h"
#include "stack/wire/ip_header.h"
#include "stack/wire/tcp.h"

namespace glasstcp {
namespace {

constexpr std::size_t kSequenceAt = 4;
constexpr std::size_t kFlagsAt = 13;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kPsh = 0x08;
constexpr std::uint8_t kCwr = 0x80;

// The partial sum of the pseudo-header, by the addresses as they stand in the header.
std::uint32_t pseudo_sum(const OutPacket& packet, std::uint32_t transport_length) {
  const ByteView header(packet.header);
  const ByteView addresses = packet.is_v6 ? header.subspan(8, 32) : header.subspan(12, 8);
  return add_word_to_checksum(add_to_checksum(IpProtocol::kTcp, addresses), transport_length);
}

// RFC 791 §3.1: length, identification and checksum of the piece. RFC 8200 §3: its payload length.
void write_ip_lengths(OutPacket& piece, std::uint32_t number) {
  std::uint8_t* const ip = piece.header.data();
  const auto size = static_cast<std::uint16_t>(std::min<std::size_t>(piece.size(), 65535));
  if (piece.is_v6) {
    store_be16(ip + 4, static_cast<std::uint16_t>(size - kIpv6HeaderSize));
    return;
  }
  store_be16(ip + 2, size);
  store_be16(ip + 4, static_cast<std::uint16_t>(load_be16(ip + 4) + number));
  store_be16(ip + 10, 0);
  store_be16(ip + 10, checksum_of(add_to_checksum(0, {ip, kIpv4HeaderSize})));
}

void cut(OutPacket& piece, std::uint32_t offset, bool is_last) {
  const std::uint16_t segment = piece.gso_size;
  if (piece.payload_length <= segment) piece.gso_size = 0;
  write_ip_lengths(piece, offset / segment);
  std::uint8_t* const tcp = piece.header.data() + piece.checksum_start;
  store_be32(tcp + kSequenceAt, load_be32(tcp + kSequenceAt) + offset);
  // RFC 9293 §3.1: what ends with the text is in the last piece. RFC 3168 §6.1.2: CWR is sent
  // once.
  if (!is_last) tcp[kFlagsAt] &= static_cast<std::uint8_t>(~(kFin | kPsh));
  if (offset != 0) tcp[kFlagsAt] &= static_cast<std::uint8_t>(~kCwr);
  const auto length = static_cast<std::uint32_t>(piece.size()) - piece.checksum_start;
  store_be16(tcp + piece.checksum_offset, fold(pseudo_sum(piece, length)));
}

// The field holds the sum of the pseudo-header, which is what the device would have started from.
void complete_checksum(OutPacket& piece) {
  ChecksumAccumulator sum;
  sum.add({piece.header.data() + piece.checksum_start,
           static_cast<std::size_t>(piece.header_length - piece.checksum_start)});
  for (std::size_t i = 0; i < piece.payload_slices; ++i) sum.add(piece.payload[i]);
  store_be16(piece.header.data() + piece.checksum_start + piece.checksum_offset, sum.finish());
  piece.checksum_partial = false;
}

}  // namespace

PacketShape shape_of(const OutPacket& packet) noexcept {
  if (packet.gso_size != 0) return PacketShape::Gso;
  return packet.checksum_partial ? PacketShape::PartialChecksum : PacketShape::Plain;
}

OutPacket piece_of(const OutPacket& packet, std::uint32_t offset, PacketShape shape) noexcept {
  OutPacket piece = packet;
  const std::uint32_t left = packet.payload_length - offset;
  if (packet.gso_size != 0 && (offset != 0 || shape != PacketShape::Gso)) {
    const std::uint32_t length =
        shape == PacketShape::Gso ? left : std::min<std::uint32_t>(left, packet.gso_size);
    piece.payload[0] = packet.payload[0].subspan(offset, length);
    piece.payload_length = length;
    cut(piece, offset, length == left);
  }
  if (shape == PacketShape::Plain && piece.checksum_partial) complete_checksum(piece);
  return piece;
}

}  // namespace glasstcp
