// What is on its way: one entry for each segment (or GSO packet) sent and not yet acknowledged,
// in sequence order, with its state: in the network, lost, or delivered (reported by SACK).
//
// RFC 9293 §3.4 (the retransmission queue), RFC 6298 §3 (Karn's rule), RFC 2018 and RFC 6675 §3 (the
// scoreboard), RFC 8985 §5.1 (a time for each segment). The bytes themselves stay in the TxQueue.
//
// Invariants:
//   1. The entries tile [snd.una, snd.nxt) exactly: no hole, no overlap.
//   2. Each entry has one state. Those in the network stand on two lists: what left once (by time
//      and by number, which is one order) and what left again (by time). The lost ones stand on a
//      list by number.
//   3. lost_bytes() and sacked_bytes() are the sums of the lengths of the entries of that state.
//   4. Neighbours that were both delivered are one entry: the queue is as long as the flight has
//      holes and unreported segments.
//   5. A report finds its entry in at most 2 log2(n) + 8 steps, whatever the peer reports: near the
//      last one by the list, else by a tree, which is made when a report first needs it.
//   6. All that one ACK looks at is that for each of its four reports, a few more, and O(log n) for
//      each entry that changes its state or goes: note_work() holds it.
//
// Leaves out: deciding what is lost (rack.h, find_losses.cc), and the bytes.
//
// Next: rack.h.
#pragma once

#include <cstdint>

#include "stack/base/avl_tree.h"
#include "stack/base/seq_num.h"
#include "stack/base/slab.h"
#include "stack/base/time.h"
#include "stack/tcp/congestion/delivery_stamp.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// What became of a segment, as far as we know.
enum class SegmentState : std::uint8_t { InNetwork, Lost, Delivered };

// RFC 8985 §4 R8985-04: the scoreboard, and the time of each transmission in nanoseconds.
/// One segment in flight. 80 bytes.
struct SentSegment {
  SeqNum begin;
  SeqNum end;
  Instant sent_at;  ///< when it left last
  DeliveryStamp stamp;
  std::uint32_t prev = kNone;  ///< by number
  std::uint32_t next = kNone;
  std::uint32_t before = kNone;  ///< on the list of its state
  std::uint32_t after = kNone;
  std::uint32_t left = kNone;  ///< in the tree
  std::uint32_t right = kNone;
  std::uint32_t first_sent_ms = 0;  ///< when it left first, modulo 2^32
  std::uint16_t payload = 0;  ///< bytes of data in each of its segments but the last; 0: not known
  std::uint8_t height = 0;    ///< in the tree
  SegmentState state : 7 = SegmentState::InNetwork;
  bool retransmitted : 1 = false;  ///< sent more than once: no RTT sample from it (Karn)

  [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(end - begin); }
};

static_assert(sizeof(SentSegment) <= 80);

/// What one connection has outstanding, in a slab that all connections share.
class RetransmissionQueue {
 public:
  using Pool = Slab<SentSegment>;
  /// Entries that one connection may have: 11 MB in segments of Ethernet, or 500 MB in
  /// GSO packets. A peer with a tiny MSS would have all of the pool, and each of its ACKs a long
  /// way through the queue (CVE-2019-11478 is of that kind).
  static constexpr std::uint32_t kMaxEntries = 8192;

  /// Notes that [begin, end) left for the first time, in segments of `payload` bytes. False: no
  /// memory for the entry, or too many are there, so it must not be sent.
  bool append(Pool& pool, SeqNum begin, SeqNum end, std::uint16_t payload, Instant now);
  /// What was looked at, and how many entries changed their state, came by a split or went, until
  /// now, modulo 2^32.
  struct Work {
    std::uint32_t steps = 0;
    std::uint32_t changes = 0;
  };
  /// Where a walk over what is in the network stands.
  struct Walk {
    std::uint32_t once = kNone;
    std::uint32_t again = kNone;
  };

