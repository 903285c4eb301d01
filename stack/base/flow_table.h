// From the hash of a four-tuple to the index of a connection: open addressing in one flat array of
// 8-byte slots.
//
// Linear probing with backward-shift deletion (Knuth, TAOCP 6.4, algorithm R): no tombstones, so a
// table that has seen a billion connections come and go is as fast as a fresh one. The key stays
// with the object; the slot keeps 32 bits of the hash, enough to skip nearly all wrong candidates
// and to grow without asking anyone. The hash must be keyed (keyed_hash.h), or a peer could choose
// tuples that collide.
//
// Invariants:
//   1. Between a value's home slot and its slot there is no empty slot.
//   2. The capacity is a power of two (or 0 before memory was had), never more than 15/16 full.
//   3. find, insert and erase are O(1) expected; only growing allocates (nothrow) and is O(size). A
//   table grows when 3/4 of it are full, one of kLarge slots at 7/8: there a doubling costs more
//   memory than longer walks cost time.
//
// Leaves out: growing bit by bit. A doubling at 1 M entries takes some milliseconds; a table can
// start large instead.
//
// Next: keyed_hash.h.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "stack/base/chunk_sizes.h"
#include "stack/base/slab.h"

namespace glasstcp {

/// A multimap from 64-bit hashes to 32-bit values; the caller compares the keys.
class FlowTable {
 public:
  static constexpr std::size_t kLarge = 1U << 16;  ///< slots: half a megabyte

  /// At most `max_entries` values; room for `expected_entries` is made at once, if there is memory.
  explicit FlowTable(std::uint32_t max_entries, std::uint32_t expected_entries = 0)
      : max_entries_(std::min(max_entries, std::uint32_t{1} << 30)) {
    const std::uint64_t wanted = std::min(expected_entries, max_entries_);
    (void)resize(std::bit_ceil(
        static_cast<std::size_t>(std::max<std::uint64_t>(kFirstCapacity, wanted * 4 / 3 + 1))));
  }

  /// The value with this hash for which eq(value) holds; kNone if there is none.
  template <typename Eq>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Eq eq) const {
    if (size_ == 0) return kNone;
    const std::uint32_t hash32 = shorten(hash);
    for (std::size_t i = hash32 & mask();; i = (i + 1) & mask()) {
      const Slot& slot = slots_[i];
      if (slot.value == kNone) return kNone;
      if (slot.hash32 == hash32 && eq(slot.value)) return slot.value;
    }
  }

  /// Adds a value (not kNone). False when the table is full or memory is. Does not look for one
  /// that is there already.
  [[nodiscard]] bool insert(std::uint64_t hash, std::uint32_t value) {
    if (size_ >= max_entries_) return false;
    if (size_ >= grow_at_ && !resize(std::max(kFirstCapacity, capacity_ * 2)) &&
        size_ >= capacity_ / 16 * 15) {
      return false;
    }
    put({shorten(hash), value});
    ++size_;
    return true;
  }

  /// Takes a value out. False when it is not there under this hash.
  bool erase(std::uint64_t hash, std::uint32_t value) {
    if (size_ == 0) return false;
    const std::uint32_t hash32 = shorten(hash);
    std::size_t i = hash32 & mask();
    while (slots_[i].value != value || slots_[i].hash32 != hash32) {
      if (slots_[i].value == kNone) return false;
      i = (i + 1) & mask();
    }
    close_gap(i);
    --size_;
    return true;
  }

  /// Calls f(value) for each value, in no useful order; f must not change the table.
  template <typename F>
  void for_each(F f) const {
    for (std::size_t i = 0; i < capacity_; ++i) {
      if (slots_[i].value != kNone) f(slots_[i].value);
    }
  }

  /// Halves the table until an eighth of it is used, if it is much larger; O(size). Returns the
  /// bytes that were given back.
  std::uint64_t release_idle_memory() {
    const std::uint64_t before = memory_bytes();
    if (capacity_ <= kFirstCapacity || size_ > capacity_ / 16) return 0;
    (void)resize(std::max(kFirstCapacity, std::bit_ceil(std::size_t{size_} * 4)));
    return before - memory_bytes();
  }

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint64_t memory_bytes() const { return capacity_ * sizeof(Slot); }

 private:
  static constexpr std::size_t kFirstCapacity = kFirstFlowCapacity;

  struct Slot {
    std::uint32_t hash32 = 0;
    std::uint32_t value = kNone;  // kNone: empty
  };

  static std::uint32_t shorten(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  [[nodiscard]] std::size_t mask() const { return capacity_ - 1; }

  void put(Slot entry) {
    std::size_t i = entry.hash32 & mask();
    while (slots_[i].value != kNone) i = (i + 1) & mask();
    slots_[i] = entry;
  }

  // Moves later entries of the run into the gap, as long as the gap lies on their way from home.
  void close_gap(std::size_t gap) {
    for (std::size_t i = (gap + 1) & mask(); slots_[i].value != kNone; i = (i + 1) & mask()) {
      const std::size_t way = (i - slots_[i].hash32) & mask();  // from its home to where it stands
      if (way < ((i - gap) & mask())) continue;
      slots_[gap] = slots_[i];
      gap = i;
    }
    slots_[gap].value = kNone;
  }

  bool resize(std::size_t capacity) {
    if (capacity > (std::size_t{1} << 31)) return false;  // never asked for; tells the compiler so
    std::unique_ptr<Slot[]> slots(new (std::nothrow) Slot[capacity]);
    if (slots == nullptr) return false;
    std::swap(slots, slots_);
    const std::size_t old_capacity = std::exchange(capacity_, capacity);
    grow_at_ = capacity_ / 8 * (capacity_ < kLarge ? 6 : 7);
    for (std::size_t i = 0; i < old_capacity; ++i) {
      if (slots[i].value != kNone) put(slots[i]);
    }
    return true;
  }

  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_ = 0;
  std::size_t grow_at_ = 0;  // entries
  std::uint32_t size_ = 0;
  std::uint32_t max_entries_;
};

}  // namespace glasstcp
