// RACK in numbers: which delivered segment it remembers, how wide its reordering window is, and
// what is lost.
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "stack/tcp/recovery/rack.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kStart(0xffffff00U);  // the wrap is near
constexpr Duration kRtt = 100ms;
Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

// What one look finds: the segments that are lost, in order, and how long to wait for the next ones
// (zero: none is awaited).
struct Loss {
  std::vector<std::uint32_t> segments;
  Duration wait{};
  friend bool operator==(const Loss&, const Loss&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) {
    out << "lost " << testing::PrintToString(loss.segments);
    return out << ", then " << loss.wait / 1ms << " ms";
  }
};

struct RackTest : ::testing::Test {
  RetransmissionQueue::Pool pool{64};
  RetransmissionQueue log;
  Rack rack;
  ReorderingFacts path{kRtt, kRtt, 0, 1000, false};

  // Segment `n` of 1000 bytes.
  void send(std::uint32_t n, int ms) {
    ASSERT_TRUE(log.append(pool, kStart + n * 1000, kStart + (n + 1) * 1000, 1000, at(ms)));
  }
  void delivered(std::uint32_t n, int ms, bool echo_is_older = false) {
    log.sack(pool, {kStart + n * 1000, kStart + (n + 1) * 1000},
             [&](const SentSegment& segment, SeqNum end) {
               rack.on_delivered(segment, end, {at(ms), kRtt, echo_is_older});
             });
  }
  // Asks for losses: the numbers of the segments that are lost now, and the wait until more may be.
  Loss loss_at(int ms) {
    Loss loss;
    loss.wait = rack.detect_loss(log, pool, window(), at(ms), [&](std::uint32_t index) {
      loss.segments.push_back((pool[index].begin - kStart) / 1000);
    });
    return loss;
  }
  Duration window() const { return rack.reordering_window(path); }
};

TEST_F(RackTest, KnowsNothingBeforeTheFirstDelivery) {
  send(0, 0);
  EXPECT_EQ(loss_at(10'000), (Loss{{}, 0ms}));
}

TEST_F(RackTest, WhatLeftBeforeADeliveredOneIsLostAfterTheWindow) {
  COVERS("R8985-05", "R8985-06");
  send(0, 0);
  send(1, 10);
  send(2, 20);
  send(3, 30);
  delivered(2, 120);  // after 100 ms
  EXPECT_EQ(loss_at(120), (Loss{{}, 15ms}))
      << "the second: left at 10, a round trip, and a quarter of one";
  EXPECT_EQ(loss_at(125), (Loss{{0}, 10ms}));
  EXPECT_EQ(loss_at(134), (Loss{{0}, 1ms}));
  EXPECT_EQ(loss_at(135), (Loss{{0, 1}, 0ms}))
      << "the fourth left later, so nothing is known of it";
}

TEST_F(RackTest, OfThoseThatLeftTogetherTheNumbersTellWhichWasFirst) {
  COVERS("R8985-05");
  for (std::uint32_t n = 0; n < 4; ++n) send(n, 0);
  delivered(2, 100);
  EXPECT_EQ(loss_at(125), (Loss{{0, 1}, 0ms}));
}

TEST_F(RackTest, TheWindowIsZeroOnceEnoughWasReportedWithoutReordering) {
  COVERS("R8985-01");
  EXPECT_EQ(window(), kRtt / 4);
  path.sacked_bytes = 2999;
  EXPECT_EQ(window(), kRtt / 4);
  path.sacked_bytes = 3000;
  EXPECT_EQ(window(), 0ms);
  path.sacked_bytes = 0;
  path.in_recovery = true;
  EXPECT_EQ(window(), 0ms);
  rack.remember_reordering(true);
  EXPECT_EQ(window(), kRtt / 4) << "a path that reorders gets its time always";
}

TEST_F(RackTest, AnOlderNumberDeliveredLaterIsReorderingUnlessItWasSentAgain) {
  COVERS("R8985-01");
  for (std::uint32_t n = 0; n < 3; ++n) send(n, 0);
  delivered(2, 100);
  log.mark_lost(pool, log.head());
  log.on_retransmitted(pool, log.head(), 1000, at(100));
  delivered(0, 200);
  EXPECT_FALSE(rack.reordering_seen());
  delivered(1, 201);
  EXPECT_TRUE(rack.reordering_seen());
}

TEST_F(RackTest, ReportedDuplicatesWidenTheWindowOnceInARoundTrip) {
  COVERS("R8985-02");
  rack.on_duplicate_report(kStart + 10'000);
  EXPECT_EQ(window(), kRtt / 2);
  rack.on_duplicate_report(kStart + 11'000);
  EXPECT_EQ(window(), kRtt / 2) << "the same round trip";
  rack.on_advance(kStart + 9'999);
  rack.on_duplicate_report(kStart + 12'000);
  EXPECT_EQ(window(), kRtt / 2);
  rack.on_advance(kStart + 10'000);
  rack.on_duplicate_report(kStart + 12'000);
  EXPECT_EQ(window(), 3 * kRtt / 4);
}

TEST_F(RackTest, TheWindowIsNeverMoreThanASmoothedRoundTrip) {
  COVERS("R8985-03");
  for (std::uint32_t round = 1; round < 300; ++round) {
    rack.on_duplicate_report(kStart + round * 1000);
    rack.on_advance(kStart + round * 1000);
  }
  EXPECT_EQ(window(), kRtt);
  path.srtt = 30ms;
  EXPECT_EQ(window(), 30ms);
}

TEST_F(RackTest, SixteenRecoveriesWithoutDuplicatesNarrowTheWindowAgain) {
  COVERS("R8985-02");
  rack.on_duplicate_report(kStart + 10'000);
  for (int i = 0; i < 15; ++i) rack.on_recovery_exit();
  EXPECT_EQ(window(), kRtt / 2);
  rack.on_recovery_exit();
  EXPECT_EQ(window(), kRtt / 4);
}

TEST_F(RackTest, TheAnswerToAnOriginalSaysNothingOfItsCopy) {
  COVERS("R8985-05");
  send(0, 0);
  send(1, 1);
  send(2, 2);
  log.on_retransmitted(pool, log.head(), 1000, at(150));
  delivered(0, 190);  // 40 ms after the copy left: less than any round trip took
  EXPECT_EQ(loss_at(1000), (Loss{{}, 0ms}));
  log.on_retransmitted(pool, pool[log.head()].next, 1000, at(200));
  delivered(1, 400, true);  // the echo is of the time before
  EXPECT_EQ(loss_at(1000), (Loss{{}, 0ms}));
  delivered(2, 500);
  EXPECT_EQ(rack.rtt(), 498ms);
}

TEST_F(RackTest, WhenTheTimerEndsWhatIsYoungMayStillArrive) {
  send(0, 0);
  send(1, 1);
  send(2, 100);
  delivered(0, 100);
  const std::uint32_t young = log.tail();
  EXPECT_TRUE(rack.may_still_arrive(pool[young], window(), at(224)));
  EXPECT_FALSE(rack.may_still_arrive(pool[young], window(), at(225)));
}

}  // namespace
}  // namespace glasstcp