  /// Takes out everything before `una`; the entry that straddles it is trimmed. Calls
  /// `on_delivered(entry, end)` for each that was not reported before, up to `end`, before it
  /// goes.
  template <typename F>
  void acknowledge(Pool& pool, SeqNum una, F on_delivered);
  /// RFC 2018 §4: the peer holds [block.left, block.right). Calls `on_delivered(entry, end)` for
  /// what it had not reported before. An entry is split where the block says, if that covers a
  /// segment's worth of it, else only between its segments.
  template <typename F>
  void sack(Pool& pool, const SackBlock& block, F on_delivered);
  /// Forgets everything.
  void clear(Pool& pool);

  /// An entry that is in the network is lost.
  void mark_lost(Pool& pool, std::uint32_t index);
  /// All that is not delivered is lost.
  void mark_all_lost(Pool& pool);
  /// The first `length` bytes are lost; nothing if they are known to be. The entry is
  /// split if it is longer and memory allows.
  void mark_first_lost(Pool& pool, std::uint32_t length);
  /// What is lost and was not sent again is in the network after all: it had only been late.
  void unmark_lost(Pool& pool);
  /// RFC 2018 §8: the peer may have thrown away what it reported: it counts as lost.
  void forget_sacks(Pool& pool);
  /// The first `length` bytes of an entry left again. False: no memory to split it; then all of it
  /// counts as sent now, and its rest will be found lost by time.
  bool on_retransmitted(Pool& pool, std::uint32_t index, std::uint32_t length, Instant now);
  /// The first entry left again without being lost (a probe).
  void touch_first(Pool& pool, Instant now);
  /// The entry left again, with a time that does not count: no RTT sample from it.
  void note_repeated(Pool& pool, std::uint32_t index);
  /// Cuts the last `length` bytes (one segment) off into an entry of its own; its index. Without
  /// memory, the last entry whole.
  std::uint32_t split_tail(Pool& pool, std::uint32_t length);

  [[nodiscard]] bool empty() const { return head_ == kNone; }
  [[nodiscard]] std::uint32_t head() const { return head_; }
  [[nodiscard]] std::uint32_t tail() const { return tail_; }
  /// The first by number that is lost and not sent again; kNone if there is none.
  [[nodiscard]] std::uint32_t first_lost() const { return lost_.head; }
  /// The first by number that left once, and of which nothing is known; kNone if there is none.
  [[nodiscard]] std::uint32_t first_sent_once() const { return once_.head; }
  /// The first that left again, and of which nothing is known, by time; kNone if there is none.
  /// `after` leads to the others.
  [[nodiscard]] std::uint32_t first_sent_again() const { return again_.head; }
  /// What is in the network, from the one that left first: next_in_network() until kNone. What it
  /// returned may change its state meanwhile.
  [[nodiscard]] Walk walk_network() const { return {once_.head, again_.head}; }
  [[nodiscard]] std::uint32_t next_in_network(const Pool& pool, Walk& walk);
  [[nodiscard]] std::uint32_t oldest_in_network(const Pool& pool) const {
    return older(pool, walk_network());
  }
  [[nodiscard]] std::uint32_t lost_bytes() const { return lost_bytes_; }
  [[nodiscard]] std::uint32_t sacked_bytes() const { return sacked_bytes_; }
  /// The end of the highest entry that was reported, if sacked_bytes() > 0.
  [[nodiscard]] SeqNum highest_sacked() const { return highest_sacked_; }
  [[nodiscard]] Work work() const { return {steps_, changes_}; }
  /// An ACK's work since `before` is done. `more`: entries that it may have looked at beside the
  /// reports. What is more than invariant 6 allows is kept for check().
  void note_work(const Work& before, std::uint32_t more);
  /// Checks the invariants against [una, nxt).
  void check(const Pool& pool, SeqNum una, SeqNum nxt) const;

