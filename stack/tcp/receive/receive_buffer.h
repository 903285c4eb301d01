// Bytes that arrived and were not read yet: the stream in order, and behind gaps the runs that came
// too early.
//
// RFC 9293 §3.10.7.4 (SHLD-31: keep out-of-order segments), RFC 2018 (the runs are what SACK
// reports). Each byte has its place by its number: block k holds the numbers from base + k * 4088
// on, where base is that of any other block. So bytes are copied once, when a gap fills nothing
// moves, and however small the pieces are that a peer sends, and however many gaps it leaves, they
// share the blocks of the window that they lie in (CWE-405: one octet must not hold a block for
// itself).
//
// Invariants:
//   1. Runs are sorted, do not touch each other, and lie after rcv.nxt.
//   2. Where bytes arrive twice, the first arrival is kept.
//   3. The blocks are chained by their numbers, and each of them holds a byte that is unread or in
//   a run, but perhaps the first. So there are never more than two beside those that a buffer
//   needs that is full.
//
// Next: receive_context.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/block_pool.h"
#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/base/slab.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// A run of bytes beyond a gap: [left, right).
struct OutOfOrderRun {
  SeqNum left;
  SeqNum right;
  std::uint32_t last_block = kNone;  ///< where its last byte lies
  std::uint32_t next = kNone;
  std::uint32_t touched = 0;  ///< when it last grew, in arrivals: SACK reports the newest first
};

/// What all receive buffers of a stack share.
struct ReceivePool {
  ReceivePool(std::uint32_t max_runs, BlockPool& block_pool) : runs(max_runs), blocks(block_pool) {}
  Slab<OutOfOrderRun> runs;
  BlockPool& blocks;
  /// Somebody could not be given what its peer sends, since last somebody looked: a block, or a
  /// larger window.
  bool lacks_room = false;
};

/// What storing a segment's data did.
struct StoreResult {
  std::uint32_t advanced = 0;          ///< rcv.nxt moves on by this
  bool filled_gap = false;             ///< runs behind a gap joined the stream
  bool kept_out_of_order = false;      ///< (part of) it waits behind a gap
  bool dropped = false;                ///< (part of) it did not fit the bounds
  std::optional<SackBlock> duplicate;  ///< the first part that we had already (RFC 2883)
};

/// One connection's received bytes. 24 bytes.
class ReceiveBuffer {
 public:
  static constexpr std::uint32_t kMostRuns = 128;  ///< of out-of-order data
  /// Bytes that a block holds.
  static constexpr std::size_t kBlockBytes = BlockPool::kBlockSize - 8;

  /// Stores data that starts at `seq`, trimmed by the caller to [nxt, right edge of the window).
  /// `nxt` is rcv.nxt.
  StoreResult store(ReceivePool& pool, SeqNum seq, ByteView data, SeqNum nxt,
                    std::uint32_t max_runs);

  /// The first contiguous unread bytes in order; empty if there are none.
  [[nodiscard]] ByteView front(const ReceivePool& pool) const;
  /// Copies unread bytes from `offset` on and leaves them there; returns how many.
  [[nodiscard]] std::size_t copy(const ReceivePool& pool, std::size_t offset, ByteSpan into) const;
  /// Drops the first n unread bytes; n <= unread().
  void consume(ReceivePool& pool, std::size_t n);
  /// Drops what waits behind gaps.
  void drop_runs(ReceivePool& pool);
  /// Drops everything.
  void clear(ReceivePool& pool);

  /// Bytes in order and not read.
  [[nodiscard]] std::uint32_t unread() const { return unread_; }
  [[nodiscard]] bool has_gap() const { return runs_ != kNone; }
  /// RFC 2018 §4: SACK blocks, the most recently changed run first, or the one that holds
  /// `duplicate` (RFC 2883). Returns how many were written, at most `max`.
  std::uint8_t sack_blocks(const ReceivePool& pool,
                           std::array<SackBlock, TcpOptions::kMaxSackBlocks>& out, std::uint8_t max,
                           std::optional<SackBlock> duplicate = std::nullopt) const;
  /// Checks the invariants.
  void check(const ReceivePool& pool, SeqNum nxt) const;

 private:
  struct Part {  // bytes that are new, and where they belong
    SeqNum seq;
    ByteView bytes;
  };
  struct Written {
    std::uint32_t bytes = 0;  // the first so many were stored
    std::uint32_t last = kNone;
  };
  std::uint32_t block_for(ReceivePool& pool, SeqNum seq, std::uint32_t before, SeqNum nxt);
  std::uint32_t insert_block(ReceivePool& pool, SeqNum base, std::uint32_t before,
                             std::uint32_t after);
  Written write(ReceivePool& pool, const Part& part, std::uint32_t before, SeqNum nxt);
  std::uint32_t append(ReceivePool& pool, const Part& part);
  std::uint32_t store_beyond_gap(ReceivePool& pool, const Part& part, SeqNum nxt,
                                 std::uint32_t max_runs);
  void join_next(ReceivePool& pool, std::uint32_t run);
  void join_runs(ReceivePool& pool, SeqNum& nxt, StoreResult& result);
  void release_from(ReceivePool& pool, std::uint32_t block);
  void release_blocks(ReceivePool& pool);

  std::uint32_t first_ = kNone;  // block
  std::uint32_t tail_ = kNone;   // the block of the last byte in order; kNone: nothing is unread
  std::uint32_t unread_ = 0;
  SeqNum read_;  // the number of the first unread byte
  std::uint32_t runs_ = kNone;
  std::uint32_t run_count_ : 8 = 0;
  std::uint32_t arrivals_ : 24 = 0;
};
static_assert(sizeof(ReceiveBuffer) == 24);

}  // namespace glasstcp
