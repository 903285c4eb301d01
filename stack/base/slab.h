// A slab: objects of one type in chunks that never move, named by index and generation.
//
// Connections and their side blocks live in slabs, so that a peer can never make us allocate
// without a limit, and a handle kept too long is recognised instead of followed.
//
// Invariants:
//   1. An object's address does not change while it lives; its chunk is neither moved nor given
//   back.
//   2. An odd generation is a living object, an even one a free slot; release makes every old
//   handle stale. Generations outlive the memory of their slots, or a handle from before could
//   name an object that came after.
//   3. acquire, release, get and operator[] are O(1); no exception, no allocation but the next
//   chunk (nothrow).
//   4. The slot that was freed last is used first: its memory is most likely still in the cache.
//   5. Memory is given back only by release_idle_memory(), which looks at everything; nothing is
//   counted for it elsewhere. After reserve() the first chunk stays.
//
// Leaves out: construction with arguments that can fail.
// Next: avl_tree.h.
#pragma once

#include <array>
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

/// What stands beside each object of a slab that keeps nothing there.
struct NothingBeside {};

/// Objects of type T by index. T's destructor must not throw. `Beside` is what somebody else keeps
/// beside each object, by its index, and leaves as it found it when the object goes.
template <typename T, typename Beside = NothingBeside>
class Slab {
 public:
  /// At most `capacity_limit` objects live at once. Allocates nothing yet.
  explicit Slab(std::uint32_t capacity_limit) : capacity_limit_(capacity_limit) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for_each([this](std::uint32_t index, T&) { release(index); });
    for (std::uint32_t i = 0; i < chunk_count_; ++i) {
      delete chunks_[i].objects;
      delete chunks_[i].generations;
    }
  }

  /// Gets the memory of the first chunk and keeps it: a few objects can then be made even when the
  /// system has no memory left. False: it has none now.
  [[nodiscard]] bool reserve() {
    keeps_first_ = has_chunk_for(0);
    return keeps_first_;
  }

  /// Makes a T (value-constructed, or from `args`) and returns its index; kNone at the limit or
  /// without memory.
  template <typename... Args>
  [[nodiscard]] std::uint32_t acquire(Args&&... args) {
    std::uint32_t index = free_head_;
    if (index != kNone) {
      std::memcpy(&free_head_, slot(index).bytes, sizeof free_head_);
    } else {
      if (!has_new_slot()) return kNone;
      index = free_head_;
      if (index != kNone) {
        std::memcpy(&free_head_, slot(index).bytes, sizeof free_head_);
      } else {
        index = used_++;
        generation_at(index) = 0;
      }
    }
    ::new (static_cast<void*>(slot(index).bytes)) T(std::forward<Args>(args)...);
    ++generation_at(index);
    ++size_;
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

  /// The present generation of a slot that was in use before; odd while an object lives there.
  [[nodiscard]] std::uint32_t generation(std::uint32_t index) const { return generation_at(index); }
  /// Whether an object lives at `index` (any number may be asked about).
  [[nodiscard]] bool is_live(std::uint32_t index) const {
    return index < used_ && (generation(index) & 1U) != 0;
  }
  /// How many objects live.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t capacity_limit() const { return capacity_limit_; }
  /// What is kept beside the living object at `index`.
  [[nodiscard]] Beside& beside(std::uint32_t index) {
    return chunks_[index >> kShift].objects->beside[index & (kPerChunk - 1)];
  }
  [[nodiscard]] const Beside& beside(std::uint32_t index) const {
    return chunks_[index >> kShift].objects->beside[index & (kPerChunk - 1)];
  }
  /// Bytes held from the heap.
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return std::uint64_t{chunk_count_ - idle_chunks_} * sizeof(Objects) +
           std::uint64_t{chunk_count_} * sizeof(Generations) + chunk_room_ * sizeof(Chunk);
  }
  /// Gives the memory of chunks in which nothing lives back to the heap, if more than half of what
  /// is held is unused, and more than a chunk; O(slots that were ever used). Returns the bytes
  /// given.
  std::uint64_t release_idle_memory() {
    const std::uint64_t held = std::uint64_t{used_} - std::uint64_t{idle_chunks_} * kPerChunk;
    if (held <= kPerChunk || size_ > held / 2) return 0;
    std::uint64_t given = 0;
    free_head_ = kNone;
    // The last chunk may have slots that were never used; it stays.
    const std::uint32_t full_chunks = used_ >> kShift;
    for (std::uint32_t index = used_; index-- > full_chunks << kShift;)
      if (!is_live(index)) push_free(index);
    for (std::uint32_t chunk = full_chunks; chunk-- > 0;) given += release_if_idle(chunk);
    return given;
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
  struct Objects {
    Slot slots[kPerChunk];
    [[no_unique_address]] std::conditional_t<std::is_empty_v<Beside>, NothingBeside,
                                             std::array<Beside, kPerChunk>>
        beside{};
  };
  struct Generations {
    std::uint32_t of[kPerChunk];
  };
  // Two pieces, of which the first can go and come again.
  struct Chunk {
    Objects* objects = nullptr;
    Generations* generations = nullptr;
  };

  // const applies to the table of pointers, not to the chunks: they may be written to.
  [[nodiscard]] Slot& slot(std::uint32_t index) const {
    return chunks_[index >> kShift].objects->slots[index & (kPerChunk - 1)];
  }
  [[nodiscard]] std::uint32_t& generation_at(std::uint32_t index) const {
    return chunks_[index >> kShift].generations->of[index & (kPerChunk - 1)];
  }
  void push_free(std::uint32_t index) {
    std::memcpy(slot(index).bytes, &free_head_, sizeof free_head_);
    free_head_ = index;
  }

  // The free list is empty: sees to it that it has a slot again, or that the next unused one has
  // memory.
  bool has_new_slot() {
    if (idle_chunks_ > 0 && bring_back_a_chunk()) return true;
    return used_ < capacity_limit_ && has_chunk_for(used_);
  }

  bool bring_back_a_chunk() {
    for (std::uint32_t chunk = 0; chunk < chunk_count_; ++chunk) {
      if (chunks_[chunk].objects != nullptr) continue;
      chunks_[chunk].objects = new (std::nothrow) Objects;
      if (chunks_[chunk].objects == nullptr) return false;
      --idle_chunks_;
      push_all_free(chunk);
      return true;
    }
    return false;
  }
  // The lowest on top.
  void push_all_free(std::uint32_t chunk) {
    for (std::uint32_t index = (chunk + 1) << kShift; index-- > chunk << kShift;)
      if (!is_live(index)) push_free(index);
  }
  std::uint64_t release_if_idle(std::uint32_t chunk) {
    if (chunks_[chunk].objects == nullptr) return 0;
    bool is_idle = true;
    for (const std::uint32_t generation : chunks_[chunk].generations->of)
      is_idle = is_idle && (generation & 1U) == 0;
    if (!is_idle || (chunk == 0 && keeps_first_)) {
      push_all_free(chunk);
      return 0;
    }
    delete chunks_[chunk].objects;
    chunks_[chunk].objects = nullptr;
    ++idle_chunks_;
    return sizeof(Objects);
  }

  // Sees to it that the chunk of `index`, which is at most the next one, exists.
  bool has_chunk_for(std::uint32_t index) {
    if ((index >> kShift) < chunk_count_) return true;
    if (chunk_count_ == chunk_room_ && !grow_table()) return false;
    std::unique_ptr<Objects> objects(new (std::nothrow) Objects);
    if (objects == nullptr) return false;
    auto* const generations = new (std::nothrow) Generations;
    if (generations == nullptr) return false;
    chunks_[chunk_count_++] = {objects.release(), generations};
    return true;
  }

  bool grow_table() {
    const std::uint32_t room = chunk_room_ == 0 ? 64 : chunk_room_ * 2;
    std::unique_ptr<Chunk[]> table(new (std::nothrow) Chunk[room]);
    if (table == nullptr) return false;
    for (std::uint32_t i = 0; i < chunk_count_; ++i) table[i] = chunks_[i];
    chunks_ = std::move(table);
    chunk_room_ = room;
    return true;
  }

  std::unique_ptr<Chunk[]> chunks_;
  std::uint32_t chunk_count_ = 0;
  std::uint32_t chunk_room_ = 0;
  std::uint32_t idle_chunks_ = 0;  // whose objects' memory was given back
  std::uint32_t capacity_limit_;
  std::uint32_t used_ = 0;  // slots that were ever in use; beyond them nothing is initialised
  std::uint32_t size_ = 0;
  std::uint32_t free_head_ = kNone;
  bool keeps_first_ = false;
};

}  // namespace glasstcp
