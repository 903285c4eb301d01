// Chains of blocks: the stream in order and the runs behind gaps. See receive_buffer.h.
#include "stack/tcp/receive/receive_buffer.h"

#include <algorithm>
#include <cstring>

#include "stack/base/assert.h"

namespace glasstcp {
namespace {

// The first bytes of a block say where it stands; the rest is payload.
struct BlockHeader {
  std::uint32_t next;
  SeqNum base;  // the number of the payload's first byte
};
constexpr std::size_t kPayload = ReceiveBuffer::kBlockBytes;
static_assert(sizeof(BlockHeader) + kPayload == BlockPool::kBlockSize);

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
bool holds(const BlockHeader& header, SeqNum seq) {
  return static_cast<std::uint32_t>(seq - header.base) < kPayload;
}

// The part of `data` (which starts at `seq`) that lies in [from, to).
ByteView cut(ByteView data, SeqNum seq, SeqNum from, SeqNum to) {
  return data.subspan(static_cast<std::size_t>(from - seq), static_cast<std::size_t>(to - from));
}

// Of two numbers of arrivals, which have 24 bits.
bool is_younger(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>((a - b) << 8) > 0;
}

}  // namespace

// The block that holds the number `seq`, made if there is none; kNone: no memory. `before`: a block
// that is not later; kNone: not known.
std::uint32_t ReceiveBuffer::block_for(ReceivePool& pool, SeqNum seq, std::uint32_t before,
                                       SeqNum nxt) {
  const BlockPool& blocks = pool.blocks;
  if (before == kNone) {
    if (first_ == kNone) {
      const auto ahead = static_cast<std::uint32_t>(seq - nxt);
      return insert_block(pool, seq - ahead % kPayload, kNone, kNone);
    }
    const BlockHeader head = load(blocks, first_);
    if (head.base > seq) {
      const auto ahead = static_cast<std::uint32_t>(head.base - seq);
      const auto whole = static_cast<std::uint32_t>((ahead + kPayload - 1) / kPayload * kPayload);
      return insert_block(pool, head.base - whole, kNone, first_);
    }
    before = first_;
  }
  for (;;) {
    const BlockHeader header = load(blocks, before);
    if (holds(header, seq)) return before;
    if (header.next == kNone || load(blocks, header.next).base > seq) {
      const auto ahead = static_cast<std::uint32_t>(seq - header.base);
      return insert_block(pool, seq - ahead % kPayload, before, header.next);
    }
    before = header.next;
  }
}

std::uint32_t ReceiveBuffer::insert_block(ReceivePool& pool, SeqNum base, std::uint32_t before,
                                          std::uint32_t after) {
  const std::uint32_t block = pool.blocks.acquire();
  if (block == kNone) {
    pool.lacks_room = true;
    return kNone;
  }
  save(pool.blocks, block, {after, base});
  if (before == kNone) {
    first_ = block;
  } else {
    save(pool.blocks, before, {block, load(pool.blocks, before).base});
  }
  return block;
}

// As many of the first bytes as there is memory for: what is cut off comes again.
ReceiveBuffer::Written ReceiveBuffer::write(ReceivePool& pool, const Part& part,
                                            std::uint32_t before, SeqNum nxt) {
  Written written;
  written.last = before;
  BlockHeader header{};
  std::uint8_t* block = nullptr;
  std::size_t offset = kPayload + 1;  // of `at` in the block at hand
  if (before != kNone) {
    block = pool.blocks.data(before);
    std::memcpy(&header, block, sizeof header);
    offset = static_cast<std::uint32_t>(part.seq - header.base);
  }
  ByteView left = part.bytes;
  while (!left.empty()) {
    if (offset >= kPayload) {
      const SeqNum at = part.seq + static_cast<std::uint32_t>(part.bytes.size() - left.size());
      const bool is_appended = offset == kPayload && header.next == kNone;  // mostly
      const std::uint32_t fresh =
          is_appended ? pool.blocks.acquire() : block_for(pool, at, written.last, nxt);
      if (fresh == kNone) {
        pool.lacks_room = true;
        break;
      }
      if (is_appended) {
        std::memcpy(block, &fresh, sizeof fresh);  // header.next
        block = pool.blocks.data(fresh);
        header.base = at;
        std::memcpy(block, &header, sizeof header);
        offset = 0;
      } else {
        block = pool.blocks.data(fresh);
        std::memcpy(&header, block, sizeof header);
        offset = static_cast<std::uint32_t>(at - header.base);
      }
      written.last = fresh;
    }
    const std::size_t n = std::min(kPayload - offset, left.size());
    std::memcpy(block + sizeof header + offset, left.data(), n);
    left = left.subspan(n);
    offset = kPayload;
  }
  written.bytes = static_cast<std::uint32_t>(part.bytes.size() - left.size());
  return written;
}

// In order; returns how many bytes were stored.
std::uint32_t ReceiveBuffer::append(ReceivePool& pool, const Part& part) {
  const Written written = write(pool, part, tail_, part.seq);
  if (written.bytes == 0) return 0;
  if (unread_ == 0) read_ = part.seq;
  tail_ = written.last;
  unread_ += written.bytes;
  return written.bytes;
}

StoreResult ReceiveBuffer::store(ReceivePool& pool, SeqNum seq, ByteView data, SeqNum nxt,
                                 std::uint32_t max_runs) {
  StoreResult result;
  ++arrivals_;
  const SeqNum end = seq + static_cast<std::uint32_t>(data.size());
  if (seq == nxt && runs_ == kNone) {  // the common case
    result.advanced = append(pool, {seq, data});
    result.dropped = result.advanced < data.size();
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
    const std::uint32_t kept =
        in_order ? append(pool, part) : store_beyond_gap(pool, part, nxt, max_runs);
    if (in_order) {
      result.advanced += kept;
      nxt += kept;
    } else if (kept > 0) {
      result.kept_out_of_order = true;
    }
    if (kept < part.bytes.size()) {
      result.dropped = true;
      break;
    }
    if (in_order) join_runs(pool, nxt, result);
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

// Returns how many bytes were stored.
std::uint32_t ReceiveBuffer::store_beyond_gap(ReceivePool& pool, const Part& part, SeqNum nxt,
                                              std::uint32_t max_runs) {
  std::uint32_t before = kNone;
  std::uint32_t after = runs_;
  while (after != kNone && pool.runs[after].left < part.seq) {
    before = after;
    after = pool.runs[after].next;
  }
  const bool is_new = before == kNone || pool.runs[before].right != part.seq;
  if (is_new && run_count_ >= std::min(max_runs, kMostRuns)) return 0;
  const std::uint32_t run = is_new ? pool.runs.acquire() : before;
  if (run == kNone) {
    pool.lacks_room = true;
    return 0;
  }
  const std::uint32_t hint = before == kNone ? tail_ : pool.runs[before].last_block;
  const Written written = write(pool, part, hint, nxt);
  if (written.bytes == 0) {
    if (is_new) pool.runs.release(run);
    return 0;
  }
  OutOfOrderRun& grown = pool.runs[run];
  if (is_new) {
    grown.left = part.seq;
    grown.next = after;
    (before == kNone ? runs_ : pool.runs[before].next) = run;
    ++run_count_;
  }
  grown.right = part.seq + written.bytes;
  grown.last_block = written.last;
  grown.touched = arrivals_;
  join_next(pool, run);
  return written.bytes;
}

// The run may have closed the gap to the next one.
void ReceiveBuffer::join_next(ReceivePool& pool, std::uint32_t run) {
  OutOfOrderRun& grown = pool.runs[run];
  const std::uint32_t after = grown.next;
  if (after == kNone || pool.runs[after].left != grown.right) return;
  const OutOfOrderRun& next = pool.runs[after];
  grown.right = next.right;
  grown.last_block = next.last_block;
  grown.next = next.next;
  pool.runs.release(after);
  --run_count_;
}

void ReceiveBuffer::join_runs(ReceivePool& pool, SeqNum& nxt, StoreResult& result) {
  while (runs_ != kNone && pool.runs[runs_].left == nxt) {
    const std::uint32_t index = runs_;
    const OutOfOrderRun& run = pool.runs[index];
    const auto n = static_cast<std::uint32_t>(run.right - run.left);
    tail_ = run.last_block;
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
  const auto offset = static_cast<std::size_t>(read_ - load(pool.blocks, first_).base);
  return {payload(pool.blocks, first_) + offset, std::min<std::size_t>(unread_, kPayload - offset)};
}

std::size_t ReceiveBuffer::copy(const ReceivePool& pool, std::size_t offset, ByteSpan into) const {
  std::size_t copied = 0;
  std::size_t left = unread_;  // from the beginning of the block at hand on
  for (std::uint32_t block = first_; left > 0 && copied < into.size();) {
    const BlockHeader head = load(pool.blocks, block);
    const std::size_t start =
        block == first_ ? static_cast<std::size_t>(read_ - head.base) : std::size_t{0};
    const std::size_t length = std::min(left, kPayload - start);
    const std::size_t skipped = std::min(offset, length);
    const std::size_t n = std::min(length - skipped, into.size() - copied);
    std::memcpy(into.data() + copied, payload(pool.blocks, block) + start + skipped, n);
    copied += n;
    offset -= skipped;
    left -= length;
    block = head.next;
  }
  return copied;
}

void ReceiveBuffer::consume(ReceivePool& pool, std::size_t n) {
  STACK_ASSERT(n <= unread_);
  unread_ -= static_cast<std::uint32_t>(n);
  if (unread_ == 0 && runs_ == kNone) return release_blocks(pool);
  read_ += static_cast<std::uint32_t>(n);
  if (unread_ == 0) tail_ = kNone;
  // What lies before read_ is over; without unread bytes the first block may begin after it.
  while (first_ != kNone) {
    const BlockHeader head = load(pool.blocks, first_);
    const auto passed = static_cast<std::int32_t>(read_ - head.base);
    if (passed < static_cast<std::int32_t>(kPayload)) return;
    pool.blocks.release(first_);
    first_ = head.next;
    if (passed == static_cast<std::int32_t>(kPayload) && unread_ > 0) return;  // it begins here
  }
}

void ReceiveBuffer::release_from(ReceivePool& pool, std::uint32_t block) {
  while (block != kNone) {
    const std::uint32_t next = load(pool.blocks, block).next;
    pool.blocks.release(block);
    block = next;
  }
}

void ReceiveBuffer::release_blocks(ReceivePool& pool) {
  release_from(pool, first_);
  first_ = tail_ = kNone;
}

void ReceiveBuffer::clear(ReceivePool& pool) {
  unread_ = 0;
  tail_ = kNone;
  drop_runs(pool);
}

void ReceiveBuffer::drop_runs(ReceivePool& pool) {
  while (runs_ != kNone) {
    const std::uint32_t next = pool.runs[runs_].next;
    pool.runs.release(runs_);
    runs_ = next;
  }
  run_count_ = 0;
  if (tail_ == kNone) {
    release_blocks(pool);
    return;
  }
  const BlockHeader tail = load(pool.blocks, tail_);
  release_from(pool, tail.next);
  save(pool.blocks, tail_, {kNone, tail.base});
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
    while (place > first && is_younger(pool.runs[run].touched, newest[place - 1U])) --place;
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
  STACK_ASSERT((unread_ == 0) == (tail_ == kNone));
  bool has_tail = tail_ == kNone;
  for (std::uint32_t block = first_; block != kNone;) {
    const BlockHeader header = load(pool.blocks, block);
    has_tail = has_tail || block == tail_;
    if (header.next != kNone) STACK_ASSERT(load(pool.blocks, header.next).base > header.base);
    block = header.next;
  }
  STACK_ASSERT(has_tail);
  if (unread_ > 0) STACK_ASSERT(holds(load(pool.blocks, first_), read_));
}

}  // namespace glasstcp
