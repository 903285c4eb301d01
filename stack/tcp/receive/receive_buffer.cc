// Chains of blocks: the stream in order and the runs behind gaps. See receive_buffer.h.
#include "stack/tcp/receive/receive_buffer.h"

#include <algorithm>
#include <cstring>

#include "stack/base/assert.h"

namespace glasstcp {
namespace {

// The first bytes of a block are its place in a chain; the rest is payload.
struct BlockHeader {
  std::uint32_t next;
  std::uint16_t start;   // of the unread bytes, counted from the payload's start
  std::uint16_t length;  // of the unread bytes
};
constexpr std::size_t kPayload = BlockPool::kBlockSize - sizeof(BlockHeader);

BlockHeader load(const BlockPool& pool, std::uint32_t block) {
  BlockHeader header;
  std::memcpy(&header, pool.data(block), sizeof header);
  return header;
}
void save(BlockPool& pool, std::uint32_t block, const BlockHeader& header) {
  std::memcpy(pool.data(block), &header, sizeof header);
}
std::uint8_t* payload(const BlockPool& pool, std::uint32_t block) {
  return pool.data(block) + sizeof(BlockHeader);
}

// The part of `data` (which starts at `seq`) that lies in [from, to).
ByteView cut(ByteView data, SeqNum seq, SeqNum from, SeqNum to) {
  return data.subspan(static_cast<std::size_t>(from - seq), static_cast<std::size_t>(to - from));
}

}  // namespace

// Takes `count` blocks and chains them; false, and nothing taken, if there are not so many.
bool ReceiveBuffer::take_blocks(ReceivePool& pool, std::size_t count, BlockChain& taken) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t block = pool.blocks.acquire();
    if (block == kNone) {
      release_chain(pool, taken);
      taken = {};
      return false;
    }
    save(pool.blocks, block, {taken.first, 0, 0});
    taken.first = block;
    if (taken.last == kNone) taken.last = block;
  }
  return true;
}

// All blocks are taken before a byte is stored, so that a segment is kept whole or not at all.
bool ReceiveBuffer::append(ReceivePool& pool, BlockChain& chain, ByteView data) {
  std::size_t room = 0;
  if (chain.last != kNone) {
    const BlockHeader tail = load(pool.blocks, chain.last);
    room = kPayload - tail.start - tail.length;
  }
  const std::size_t beyond = data.size() > room ? data.size() - room : 0;
  BlockChain fresh;
  if (!take_blocks(pool, (beyond + kPayload - 1) / kPayload, fresh)) return false;
  std::uint32_t block = chain.last == kNone ? fresh.first : chain.last;
  link(pool, chain, fresh);
  while (!data.empty()) {
    BlockHeader header = load(pool.blocks, block);
    const std::size_t n = std::min(kPayload - header.start - header.length, data.size());
    std::memcpy(payload(pool.blocks, block) + header.start + header.length, data.data(), n);
    header.length = static_cast<std::uint16_t>(header.length + n);
    save(pool.blocks, block, header);
    data = data.subspan(n);
    block = header.next;
  }
  return true;
}

// Puts `more` behind `chain`.
void ReceiveBuffer::link(ReceivePool& pool, BlockChain& chain, BlockChain more) {
  if (more.first == kNone) return;
  if (chain.last == kNone) {
    chain = more;
    return;
  }
  BlockHeader tail = load(pool.blocks, chain.last);
  tail.next = more.first;
  save(pool.blocks, chain.last, tail);
  chain.last = more.last;
}

// The same, but small pieces are copied into the room that is left: otherwise a sender of single
// octets would make each of them hold a block.
void ReceiveBuffer::join(ReceivePool& pool, BlockChain& chain, BlockChain more) {
  while (more.first != kNone) {
    BlockHeader tail = load(pool.blocks, chain.last);
    const BlockHeader next = load(pool.blocks, more.first);
    if (next.length > kPayload - tail.start - tail.length) break;
    std::memcpy(payload(pool.blocks, chain.last) + tail.start + tail.length,
                payload(pool.blocks, more.first) + next.start, next.length);
    tail.length = static_cast<std::uint16_t>(tail.length + next.length);
    save(pool.blocks, chain.last, tail);
    pool.blocks.release(more.first);
    more.first = next.next;
  }
  link(pool, chain, more);
}

