// Timers for any number of connections: a hierarchical timing wheel with O(1) arming and disarming.
//
// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987). Six levels of 64 slots; a
// slot of level 0 is one tick (2^18 ns, about a quarter of a millisecond), a slot of level k is
// 64^k ticks. A node stands at the level of the highest base-64 digit in which its tick differs
// from the current tick; reaching a slot hands its nodes down.
//
// Invariants:
//   1. A node's place is a function of its tick and the current tick. So nodes of one tick are
//   always together, and
//      in the order in which they were armed.
//   2. Level k's nodes are all due before level k+1's. Slots at or before the current digit are
//   empty.
//   3. due_ holds all nodes whose tick is not later than the current one, sorted by deadline, then
//   by arming.
//   4. No node is handed out before its deadline, to the nanosecond.
//   5. A set bit of `occupied` may be stale (its nodes died without cancel); a clear one is true.
//
// Leaves out: callbacks. The owner asks for expired nodes and knows what they mean.
// Next: flow_table.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "stack/base/chunk_sizes.h"
#include "stack/base/intrusive_list.h"
#include "stack/base/time.h"

namespace glasstcp {

struct TimerTag;

/// One deadline, inherited by or a member of what it belongs to. 24 bytes. Leaves the wheel when it
/// dies.
class TimerNode : public ListHook<TimerTag> {
 public:
  /// When it is due; kNever while it is not armed.
  [[nodiscard]] Instant deadline() const { return is_linked() ? deadline_ : kNever; }

 private:
  friend class TimingWheel;
  Instant deadline_ = kNever;
};

/// All timers of one stack. Borrows its nodes, each of which may be disarmed or die at any time.
class TimingWheel {
 public:
  /// Time begins at `start`; a deadline before it is due at once.
  explicit TimingWheel(Instant start) : start_(start) {}
  TimingWheel(const TimingWheel&) = delete;
  TimingWheel& operator=(const TimingWheel&) = delete;

  /// Arms `node` for `deadline`, or moves it there if it is armed. kNever disarms. O(1), but for
  /// deadlines within the current tick, which are sorted in.
  void schedule(TimerNode& node, Instant deadline);
  /// Disarms `node`, if it is armed. O(1).
  void cancel(TimerNode& node);
  [[nodiscard]] static bool is_armed(const TimerNode& node) { return node.is_linked(); }

  /// One node whose deadline is at or before `now`, disarmed; nullptr when there is none (left). In
  /// order of deadline, equal deadlines in the order of arming. Amortised O(levels).
  TimerNode* pop_expired(Instant now);

  /// When to call pop_expired next: the earliest deadline if few nodes share its slot, otherwise a
  /// time not later than it, at which pop_expired makes progress. Never twice the same time without
  /// a node. kNever: nothing armed.
  [[nodiscard]] Instant next_deadline() const;

  /// Whether no node is armed.
  [[nodiscard]] bool empty() const { return due_.empty() && next_slot().list == nullptr; }

 private:
  using List = IntrusiveList<TimerNode, TimerTag>;
  static constexpr unsigned kDigitBits = kWheelDigitBits;
  static constexpr unsigned kLevels = 36 / kDigitBits;
  static constexpr std::size_t kSlots = 1U << kDigitBits;
  static constexpr unsigned kWheelBits = kDigitBits * kLevels;  // 2^36 ticks: 208 days

  struct Level {
    std::uint64_t occupied = 0;  // bit i: slots[i] is not empty
    std::array<List, kSlots> slots;
  };
  // Where the next nodes are: the earliest non-empty slot (null: none), and the tick at which it
  // begins.
  struct NextSlot {
    const List* list = nullptr;
    std::uint64_t tick = 0;
  };
  // The slot of a tick that is later than the current one. Level kLevels is far_.
  struct Place {
    unsigned level;
    std::size_t slot;
  };

  [[nodiscard]] std::uint64_t tick_of(Instant t) const;
  [[nodiscard]] Instant begin_of(std::uint64_t tick) const;
  [[nodiscard]] Place place_of(std::uint64_t tick) const;
  [[nodiscard]] NextSlot next_slot() const;
  void insert(TimerNode& node);
  void insert_due(TimerNode& node);
  void enter(const NextSlot& next);
  static void sort(List& list);

  Instant start_;
  std::uint64_t current_ = 0;  // tick; everything not later is in due_
  List due_;
  std::array<Level, kLevels> levels_;
  List far_;  // beyond the wheel's present turn of 2^36 ticks
};

}  // namespace glasstcp
