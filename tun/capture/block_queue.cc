// See block_queue.h. Where a block does not fit before the end of the memory, the rest there is
// skipped: a type of zero, which no block has, says so.
#include "tun/capture/block_queue.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace glasstcp {
namespace {

constexpr std::size_t kType = 4;  // bytes

}  // namespace

BlockQueue::BlockQueue(std::size_t capacity)
    : capacity_(capacity & ~std::size_t{3}), bytes_(new (std::nothrow) std::uint8_t[capacity_]) {
  if (bytes_ == nullptr) capacity_ = 0;
}

bool BlockQueue::push(ByteView block) noexcept {
  if (block.size() > capacity_ / 2) return false;
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t to_end = capacity_ - place(head);
  const std::size_t skipped = block.size() > to_end ? to_end : 0;
  const std::uint64_t used = head - tail_.load(std::memory_order_acquire);
  if (used + skipped + block.size() > capacity_) return false;
  if (skipped > 0) std::memset(bytes_.get() + place(head), 0, kType);
  std::memcpy(bytes_.get() + place(head + skipped), block.data(), block.size());
  head_.store(head + skipped + block.size(), std::memory_order_release);
  return true;
}

ByteView BlockQueue::front() noexcept {
  std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  if (tail == head) return {};
  std::uint32_t type = 0;
  std::memcpy(&type, bytes_.get() + place(tail), sizeof type);
  if (type == 0) {
    tail += capacity_ - place(tail);
    tail_.store(tail, std::memory_order_release);
  }
  // Up to the head, the end of the memory, or what is skipped before that.
  const std::size_t most = std::min<std::uint64_t>(head - tail, capacity_ - place(tail));
  const ByteView all(bytes_.get() + place(tail), most);
  std::size_t size = 0;
  while (size < most) {
    std::memcpy(&type, all.data() + size, sizeof type);
    if (type == 0) break;
    size += block_length(all.subspan(size));
  }
  return all.first(size);
}

void BlockQueue::pop(std::size_t bytes) noexcept {
  tail_.store(tail_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

}  // namespace glasstcp
