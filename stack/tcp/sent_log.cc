// A doubly linked list in a slab that tiles the flight. See sent_log.h.
#include "stack/tcp/sent_log.h"

#include "stack/base/assert.h"

namespace glasstcp {

bool SentLog::append(Pool& pool, SeqNum begin, SeqNum end, Instant now) {
  const std::uint32_t index = pool.acquire();
  if (index == kNone) return false;
  SentSegment& segment = pool[index];
  segment.begin = begin;
  segment.end = end;
  segment.sent_at = now;
  segment.prev = tail_;
  if (tail_ == kNone) {
    head_ = index;
  } else {
    pool[tail_].next = index;
  }
  tail_ = index;
  return true;
}

AckedSegments SentLog::acknowledge(Pool& pool, SeqNum una) {
  AckedSegments acked;
  while (head_ != kNone) {
    SentSegment& segment = pool[head_];
    if (segment.begin >= una) break;
    acked.any_retransmitted |= segment.retransmitted;
    // RFC 6298 §3 R6298-06: no sample from what was sent twice.
    if (!segment.retransmitted) acked.newest_sent = segment.sent_at;
    const std::uint32_t taken =
        static_cast<std::uint32_t>(earlier(una, segment.end) - segment.begin);
    acked.bytes += taken;
    if (segment.lost) lost_bytes_ -= taken;
    if (una < segment.end) {
      segment.begin = una;
      break;
    }
    const std::uint32_t next = segment.next;
    pool.release(head_);
    head_ = next;
    if (next == kNone) {
      tail_ = kNone;
    } else {
      pool[next].prev = kNone;
    }
  }
  return acked;
}

void SentLog::clear(Pool& pool) {
  while (head_ != kNone) {
    const std::uint32_t next = pool[head_].next;
    pool.release(head_);
    head_ = next;
  }
  tail_ = kNone;
  lost_bytes_ = 0;
}

void SentLog::set_lost(SentSegment& segment, bool lost) {
  if (segment.lost == lost) return;
  segment.lost = lost;
  lost_bytes_ = lost ? lost_bytes_ + segment.length() : lost_bytes_ - segment.length();
}

void SentLog::mark_all_lost(Pool& pool) {
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) set_lost(pool[i], true);
}

void SentLog::mark_first_lost(Pool& pool, std::uint32_t length) {
  if (head_ == kNone) return;
  if (pool[head_].length() > length && !pool[head_].lost) split(pool, head_, length);
  set_lost(pool[head_], true);
}

std::uint32_t SentLog::first_lost(const Pool& pool) const {
  if (lost_bytes_ == 0) return kNone;
  std::uint32_t i = head_;
  while (i != kNone && !pool[i].lost) i = pool[i].next;
  return i;
}

bool SentLog::on_retransmitted(Pool& pool, std::uint32_t index, std::uint32_t length, Instant now) {
  const bool whole = pool[index].length() <= length || !split(pool, index, length);
  SentSegment& segment = pool[index];
  set_lost(segment, false);
  segment.retransmitted = true;
  segment.sent_at = now;
  return whole || segment.length() == length;
}

void SentLog::touch_first(Pool& pool, Instant now) {
  SentSegment& segment = pool[head_];
  segment.retransmitted = true;
  segment.sent_at = now;
}

bool SentLog::split(Pool& pool, std::uint32_t index, std::uint32_t length) {
  const std::uint32_t rest_index = pool.acquire();
  if (rest_index == kNone) return false;
  SentSegment& first = pool[index];
  SentSegment& rest = pool[rest_index];
  const std::uint32_t after = first.next;
  rest = first;
  rest.begin = first.begin + length;
  rest.prev = index;
  first.end = rest.begin;
  first.next = rest_index;
  if (after == kNone) {
    tail_ = rest_index;
  } else {
    pool[after].prev = rest_index;
  }
  return true;
}

void SentLog::check(const Pool& pool, SeqNum una, SeqNum nxt) const {
  SeqNum at = una;
  std::uint32_t lost = 0;
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    STACK_ASSERT(pool[i].begin == at && pool[i].begin < pool[i].end);
    if (pool[i].lost) lost += pool[i].length();
    at = pool[i].end;
  }
  STACK_ASSERT(at == nxt);
  STACK_ASSERT(lost == lost_bytes_);
}

}  // namespace glasstcp