StoreResult ReceiveBuffer::store(ReceivePool& pool, SeqNum seq, ByteView data, SeqNum nxt,
                                 std::uint32_t max_runs) {
  StoreResult result;
  ++arrivals_;
  const SeqNum end = seq + static_cast<std::uint32_t>(data.size());
  if (seq == nxt && runs_ == kNone) {  // the common case
    if (!append(pool, stream_, data)) {
      result.dropped = true;
      return result;
    }
    unread_ += static_cast<std::uint32_t>(data.size());
    result.advanced = static_cast<std::uint32_t>(data.size());
    return result;
  }
  // Walk the gaps between the runs; each part of the data that lies in a gap is new.
  SeqNum at = seq;
  std::uint32_t run = runs_;
  while (at < end) {
    while (run != kNone && pool.runs[run].right <= at) run = pool.runs[run].next;
    if (run != kNone && pool.runs[run].left <= at) {  // inside a run: a duplicate
      const SeqNum to = earlier(pool.runs[run].right, end);
      if (!result.duplicate) result.duplicate = SackBlock{at, to};
      pool.runs[run].touched = arrivals_;  // RFC 2018 §4: it holds what caused this ACK
      at = to;
      continue;
    }
    const SeqNum to = run == kNone ? end : earlier(pool.runs[run].left, end);
    const Part part{at, cut(data, seq, at, to)};
    const bool in_order = at == nxt;
    const bool kept =
        in_order ? append(pool, stream_, part.bytes) : store_beyond_gap(pool, part, max_runs);
    if (!kept) {
      result.dropped = true;
      break;
    }
    if (in_order) {
      const auto n = static_cast<std::uint32_t>(part.bytes.size());
      unread_ += n;
      result.advanced += n;
      nxt += n;
      join_runs(pool, nxt, result);
    } else {
      result.kept_out_of_order = true;
    }
    // The list has changed: look again from its start; what lies before `to` is covered now.
    at = to;
    run = runs_;
    if (at < nxt && at < end) {
      // RFC 2883 §4.2.1 R2883-04: a run that waited for this data has joined the stream, and the
      // rest of the data had come with it already.
      const SeqNum covered = earlier(nxt, end);
      if (!result.duplicate) result.duplicate = SackBlock{at, covered};
      at = covered;
    }
  }
  return result;
}

bool ReceiveBuffer::store_beyond_gap(ReceivePool& pool, const Part& part, std::uint32_t max_runs) {
  const SeqNum end = part.seq + static_cast<std::uint32_t>(part.bytes.size());
  std::uint32_t before = kNone;
  std::uint32_t after = runs_;
  while (after != kNone && pool.runs[after].left < part.seq) {
    before = after;
    after = pool.runs[after].next;
  }
  std::uint32_t run = before;
  if (before == kNone || pool.runs[before].right != part.seq) {
    if (run_count_ >= max_runs) return false;
    run = pool.runs.acquire();
    if (run == kNone) return false;
    pool.runs[run].left = pool.runs[run].right = part.seq;
    if (!append(pool, pool.runs[run].blocks, part.bytes)) {
      release_chain(pool, pool.runs[run].blocks);
      pool.runs.release(run);
      return false;
    }
    pool.runs[run].next = after;
    (before == kNone ? runs_ : pool.runs[before].next) = run;
    ++run_count_;
  } else if (!append(pool, pool.runs[run].blocks, part.bytes)) {
    return false;
  }
  OutOfOrderRun& grown = pool.runs[run];
  grown.right = end;
  grown.touched = arrivals_;
  if (after != kNone && pool.runs[after].left == end) {  // it closed the gap to the next run
    OutOfOrderRun& next = pool.runs[after];
    join(pool, grown.blocks, next.blocks);
    grown.right = next.right;
    grown.next = next.next;
    pool.runs.release(after);
    --run_count_;
  }
  return true;
}

void ReceiveBuffer::join_runs(ReceivePool& pool, SeqNum& nxt, StoreResult& result) {
  while (runs_ != kNone && pool.runs[runs_].left == nxt) {
    const std::uint32_t index = runs_;
    const OutOfOrderRun& run = pool.runs[index];
    join(pool, stream_, run.blocks);
    const auto n = static_cast<std::uint32_t>(run.right - run.left);
    unread_ += n;
    result.advanced += n;
    nxt = run.right;
    result.filled_gap = true;
    runs_ = run.next;
    pool.runs.release(index);
    --run_count_;
  }
}

ByteView ReceiveBuffer::front(const ReceivePool& pool) const {
  if (unread_ == 0) return {};
  const BlockHeader head = load(pool.blocks, stream_.first);
  return {payload(pool.blocks, stream_.first) + head.start, head.length};
}

