// Buffers in powers of two, kept on free lists.
#include "http/buffer_pool.h"

#include <bit>
#include <new>

namespace glasstcp::http {

BufferPool::~BufferPool() {
  give_back(false);
}

bool BufferPool::reserve() noexcept {
  std::array<BufferRef, 4 * kClasses> all;
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (std::size_t of = 0; of < kClasses; ++of) {
    bytes += kept_of(of) * size_of(of);
    if (bytes > budget_ / 8) break;
    for (std::size_t i = 0; i < kept_of(of); ++i) {
      all[count] = take(size_of(of));
      if (!all[count++]) return false;
    }
  }
  is_reserved_ = true;
  return true;
}

void BufferPool::give_back(bool but_those_of_reserve) noexcept {
  for (std::size_t of = 0; of < kClasses; ++of) {
    Buffer** link = &free_[of];
    const std::size_t kept = but_those_of_reserve ? kept_of(of) : 0;
    for (std::size_t i = 0; i < kept && *link != nullptr; ++i) link = &(*link)->next_;
    while (*link != nullptr) {
      Buffer* buffer = *link;
      *link = buffer->next_;
      idle_ -= buffer->capacity();
      buffer->~Buffer();
      ::operator delete(buffer);
    }
  }
}

BufferRef BufferPool::take(std::size_t capacity) noexcept {
  if (capacity > kLargest) return {};
  const std::size_t rounded = std::bit_ceil(capacity < kSmallest ? kSmallest : capacity);
  const auto size_class = static_cast<std::size_t>(std::countr_zero(rounded / kSmallest));
  if (Buffer* buffer = free_[size_class]; buffer != nullptr) {
    free_[size_class] = buffer->next_;
    idle_ -= rounded;
    in_use_ += rounded;
    return BufferRef(buffer);
  }
  if (in_use_ + idle_ + rounded > budget_) give_back(false);
  if (in_use_ + rounded > budget_) return {};
  void* memory = ::operator new(sizeof(Buffer) + rounded, std::nothrow);
  if (memory == nullptr) return {};
  in_use_ += rounded;
  return BufferRef(new (memory) Buffer(*this, static_cast<std::uint32_t>(size_class)));
}

void BufferPool::put_back(Buffer* buffer) noexcept {
  in_use_ -= buffer->capacity();
  idle_ += buffer->capacity();
  buffer->next_ = free_[buffer->size_class_];
  free_[buffer->size_class_] = buffer;
}

void Buffer::destroy() noexcept {
  pool_->put_back(this);
}

}  // namespace glasstcp::http
