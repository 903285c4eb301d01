// How the pool gets and gives back its chunks; taking and returning single blocks is inline in the
// header.
#include "stack/base/block_pool.h"

#include <algorithm>
#include <new>

namespace glasstcp {
namespace {

std::uint8_t* allocate_blocks(std::size_t bytes) {
  return static_cast<std::uint8_t*>(
      ::operator new (bytes, std::align_val_t{BlockPool::kBlockSize}, std::nothrow));
}

void free_blocks(std::uint8_t* bytes) {
  ::operator delete (bytes, std::align_val_t{BlockPool::kBlockSize}, std::nothrow);
}

}  // namespace

BlockPool::~BlockPool() {
  for (std::uint32_t i = 0; i < chunk_count_; ++i) free_blocks(chunks_[i].bytes);
}

std::uint64_t BlockPool::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < chunk_count_; ++i) {
    if (chunks_[i].bytes != nullptr) bytes += std::uint64_t{kPerChunk} * kBlockSize;
  }
  return bytes;
}

// Finds memory for one more chunk: the first whose memory was given back, or a new one at the end.
bool BlockPool::grow() {
  std::uint32_t chunk = 0;
  while (chunk < chunk_count_ && chunks_[chunk].bytes != nullptr) ++chunk;
  if (chunk == chunk_room_ && !grow_table()) return false;
  std::uint8_t* bytes = allocate_blocks(std::size_t{kPerChunk} * kBlockSize);
  if (bytes == nullptr) return false;
  chunk_count_ = std::max(chunk_count_, chunk + 1);
  chunks_[chunk].bytes = bytes;
  add_free_blocks(chunk);
  return true;
}

bool BlockPool::grow_table() {
  const std::uint32_t room = chunk_room_ == 0 ? 16 : chunk_room_ * 2;
  std::unique_ptr<Chunk[]> table(new (std::nothrow) Chunk[room]);
  if (table == nullptr) return false;
  std::copy_n(chunks_.get(), chunk_count_, table.get());
  chunks_ = std::move(table);
  chunk_room_ = room;
  return true;
}

// Puts every free block of a chunk on the free list, the lowest on top.
void BlockPool::add_free_blocks(std::uint32_t chunk) {
  for (std::uint32_t i = kPerChunk; i-- > 0;) {
    if (chunks_[chunk].in_use != 0 && chunks_[chunk].links[i] == kInUse) continue;
    chunks_[chunk].links[i] = free_head_;
    free_head_ = chunk * kPerChunk + i;
  }
}

std::uint64_t BlockPool::release_idle_memory() {
  const std::uint64_t held = memory_bytes() / kBlockSize;
  if (held <= kPerChunk || size_ > held / 2) return 0;
  std::uint64_t given = 0;
  free_head_ = kNone;
  for (std::uint32_t chunk = chunk_count_; chunk-- > 0;) {
    if (chunks_[chunk].bytes == nullptr) continue;
    if (chunks_[chunk].in_use != 0 || (chunk == 0 && keeps_first_)) {
      add_free_blocks(chunk);
      continue;
    }
    free_blocks(chunks_[chunk].bytes);
    chunks_[chunk].bytes = nullptr;
    given += std::uint64_t{kPerChunk} * kBlockSize;
  }
  return given;
}

}  // namespace glasstcp
