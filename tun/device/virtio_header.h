// The ten bytes that a TUN device with IFF_VNET_HDR puts before each packet: what is left to do
// about checksum and size.
//
// Virtual I/O Device (VIRTIO) 1.x §5.1.6; all fields little-endian, since tun_device.cc asks for
// that (TUNSETVNETLE).
// RFC 9293 §3.1: the checksum is still on every segment that reaches a wire; here somebody below completes it.
//
// Invariants:
//   1. decode never fails: a header that makes no sense counts as "nothing is known", and the stack
//   checks everything.
//   2. encode is total: an OutPacket without offload gives ten zero bytes.
//
// Leaves out the 12-byte form with num_buffers (only merged receive buffers need it) and UDP
// offloads. Next: tun_device.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/bytes.h"
#include "stack/wire/packet.h"

namespace glasstcp {

inline constexpr std::size_t kVirtioHeaderLength = 10;
using VirtioHeader = std::array<std::uint8_t, kVirtioHeaderLength>;

/// Reads the header of a packet that came. `header` has at least kVirtioHeaderLength bytes.
[[nodiscard]] PacketMeta decode_virtio_header(const std::uint8_t* header) noexcept;

/// The header of a packet that leaves.
[[nodiscard]] VirtioHeader encode_virtio_header(const OutPacket& packet) noexcept;

}  // namespace glasstcp
