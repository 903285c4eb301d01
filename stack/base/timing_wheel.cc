// Where a deadline is in the wheel, and what happens when time reaches a slot.
#include "stack/base/timing_wheel.h"

#include <algorithm>
#include <bit>

namespace glasstcp {
namespace {

constexpr unsigned kTickShift = 18;
// How many nodes of a slot next_deadline looks at for an exact answer, before it settles for the
// slot's beginning.
constexpr int kScanLimit = 16;

}  // namespace

std::uint64_t TimingWheel::tick_of(Instant t) const {
  if (t <= start_) return 0;
  // Unsigned, since the distance of two Instants may not fit a signed one.
  return (static_cast<std::uint64_t>(t.time_since_epoch().count()) -
          static_cast<std::uint64_t>(start_.time_since_epoch().count())) >>
         kTickShift;
}

Instant TimingWheel::begin_of(std::uint64_t tick) const {
  const std::uint64_t ns =
      static_cast<std::uint64_t>(start_.time_since_epoch().count()) + (tick << kTickShift);
  return Instant(Duration(static_cast<std::int64_t>(ns)));
}

// The level is that of the highest digit in which the tick differs from the current one.
TimingWheel::Place TimingWheel::place_of(std::uint64_t tick) const {
  const unsigned highest = static_cast<unsigned>(std::bit_width(tick ^ current_)) - 1;
  const unsigned level = std::min(highest / kDigitBits, kLevels);
  return {level, static_cast<std::size_t>((tick >> (level * kDigitBits)) & (kSlots - 1))};
}

// Levels are in order of time (invariant 2), and so are the slots within each.
TimingWheel::NextSlot TimingWheel::next_slot() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    for (std::uint64_t bits = levels_[level].occupied; bits != 0; bits &= bits - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(bits));
      const List& list = levels_[level].slots[slot];
      if (list.empty()) continue;  // a stale bit
      const unsigned shift = level * kDigitBits;
      const std::uint64_t above = current_ >> (shift + kDigitBits) << (shift + kDigitBits);
      return {&list, above | (std::uint64_t{slot} << shift)};
    }
  }
  if (far_.empty()) return {};
  return {&far_, ((current_ >> kWheelBits) + 1) << kWheelBits};
}

void TimingWheel::schedule(TimerNode& node, Instant deadline) {
  cancel(node);
  if (deadline == kNever) return;
  node.deadline_ = deadline;
  insert(node);
}

void TimingWheel::cancel(TimerNode& node) {
  if (!node.is_linked()) return;
  node.unlink();
  const std::uint64_t tick = tick_of(node.deadline_);
  if (tick <= current_) return;
  const Place place = place_of(tick);
  if (place.level == kLevels) return;
  Level& level = levels_[place.level];
  if (level.slots[place.slot].empty()) level.occupied &= ~(std::uint64_t{1} << place.slot);
}

void TimingWheel::insert(TimerNode& node) {
  const std::uint64_t tick = tick_of(node.deadline_);
  if (tick <= current_) return insert_due(node);
  const Place place = place_of(tick);
  if (place.level == kLevels) return far_.push_back(node);
  Level& level = levels_[place.level];
  level.slots[place.slot].push_back(node);
  level.occupied |= std::uint64_t{1} << place.slot;
}

// Most deadlines are later than those armed before them: the search from the end is short.
void TimingWheel::insert_due(TimerNode& node) {
  TimerNode* before = due_.back();
  while (before != nullptr && before->deadline_ > node.deadline_) before = due_.previous(*before);
  if (before == nullptr) {
    due_.push_front(node);
  } else {
    due_.insert_after(*before, node);
  }
}

TimerNode* TimingWheel::pop_expired(Instant now) {
  const std::uint64_t now_tick = tick_of(now);
  // Most calls come in the tick of the one before: no slot lies between (invariant 2).
  if (due_.empty() && now_tick <= current_) return nullptr;
  while (due_.empty()) {
    const NextSlot next = next_slot();
    if (next.list == nullptr || next.tick > now_tick) {
      // No slot lies between, so every node keeps its place (invariant 1) when time moves here.
      current_ = std::max(current_, now_tick);
      return nullptr;
    }
    enter(next);
  }
  return due_.front()->deadline_ <= now ? due_.pop_front() : nullptr;
}

// Time reaches a slot: its nodes go to due_ or to lower levels, in the order in which they stand.
void TimingWheel::enter(const NextSlot& next) {
  List nodes;
  if (next.list == &far_) {
    nodes.append(far_);
  } else {
    const Place place = place_of(next.tick);
    levels_[place.level].occupied &= ~(std::uint64_t{1} << place.slot);
    nodes.append(levels_[place.level].slots[place.slot]);
  }
  current_ = next.tick;
  List arrived;  // due_ is empty: time moves on only when it is
  while (TimerNode* node = nodes.pop_front()) {
    if (tick_of(node->deadline_) <= current_) {
      arrived.push_back(*node);
    } else {
      insert(*node);
    }
  }
  sort(arrived);
  due_.append(arrived);
}

// Bottom-up merge sort, stable: runs[i] holds 2^i sorted nodes or none, and earlier nodes stand in
// higher runs.
void TimingWheel::sort(List& list) {
  const auto merge = [](List& earlier,
                        List& later_armed) {  // into `earlier`; of equals, its own stay first
    TimerNode* at = earlier.front();
    while (TimerNode* node = later_armed.front()) {
      while (at != nullptr && at->deadline_ <= node->deadline_) at = earlier.next(*at);
      if (at == nullptr) return earlier.append(later_armed);
      later_armed.pop_front();
      earlier.insert_before(*at, *node);
    }
  };
  if (list.front() == list.back()) return;
  std::array<List, 40> runs;
  std::size_t used = 0;
  while (TimerNode* node = list.pop_front()) {
    List run;
    run.push_back(*node);
    std::size_t i = 0;
    for (; !runs[i].empty(); ++i) {
      merge(runs[i], run);
      run.append(runs[i]);
    }
    runs[i].append(run);
    used = std::max(used, i + 1);
  }
  for (std::size_t i = 0; i < used; ++i) {
    merge(runs[i], list);
    list.append(runs[i]);
  }
}

Instant TimingWheel::next_deadline() const {
  if (!due_.empty()) return due_.front()->deadline_;
  const NextSlot next = next_slot();
  if (next.list == nullptr) return kNever;
  Instant earliest = kNever;
  int seen = 0;
  for (const TimerNode& node : *next.list) {
    if (++seen > kScanLimit) return begin_of(next.tick);
    earliest = std::min(earliest, node.deadline_);
  }
  return earliest;
}

}  // namespace glasstcp
