// The last blocks of a capture, in memory of a fixed size, and any number of readers, none of which
// is waited for: the oldest block makes room.
//
// Invariants:
//   1. A block lies in one piece and is there until it is overwritten as a whole.
//   2. A reader that was overtaken learns how many blocks it has missed, and goes on with the
//      oldest that is left.
//   3. All memory is taken in the constructor; the system gives it when it is first written to.
//
// Next: capture_hub.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "stack/base/bytes.h"

namespace glasstcp {

/// Keeps blocks, numbered from 0.
class BlockRing {
 public:
  static constexpr std::uint32_t kNoStream = 0xffffffffU;

  /// Where a reader stands: the next block it has not read.
  struct Cursor {
    std::uint64_t position = 0;
    std::uint64_t number = 0;
  };
  /// A block, valid until the next push().
  struct Entry {
    ByteView block;
    std::uint32_t stream = kNoStream;  ///< of the connection it belongs to
    std::uint64_t missed = 0;          ///< blocks overwritten since the reader's last
  };

  /// `capacity`: bytes; without memory nothing is kept.
  explicit BlockRing(std::size_t capacity);

  /// Keeps a block, unless it is larger than a quarter of the ring: then readers miss it.
  void push(ByteView block, std::uint32_t stream) noexcept;
  /// The oldest block that is kept.
  [[nodiscard]] Cursor oldest() const { return tail_; }
  /// Behind the newest.
  [[nodiscard]] Cursor newest() const { return head_; }
  /// The block at the cursor, which moves behind it; empty: there is none yet.
  [[nodiscard]] std::optional<Entry> next(Cursor& cursor) const noexcept;

 private:
  struct Header {
    std::uint32_t size = 0;  // of the block; kSkip: the rest of the memory is unused
    std::uint32_t stream = kNoStream;
  };
  static constexpr std::uint32_t kSkip = 0xffffffffU;

  [[nodiscard]] Header header_at(std::uint64_t position) const;
  void put_header(std::uint64_t position, const Header& header);
  [[nodiscard]] static std::size_t room_for(std::size_t size) {
    return (sizeof(Header) + size + 7) & ~std::size_t{7};
  }
  [[nodiscard]] std::uint64_t behind(std::uint64_t position, const Header& header) const;
  void drop_oldest();

  std::size_t capacity_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  Cursor tail_;
  Cursor head_;
};

}  // namespace glasstcp
