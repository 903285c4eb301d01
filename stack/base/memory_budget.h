// One limit for all the memory that peers can make us use.
//
// RFC 9293 §3.8.6: a window once offered should not be taken back, so a window is offered only out
// of bytes that were reserved here before.
//
// It has two shares. What every holder needs at least comes out of all of it; what a holder has
// beyond that, since its peer sends much, out of one half. So those who have much leave the other
// half to those who come.
//
// Invariants:
//   1. used() <= limit(), and beyond() <= limit() / 2, always; a reservation is granted whole or
//   not at all.
//
// Leaves out: the memory itself (block_pool.h, slab.h).
// Next: token_bucket.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/assert.h"

namespace glasstcp {

/// Counts bytes against a limit.
class MemoryBudget {
 public:
  /// `least`: bytes of one holder that count as what it needs at least.
  explicit MemoryBudget(std::uint64_t limit, std::uint64_t least = ~std::uint64_t{0})
      : limit_(limit), least_(least) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// A new holder takes n bytes; false, and nothing taken, when fewer are available.
  [[nodiscard]] bool reserve(std::uint64_t n) { return grow(0, n); }
  /// A holder of `from` bytes has `to`, which are more; false, and nothing taken, when that is not
  /// available.
  [[nodiscard]] bool grow(std::uint64_t from, std::uint64_t to) {
    if (to - from > available() || beyond(to) - beyond(from) > available_beyond()) return false;
    used_ += to - from;
    beyond_ += beyond(to) - beyond(from);
    return true;
  }
  /// A holder of `from` bytes keeps `to` of them.
  void shrink(std::uint64_t from, std::uint64_t to) {
    STACK_ASSERT(to <= from && from - to <= used_ && beyond(from) - beyond(to) <= beyond_);
    used_ -= from - to;
    beyond_ -= beyond(from) - beyond(to);
  }
  /// A holder of n bytes gives them all back.
  void release(std::uint64_t n) { shrink(n, 0); }
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t available() const { return limit_ - used_; }
  /// What holders may have beyond their least.
  [[nodiscard]] std::uint64_t available_beyond() const {
    return std::min(available(), limit_ / 2 - beyond_);
  }
  /// What holders have beyond their least.
  [[nodiscard]] std::uint64_t beyond() const { return beyond_; }

 private:
  [[nodiscard]] std::uint64_t beyond(std::uint64_t n) const { return n > least_ ? n - least_ : 0; }

  std::uint64_t limit_;
  std::uint64_t least_;
  std::uint64_t used_ = 0;
  std::uint64_t beyond_ = 0;
};

}  // namespace glasstcp
