// Buffers in powers of two, kept on free lists.
#include "http/buffer_pool.h"

#include <bit>
#include <new>

namespace glasstcp::http {

BufferPool::~BufferPool() {
  trim();
}

void BufferPool::trim() noexcept {
  for (Buffer*& head : free_) {
    while (head != nullptr) {
      Buffer* buffer = head;
      head = buffer->next_;
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
  if (in_use_ + idle_ + rounded > budget_) trim();
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
