// The timing wheel: never early, in order, and never a reason to spin.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "stack/base/random.h"
#include "stack/base/timing_wheel.h"

namespace glasstcp {
namespace {

constexpr Instant kStart{Duration{1'000'000'007}};

static_assert(sizeof(TimerNode) <= 24);

TEST(TimingWheel, IsEmptyAtFirst) {
  TimingWheel wheel(kStart);
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.next_deadline(), kNever);
  EXPECT_EQ(wheel.pop_expired(kStart + 1h), nullptr);
}

TEST(TimingWheel, FiresAtTheDeadlineAndNotANanosecondBefore) {
  for (const Duration d :
       {Duration{0}, Duration{1}, Duration{262'143}, Duration{262'144}, 17ms + 1ns, 200ms + 3ns,
        1s + 5ns, 75s + 7ns, 2h + 11ns, 24h * 200 + 13ns, 24h * 1000 + 17ns}) {
    TimingWheel wheel(kStart);
    TimerNode node;
    wheel.schedule(node, kStart + d);
    EXPECT_TRUE(TimingWheel::is_armed(node));
    EXPECT_EQ(wheel.next_deadline(), kStart + d) << "alone in its slot: exact";
    EXPECT_EQ(wheel.pop_expired(kStart + d - 1ns), nullptr);
    EXPECT_EQ(wheel.next_deadline(), kStart + d);
    EXPECT_EQ(wheel.pop_expired(kStart + d), &node);
    EXPECT_FALSE(TimingWheel::is_armed(node));
    EXPECT_EQ(node.deadline(), kNever);
    EXPECT_TRUE(wheel.empty());
  }
}

TEST(TimingWheel, ReArmsAndDisarms) {
  TimingWheel wheel(kStart);
  TimerNode node;
  wheel.schedule(node, kStart + 1s);
  wheel.schedule(node, kStart + 2s);
  EXPECT_EQ(wheel.pop_expired(kStart + 1s), nullptr);
  wheel.schedule(node, kStart + 1500ms);
  EXPECT_EQ(node.deadline(), kStart + 1500ms);
  wheel.cancel(node);
  wheel.cancel(node);
  EXPECT_EQ(wheel.next_deadline(), kNever);
  EXPECT_EQ(wheel.pop_expired(kStart + 1h), nullptr);
  wheel.schedule(node, kNever);
  EXPECT_FALSE(TimingWheel::is_armed(node));
}

TEST(TimingWheel, APastDeadlineIsDueAtOnce) {
  TimingWheel wheel(kStart);
  EXPECT_EQ(wheel.pop_expired(kStart + 10s), nullptr);
  TimerNode past, before_the_start;
  wheel.schedule(past, kStart + 3s);
  wheel.schedule(before_the_start, Instant::min());
  EXPECT_EQ(wheel.next_deadline(), Instant::min());
  EXPECT_EQ(wheel.pop_expired(kStart + 10s), &before_the_start);
  EXPECT_EQ(wheel.pop_expired(kStart + 10s), &past);
}

TEST(TimingWheel, EqualDeadlinesFireInTheOrderOfArming) {
  TimingWheel wheel(kStart);
  std::array<TimerNode, 6> nodes;
  const Instant deadline = kStart + 5s;
  wheel.schedule(nodes[0], deadline);
  wheel.schedule(nodes[1], deadline);
  EXPECT_EQ(wheel.pop_expired(kStart + 4900ms), nullptr);  // by now on a lower level
  wheel.schedule(nodes[2], deadline);
  EXPECT_EQ(wheel.pop_expired(deadline - 1ns), nullptr);
  wheel.schedule(nodes[3], deadline);
  wheel.schedule(nodes[4], deadline - 1ns);
  wheel.schedule(nodes[0], deadline);  // armed again: last
  for (const int i : {4, 1, 2, 3, 0}) {
    EXPECT_EQ(wheel.pop_expired(deadline), &nodes[static_cast<std::size_t>(i)]) << i;
  }
  EXPECT_EQ(wheel.pop_expired(deadline), nullptr);
}

TEST(TimingWheel, NodesMayDieWhileArmed) {
  TimingWheel wheel(kStart);
  TimerNode survivor;
  {
    TimerNode dies, dies_far;
    wheel.schedule(dies, kStart + 10ms);
    wheel.schedule(dies_far, kStart + 24h * 400);
    wheel.schedule(survivor, kStart + 20ms);
  }
  EXPECT_EQ(wheel.next_deadline(), kStart + 20ms);
  EXPECT_EQ(wheel.pop_expired(kStart + 20ms), &survivor);
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.next_deadline(), kNever);
}

TEST(TimingWheel, TheLatestInstantIsADeadlineLikeAnother) {
  TimingWheel wheel(kStart);
  TimerNode node;
  const Instant last = kNever - 1ns;
  wheel.schedule(node, last);
  EXPECT_EQ(wheel.next_deadline(), last);
  EXPECT_EQ(wheel.pop_expired(kStart + 24h * 365 * 100), nullptr);
  EXPECT_EQ(wheel.pop_expired(last), &node);
}

TEST(TimingWheel, CrossesTheEndOfATurnOfTheHighestLevel) {
  // 2^36 ticks of 2^18 ns: shortly before that, a deadline shortly after differs in a digit that no
  // level has.
  const Instant turn = kStart + Duration{std::int64_t{1} << 54};
  TimingWheel wheel(kStart);
  EXPECT_EQ(wheel.pop_expired(turn - 1s), nullptr);
  TimerNode soon, later;
  wheel.schedule(later, turn + 400ms);
  wheel.schedule(soon, turn + 200ms);
  EXPECT_EQ(wheel.next_deadline(), turn + 200ms);
  EXPECT_EQ(wheel.pop_expired(turn + 200ms - 1ns), nullptr);
  EXPECT_EQ(wheel.pop_expired(turn + 200ms), &soon);
  EXPECT_EQ(wheel.next_deadline(), turn + 400ms);
  EXPECT_EQ(wheel.pop_expired(turn + 1s), &later);
}

// Drives a wheel with a thousand nodes by next_deadline() alone, as an event loop does, beside an
// obvious model.
class WheelAndModel {
 public:
  explicit WheelAndModel(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 1000; ++i) nodes_.push_back(std::make_unique<Timer>());
  }

