// Doubly linked lists in a slab: one by number that tiles the flight, one for each state. See
// retransmission_queue.h.
#include "stack/tcp/recovery/retransmission_queue.h"

#include <algorithm>
#include <array>
#include <bit>

#include "stack/base/assert.h"

namespace glasstcp {
namespace {

// In the order of the network's list.
bool is_before(const SentSegment& a, const SentSegment& b) {
  return a.sent_at != b.sent_at ? a.sent_at < b.sent_at : a.begin < b.begin;
}

}  // namespace

bool RetransmissionQueue::append(Pool& pool, SeqNum begin, SeqNum end, std::uint16_t payload,
                                 Instant now) {
  const std::uint32_t index = entries_ < kMaxEntries ? pool.acquire() : kNone;
  if (index == kNone) return false;
  ++entries_;
  SentSegment& segment = pool[index];
  segment.begin = begin;
  segment.end = end;
  segment.sent_at = now;
  segment.first_sent_ms = milliseconds_of(now);
  segment.payload = payload;
  segment.prev = tail_;
  if (tail_ == kNone) {
    head_ = index;
  } else {
    pool[tail_].next = index;
  }
  tail_ = index;
  enter_tiling(pool, index);
  link_after(pool, once_, once_.tail, index);
  return true;
}

void RetransmissionQueue::clear(Pool& pool) {
  while (head_ != kNone) {
    const std::uint32_t next = pool[head_].next;
    pool.release(head_);
    head_ = next;
  }
  *this = RetransmissionQueue();
}

// -- The lists of a state

void RetransmissionQueue::link_after(Pool& pool, List& list, std::uint32_t place,
                                     std::uint32_t index) {
  SentSegment& segment = pool[index];
  segment.before = place;
  segment.after = place == kNone ? list.head : pool[place].after;
  (place == kNone ? list.head : pool[place].after) = index;
  (segment.after == kNone ? list.tail : pool[segment.after].before) = index;
}

void RetransmissionQueue::unlink(Pool& pool, List& list, std::uint32_t index) {
  const SentSegment& segment = pool[index];
  (segment.before == kNone ? list.head : pool[segment.before].after) = segment.after;
  (segment.after == kNone ? list.tail : pool[segment.after].before) = segment.before;
}

// Takes an entry off the list of its state and out of its sum.
void RetransmissionQueue::leave_state(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  ++changes_;
  switch (segment.state) {
    case SegmentState::InNetwork:
      unlink(pool, network_of(segment), index);
      break;
    case SegmentState::Lost:
      unlink(pool, lost_, index);
      lost_bytes_ -= segment.length();
      break;
    case SegmentState::Delivered:
      sacked_bytes_ -= segment.length();
      if (hint_ == index) hint_ = kNone;
      break;
  }
}

// Losses are found in the order of time, which is almost always that of numbers: the one before it
// is lost, or the last of all is, or it is itself the first. Else both ways are gone at once: down
// from it to the next one that is lost, and down from the last that is. Entries that were passed on
// the first way lie between this loss and the one before it, so losses that come together pass each
// once.
void RetransmissionQueue::enter_lost(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  std::uint32_t place = lost_.tail;
  if (place != kNone && segment.begin < pool[lost_.head].begin) place = kNone;
  std::uint32_t below = segment.prev;
  while (place != kNone && pool[place].begin > segment.begin) {
    ++steps_;
    if (pool[below].state == SegmentState::Lost) {
      place = below;
      break;
    }
    below = pool[below].prev;
    place = pool[place].before;
  }
  segment.state = SegmentState::Lost;
  lost_bytes_ += segment.length();
  link_after(pool, lost_, place, index);
}

// Almost nothing was sent again later; what was at the same time and has a higher number comes
// behind it.
void RetransmissionQueue::enter_again(Pool& pool, std::uint32_t index) {
  std::uint32_t place = again_.tail;
  for (; place != kNone && is_before(pool[index], pool[place]); place = pool[place].before)
    ++steps_;
  link_after(pool, again_, place, index);
}

std::uint32_t RetransmissionQueue::older(const Pool& pool, const Walk& walk) {
  if (walk.once == kNone || walk.again == kNone) return walk.once == kNone ? walk.again : walk.once;
  return is_before(pool[walk.again], pool[walk.once]) ? walk.again : walk.once;
}

std::uint32_t RetransmissionQueue::next_in_network(const Pool& pool, Walk& walk) {
  ++steps_;
  const std::uint32_t found = older(pool, walk);
  if (found == kNone) return kNone;
  (found == walk.once ? walk.once : walk.again) = pool[found].after;
  return found;
}

// Takes a chain by time (by `after` alone) into a list. What was lost left before most of what is
// not: the list is gone through from its oldest, to the last place that is needed.
void RetransmissionQueue::merge_by_time(Pool& pool, List& list, std::uint32_t chain) {
  std::uint32_t place = kNone;
  std::uint32_t next = list.head;
  while (chain != kNone) {
    for (; next != kNone && is_before(pool[next], pool[chain]); next = pool[next].after) {
      ++steps_;
      place = next;
    }
    const std::uint32_t rest = pool[chain].after;
    link_after(pool, list, place, chain);
    place = chain;
    chain = rest;
  }
}

// Two lists by time become one, by `after` alone.
std::uint32_t RetransmissionQueue::merged_by_time(Pool& pool, std::uint32_t a, std::uint32_t b) {
  std::uint32_t head = kNone;
  std::uint32_t* end = &head;
  while (a != kNone && b != kNone) {
    ++steps_;
    std::uint32_t& first = is_before(pool[b], pool[a]) ? b : a;
    *end = first;
    end = &pool[first].after;
    first = *end;
  }
  *end = a != kNone ? a : b;
  return head;
}

// Bottom-up merge sort, by `after` alone: runs[i] holds 2^i entries or none.
std::uint32_t RetransmissionQueue::sorted_by_time(Pool& pool, std::uint32_t list) {
  std::array<std::uint32_t, 32> runs;
  runs.fill(kNone);
  while (list != kNone) {
    std::uint32_t run = list;
    list = pool[list].after;
    pool[run].after = kNone;
    std::size_t i = 0;
    for (; runs[i] != kNone; ++i) {
      run = merged_by_time(pool, runs[i], run);
      runs[i] = kNone;
    }
    runs[i] = run;
  }
  std::uint32_t all = kNone;
  for (const std::uint32_t run : runs) all = merged_by_time(pool, run, all);
  return all;
}

// -- Judgements

void RetransmissionQueue::mark_lost(Pool& pool, std::uint32_t index) {
  STACK_ASSERT(pool[index].state == SegmentState::InNetwork);
  leave_state(pool, index);
  enter_lost(pool, index);
}

void RetransmissionQueue::mark_all_lost(Pool& pool) {
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    ++steps_;
    if (pool[i].state == SegmentState::InNetwork) mark_lost(pool, i);
  }
}

