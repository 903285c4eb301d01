// A slab: objects of one type in chunks that never move, named by index and generation.
//
// Connections and their side blocks live in slabs, so that a peer can never make us allocate
// without a limit, and a handle kept too long is recognised instead of followed.
//
// Invariants:
//   1. An object's address does not change while it lives; chunks are never moved or given back
//   before the slab dies.
//   2. An odd generation is a living object, an even one a free slot; release makes every old
//   handle stale.
//   3. acquire, release, get and operator[] are O(1); no exception, no allocation but the next
//   chunk (nothrow).
//   4. The slot that was freed last is used first: its memory is most likely still in the cache.
//
// Leaves out: giving memory back, and construction with arguments that can fail.
// Next: avl_tree.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "stack/base/assert.h"
#include "stack/base/chunk_sizes.h"

namespace glasstcp {

/// "No slot": what acquire answers at its limit, and what an index holds when there is no object.
inline constexpr std::uint32_t kNone = 0xffffffffU;

/// Objects of type T by index. T's constructors and destructor must not throw.
template <typename T>
class Slab {
 public:
  /// At most `capacity_limit` objects live at once. Allocates nothing yet.
  explicit Slab(std::uint32_t capacity_limit) : capacity_limit_(capacity_limit) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for_each([this](std::uint32_t index, T&) { release(index); });
    for (std::uint32_t i = 0; i < chunk_count_; ++i) delete chunks_[i];
  }

  /// Makes a T (value-constructed, or from `args`) and returns its index; kNone at the limit or
  /// without memory.
  template <typename... Args>
  [[nodiscard]] std::uint32_t acquire(Args&&... args) {
    std::uint32_t index = free_head_;
    if (index != kNone) {
      std::memcpy(&free_head_, slot(index).bytes, sizeof free_head_);
    } else {
      if (used_ == capacity_limit_ || !has_chunk_for(used_)) return kNone;
      index = used_++;
      generation_at(index) = 0;
    }
    ++generation_at(index);
    ++size_;
    ::new (static_cast<void*>(slot(index).bytes)) T(std::forward<Args>(args)...);
    return index;
  }

  /// Destroys the living object at `index`; every handle to it becomes stale.
  void release(std::uint32_t index) {
    STACK_ASSERT(is_live(index));
    (*this)[index].~T();
    ++generation_at(index);
    std::memcpy(slot(index).bytes, &free_head_, sizeof free_head_);
    free_head_ = index;
    --size_;
  }

  /// The living object at `index`; not checked.
  [[nodiscard]] T& operator[](std::uint32_t index) {
    return *std::launder(reinterpret_cast<T*>(slot(index).bytes));
  }
  [[nodiscard]] const T& operator[](std::uint32_t index) const {
    return *std::launder(reinterpret_cast<const T*>(slot(index).bytes));
  }

  /// The object that this handle was made for, or nullptr when it is gone (or never was).
  [[nodiscard]] T* get(std::uint32_t index, std::uint32_t generation) {
    if (!is_live(index) || generation_at(index) != generation) return nullptr;
    return &(*this)[index];
  }
  [[nodiscard]] const T* get(std::uint32_t index, std::uint32_t generation) const {
    if (!is_live(index) || generation_at(index) != generation) return nullptr;
    return &(*this)[index];
  }

  /// The present generation of a slot that was in use before; odd while an object lives there.
  [[nodiscard]] std::uint32_t generation(std::uint32_t index) const { return generation_at(index); }
  /// Whether an object lives at `index` (any number may be asked about).
  [[nodiscard]] bool is_live(std::uint32_t index) const {
    return index < used_ && (generation(index) & 1U) != 0;
  }
  /// How many objects live.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t capacity_limit() const { return capacity_limit_; }
  /// Bytes held from the heap.
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return std::uint64_t{chunk_count_} * sizeof(Chunk) + chunk_room_ * sizeof(Chunk*);
  }

  /// Calls f(index, object) or f(object) for each living object in index order; f may release the
  /// one it is given.
  template <typename F>
  void for_each(F f) {
    for (std::uint32_t index = 0; index < used_; ++index) {
      if (!is_live(index)) continue;
      if constexpr (std::is_invocable_v<F&, std::uint32_t, T&>) {
        f(index, (*this)[index]);
      } else {
        f((*this)[index]);
      }
    }
  }
  template <typename F>
  void for_each(F f) const {
    for (std::uint32_t index = 0; index < used_; ++index) {
      if (is_live(index)) f((*this)[index]);
    }
  }

 private:
  static constexpr std::size_t kSlotSize = sizeof(T) < sizeof(std::uint32_t) ? 4 : sizeof(T);
  static constexpr std::size_t kPerChunk = kSlotSize * kSlabLeastPerChunk > kSlabChunkBytes
                                               ? kSlabLeastPerChunk
                                               : std::bit_floor(kSlabChunkBytes / kSlotSize);
  static constexpr unsigned kShift = static_cast<unsigned>(std::countr_zero(kPerChunk));

  struct Slot {
    alignas(T) std::byte bytes[kSlotSize];  // a T, or the index of the next free slot
  };
  struct Chunk {
    Slot slots[kPerChunk];
    std::uint32_t
        generations[kPerChunk];  // apart from the slots, which may be aligned to cache lines
  };

  // const applies to the table of pointers, not to the chunks: they may be written to.
  [[nodiscard]] Slot& slot(std::uint32_t index) const {
    return chunks_[index >> kShift]->slots[index & (kPerChunk - 1)];
  }
  [[nodiscard]] std::uint32_t& generation_at(std::uint32_t index) const {
    return chunks_[index >> kShift]->generations[index & (kPerChunk - 1)];
  }

  // Sees to it that the chunk of `index`, which is at most the next one, exists.
  bool has_chunk_for(std::uint32_t index) {
    if ((index >> kShift) < chunk_count_) return true;
    if (chunk_count_ == chunk_room_ && !grow_table()) return false;
    Chunk* chunk = new (std::nothrow) Chunk;
    if (chunk == nullptr) return false;
    chunks_[chunk_count_++] = chunk;
    return true;
  }

  bool grow_table() {
    const std::uint32_t room = chunk_room_ == 0 ? 64 : chunk_room_ * 2;
    std::unique_ptr<Chunk*[]> table(new (std::nothrow) Chunk*[room]);
    if (table == nullptr) return false;
    for (std::uint32_t i = 0; i < chunk_count_; ++i) table[i] = chunks_[i];
    chunks_ = std::move(table);
    chunk_room_ = room;
    return true;
  }

  std::unique_ptr<Chunk*[]> chunks_;
  std::uint32_t chunk_count_ = 0;
  std::uint32_t chunk_room_ = 0;
  std::uint32_t capacity_limit_;
  std::uint32_t used_ = 0;  // slots that were ever in use; beyond them nothing is initialised
  std::uint32_t size_ = 0;
  std::uint32_t free_head_ = kNone;
};

}  // namespace glasstcp
