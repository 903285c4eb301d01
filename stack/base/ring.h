// A queue with a fixed room, in a ring: its memory is had before it is needed, so that whatever
// waits later needs none.
//
// Invariants:
//   1. size() <= room(). Only resize() allocates, and nothrow.
//
// Next: memory_budget.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "stack/base/assert.h"

namespace glasstcp {

/// First in, first out. Without any room at first.
template <typename T>
class Ring {
 public:
  /// Room for so many, and never for fewer than there are, which stay. False: no memory, and all is
  /// as it was.
  [[nodiscard]] bool resize(std::size_t room) {
    room = std::max(room, size_);
    std::unique_ptr<T[]> places(new (std::nothrow) T[room]);
    if (places == nullptr) return false;
    for (std::size_t i = 0; i < size_; ++i) places[i] = places_[(first_ + i) % room_];
    places_ = std::move(places);
    room_ = room;
    first_ = 0;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t room() const { return room_; }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }
  [[nodiscard]] bool is_full() const { return size_ == room_; }
  /// Only if !is_full().
  void push(T item) {
    STACK_ASSERT(!is_full());
    places_[(first_ + size_++) % room_] = item;
  }
  /// The one that waits longest; only if !is_empty().
  [[nodiscard]] const T& front() const { return places_[first_]; }
  void pop() {
    first_ = (first_ + 1) % room_;
    --size_;
  }

 private:
  std::unique_ptr<T[]> places_;
  std::size_t room_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace glasstcp