void RetransmissionQueue::mark_first_lost(Pool& pool, std::uint32_t length) {
  if (head_ == kNone || pool[head_].state != SegmentState::InNetwork) return;
  if (pool[head_].length() > length) split(pool, head_, length);
  mark_lost(pool, head_);
}

// In O(n log n) of what is lost: a peer whose timestamps or reports undo one loss after the other
// makes us do it each time, with little lost and a long flight beside it.
void RetransmissionQueue::unmark_lost(Pool& pool) {
  std::uint32_t once = kNone;
  std::uint32_t again = kNone;
  std::uint32_t* once_end = &once;
  std::uint32_t* again_end = &again;
  for (std::uint32_t i = lost_.head; i != kNone; i = pool[i].after) {
    ++steps_;
    ++changes_;
    pool[i].state = SegmentState::InNetwork;
    std::uint32_t*& end = pool[i].retransmitted ? again_end : once_end;
    *end = i;
    end = &pool[i].after;
  }
  *once_end = *again_end = kNone;
  lost_bytes_ = 0;
  lost_ = List{};
  merge_by_time(pool, once_, once);
  merge_by_time(pool, again_, sorted_by_time(pool, again));
}

void RetransmissionQueue::forget_sacks(Pool& pool) {
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    ++steps_;
    if (pool[i].state != SegmentState::Delivered) continue;
    leave_state(pool, i);
    enter_lost(pool, i);
  }
}

bool RetransmissionQueue::on_retransmitted(Pool& pool, std::uint32_t index, std::uint32_t length,
                                           Instant now) {
  const bool whole = pool[index].length() <= length || !split(pool, index, length);
  leave_state(pool, index);
  SentSegment& segment = pool[index];
  segment.state = SegmentState::InNetwork;
  segment.retransmitted = true;
  segment.sent_at = now;
  enter_again(pool, index);
  return whole || segment.length() == length;
}

void RetransmissionQueue::touch_first(Pool& pool, Instant now) {
  SentSegment& segment = pool[head_];
  const bool is_in_network = segment.state == SegmentState::InNetwork;
  if (is_in_network) unlink(pool, network_of(segment), head_);
  segment.retransmitted = true;
  segment.sent_at = now;
  if (is_in_network) enter_again(pool, head_);
}

