// A pool of 4096-byte blocks for bytes that must be kept: receive buffers, copied send data,
// reassembly.
//
// Invariants:
//   1. A block's address does not change while it is in use.
//   2. acquire and release are O(1); nothing is written into a free block, so its pages may be
//   untouched or given back.
//   3. There are never more blocks than the limit; a failed allocation is an answer (kNone), not an
//   exception.
//
// Leaves out: sharing of blocks (each has one owner).
// Next: intrusive_list.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "stack/base/assert.h"
#include "stack/base/chunk_sizes.h"
#include "stack/base/slab.h"

namespace glasstcp {

/// Fixed blocks of bytes by index.
class BlockPool {
 public:
  static constexpr std::size_t kBlockSize = 4096;

  /// At most `capacity_limit` blocks are in use at once. Allocates nothing yet.
  explicit BlockPool(std::uint32_t capacity_limit) : capacity_limit_(capacity_limit) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  /// As of a slab: gets the first chunk, and keeps it.
  [[nodiscard]] bool reserve() {
    keeps_first_ = chunk_count_ > 0 || grow();
    return keeps_first_;
  }

  /// A block with undefined contents; kNone at the limit or without memory.
  [[nodiscard]] std::uint32_t acquire() {
    if (size_ == capacity_limit_ || (free_head_ == kNone && !grow())) return kNone;
    const std::uint32_t index = free_head_;
    std::uint32_t& link = link_of(index);
    free_head_ = link;
    link = kInUse;
    ++chunks_[index / kPerChunk].in_use;
    ++size_;
    return index;
  }

  /// Gives back a block that acquire returned; once.
  void release(std::uint32_t index) {
    std::uint32_t& link = link_of(index);
    STACK_ASSERT(link == kInUse);
    link = free_head_;
    free_head_ = index;
    --chunks_[index / kPerChunk].in_use;
    --size_;
  }

  /// The kBlockSize bytes of a block in use, aligned to kBlockSize.
  [[nodiscard]] std::uint8_t* data(std::uint32_t index) const {
    return chunks_[index / kPerChunk].bytes + std::size_t{index % kPerChunk} * kBlockSize;
  }

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t capacity_limit() const { return capacity_limit_; }
  /// Bytes of block memory held from the heap, in use or free.
  [[nodiscard]] std::uint64_t memory_bytes() const;
  /// Gives the memory of chunks without a block in use back to the heap, if more than half of what
  /// is held is unused, and more than a chunk; O(all blocks). Returns the bytes given.
  std::uint64_t release_idle_memory();

 private:
  static constexpr std::uint32_t kPerChunk = kBlocksPerChunk;
  static constexpr std::uint32_t kInUse = 0xfffffffeU;

  struct Chunk {
    std::uint8_t* bytes = nullptr;  // kPerChunk blocks, or null: memory given back
    std::uint32_t in_use = 0;
    std::uint32_t links[kPerChunk];  // the next free block, or kInUse
  };

  std::uint32_t& link_of(std::uint32_t index) {
    return chunks_[index / kPerChunk].links[index % kPerChunk];
  }
  bool grow();
  bool grow_table();
  void add_free_blocks(std::uint32_t chunk);

  std::unique_ptr<Chunk[]> chunks_;
  std::uint32_t chunk_count_ = 0;
  std::uint32_t chunk_room_ = 0;
  std::uint32_t capacity_limit_;
  std::uint32_t size_ = 0;
  std::uint32_t free_head_ = kNone;
  bool keeps_first_ = false;
};

}  // namespace glasstcp
