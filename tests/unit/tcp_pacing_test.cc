// Pacing: bursts of a millisecond, evenly spread; nothing at all where the loop is too coarse.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "stack/tcp/congestion/pacing.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;

PacingFacts facts(std::uint32_t segments, Duration srtt) {
  return {.cwnd = segments * kMss, .mss = kMss, .srtt = srtt};
}

TEST(Pacing, TheRateIsTwiceTheWindowInSlowStartAndALittleMoreThanItLater) {
  PacingFacts path = facts(100, 100ms);
  EXPECT_EQ(Pace::choose(path).rate, 2'000'000U);
  path.ssthresh = 150 * kMss;  // slow start is about to end
  EXPECT_EQ(Pace::choose(path).rate, 1'200'000U);
  path.ssthresh = 50 * kMss;
  EXPECT_EQ(Pace::choose(path).rate, 1'200'000U);
  path.own_rate = 777'777;  // a model knows better
  EXPECT_EQ(Pace::choose(path).rate, 777'777U);
}

TEST(Pacing, ASmoothedRoundTripThatRemembersASlowAnswerDoesNotHoldTheWindowBack) {
  PacingFacts path = facts(100, 100ms);
  path.least_rtt = 20ms;
  EXPECT_EQ(Pace::choose(path).rate, 10'000'000U);
  path.least_rtt = 200ms;  // of another route: the newer samples know better
  EXPECT_EQ(Pace::choose(path).rate, 2'000'000U);
  path.least_rtt = Duration::zero();
  EXPECT_EQ(Pace::choose(path).rate, 2'000'000U);
}

TEST(Pacing, AQuantumIsAMillisecondInWholeSegmentsBetweenTwoSegmentsAndAGsoPacket) {
  PacingFacts path = facts(10, 100ms);
  path.own_rate = 100'000;  // 100 bytes each millisecond
  EXPECT_EQ(Pace::choose(path).quantum, 2 * kMss);
  path.own_rate = 7'900'000;
  EXPECT_EQ(Pace::choose(path).quantum, 7 * kMss);
  path.own_rate = 500'000'000;
  EXPECT_EQ(Pace::choose(path).quantum, 65 * kMss);
}

TEST(Pacing, TheFirstFlightLeavesAtOnce) {
  PacingFacts path = facts(10, 100ms);
  path.is_first_flight = true;
  EXPECT_FALSE(Pace::choose(path).is_on());
  path.is_first_flight = false;
  EXPECT_TRUE(Pace::choose(path).is_on());
  path.srtt = kNoRtt;
  EXPECT_FALSE(Pace::choose(path).is_on());
}

TEST(Pacing, TheFirstFlightIsTheFirstAlsoWhenNumbersComeRound) {
  constexpr SeqNum kIss(0xfffffff0U);
  EXPECT_TRUE(is_first_flight(kIss, kIss)) << "Fast Open: the SYN is still under way";
  EXPECT_TRUE(is_first_flight(kIss, kIss + 1));
  EXPECT_FALSE(is_first_flight(kIss, kIss + 2));
  EXPECT_FALSE(is_first_flight(kIss, kIss + (1U << 31))) << "2 GiB later";
  EXPECT_FALSE(is_first_flight(kIss, kIss + 3'000'000'000U));
  EXPECT_FALSE(is_first_flight(kIss, kIss - 1)) << "nearly 4 GiB later";
}

TEST(Pacing, ItNeverFiresOnAMicrosecondPath) {
  for (const Duration srtt :
       {Duration(1ns), Duration(1us), Duration(20us), Duration(300us), Duration(999us)})
    for (std::uint32_t segments : {1U, 2U, 10U, 1000U, 100'000U})
      EXPECT_FALSE(Pace::choose(facts(segments, srtt)).is_on()) << to_us(srtt);
  // Nor where a quantum takes less than the loop can tell apart: 65 KB at 1 GB/s.
  PacingFacts fast = facts(10'000, 20ms);
  fast.own_rate = 1'000'000'000;
  EXPECT_FALSE(Pace::choose(fast).is_on());
  // On slower paths it does.
  fast.own_rate = 500'000'000;
  EXPECT_TRUE(Pace::choose(fast).is_on()) << "131 us";
  EXPECT_TRUE(Pace::choose(facts(10, 1ms)).is_on());
}

TEST(Pacing, ABurstLeavesTogetherAndTheNextOneInItsTime) {
  const Pace pace{1'000'000, 3 * kMss};
  Pacing pacing;
  Instant now = Instant(1h);
  // Late from the beginning of time: one quantum more than the first.
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(pacing.next_send(now), now) << i;
    pacing.on_sent(kMss, now, pace);
  }
  EXPECT_EQ(pacing.next_send(now), now + 3ms);
  EXPECT_EQ(pacing.allowance(now, pace), 0U);
  now += 3ms;
  EXPECT_EQ(pacing.allowance(now, pace), 3 * kMss);
  pacing.on_sent(2 * kMss, now, pace);  // a GSO packet of two
  EXPECT_EQ(pacing.allowance(now, pace), kMss);
  EXPECT_EQ(pacing.next_send(now), now);
  pacing.on_sent(kMss, now, pace);
  EXPECT_EQ(pacing.next_send(now), now + 3ms);
}

TEST(Pacing, ALateWakeUpDoesNotLowerTheRate) {
  // The loop wakes 0.4 ms late each time: 3 ms bursts still leave at 1 MB/s.
  const Pace pace{1'000'000, 3 * kMss};
  Pacing pacing;
  Instant now = Instant(1h);
  const Instant start = now;
  std::uint64_t sent = 0;
  while (now < start + 3s) {
    while (pacing.next_send(now) == now) {
      pacing.on_sent(kMss, now, pace);
      sent += kMss;
    }
    now = pacing.next_send(now) + 400us;
  }
  EXPECT_NEAR(static_cast<double>(sent), 3'000'000.0, 2.0 * 3 * kMss + kMss);
}

TEST(Pacing, WhateverTheSenderDoesItNeverExceedsTheRateByMoreThanTwoBursts) {
  SeededRandom random(7);
  const Pace pace{5'000'000, 5 * kMss};
  Pacing pacing;
  Instant now = Instant(1h);
  std::vector<std::pair<Instant, std::uint64_t>> sent;
  std::uint64_t total = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (pacing.next_send(now) == now && random.below(3) != 0) {
      const auto bytes = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(random.between(1, kMss), pacing.allowance(now, pace)));
      pacing.on_sent(bytes, now, pace);
      sent.emplace_back(now, total);
      total += bytes;
    } else if (random.below(2) == 0) {
      now += Duration(static_cast<std::int64_t>(random.below(2'000'000)));
    } else {
      now = pacing.next_send(now);
    }
  }
  for (std::size_t i = 0; i < sent.size(); i += 37) {
    for (std::size_t j = i; j < sent.size(); j += 11) {
      const auto ns = static_cast<std::uint64_t>((sent[j].first - sent[i].first).count());
      ASSERT_LE(sent[j].second - sent[i].second,
                ns * pace.rate / 1'000'000'000 + 2 * pace.quantum + kMss);
    }
  }
}

TEST(Pacing, WithoutAPaceNothingWaits) {
  Pacing pacing;
  const Instant now(1h);
  pacing.on_sent(100 * kMss, now, Pace{1000, 2 * kMss});
  EXPECT_GT(pacing.next_send(now), now);
  pacing.on_sent(kMss, now, Pace{});
  EXPECT_EQ(pacing.next_send(now), now);
  EXPECT_EQ(pacing.allowance(now, Pace{}), kMaxWindow);
}

}  // namespace
}  // namespace glasstcp
