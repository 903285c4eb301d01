// Doubly linked lists in a slab: one by number that tiles the flight, one for each fate. See
// retransmission_queue.h.
#include "stack/tcp/recovery/retransmission_queue.h"

#include "stack/base/assert.h"

namespace glasstcp {

bool SentLog::append(Pool& pool, SeqNum begin, SeqNum end, std::uint16_t text, Instant now) {
  const std::uint32_t index = records_ < kMostRecords ? pool.acquire() : kNone;
  if (index == kNone) return false;
  ++records_;
  SentSegment& segment = pool[index];
  segment.begin = begin;
  segment.end = end;
  segment.sent_at = now;
  segment.first_sent_ms = milliseconds_of(now);
  segment.text = text;
  segment.prev = tail_;
  if (tail_ == kNone) {
    head_ = index;
  } else {
    pool[tail_].next = index;
  }
  tail_ = index;
  link_after(pool, network_, network_.tail, index);
  return true;
}

void SentLog::clear(Pool& pool) {
  while (head_ != kNone) {
    const std::uint32_t next = pool[head_].next;
    pool.release(head_);
    head_ = next;
  }
  *this = SentLog();
}

// -- The lists of a fate

void SentLog::link_after(Pool& pool, List& list, std::uint32_t place, std::uint32_t index) {
  SentSegment& segment = pool[index];
  segment.before = place;
  segment.after = place == kNone ? list.head : pool[place].after;
  (place == kNone ? list.head : pool[place].after) = index;
  (segment.after == kNone ? list.tail : pool[segment.after].before) = index;
}

void SentLog::unlink(Pool& pool, List& list, std::uint32_t index) {
  const SentSegment& segment = pool[index];
  (segment.before == kNone ? list.head : pool[segment.before].after) = segment.after;
  (segment.after == kNone ? list.tail : pool[segment.after].before) = segment.before;
}

// Takes a record off the list of its fate and out of its sum.
void SentLog::leave_fate(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  switch (segment.fate) {
    case SegmentFate::InNetwork:
      unlink(pool, network_, index);
      break;
    case SegmentFate::Lost:
      unlink(pool, lost_, index);
      lost_bytes_ -= segment.length();
      break;
    case SegmentFate::Delivered:
      sacked_bytes_ -= segment.length();
      if (hint_ == index) hint_ = kNone;
      break;
  }
}

// Losses are found in the order of time, which is almost always that of numbers: the one before it
// is lost, or the last of all, or it is itself the first. Only else is there a search.
void SentLog::enter_lost(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  std::uint32_t place = lost_.tail;
  std::uint32_t below = segment.prev;
  if (below != kNone && pool[below].fate == SegmentFate::Delivered) below = pool[below].prev;
  if (below != kNone && pool[below].fate == SegmentFate::Lost) place = below;
  if (lost_.head != kNone && segment.begin < pool[lost_.head].begin) place = kNone;
  while (place != kNone && pool[place].begin > segment.begin) place = pool[place].before;
  segment.fate = SegmentFate::Lost;
  lost_bytes_ += segment.length();
  link_after(pool, lost_, place, index);
}

// Called from the highest number down: before those that left at the same time.
void SentLog::enter_network_by_time(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  std::uint32_t place = kNone;
  std::uint32_t at = network_.head;
  while (at != kNone && pool[at].sent_at < segment.sent_at) {
    place = at;
    at = pool[at].after;
  }
  segment.fate = SegmentFate::InNetwork;
  link_after(pool, network_, place, index);
}

// -- Judgements

void SentLog::mark_lost(Pool& pool, std::uint32_t index) {
  STACK_ASSERT(pool[index].fate == SegmentFate::InNetwork);
  leave_fate(pool, index);
  enter_lost(pool, index);
}

void SentLog::mark_all_lost(Pool& pool) {
  while (network_.head != kNone) mark_lost(pool, network_.head);
}

void SentLog::mark_first_lost(Pool& pool, std::uint32_t length) {
  if (head_ == kNone || pool[head_].fate != SegmentFate::InNetwork) return;
  if (pool[head_].length() > length) split(pool, head_, length);
  mark_lost(pool, head_);
}

void SentLog::unmark_lost(Pool& pool) {
  while (lost_.tail != kNone) {
    const std::uint32_t index = lost_.tail;
    leave_fate(pool, index);
    enter_network_by_time(pool, index);
  }
}

void SentLog::forget_sacks(Pool& pool) {
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    if (pool[i].fate != SegmentFate::Delivered) continue;
    leave_fate(pool, i);
    enter_lost(pool, i);
  }
}

bool SentLog::on_retransmitted(Pool& pool, std::uint32_t index, std::uint32_t length, Instant now) {
  const bool whole = pool[index].length() <= length || !split(pool, index, length);
  leave_fate(pool, index);
  SentSegment& segment = pool[index];
  segment.fate = SegmentFate::InNetwork;
  segment.retransmitted = true;
  segment.sent_at = now;
  link_after(pool, network_, network_.tail, index);
  return whole || segment.length() == length;
}

void SentLog::touch_first(Pool& pool, Instant now) {
  SentSegment& segment = pool[head_];
  segment.retransmitted = true;
  segment.sent_at = now;
  if (segment.fate != SegmentFate::InNetwork) return;
  unlink(pool, network_, head_);
  link_after(pool, network_, network_.tail, head_);
}

