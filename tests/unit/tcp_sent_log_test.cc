// The log of what is on its way: it tiles the flight, knows what was sent twice, and gives samples
// by Karn's rule.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "stack/tcp/sent_log.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kStart(0xffffff00U);  // the wrap is near
Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

struct SentLogTest : ::testing::Test {
  SentLog::Pool pool{1024};
  SentLog log;

  void send(std::uint32_t from, std::uint32_t to, int ms) {
    ASSERT_TRUE(log.append(pool, kStart + from, kStart + to, at(ms)));
  }
};

TEST_F(SentLogTest, GivesASampleFromTheNewestSegmentAcknowledged) {
  COVERS("R6298-07");
  send(0, 100, 10);
  send(100, 200, 20);
  send(200, 300, 30);
  const AckedSegments acked = log.acknowledge(pool, kStart + 200);
  EXPECT_EQ(acked.bytes, 200U);
  EXPECT_EQ(acked.newest_sent, at(20));
  log.check(pool, kStart + 200, kStart + 300);
}

TEST_F(SentLogTest, GivesNoSampleFromWhatWasSentTwice) {
  COVERS("R6298-06", "MUST-18");
  send(0, 100, 10);
  log.mark_all_lost(pool);
  EXPECT_EQ(log.lost_bytes(), 100U);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(pool), 100, at(500)));
  EXPECT_EQ(log.lost_bytes(), 0U);
  const AckedSegments acked = log.acknowledge(pool, kStart + 100);
  EXPECT_TRUE(acked.any_retransmitted);
  EXPECT_FALSE(acked.newest_sent.has_value());
}

TEST_F(SentLogTest, TrimsTheSegmentThatAnAcknowledgmentStraddles) {
  send(0, 1000, 10);
  EXPECT_EQ(log.acknowledge(pool, kStart + 300).bytes, 300U);
  log.check(pool, kStart + 300, kStart + 1000);
  EXPECT_EQ(log.acknowledge(pool, kStart + 1000).bytes, 700U);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(pool.size(), 0U);
}

TEST_F(SentLogTest, SplitsASuperpacketWhenOnlyItsFirstSegmentIsResent) {
  send(0, 64000, 10);
  log.mark_first_lost(pool, 1460);
  EXPECT_EQ(log.lost_bytes(), 1460U);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(pool), 1460, at(20)));
  log.check(pool, kStart, kStart + 64000);
  EXPECT_EQ(log.first_lost(pool), kNone);
}

TEST_F(SentLogTest, RefusesWhenTheSlabIsFullInsteadOfForgetting) {
  SentLog::Pool tiny{1};
  ASSERT_TRUE(log.append(tiny, kStart, kStart + 10, at(0)));
  EXPECT_FALSE(log.append(tiny, kStart + 10, kStart + 20, at(0)));
  log.check(tiny, kStart, kStart + 10);
  log.clear(tiny);
}

TEST_F(SentLogTest, TilesTheFlightWhateverHappens) {
  COVERS("R9293-P13");
  SeededRandom random(7);
  std::uint32_t una = 0;
  std::uint32_t nxt = 0;
  for (int step = 0; step < 20000; ++step) {
    switch (random.below(5)) {
      case 0: {
        const auto n = static_cast<std::uint32_t>(1 + random.below(5000));
        if (nxt - una < 200000) {
          send(nxt, nxt + n, step);
          nxt += n;
        }
        break;
      }
      case 1:
        una += static_cast<std::uint32_t>(random.below(nxt - una + 1));
        log.acknowledge(pool, kStart + una);
        break;
      case 2:
        log.mark_first_lost(pool, static_cast<std::uint32_t>(1 + random.below(2000)));
        break;
      case 3:
        if (random.below(20) == 0) log.mark_all_lost(pool);
        break;
      default:
        if (const std::uint32_t lost = log.first_lost(pool); lost != kNone) {
          log.on_retransmitted(pool, lost, static_cast<std::uint32_t>(1 + random.below(2000)),
                               at(step));
        }
    }
    log.check(pool, kStart + una, kStart + nxt);
  }
  log.clear(pool);
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace glasstcp