void RetransmissionQueue::note_repeated(Pool& pool, std::uint32_t index) {
  SentSegment& segment = pool[index];
  if (segment.retransmitted) return;
  const bool is_in_network = segment.state == SegmentState::InNetwork;
  if (is_in_network) unlink(pool, once_, index);
  segment.retransmitted = true;
  if (is_in_network) enter_again(pool, index);
}

std::uint32_t RetransmissionQueue::split_tail(Pool& pool, std::uint32_t length) {
  const std::uint32_t whole = pool[tail_].length();
  if (whole > length) split(pool, tail_, whole - length);
  return tail_;
}

// -- Records

// The first `length` bytes of an entry stay in it, the rest becomes the next one, of the same
// state.
bool RetransmissionQueue::split(Pool& pool, std::uint32_t index, std::uint32_t length) {
  const std::uint32_t rest_index = entries_ < kMaxEntries ? pool.acquire() : kNone;
  if (rest_index == kNone) return false;
  ++entries_;
  ++changes_;
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
  enter_tiling(pool, rest_index);
  if (first.state != SegmentState::Delivered) {
    link_after(pool, first.state == SegmentState::Lost ? lost_ : network_of(first), index,
               rest_index);
  }
  return true;
}

// Takes an entry out of the tiling. Its state was left already.
void RetransmissionQueue::remove(Pool& pool, std::uint32_t index) {
  const SentSegment& segment = pool[index];
  if (!tree_.empty()) tree_.erase(pool, index);
  (segment.prev == kNone ? head_ : pool[segment.prev].next) = segment.next;
  (segment.next == kNone ? tail_ : pool[segment.next].prev) = segment.prev;
  pool.release(index);
  --entries_;
}

// The first entry is acknowledged; its bytes were taken out of the sums already.
void RetransmissionQueue::pop_front(Pool& pool) {
  const std::uint32_t index = head_;
  const SentSegment& segment = pool[index];
  ++changes_;
  if (segment.state != SegmentState::Delivered) {
    unlink(pool, segment.state == SegmentState::Lost ? lost_ : network_of(segment), index);
  } else if (hint_ == index) {
    hint_ = kNone;
  }
  remove(pool, index);
}

// -- The scoreboard

void RetransmissionQueue::enter_tiling(Pool& pool, std::uint32_t index) {
  if (!tree_.empty()) tree_.insert(pool, index);
}

// The first entry that ends after `seq`. Reports come near the last one, or near the end. A peer
// that reports now here, now there would have each walk the whole flight (CVE-2019-11478,
// CVE-2018-5390 are of that kind): then the tree is asked, and made if there is none yet.
std::uint32_t RetransmissionQueue::find(Pool& pool, SeqNum seq) {
  const std::uint32_t from = hint_ != kNone ? hint_ : sacked_bytes_ > 0 ? tail_ : head_;
  if (from == kNone || pool[tail_].end <= seq) return kNone;
  const std::uint32_t near = find_near(pool, from, seq);
  if (near != kNone) return near;
  if (tree_.empty()) {
    for (std::uint32_t i = head_; i != kNone; i = pool[i].next) tree_.insert(pool, i);
  }
  std::uint32_t steps = 0;
  const std::uint32_t found = tree_.first_behind(pool, seq, steps);
  steps_ += steps;
  STACK_ASSERT(steps <= 2 * static_cast<std::uint32_t>(std::bit_width(entries_)));
  return found;
}

// The same by the list, from `from` on; kNone: it is not within eight steps.
std::uint32_t RetransmissionQueue::find_near(const Pool& pool, std::uint32_t from, SeqNum seq) {
  std::uint32_t index = from;
  for (int steps = 0; steps < 8; ++steps) {
    ++steps_;
    const SentSegment& segment = pool[index];
    if (segment.end <= seq) {
      index = segment.next;
    } else if (segment.prev != kNone && pool[segment.prev].end > seq) {
      index = segment.prev;
    } else {
      return index;
    }
  }
  return kNone;
}

