// The bytes that the application gave us to send, from snd.una on: borrowed where possible, copied
// where asked.
//
// RFC 9293 §3.9.1.2 (SEND), §3.4 (bytes stay until acknowledged). A queue is a chain of chunks; a
// chunk is a borrowed span with the owner's cookie, or a part of a 4 KB block of our own.
//
// Invariants:
//   1. The chunks cover [begin_seq, end_seq) without a hole; begin_seq follows snd.una.
//   2. A borrowed span's cookie is handed back exactly once, by TxPool::next_released.
//
// Next: ../receive/receive_buffer.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/block_pool.h"
#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/base/slab.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// Contiguous bytes of a send queue. 32 bytes.
struct TxChunk {
  const std::uint8_t* data = nullptr;
  std::uint64_t cookie = 0;
  std::uint32_t length = 0;
  std::uint32_t next = kNone;
  std::uint32_t block = kNone;  ///< our own block; kNone: borrowed
};

/// What all send queues of a stack share: chunks, blocks, and the cookies on their way back.
class TxPool {
 public:
  TxPool(std::uint32_t max_chunks, BlockPool& blocks) : chunks_(max_chunks), blocks_(blocks) {}
  /// Bytes held from the heap, beside the blocks.
  [[nodiscard]] std::uint64_t memory_bytes() const { return chunks_.memory_bytes(); }
  /// As of a slab.
  std::uint64_t release_idle_memory() { return chunks_.release_idle_memory(); }
  [[nodiscard]] bool reserve() { return chunks_.reserve(); }

  /// The next cookie whose bytes are no longer needed.
  std::optional<std::uint64_t> next_released();

 private:
  friend class TxQueue;
  void give_back(std::uint32_t chunk);  // to the owner (borrowed) or to the pool (ours)

  Slab<TxChunk> chunks_;
  BlockPool& blocks_;
  std::uint32_t released_head_ = kNone;
  std::uint32_t released_tail_ = kNone;
};

/// One connection's bytes to send. 28 bytes.
class TxQueue {
 public:
  static constexpr std::uint32_t kMostBorrowed = 1U << 30;  ///< bytes queued at most; below 2^31

  /// The number of the first byte (ISS + 1). Only while empty.
  void start_at(SeqNum seq);

  /// Appends borrowed bytes; false: no chunk left. `bytes` is not empty and shorter than 2^31.
  bool append_borrowed(TxPool& pool, ByteView bytes, std::uint64_t cookie);
  /// Appends copies; returns how many bytes fitted (0: no memory).
  std::size_t append_copy(TxPool& pool, ByteView bytes);
  /// Gives back what lies before `una`.
  void acknowledge(TxPool& pool, SeqNum una);
  /// Gives everything back.
  void clear(TxPool& pool);

  /// Points `out.payload` at the bytes from `seq` on, `length` of them; fewer where they lie in too
  /// many pieces. Returns how many. [seq, seq + length) lies within the queue.
  std::uint32_t gather(const TxPool& pool, SeqNum seq, std::uint32_t length, OutPacket& out);

  [[nodiscard]] bool empty() const { return head_ == kNone; }
  [[nodiscard]] SeqNum begin_seq() const { return begin_seq_; }
  [[nodiscard]] SeqNum end_seq() const { return end_seq_; }
  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(end_seq_ - begin_seq_);
  }

 private:
  void append_chunk(TxPool& pool, std::uint32_t index);

  std::uint32_t head_ = kNone;
  std::uint32_t tail_ = kNone;
  std::uint32_t cursor_ =
      kNone;         // a chunk at or before the next byte to send, so that gather need not walk
  SeqNum head_seq_;  // of the first byte of the head chunk, acknowledged or not
  SeqNum begin_seq_;
  SeqNum end_seq_;
  SeqNum cursor_seq_;
};

}  // namespace glasstcp