 private:
  struct List {
    std::uint32_t head = kNone;
    std::uint32_t tail = kNone;
  };

  bool split(Pool& pool, std::uint32_t index, std::uint32_t length);
  void link_after(Pool& pool, List& list, std::uint32_t place, std::uint32_t index);
  void unlink(Pool& pool, List& list, std::uint32_t index);
  void leave_state(Pool& pool, std::uint32_t index);
  void enter_lost(Pool& pool, std::uint32_t index);
  [[nodiscard]] List& network_of(const SentSegment& segment) {
    return segment.retransmitted ? again_ : once_;
  }
  [[nodiscard]] static std::uint32_t older(const Pool& pool, const Walk& walk);
  void enter_again(Pool& pool, std::uint32_t index);
  void merge_by_time(Pool& pool, List& list, std::uint32_t chain);
  [[nodiscard]] std::uint32_t merged_by_time(Pool& pool, std::uint32_t a, std::uint32_t b);
  [[nodiscard]] std::uint32_t sorted_by_time(Pool& pool, std::uint32_t list);
  void become_delivered(Pool& pool, std::uint32_t index);
  void merge_into_prev(Pool& pool, std::uint32_t index);
  void remove(Pool& pool, std::uint32_t index);
  void pop_front(Pool& pool);
  void enter_tiling(Pool& pool, std::uint32_t index);
  [[nodiscard]] std::uint32_t find(Pool& pool, SeqNum seq);
  [[nodiscard]] std::uint32_t find_near(const Pool& pool, std::uint32_t from, SeqNum seq);
  std::uint32_t fit_to_block(Pool& pool, std::uint32_t index, const SackBlock& block);

  std::uint32_t head_ = kNone;
  std::uint32_t tail_ = kNone;
  List once_;   // in the network, never sent again
  List again_;  // in the network, sent again
  List lost_;
  std::uint32_t hint_ = kNone;  // a delivered entry near the next report; kNone: none
  std::uint32_t lost_bytes_ = 0;
  std::uint32_t sacked_bytes_ = 0;
  SeqNum highest_sacked_;
  std::uint32_t entries_ = 0;
  AvlTree<SentSegment> tree_;  // of all entries, or empty
  std::uint32_t steps_ = 0;
  std::uint32_t changes_ = 0;
  std::uint32_t overrun_ = 0;  // the most steps of one ACK beyond what invariant 6 allows
};

template <typename F>
void RetransmissionQueue::acknowledge(Pool& pool, SeqNum una, F on_delivered) {
  while (head_ != kNone) {
    ++steps_;
    SentSegment& segment = pool[head_];
    if (segment.begin >= una) break;
    const SeqNum end = earlier(una, segment.end);
    const auto taken = static_cast<std::uint32_t>(end - segment.begin);
    if (segment.state != SegmentState::Delivered)
      on_delivered(static_cast<const SentSegment&>(segment), end);
    if (segment.state == SegmentState::Lost) lost_bytes_ -= taken;
    if (segment.state == SegmentState::Delivered) sacked_bytes_ -= taken;
    if (una < segment.end) {
      segment.begin = end;
      break;
    }
    pop_front(pool);
  }
}

template <typename F>
void RetransmissionQueue::sack(Pool& pool, const SackBlock& block, F on_delivered) {
  std::uint32_t index = find(pool, block.left);
  while (index != kNone && pool[index].begin < block.right) {
    ++steps_;
    if (pool[index].state == SegmentState::Delivered) {
      hint_ = index;
      index = pool[index].next;
      continue;
    }
    const std::uint32_t inside = fit_to_block(pool, index, block);
    if (inside == kNone) {  // none of its segments is wholly in the block, or no memory to split it
      index = pool[index].next;
      continue;
    }
    on_delivered(static_cast<const SentSegment&>(pool[inside]), pool[inside].end);
    become_delivered(pool, inside);
    index = pool[hint_].next;
  }
}

}  // namespace glasstcp