// The part of an entry that lies in the block, as an entry of its own; kNone if there is none. Less
// than a segment's worth counts in whole segments only, or a peer that reports every second byte
// would have us make an entry for each. More is taken as it is reported: where a retransmission was
// shorter than the segments of the first time, their borders are not known any more.
std::uint32_t RetransmissionQueue::fit_to_block(Pool& pool, std::uint32_t index,
                                                const SackBlock& block) {
  const SentSegment& whole = pool[index];
  const std::uint32_t payload = whole.payload == 0 ? whole.length() : whole.payload;
  std::uint32_t skip = 0;
  std::uint32_t upto = whole.length();
  if (whole.begin < block.left) skip = static_cast<std::uint32_t>(block.left - whole.begin);
  if (block.right < whole.end) upto = static_cast<std::uint32_t>(block.right - whole.begin);
  if (upto - skip < payload) {
    skip = (skip + payload - 1) / payload * payload;
    if (upto < whole.length()) upto = upto / payload * payload;
  }
  if (upto <= skip) return kNone;
  if (upto < whole.length() && !split(pool, index, upto)) return kNone;
  if (skip == 0) return index;
  if (!split(pool, index, skip)) return kNone;
  return pool[index].next;
}

void RetransmissionQueue::become_delivered(Pool& pool, std::uint32_t index) {
  leave_state(pool, index);
  SentSegment& segment = pool[index];
  if (sacked_bytes_ == 0 || segment.end > highest_sacked_) highest_sacked_ = segment.end;
  segment.state = SegmentState::Delivered;
  sacked_bytes_ += segment.length();
  hint_ = index;
  const std::uint32_t next = segment.next;
  if (segment.prev != kNone && pool[segment.prev].state == SegmentState::Delivered) {
    merge_into_prev(pool, index);
  }
  if (next != kNone && pool[next].state == SegmentState::Delivered) merge_into_prev(pool, next);
}

void RetransmissionQueue::merge_into_prev(Pool& pool, std::uint32_t index) {
  const std::uint32_t prev = pool[index].prev;
  pool[prev].end = pool[index].end;
  if (pool[index].retransmitted) pool[prev].retransmitted = true;
  hint_ = prev;
  remove(pool, index);
}

// -- What is held

// For each of four reports a search, and up to four entries along the block that it does not
// change.
void RetransmissionQueue::note_work(const Work& before, std::uint32_t more) {
  const std::uint32_t steps = steps_ - before.steps;
  if (steps <= 4 * (8 + 4)) return;
  const std::uint32_t changes = changes_ - before.changes;
  const auto levels = static_cast<std::uint32_t>(std::bit_width(entries_ + changes));
  const std::uint32_t allowed = 4 * (2 * levels + 8 + 4) + more + changes * (4 + 2 * levels);
  if (steps > allowed) overrun_ = std::max(overrun_, steps - allowed);
}

void RetransmissionQueue::check(const Pool& pool, SeqNum una, SeqNum nxt) const {
  STACK_ASSERT(overrun_ == 0);
  SeqNum at = una;
  std::uint32_t lost = 0;
  std::uint32_t sacked = 0;
  std::uint32_t in_network = 0;
  std::uint32_t entries = 0;
  for (std::uint32_t i = head_; i != kNone; i = pool[i].next) {
    const SentSegment& segment = pool[i];
    ++entries;
    STACK_ASSERT(segment.begin == at && segment.begin < segment.end);
    if (segment.state == SegmentState::Lost) lost += segment.length();
    if (segment.state == SegmentState::Delivered) sacked += segment.length();
    if (segment.state == SegmentState::InNetwork) in_network += segment.length();
    at = segment.end;
  }
  STACK_ASSERT(at == nxt && entries == entries_);
  STACK_ASSERT(tree_.empty() || tree_.check(pool) == entries_);
  STACK_ASSERT(lost == lost_bytes_ && sacked == sacked_bytes_);
  for (const bool again : {false, true}) {
    const List& list = again ? again_ : once_;
    for (std::uint32_t i = list.head; i != kNone; i = pool[i].after) {
      STACK_ASSERT(pool[i].state == SegmentState::InNetwork);
      STACK_ASSERT(pool[i].retransmitted == again);
      STACK_ASSERT(pool[i].after == kNone ? list.tail == i : pool[pool[i].after].before == i);
      STACK_ASSERT(pool[i].after == kNone || is_before(pool[i], pool[pool[i].after]));
      in_network -= pool[i].length();
    }
  }
  for (std::uint32_t i = lost_.head; i != kNone; i = pool[i].after) {
    STACK_ASSERT(pool[i].state == SegmentState::Lost);
    STACK_ASSERT(pool[i].after == kNone || pool[pool[i].after].begin >= pool[i].end);
    lost -= pool[i].length();
  }
  STACK_ASSERT(in_network == 0 && lost == 0);
}

}  // namespace glasstcp
