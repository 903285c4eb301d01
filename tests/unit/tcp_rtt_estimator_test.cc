// How long to wait for an acknowledgment: RFC 6298's estimator, seen from outside.
#include <gtest/gtest.h>

#include "stack/tcp/recovery/rtt_estimator.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr RtoBounds kBounds{1s, 200ms, 60s};

TEST(RttEstimator, WaitsOneSecondBeforeAnySample) {
  COVERS("R6298-01", "MUST-18");
  EXPECT_EQ(RttEstimator(kBounds).rto(kBounds), 1s);
}

TEST(RttEstimator, TakesTheFirstSampleAsMeanAndHalfOfItAsVariation) {
  COVERS("R6298-02");
  RttEstimator rtt(kBounds);
  rtt.add_sample(400ms, kBounds);
  EXPECT_EQ(rtt.srtt(), 400ms);
  EXPECT_EQ(rtt.rttvar(), 200ms);
  EXPECT_EQ(rtt.rto(kBounds), 400ms + 4 * 200ms);
}

TEST(RttEstimator, UpdatesTheVariationWithTheOldMeanAndThenTheMean) {
  COVERS("R6298-03");
  RttEstimator rtt(kBounds);
  rtt.add_sample(400ms, kBounds);
  rtt.add_sample(800ms, kBounds);
  // rttvar = 3/4 * 200 + 1/4 * |400 - 800| = 250; srtt = 7/8 * 400 + 1/8 * 800 = 450.
  EXPECT_EQ(rtt.rttvar(), 250ms);
  EXPECT_EQ(rtt.srtt(), 450ms);
  EXPECT_EQ(rtt.rto(kBounds), 1450ms);
}

TEST(RttEstimator, KeepsTheTimeoutBetweenFloorAndCap) {
  COVERS("R6298-04", "R6298-05");
  RttEstimator fast(kBounds);
  fast.add_sample(20us, kBounds);
  EXPECT_EQ(fast.rto(kBounds), 200ms);
  const RtoBounds by_the_book{1s, 1s, 60s};
  RttEstimator strict(by_the_book);
  strict.add_sample(20us, by_the_book);
  EXPECT_EQ(strict.rto(by_the_book), 1s);
  RttEstimator slow(kBounds);
  slow.add_sample(50s, kBounds);
  EXPECT_EQ(slow.rto(kBounds), 60s);
}

TEST(RttEstimator, DoublesAtEachTimeoutUpToTheCapAndStartsAnewWithASample) {
  COVERS("R6298-11", "MUST-19");
  RttEstimator rtt(kBounds);
  rtt.back_off();
  EXPECT_EQ(rtt.rto(kBounds), 2s);
  rtt.back_off();
  EXPECT_EQ(rtt.rto(kBounds), 4s);
  for (int i = 0; i < 100; ++i) rtt.back_off();
  EXPECT_EQ(rtt.rto(kBounds), 60s);
  rtt.add_sample(100ms, kBounds);
  EXPECT_EQ(rtt.rto(kBounds), 300ms);
}

TEST(RttEstimator, NeverTakesAZeroVariationForCertainty) {
  COVERS("R6298-08");
  const RtoBounds no_floor{1s, 0ms, 60s};
  RttEstimator rtt(no_floor);
  for (int i = 0; i < 1000; ++i) rtt.add_sample(10ms, no_floor);
  EXPECT_GT(rtt.rto(no_floor), 10ms);
}

}  // namespace
}  // namespace glasstcp
