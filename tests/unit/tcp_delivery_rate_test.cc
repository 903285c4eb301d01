// The rate of delivery: what each acknowledgment says about the path, and what it does not.
#include <gtest/gtest.h>

#include "stack/tcp/congestion/delivery_rate.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;

Instant at(std::int64_t ms) {
  return Instant(1h + std::chrono::milliseconds(ms));
}

TEST(DeliveryRate, OneSegmentAloneGivesItsSizeOverItsRoundTrip) {
  DeliveryRate rate;
  const DeliveryStamp stamp = rate.stamp(at(0), 0, kMss);
  EXPECT_EQ(stamp.tx_in_flight, kMss);
  rate.on_delivered(stamp, kMss, at(0), at(20));
  const RateSample sample = rate.finish(20ms);
  EXPECT_EQ(sample.newly_delivered, kMss);
  EXPECT_EQ(sample.interval, 20ms);
  EXPECT_EQ(sample.bytes_per_second(), 50'000U);
  EXPECT_EQ(sample.tx_in_flight, kMss);
  EXPECT_FALSE(sample.is_app_limited);
}

TEST(DeliveryRate, AStreamGivesTheRateOfTheBottleneck) {
  // One segment each millisecond through a round trip of 10 ms: 1 MB/s.
  DeliveryRate rate;
  std::vector<DeliveryStamp> stamps;
  for (int i = 0; i < 30; ++i) {
    if (i >= 10) {
      rate.on_delivered(stamps[static_cast<std::size_t>(i - 10)], kMss, at(i - 10), at(i));
      const RateSample sample = rate.finish(10ms);
      ASSERT_TRUE(sample.is_valid());
      if (i >= 20) {
        EXPECT_EQ(sample.bytes_per_second(), 1'000'000U) << i;
      }
    }
    const auto in_flight = static_cast<std::uint32_t>(std::min(i, 9)) * kMss;
    stamps.push_back(rate.stamp(at(i), in_flight, kMss));
    EXPECT_EQ(stamps.back().tx_in_flight, in_flight + kMss);
  }
}

TEST(DeliveryRate, BunchedAcknowledgmentsDoNotFeignARateThatWasNeverSent) {
  // Ten segments leave over 9 ms; all ten are reported by one ACK.
  DeliveryRate rate;
  std::vector<DeliveryStamp> stamps;
  for (int i = 0; i < 10; ++i)
    stamps.push_back(rate.stamp(at(i), static_cast<std::uint32_t>(i) * kMss, kMss));
  for (int i = 0; i < 10; ++i)
    rate.on_delivered(stamps[static_cast<std::size_t>(i)], kMss, at(i), at(12));
  const RateSample sample = rate.finish(1ms);
  EXPECT_EQ(sample.newly_delivered, 10 * kMss);
  EXPECT_EQ(sample.interval, 12ms);  // acknowledged over 12 ms, sent over 9
  // Ten more, sent in one go, but acknowledged over 10 ms: the longer time counts.
  const DeliveryStamp last = rate.stamp(at(12), 0, kMss);
  rate.on_delivered(last, kMss, at(12), at(22));
  EXPECT_EQ(rate.finish(1ms).bytes_per_second(), 100'000U);
}

TEST(DeliveryRate, AJudgementTakenBackDoesNotMakeLaterSegmentsLookLost) {
  DeliveryRate rate;
  rate.on_lost(5 * kMss);
  const DeliveryStamp stamp = rate.stamp(at(0), 0, kMss);
  rate.on_lost_undone(5 * kMss);
  EXPECT_EQ(rate.lost_since(stamp), 0U);
  rate.on_delivered(stamp, kMss, at(0), at(10));
  EXPECT_EQ(rate.finish(kNoRtt).lost_since, 0U) << "not 4 GB";
}

TEST(DeliveryRate, TheSegmentThatLeftLastCounts) {
  DeliveryRate rate;
  const DeliveryStamp first = rate.stamp(at(0), 0, kMss);
  rate.on_delivered(first, kMss, at(0), at(10));
  (void)rate.finish(kNoRtt);
  const DeliveryStamp older = rate.stamp(at(10), 0, kMss);
  rate.on_lost(5 * kMss);
  const DeliveryStamp newer = rate.stamp(at(14), 3 * kMss, kMss);
  // SACK reports the newer one first, the older one in the same ACK.
  rate.on_delivered(newer, kMss, at(14), at(24));
  rate.on_delivered(older, kMss, at(10), at(24));
  const RateSample sample = rate.finish(kNoRtt);
  EXPECT_EQ(sample.tx_in_flight, 4 * kMss);
  EXPECT_EQ(sample.lost_since, 0U);  // all of it before the newer one left
  EXPECT_EQ(sample.newly_lost, 5 * kMss);
  EXPECT_EQ(sample.delivered, 3 * kMss);
  EXPECT_EQ(sample.prior_delivered, kMss);
}

TEST(DeliveryRate, ASampleShorterThanTheLeastRoundTripIsVoid) {
  // A retransmission leaves at 100 ms; at 103 ms comes the ACK of the first transmission.
  DeliveryRate rate;
  (void)rate.stamp(at(0), 0, kMss);
  const DeliveryStamp again = rate.stamp(at(100), 0, kMss);
  rate.on_delivered(again, kMss, at(100), at(103));
  const RateSample sample = rate.finish(20ms);
  EXPECT_FALSE(sample.is_valid());
  EXPECT_EQ(sample.bytes_per_second(), 0U);
  EXPECT_EQ(sample.newly_delivered, kMss);  // it was delivered all the same
}

TEST(DeliveryRate, NothingDeliveredGivesNoSample) {
  DeliveryRate rate;
  rate.on_lost(kMss);
  const RateSample sample = rate.finish(kNoRtt);
  EXPECT_FALSE(sample.is_valid());
  EXPECT_EQ(sample.newly_delivered, 0U);
  EXPECT_EQ(sample.newly_lost, kMss);
  EXPECT_EQ(rate.finish(kNoRtt).newly_lost, 0U);
}

TEST(DeliveryRate, TheBubbleOfTheApplicationIsMarkedUntilItHasPassed) {
  DeliveryRate rate;
  const DeliveryStamp before = rate.stamp(at(0), 0, kMss);
  rate.note_app_limited(kMss);  // nothing more to send, one segment in flight
  EXPECT_TRUE(rate.is_app_limited());
  const DeliveryStamp during = rate.stamp(at(5), kMss, kMss);
  rate.on_delivered(before, kMss, at(0), at(10));
  EXPECT_FALSE(rate.finish(kNoRtt).is_app_limited);
  EXPECT_TRUE(rate.is_app_limited());  // up to and with the segment that was in flight
  rate.on_delivered(during, kMss, at(5), at(15));
  EXPECT_TRUE(rate.finish(kNoRtt).is_app_limited);
  EXPECT_FALSE(rate.is_app_limited());
  EXPECT_EQ(rate.stamp(at(16), 0, kMss).is_app_limited, 0U);
}

TEST(DeliveryRate, IdleTimeIsNotPartOfASample) {
  DeliveryRate rate;
  rate.on_delivered(rate.stamp(at(0), 0, kMss), kMss, at(0), at(10));
  (void)rate.finish(kNoRtt);
  const DeliveryStamp after = rate.stamp(at(60'000), 0, kMss);
  rate.on_delivered(after, kMss, at(60'000), at(60'010));
  EXPECT_EQ(rate.finish(kNoRtt).interval, 10ms);
}

TEST(DeliveryRate, LossesAreCountedModulo32BitsAndTakenBack) {
  DeliveryRate rate;
  rate.on_lost(0xffffff00U);
  const DeliveryStamp stamp = rate.stamp(at(0), 0, kMss);
  rate.on_lost(0x200);
  rate.on_lost_undone(0x100);
  rate.on_delivered(stamp, kMss, at(0), at(10));
  EXPECT_EQ(rate.finish(kNoRtt).lost_since, 0x100U);
}

}  // namespace
}  // namespace glasstcp