std::size_t ReceiveBuffer::copy(const ReceivePool& pool, std::size_t offset, ByteSpan into) const {
  std::size_t copied = 0;
  std::size_t left = unread_;
  for (std::uint32_t block = stream_.first; left > 0 && copied < into.size();) {
    const BlockHeader head = load(pool.blocks, block);
    const std::size_t skipped = std::min<std::size_t>(offset, head.length);
    const std::size_t n = std::min<std::size_t>(head.length - skipped, into.size() - copied);
    std::memcpy(into.data() + copied, payload(pool.blocks, block) + head.start + skipped, n);
    copied += n;
    offset -= skipped;
    left -= head.length;
    block = head.next;
  }
  return copied;
}

void ReceiveBuffer::consume(ReceivePool& pool, std::size_t n) {
  STACK_ASSERT(n <= unread_);
  unread_ -= static_cast<std::uint32_t>(n);
  while (n > 0) {
    BlockHeader head = load(pool.blocks, stream_.first);
    const std::size_t taken = std::min<std::size_t>(n, head.length);
    n -= taken;
    if (taken < head.length) {
      head.start = static_cast<std::uint16_t>(head.start + taken);
      head.length = static_cast<std::uint16_t>(head.length - taken);
      save(pool.blocks, stream_.first, head);
      return;
    }
    const std::uint32_t block = stream_.first;
    stream_.first = head.next;
    if (head.next == kNone) stream_.last = kNone;
    pool.blocks.release(block);
  }
}

void ReceiveBuffer::release_chain(ReceivePool& pool, BlockChain chain) {
  while (chain.first != kNone) {
    const std::uint32_t next = load(pool.blocks, chain.first).next;
    pool.blocks.release(chain.first);
    chain.first = next;
  }
}

void ReceiveBuffer::clear(ReceivePool& pool) {
  release_chain(pool, stream_);
  stream_ = {};
  unread_ = 0;
  drop_runs(pool);
}

void ReceiveBuffer::drop_runs(ReceivePool& pool) {
  while (runs_ != kNone) {
    const std::uint32_t next = pool.runs[runs_].next;
    release_chain(pool, pool.runs[runs_].blocks);
    pool.runs.release(runs_);
    runs_ = next;
  }
  run_count_ = 0;
}

std::uint8_t ReceiveBuffer::sack_blocks(const ReceivePool& pool,
                                        std::array<SackBlock, TcpOptions::kMaxSackBlocks>& out,
                                        std::uint8_t max,
                                        std::optional<SackBlock> duplicate) const {
  if (runs_ == kNone) return 0;
  // RFC 2018 §4 R2018-02, R2018-03: the run that changed last comes first, then the others by age.
  // RFC 2883 §4 R2883-02: before all of them the one that holds what came twice.
  std::array<std::uint32_t, TcpOptions::kMaxSackBlocks> newest{};
  std::uint8_t count = 0;
  std::uint8_t first = 0;  // places that are taken whatever their age
  for (std::uint32_t run = runs_; run != kNone; run = pool.runs[run].next) {
    const bool holds_it = duplicate && pool.runs[run].left <= duplicate->left &&
                          pool.runs[run].right >= duplicate->right;
    std::uint8_t place = holds_it ? std::uint8_t{0} : count;
    while (place > first &&
           static_cast<std::int32_t>(pool.runs[run].touched - newest[place - 1U]) > 0)
      --place;
    if (place >= max) continue;
    if (count < max) ++count;
    for (std::uint8_t i = static_cast<std::uint8_t>(count - 1); i > place; --i) {
      newest[i] = newest[i - 1U];
      out[i] = out[i - 1U];
    }
    if (holds_it) first = 1;
    newest[place] = pool.runs[run].touched;
    out[place] = {pool.runs[run].left, pool.runs[run].right};
  }
  return count;
}

void ReceiveBuffer::check(const ReceivePool& pool, SeqNum nxt) const {
  SeqNum at = nxt;
  std::uint32_t count = 0;
  for (std::uint32_t run = runs_; run != kNone; run = pool.runs[run].next) {
    STACK_ASSERT(pool.runs[run].left > at && pool.runs[run].right > pool.runs[run].left);
    at = pool.runs[run].right;
    ++count;
  }
  STACK_ASSERT(count == run_count_);
  STACK_ASSERT((unread_ == 0) == (stream_.first == kNone));
}

}  // namespace glasstcp
