// Chains of borrowed and owned chunks. See send_queue.h.
#include "stack/tcp/send/send_queue.h"

#include <algorithm>
#include <cstring>

#include "stack/base/assert.h"

namespace glasstcp {

std::optional<std::uint64_t> TxPool::next_released() {
  if (released_head_ == kNone) return std::nullopt;
  const std::uint32_t index = released_head_;
  const std::uint64_t cookie = chunks_[index].cookie;
  released_head_ = chunks_[index].next;
  if (released_head_ == kNone) released_tail_ = kNone;
  chunks_.release(index);
  return cookie;
}

void TxPool::give_back(std::uint32_t index) {
  TxChunk& chunk = chunks_[index];
  if (chunk.block != kNone) {
    blocks_.release(chunk.block);
    chunks_.release(index);
    return;
  }
  chunk.next = kNone;
  if (released_tail_ == kNone) {
    released_head_ = index;
  } else {
    chunks_[released_tail_].next = index;
  }
  released_tail_ = index;
}

void TxQueue::start_at(SeqNum seq) {
  STACK_ASSERT(empty());
  head_seq_ = begin_seq_ = end_seq_ = cursor_seq_ = seq;
}

void TxQueue::append_chunk(TxPool& pool, std::uint32_t index) {
  if (tail_ == kNone) {
    head_ = index;
    head_seq_ = end_seq_;
  } else {
    pool.chunks_[tail_].next = index;
  }
  tail_ = index;
}

bool TxQueue::append_borrowed(TxPool& pool, ByteView bytes, std::uint64_t cookie) {
  const std::uint32_t index = pool.chunks_.acquire();
  if (index == kNone) return false;
  TxChunk& chunk = pool.chunks_[index];
  chunk.data = bytes.data();
  chunk.length = static_cast<std::uint32_t>(bytes.size());
  chunk.cookie = cookie;
  append_chunk(pool, index);
  end_seq_ += chunk.length;
  return true;
}

std::size_t TxQueue::append_copy(TxPool& pool, ByteView bytes) {
  std::size_t copied = 0;
  while (copied < bytes.size()) {
    bool has_room = tail_ != kNone && pool.chunks_[tail_].block != kNone &&
                    pool.chunks_[tail_].length < BlockPool::kBlockSize;
    if (!has_room) {
      const std::uint32_t block = pool.blocks_.acquire();
      if (block == kNone) break;
      const std::uint32_t index = pool.chunks_.acquire();
      if (index == kNone) {
        pool.blocks_.release(block);
        break;
      }
      pool.chunks_[index].block = block;
      pool.chunks_[index].data = pool.blocks_.data(block);
      append_chunk(pool, index);
    }
    TxChunk& chunk = pool.chunks_[tail_];
    const std::size_t n = std::min(bytes.size() - copied, BlockPool::kBlockSize - chunk.length);
    std::memcpy(pool.blocks_.data(chunk.block) + chunk.length, bytes.data() + copied, n);
    chunk.length += static_cast<std::uint32_t>(n);
    end_seq_ += static_cast<std::uint32_t>(n);
    copied += n;
  }
  return copied;
}

void TxQueue::acknowledge(TxPool& pool, SeqNum una) {
  if (una <= begin_seq_) return;
  begin_seq_ = earlier(una, end_seq_);
  while (head_ != kNone) {
    const TxChunk& chunk = pool.chunks_[head_];
    const SeqNum after = head_seq_ + chunk.length;
    if (after > begin_seq_) break;
    const std::uint32_t index = head_;
    head_ = chunk.next;
    head_seq_ = after;
    if (cursor_ == index) cursor_ = kNone;
    pool.give_back(index);
  }
  if (head_ == kNone) tail_ = kNone;
}

void TxQueue::clear(TxPool& pool) {
  while (head_ != kNone) {
    const std::uint32_t index = head_;
    head_ = pool.chunks_[index].next;
    pool.give_back(index);
  }
  tail_ = cursor_ = kNone;
  head_seq_ = begin_seq_ = end_seq_;
}

std::uint32_t TxQueue::gather(const TxPool& pool, SeqNum seq, std::uint32_t length,
                              OutPacket& out) {
  std::uint32_t at = head_;
  SeqNum at_seq = head_seq_;
  if (cursor_ != kNone && cursor_seq_ <= seq && cursor_seq_ >= head_seq_) {
    at = cursor_;
    at_seq = cursor_seq_;
  }
  while (at_seq + pool.chunks_[at].length <= seq) {
    at_seq += pool.chunks_[at].length;
    at = pool.chunks_[at].next;
  }
  cursor_ = at;
  cursor_seq_ = at_seq;
  std::uint32_t skip = static_cast<std::uint32_t>(seq - at_seq);
  std::uint32_t gathered = 0;
  out.payload_slices = 0;
  while (gathered < length && out.payload_slices < OutPacket::kMaxSlices) {
    const TxChunk& chunk = pool.chunks_[at];
    const std::uint32_t n = std::min(chunk.length - skip, length - gathered);
    out.payload[out.payload_slices++] = ByteView(chunk.data + skip, n);
    gathered += n;
    skip = 0;
    at = chunk.next;
  }
  out.payload_length = gathered;
  return gathered;
}

}  // namespace glasstcp
