// Packets as plain bytes, for every test that looks at one or carries it to another stack.
//
// Next: raw_packet.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/wire/packet.h"

namespace glasstcp::test {

using Bytes = std::vector<std::uint8_t>;

/// All bytes of a packet that the stack sends.
[[nodiscard]] inline Bytes flatten(const OutPacket& packet) {
  Bytes bytes(packet.header.begin(), packet.header.begin() + packet.header_length);
  for (std::size_t i = 0; i < packet.payload_slices; ++i) {
    bytes.insert(bytes.end(), packet.payload[i].begin(), packet.payload[i].end());
  }
  return bytes;
}

}  // namespace glasstcp::test
