// The shapes in which a packet can be handed to a device, and how a packet is put into a plainer
// one here, where the device takes less than it promised.
//
// A GSO packet is cut as a network card would cut it: each piece repeats the headers with its own
// lengths, identification and sequence number. RFC 9293 §3.1 (the fields of TCP), RFC 3168 §6.1.2
// (CWR is for the first piece alone), RFC 791 §3.1 and RFC 8200 §3 (lengths of IP).
//
// Invariants:
//   1. The pieces of a packet, from its first byte to its last, carry its text once and in order.
//   2. Only a piece in the shape Plain has its payload read here; in the others it is passed on.
//
// Next: pump.h.
#pragma once

#include <cstdint>

#include "stack/wire/packet.h"

namespace glasstcp {

/// What is left to be done by the device; the later, the less.
enum class PacketShape : std::uint8_t {
  Gso,              ///< cut it into segments, and complete their checksums
  PartialChecksum,  ///< one segment: complete its checksum
  Plain,            ///< nothing: the packet is as it is on a wire
};

[[nodiscard]] PacketShape shape_of(const OutPacket& packet) noexcept;

/// The piece of `packet` that begins `offset` bytes behind its headers, in the shape `shape` at
/// most: all that is left, or one segment. `packet` has its payload in one slice, which the piece
/// borrows; one that is Plain already comes back whole.
[[nodiscard]] OutPacket piece_of(const OutPacket& packet, std::uint32_t offset,
                                 PacketShape shape) noexcept;

}  // namespace glasstcp
