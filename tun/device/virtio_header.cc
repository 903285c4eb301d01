// See virtio_header.h. Offsets of the fields: flags 0, gso_type 1, hdr_len 2, gso_size 4,
// csum_start 6, csum_offset 8.
#include "tun/device/virtio_header.h"

namespace glasstcp {
namespace {

// VIRTIO 1.x §5.1.6. The kernel's header for them does not compile as C++ (a field is named class).
constexpr std::uint8_t kNeedsChecksum = 1;
constexpr std::uint8_t kDataValid = 2;
constexpr std::uint8_t kGsoTcpV4 = 1;
constexpr std::uint8_t kGsoTcpV6 = 4;
constexpr std::uint8_t kGsoEcn = 0x80;

void store_le16(std::uint8_t* p, std::uint16_t value) {
  p[0] = static_cast<std::uint8_t>(value & 0xff);
  p[1] = static_cast<std::uint8_t>(value >> 8);
}

std::uint16_t load_le16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] | p[1] << 8);
}

bool is_tcp_gso(std::uint8_t gso_type) {
  const int kind = gso_type & ~kGsoEcn;
  return kind == kGsoTcpV4 || kind == kGsoTcpV6;
}

}  // namespace

PacketMeta decode_virtio_header(const std::uint8_t* header) noexcept {
  PacketMeta meta;
  meta.checksum_partial = (header[0] & kNeedsChecksum) != 0;
  meta.checksum_valid = (header[0] & kDataValid) != 0;
  if (is_tcp_gso(header[1])) meta.gso_size = load_le16(header + 4);
  return meta;
}

VirtioHeader encode_virtio_header(const OutPacket& packet) noexcept {
  VirtioHeader header{};
  if (packet.checksum_partial) {
    header[0] = kNeedsChecksum;
    store_le16(header.data() + 6, packet.checksum_start);
    store_le16(header.data() + 8, packet.checksum_offset);
  }
  if (packet.gso_size != 0) {
    header[1] = packet.is_v6 ? kGsoTcpV6 : kGsoTcpV4;
    store_le16(header.data() + 2, packet.transport_header_end);
    store_le16(header.data() + 4, packet.gso_size);
  }
  return header;
}

}  // namespace glasstcp
