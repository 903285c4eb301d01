// Cuts the bytes of a pcapng file that is still being written into blocks, as they come.
//
// Invariants:
//   1. What is handed on is a whole block; what is no block ends the reading.
//
// Next: packet_filter.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stack/base/bytes.h"

namespace glasstcp {

/// A packet within its block.
struct BlockPacket {
  ByteView data;
  std::uint32_t original = 0;  ///< bytes on the wire
};

/// The packet of a little-endian enhanced packet block; empty: it is another block, or malformed.
[[nodiscard]] std::optional<BlockPacket> packet_of(ByteView block);

/// Gathers bytes until they are blocks. Little-endian, as our server writes.
class BlockReader {
 public:
  static constexpr std::size_t kLargestBlock = 1U << 20;

  void append(ByteView bytes);
  /// The next whole block, valid until append(); empty: it has not come yet, or is_broken().
  [[nodiscard]] std::optional<ByteView> next();
  /// Whether something came that is no block.
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  /// Whether the beginning of a block waits for the rest.
  [[nodiscard]] bool is_within_block() const { return begin_ < bytes_.size(); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;
  bool is_broken_ = false;
};

}  // namespace glasstcp
