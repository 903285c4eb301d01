// Packets at the border: what the device tells us about bytes it read, and what we tell it about
// bytes to write.
//
// The offload fields are a host-neutral form of the virtio-net header (virtio 1.x §5.1.6) that a
// TUN device puts before each packet. RFC 9293 §3.1 still holds: where a checksum is partial, the
// kernel completes it.
//
// Invariants:
//   1. The bytes of an OutPacket are `header` followed by the `payload` slices, in order.
//   2. The slices are borrowed: valid until the next non-const call on the Stack that filled them.
//
// Next: checksum.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/bytes.h"
#include "stack/trace/event.h"
#include "stack/trace/reason.h"

namespace glasstcp {

/// What came with a packet that was read.
struct PacketMeta {
  /// the transport checksum is not complete and need not be verified
  bool checksum_partial = false;
  bool checksum_valid = false;  ///< somebody trustworthy verified it
  /// payload bytes of each segment the packet was merged from; 0: not merged
  std::uint16_t gso_size = 0;
};

/// One packet to write, gathered: the header bytes stand here, the payload is borrowed.
struct OutPacket {
  /// IPv6 (40) + fragment header (8) + TCP with options (60) fit
  static constexpr std::size_t kHeaderRoom = 128;
  static constexpr std::size_t kMaxSlices = 16;

  std::array<std::uint8_t, kHeaderRoom> header;
  std::uint16_t header_length = 0;
  std::uint16_t payload_slices = 0;
  std::uint32_t payload_length = 0;  ///< sum of the slices, bytes
  std::array<ByteView, kMaxSlices> payload;

  bool checksum_partial = false;      ///< the kernel completes the transport checksum
  std::uint16_t checksum_start = 0;   ///< offset of the transport header, if partial
  std::uint16_t checksum_offset = 0;  ///< of the checksum field within it, if partial
  std::uint16_t gso_size = 0;         ///< payload bytes per segment; 0: one packet as it is
  /// bytes of all headers, which each segment repeats (if gso_size)
  std::uint16_t transport_header_end = 0;
  bool is_v6 = false;

  SendReason reason = SendReason::NewData;
  ConnectionId connection;

  [[nodiscard]] std::size_t size() const { return header_length + payload_length; }
};

}  // namespace glasstcp
