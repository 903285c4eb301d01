// Blocks in powers of two, kept on free lists.
#include "http/block_pool.h"

#include <bit>
#include <new>

namespace glasstcp::http {

BlockPool::~BlockPool() {
  trim();
}

void BlockPool::trim() noexcept {
  for (Block*& head : free_) {
    while (head != nullptr) {
      Block* block = head;
      head = block->next_;
      idle_ -= block->capacity();
      block->~Block();
      ::operator delete(block);
    }
  }
}

BlockRef BlockPool::take(std::size_t capacity) noexcept {
  if (capacity > kLargest) return {};
  const std::size_t rounded = std::bit_ceil(capacity < kSmallest ? kSmallest : capacity);
  const auto size_class = static_cast<std::size_t>(std::countr_zero(rounded / kSmallest));
  if (Block* block = free_[size_class]; block != nullptr) {
    free_[size_class] = block->next_;
    idle_ -= rounded;
    in_use_ += rounded;
    return BlockRef(block);
  }
  if (in_use_ + idle_ + rounded > budget_) trim();
  if (in_use_ + rounded > budget_) return {};
  void* memory = ::operator new(sizeof(Block) + rounded, std::nothrow);
  if (memory == nullptr) return {};
  in_use_ += rounded;
  return BlockRef(new (memory) Block(*this, static_cast<std::uint32_t>(size_class)));
}

void BlockPool::put_back(Block* block) noexcept {
  in_use_ -= block->capacity();
  idle_ += block->capacity();
  block->next_ = free_[block->size_class_];
  free_[block->size_class_] = block;
}

void Block::destroy() noexcept {
  pool_->put_back(this);
}

}  // namespace glasstcp::http
