// One limit for all the memory that peers can make us use.
//
// RFC 9293 §3.8.6: a window once offered should not be taken back, so a window is offered only out
// of bytes that were reserved here before.
//
// Invariants:
//   1. used() <= limit(), always; a reservation is granted whole or not at all.
//
// Leaves out: the memory itself (block_pool.h, slab.h).
// Next: token_bucket.h.
#pragma once

#include <cstdint>

#include "stack/base/assert.h"

namespace glasstcp {

/// Counts bytes against a limit.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes n bytes; false, and nothing taken, when fewer are available.
  [[nodiscard]] bool reserve(std::uint64_t n) {
    if (n > available()) return false;
    used_ += n;
    return true;
  }
  /// Gives n bytes back, which were reserved before.
  void release(std::uint64_t n) {
    STACK_ASSERT(n <= used_);
    used_ -= n;
  }
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t available() const { return limit_ - used_; }

 private:
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
};

}  // namespace glasstcp