std::uint32_t SentLog::split_tail(Pool& pool, std::uint32_t length) {
  const std::uint32_t whole = pool[tail_].length();
  if (whole > length) split(pool, tail_, whole - length);
  return tail_;
}

// -- Records

// The first `length` bytes of a record stay in it, the rest becomes the next one, of the same fate.
bool SentLog::split(Pool& pool, std::uint32_t index, std::uint32_t length) {
  const std::uint32_t rest_index = pool.acquire();
  if (rest_index == kNone) return false;
  ++records_;
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
  if (first.fate != SegmentFate::Delivered) {
    link_after(pool, first.fate == SegmentFate::Lost ? lost_ : network_, index, rest_index);
  }
  return true;
}

// Takes a record out of the tiling. Its fate was left already.
void SentLog::remove(Pool& pool, std::uint32_t index) {
  const SentSegment& segment = pool[index];
  (segment.prev == kNone ? head_ : pool[segment.prev].next) = segment.next;
  (segment.next == kNone ? tail_ : pool[segment.next].prev) = segment.prev;
  pool.release(index);
  --records_;
}

// The first record is acknowledged; its bytes were taken out of the sums already.
void SentLog::pop_front(Pool& pool) {
  const std::uint32_t index = head_;
  const SentSegment& segment = pool[index];
  if (segment.fate != SegmentFate::Delivered) {
    unlink(pool, segment.fate == SegmentFate::Lost ? lost_ : network_, index);
  } else if (hint_ == index) {
    hint_ = kNone;
  }
  remove(pool, index);
}

// -- The scoreboard

// The first record that ends after `seq`. Reports come near the last one, or near the end.
std::uint32_t SentLog::find(const Pool& pool, SeqNum seq) const {
  std::uint32_t index = hint_ != kNone ? hint_ : sacked_bytes_ > 0 ? tail_ : head_;
  if (index == kNone) return kNone;
  while (pool[index].prev != kNone && pool[pool[index].prev].end > seq) index = pool[index].prev;
  while (index != kNone && pool[index].end <= seq) index = pool[index].next;
  return index;
}

// The part of a record, in whole segments, that lies in the block, as a record of its own; kNone if
// there is none. Whole segments only, or a peer that reports every second byte would have us make a
// record for each.
std::uint32_t SentLog::fit_to_block(Pool& pool, std::uint32_t index, const SackBlock& block) {
  const SentSegment& whole = pool[index];
  const std::uint32_t text = whole.text == 0 ? whole.length() : whole.text;
  std::uint32_t skip = 0;
  if (whole.begin < block.left) {
    skip = (static_cast<std::uint32_t>(block.left - whole.begin) + text - 1) / text * text;
    if (skip >= whole.length()) return kNone;
  }
  std::uint32_t upto = whole.length();
  if (block.right < whole.end) {
    upto = static_cast<std::uint32_t>(block.right - whole.begin) / text * text;
  }
  if (upto <= skip) return kNone;
  if (upto < whole.length() && !split(pool, index, upto)) return kNone;
  if (skip == 0) return index;
  if (!split(pool, index, skip)) return kNone;
  return pool[index].next;
}

void SentLog::become_delivered(Pool& pool, std::uint32_t index) {
  leave_fate(pool, index);
  SentSegment& segment = pool[index];
  if (sacked_bytes_ == 0 || segment.end > highest_sacked_) highest_sacked_ = segment.end;
  segment.fate = SegmentFate::Delivered;
  sacked_bytes_ += segment.length();
  hint_ = index;
  const std::uint32_t next = segment.next;
  if (segment.prev != kNone && pool[segment.prev].fate == SegmentFate::Delivered) {
    merge_into_prev(pool, index);
  }
  if (next != kNone && pool[next].fate == SegmentFate::Delivered) merge_into_prev(pool, next);
}

void SentLog::merge_into_prev(Pool& pool, std::uint32_t index) {
  const std::uint32_t prev = pool[index].prev;
  pool[prev].end = pool[index].end;
  hint_ = prev;
  remove(pool, index);
}

void SentLog::check(const Pool& pool, SeqNum una, SeqNum nxt) const {
  SeqNum at = una;
  std::uint32_t lost = 0;
  std::uint32_t sacked = 0;
  std::uint32_t in_network = 0;
  std::uint32_t records = 0;
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    const SentSegment& segment = pool[i];
    ++records;
    STACK_ASSERT(segment.begin == at && segment.begin < segment.end);
    if (segment.fate == SegmentFate::Lost) lost += segment.length();
    if (segment.fate == SegmentFate::Delivered) sacked += segment.length();
    if (segment.fate == SegmentFate::InNetwork) in_network += segment.length();
    at = segment.end;
  }
  STACK_ASSERT(at == nxt && records == records_);
  STACK_ASSERT(lost == lost_bytes_ && sacked == sacked_bytes_);
  Instant time = Instant::min();
  for (std::uint32_t i = network_.head; i != kNone; i = pool[i].after) {
    STACK_ASSERT(pool[i].fate == SegmentFate::InNetwork && pool[i].sent_at >= time);
    time = pool[i].sent_at;
    in_network -= pool[i].length();
  }
  for (std::uint32_t i = lost_.head; i != kNone; i = pool[i].after) {
    STACK_ASSERT(pool[i].fate == SegmentFate::Lost);
    STACK_ASSERT(pool[i].after == kNone || pool[pool[i].after].begin >= pool[i].end);
    lost -= pool[i].length();
  }
  STACK_ASSERT(in_network == 0 && lost == 0);
}

}  // namespace glasstcp