  void arm_some() {
    static constexpr std::array<std::int64_t, 6> kSpans = {
        300'000,        20'000'000,        1'000'000'000,
        75'000'000'000, 7'200'000'000'000, std::int64_t{1} << 55};
    for (int i = 0; i < 20; ++i) {
      Timer& t = *nodes_[random_.below(nodes_.size())];
      if (random_.chance(0.2)) {
        wheel_.cancel(t);
        t.due = kNever;
        continue;
      }
      const std::int64_t span = kSpans[random_.below(kSpans.size())];
      Instant due =
          now_ +
          Duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(span)))};
      if (random_.chance(0.3)) due = shared_;  // many at the same nanosecond
      t.due = std::max(due, now_);
      t.order = ++armed_;
      wheel_.schedule(t, t.due);
    }
    if (random_.chance(0.1))
      shared_ = now_ + Duration{static_cast<std::int64_t>(random_.below(3'000'000'000U))};
  }

  void run_to_next() {
    Instant next = wheel_.next_deadline();
    ASSERT_LE(next, earliest());
    int idle = 0;
    while (next != kNever && next < earliest()) {  // a lower bound: no node, but progress
      ASSERT_EQ(wheel_.pop_expired(next), nullptr);
      now_ = std::max(now_, next);
      const Instant after = wheel_.next_deadline();
      ASSERT_GT(after, next) << "would spin";
      next = after;
      ASSERT_LT(++idle, 8);
    }
    if (next == kNever) return;
    now_ = std::max(now_, next);
    if (random_.chance(0.2)) now_ += Duration{static_cast<std::int64_t>(random_.below(50'000'000))};
    expect_all_due_in_order();
  }

 private:
  struct Timer : TimerNode {
    Instant due = kNever;
    std::uint64_t order = 0;
  };

  [[nodiscard]] Instant earliest() const {
    Instant e = kNever;
    for (const auto& t : nodes_) e = std::min(e, t->due);
    return e;
  }
  void expect_all_due_in_order() {
    std::vector<Timer*> due;
    for (const auto& t : nodes_) {
      if (t->due <= now_) due.push_back(t.get());
    }
    std::ranges::sort(due, [](const Timer* a, const Timer* b) {
      return a->due != b->due ? a->due < b->due : a->order < b->order;
    });
    for (Timer* t : due) {
      ASSERT_EQ(wheel_.pop_expired(now_), t);
      t->due = kNever;
    }
    ASSERT_EQ(wheel_.pop_expired(now_), nullptr);
  }

  SeededRandom random_;
  Instant now_ = kStart;
  Instant shared_ = kStart + 1s;
  std::uint64_t armed_ = 0;
  std::vector<std::unique_ptr<Timer>> nodes_;
  TimingWheel wheel_{kStart};
};

TEST(TimingWheel, MatchesASortedListWhenDrivenByItsOwnDeadlines) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    WheelAndModel pair(seed);
    for (int step = 0; step < 400 && !::testing::Test::HasFatalFailure(); ++step) {
      pair.arm_some();
      pair.run_to_next();
    }
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace glasstcp
