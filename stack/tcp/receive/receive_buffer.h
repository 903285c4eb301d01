// Bytes that arrived and were not read yet: the stream in order, and behind gaps the runs that came
// too early.
//
// RFC 9293 §3.10.7.4 (SHLD-31: keep out-of-order segments), RFC 2018 (the runs are what SACK
// reports). Bytes are copied once, into 4 KB blocks; when a gap fills, the blocks of the next run
// are chained on, not copied again.
//
// Invariants:
//   1. Runs are sorted, do not touch each other, and lie after rcv.nxt.
//   2. Where bytes arrive twice, the first arrival is kept.
//   3. Blocks held <= a bound given by the caller's limits: a run costs at least one block, so runs
//      are counted.
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

/// A chain of blocks. 8 bytes.
struct BlockChain {
  std::uint32_t first = kNone;
  std::uint32_t last = kNone;
};

/// A run of bytes beyond a gap: [left, right).
struct OutOfOrderRun {
  SeqNum left;
  SeqNum right;
  BlockChain blocks;
  std::uint32_t next = kNone;
  std::uint32_t touched = 0;  ///< when it last grew, in arrivals: SACK reports the newest first
};

/// What all receive buffers of a stack share.
struct ReceivePool {
  ReceivePool(std::uint32_t max_runs, BlockPool& block_pool) : runs(max_runs), blocks(block_pool) {}
  Slab<OutOfOrderRun> runs;
  BlockPool& blocks;
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
  bool take_blocks(ReceivePool& pool, std::size_t count, BlockChain& taken);
  bool append(ReceivePool& pool, BlockChain& chain, ByteView data);
  static void link(ReceivePool& pool, BlockChain& chain, BlockChain more);
  static void join(ReceivePool& pool, BlockChain& chain, BlockChain more);
  bool store_beyond_gap(ReceivePool& pool, const Part& part, std::uint32_t max_runs);
  void join_runs(ReceivePool& pool, SeqNum& nxt, StoreResult& result);
  void release_chain(ReceivePool& pool, BlockChain chain);

  BlockChain stream_;
  std::uint32_t unread_ = 0;
  std::uint32_t runs_ = kNone;
  std::uint32_t run_count_ = 0;
  std::uint32_t arrivals_ = 0;
};

}  // namespace glasstcp
