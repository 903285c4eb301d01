// HyStart++: slow start ends before the queue overflows, and never by accident.
#include <gtest/gtest.h>

#include "stack/tcp/congestion/cubic.h"
#include "stack/tcp/congestion/hystart.h"
#include "stack/tcp/congestion/new_reno.h"
#include "tests/support/bottleneck.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;

struct HyStartTest : ::testing::Test {
  HyStart hystart;
  CongestionState state{.cwnd = 10 * kMss};
  SeqNum una{0xfffff000U};
  SeqNum nxt = una + 10 * kMss;

  // One ACK for one segment.
  void ack(Duration rtt, std::uint32_t segments = 1) {
    una += segments * kMss;
    hystart.on_ack(state,
                   {.acked = segments * kMss,
                    .mss = kMss,
                    .most_per_ack = kMss,
                    .una = una,
                    .nxt = nxt,
                    .rtt = rtt,
                    .window_was_limit = true,
                    .rate = {}},
                   HyStart::kSegmentsPerAck * kMss);
    nxt = una + state.cwnd;
  }
  // All the ACKs of one round trip, `n` samples at least.
  void round(Duration rtt) {
    const SeqNum end = nxt;
    while (una < end && state.cwnd < state.ssthresh) ack(rtt);
  }
};

TEST_F(HyStartTest, ASteadyDelayDoublesTheWindowEachRound) {
  for (std::uint32_t expected : {20U, 40U, 80U, 160U}) {
    round(50ms);
    EXPECT_EQ(state.cwnd, expected * kMss);
  }
  EXPECT_FALSE(hystart.is_conservative());
  EXPECT_EQ(state.ssthresh, kNoThreshold);
}

TEST_F(HyStartTest, ARiseByAnEighthMakesItConservativeAfterEightSamples) {
  COVERS("R9406-01", "R9406-02");
  round(64ms);
  round(64ms);
  ack(72ms);  // ends the round before; the first of eight
  for (int i = 0; i < 6; ++i) ack(72ms);
  EXPECT_FALSE(hystart.is_conservative());
  ack(72ms);
  EXPECT_TRUE(hystart.is_conservative());
}

