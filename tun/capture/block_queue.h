// Blocks on their way from the loop to the thread that writes them: bounded, and no one waits for
// the other.
//
// One thread pushes, another takes. Blocks lie one after the other in a ring of bytes, so that the
// writer gets many at once; each knows its length (pcapng).
//
// Invariants:
//   1. push() and take() neither block nor allocate, and touch no lock.
//   2. A run holds whole blocks only.
//
// Next: capture_writer.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "stack/base/bytes.h"

namespace glasstcp {

/// A queue of pcapng blocks, whose length is a multiple of four.
class BlockQueue {
 public:
  /// `capacity`: bytes. Without memory everything is refused.
  explicit BlockQueue(std::size_t capacity);

  /// For the one thread. False: there is no room.
  [[nodiscard]] bool push(ByteView block) noexcept;
  /// For the other: the oldest blocks that lie in a row, until pop(); empty: there are none.
  [[nodiscard]] ByteView front() noexcept;
  /// The first `bytes` of front() are done with: whole blocks.
  void pop(std::size_t bytes) noexcept;

 private:
  [[nodiscard]] std::size_t place(std::uint64_t position) const {
    return static_cast<std::size_t>(position % capacity_);
  }

  std::size_t capacity_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::atomic<std::uint64_t> head_{0};  // behind the newest; written by the one that pushes
  std::atomic<std::uint64_t> tail_{0};  // the oldest; written by the one that takes
};

/// The length of the block that `bytes` begin with; at least 8 must be there.
[[nodiscard]] inline std::size_t block_length(ByteView bytes) {
  std::size_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8 | bytes[4 + i];
  return length;
}

}  // namespace glasstcp