TEST_F(HyStartTest, ARiseThatIsSmallerDoesNot) {
  COVERS("R9406-01");
  for (int i = 0; i < 4; ++i) round(64ms + i * 7'900us);
  EXPECT_FALSE(hystart.is_conservative());
}

TEST_F(HyStartTest, TheThresholdLiesBetween4And16Milliseconds) {
  COVERS("R9406-02");
  round(8ms);
  round(11'900us);  // more than an eighth, but less than 4 ms
  EXPECT_FALSE(hystart.is_conservative());
  round(16ms);
  EXPECT_TRUE(hystart.is_conservative());

  HyStartTest::hystart = {};
  state = {.cwnd = 10 * kMss};
  nxt = una + state.cwnd;
  round(400ms);
  round(415ms);
  EXPECT_FALSE(hystart.is_conservative());
  round(431ms);  // 16 ms, though an eighth would be more than 50
  EXPECT_TRUE(hystart.is_conservative());
}

TEST_F(HyStartTest, ConservativeGrowthIsAQuarterAndEndsAfterFiveRounds) {
  COVERS("R9406-03", "R9406-05");
  round(20ms);
  round(20ms);
  round(30ms);  // the round in which it begins is the first of five
  EXPECT_TRUE(hystart.is_conservative());
  std::uint32_t before = state.cwnd;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(state.ssthresh, kNoThreshold) << i;
    round(30ms);
    EXPECT_NEAR(static_cast<double>(state.cwnd), before * 1.25, 2 * kMss) << i;
    before = state.cwnd;
  }
  ack(30ms);
  EXPECT_EQ(state.ssthresh, state.cwnd);
}

TEST_F(HyStartTest, ADelayThatFallsAgainWasNoise) {
  COVERS("R9406-04");
  round(20ms);
  round(20ms);
  while (!hystart.is_conservative()) ack(30ms);
  round(30ms);
  round(29ms);
  EXPECT_FALSE(hystart.is_conservative());
  const std::uint32_t before = state.cwnd;
  round(29ms);
  EXPECT_NEAR(state.cwnd, 2 * before, kMss);
}

TEST_F(HyStartTest, OneAckCountsForAtMostEightSegments) {
  COVERS("R9406-07");
  nxt = una + 100 * kMss;
  ack(20ms, 5);
  EXPECT_EQ(state.cwnd, 15 * kMss);
  ack(20ms, 30);
  EXPECT_EQ(state.cwnd, 23 * kMss);
}

TEST_F(HyStartTest, LaterSlowStartsKnowTheirThreshold) {
  COVERS("R9406-06");
  state.ssthresh = 100 * kMss;
  round(20ms);
  round(20ms);
  round(60ms);
  EXPECT_FALSE(hystart.is_conservative());
  while (state.cwnd < state.ssthresh) round(200ms);
  EXPECT_EQ(state.cwnd, 100 * kMss);  // reached, not overshot
  state = {.cwnd = 10 * kMss, .ssthresh = 100 * kMss};
  ack(20ms, 5);
  EXPECT_EQ(state.cwnd, 11 * kMss);  // RFC 5681: one segment for an ACK
}

TEST_F(HyStartTest, AWindowThatIsNotUsedDoesNotGrow) {
  hystart.on_ack(
      state, {.acked = kMss, .mss = kMss, .most_per_ack = kMss, .una = una, .nxt = nxt, .rate = {}},
      HyStart::kSegmentsPerAck * kMss);
  EXPECT_EQ(state.cwnd, 10 * kMss);
}

TEST_F(HyStartTest, AModelMadeAnewBeginsANewRound) {
  round(20ms);
  hystart = {};
  round(40ms);
  EXPECT_FALSE(hystart.is_conservative());  // nothing to compare with
  round(60ms);
  EXPECT_TRUE(hystart.is_conservative());
}

TEST_F(HyStartTest, ItNeverFiresOnAMicrosecondPath) {
  COVERS("R9406-02");
  // Whatever the round trips do below 4 ms, slow start goes on until the window is as large as it
  // can be.
  SeededRandom random(3);
  while (state.cwnd < kMaxWindow / 8) {
    const Duration rtt = Duration(static_cast<std::int64_t>(random.below(4'000'000)));
    const SeqNum end = nxt;
    const std::uint32_t step = std::max(1U, (state.cwnd / kMss) / 16);
    while (una < end) ack(rtt, step);
    ASSERT_FALSE(hystart.is_conservative());
  }
  EXPECT_EQ(state.ssthresh, kNoThreshold);
}

TEST(HyStartUnderReordering, WhatOnlyReportsBySackIsASampleToo) {
  COVERS("R9406-02");
  const NewReno reno(true);
  CongestionState state;
  CongestionModel model;
  reno.start({state, model}, 10 * kMss);
  AckFacts facts;
  facts.mss = facts.most_per_ack = kMss;
  facts.window_was_limit = true;
  for (int i = 0; i < 100; ++i) {
    facts.acked = 0;  // a packet that overtook others is reported
    facts.rtt = 20ms;
    reno.on_ack({state, model}, facts);
    facts.acked = kMss;  // and those fill the hole
    facts.una = facts.una + kMss;
    facts.nxt = facts.una + 10 * kMss;
    facts.rtt = i < 20 ? 20ms : 50ms;
    reno.on_ack({state, model}, facts);
  }
  EXPECT_FALSE(model.get<NewRenoModel>()->hystart.is_conservative());
  EXPECT_EQ(state.cwnd, 110 * kMss);
}

TEST(HyStartOnAPath, TheQueueOverflowsLessWithIt) {
  COVERS("R9406-01", "R9438-08");
  // 20 Mbit/s, 80 ms, a queue of two bandwidth-delay products.
  const test::Path path{.rate = 2'500'000, .rtt = 80ms, .queue = 400'000};
  const Cubic with(true);
  const Cubic without(false);
  std::uint64_t dropped[2];
  double utilisation[2];
  for (const bool hystart : {false, true}) {
    test::Bottleneck link(path);
    link.add(hystart ? with : without);
    link.run(3s);
    dropped[hystart] = link.dropped();
    utilisation[hystart] = link.utilisation();
  }
  EXPECT_GT(dropped[false], 500U);  // a window that doubled once too often
  EXPECT_LT(dropped[true], dropped[false] / 3);
  EXPECT_GE(utilisation[true], utilisation[false]);
}

TEST(HyStartOnAPath, OnAMicrosecondPathOnlyLossEndsSlowStart) {
  const test::Path path{.rate = 1'250'000'000, .rtt = 50us, .queue = 2'000'000};
  const Cubic cubic(true);
  test::Bottleneck link(path);
  test::Flow& flow = link.add(cubic, 1448);
  std::uint32_t largest = 0;
  link.on_ack = [&](test::Flow& f, Instant) {
    if (f.congestion_events == 0) {
      EXPECT_EQ(f.state.ssthresh, kNoThreshold);
      largest = f.state.cwnd;
    }
  };
  link.run(30ms);
  EXPECT_GE(flow.congestion_events, 1U);
  EXPECT_GT(largest, 2'000'000U);
}

}  // namespace
}  // namespace glasstcp
