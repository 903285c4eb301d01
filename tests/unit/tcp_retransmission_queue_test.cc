// The log of what is on its way: it tiles the flight, knows what was sent twice, what SACK
// reported, and what was judged lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "stack/base/random.h"
#include "stack/tcp/recovery/rack.h"
#include "stack/tcp/recovery/retransmission_queue.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kStart(0xffffff00U);  // the wrap is near
Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

std::string number(SeqNum seq) {
  return std::to_string(seq - kStart);
}
auto noting(std::string& pieces) {
  return [&pieces](const SentSegment& segment, SeqNum end) {
    pieces += number(segment.begin) + "-" + number(end) + (segment.retransmitted ? "r " : " ");
  };
}

struct RetransmissionQueueTest : ::testing::Test {
  RetransmissionQueue::Pool pool{1024};
  RetransmissionQueue log;

  void send(std::uint32_t from, std::uint32_t to, int ms, std::uint16_t text = 1000) {
    ASSERT_TRUE(log.append(pool, kStart + from, kStart + to, text, at(ms)));
  }
  // What is newly delivered: "from-to" of each piece.
  std::string acknowledge(std::uint32_t una) {
    std::string pieces;
    log.acknowledge(pool, kStart + una, noting(pieces));
    return pieces;
  }
  std::string sack(std::uint32_t left, std::uint32_t right) {
    std::string pieces;
    log.sack(pool, {kStart + left, kStart + right}, noting(pieces));
    return pieces;
  }
};

TEST_F(RetransmissionQueueTest, TellsWhatAnAcknowledgmentDelivered) {
  COVERS("R6298-07");
  send(0, 100, 10);
  send(100, 200, 20);
  send(200, 300, 30);
  EXPECT_EQ(acknowledge(200), "0-100 100-200 ");
  log.check(pool, kStart + 200, kStart + 300);
}

TEST_F(RetransmissionQueueTest, KnowsWhatWasSentTwice) {
  COVERS("R6298-06", "MUST-18");
  send(0, 100, 10);
  log.mark_all_lost(pool);
  EXPECT_EQ(log.lost_bytes(), 100U);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(), 100, at(500)));
  EXPECT_EQ(log.lost_bytes(), 0U);
  EXPECT_EQ(acknowledge(100), "0-100r ");
}

TEST_F(RetransmissionQueueTest, TrimsTheSegmentThatAnAcknowledgmentStraddles) {
  send(0, 1000, 10);
  EXPECT_EQ(acknowledge(300), "0-300 ");
  log.check(pool, kStart + 300, kStart + 1000);
  EXPECT_EQ(acknowledge(1000), "300-1000 ");
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(pool.size(), 0U);
}

TEST_F(RetransmissionQueueTest, SplitsAGsoPacketWhenOnlyItsFirstSegmentIsResent) {
  send(0, 64000, 10);
  log.mark_first_lost(pool, 1460);
  EXPECT_EQ(log.lost_bytes(), 1460U);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(), 1460, at(20)));
  log.check(pool, kStart, kStart + 64000);
  EXPECT_EQ(log.first_lost(), kNone);
}

TEST_F(RetransmissionQueueTest, TheScoreboardCountsEachReportOnce) {
  COVERS("R6675-04", "R6675-03", "R8985-04");
  for (std::uint32_t i = 0; i < 10; ++i) send(i * 1000, (i + 1) * 1000, static_cast<int>(i));
  EXPECT_EQ(sack(3000, 4000), "3000-4000 ");
  EXPECT_EQ(sack(3000, 6000), "4000-5000 5000-6000 ");
  EXPECT_EQ(sack(3000, 6000), "");
  EXPECT_EQ(log.sacked_bytes(), 3000U);
  log.check(pool, kStart, kStart + 10000);
  // Reported bytes stay until the number passes them, and are not news then.
  EXPECT_EQ(acknowledge(7000), "0-1000 1000-2000 2000-3000 6000-7000 ");
  EXPECT_EQ(log.sacked_bytes(), 0U);
  log.check(pool, kStart + 7000, kStart + 10000);
}

TEST_F(RetransmissionQueueTest, NeighboursThatWereReportedAreOneRecord) {
  for (std::uint32_t i = 0; i < 100; ++i) send(i * 1000, (i + 1) * 1000, static_cast<int>(i));
  for (std::uint32_t i = 1; i < 100; i += 2) sack(i * 1000, (i + 1) * 1000);
  EXPECT_EQ(pool.size(), 100U);
  for (std::uint32_t i = 2; i < 100; i += 2) sack(i * 1000, (i + 1) * 1000);
  EXPECT_EQ(pool.size(), 2U);  // the hole, and everything behind it
  log.check(pool, kStart, kStart + 100000);
}

TEST_F(RetransmissionQueueTest, AGsoPacketIsSplitBetweenItsSegmentsOnly) {
  send(0, 10000, 10);
  EXPECT_EQ(sack(1500, 2300), "");  // the halves of segments do not count
  EXPECT_EQ(sack(2000, 4000), "2000-4000 ");
  log.check(pool, kStart, kStart + 10000);
  for (std::uint32_t i = 0; i < 10000; i += 2) sack(i, i + 1);
  EXPECT_LE(pool.size(), 3U);  // a peer that reports every second byte makes us no work
}

// After a retransmission of 964 of the first 1000 bytes the borders of the others are where they
// were.
TEST_F(RetransmissionQueueTest, AReportOfASegmentCountsBehindAShorterRetransmission) {
  COVERS("R6675-04");
  send(0, 10000, 10);
  log.mark_first_lost(pool, 1000);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(), 964, at(30)));
  EXPECT_EQ(sack(2000, 3000), "2000-3000 ");
  log.check(pool, kStart, kStart + 10000);
}

TEST_F(RetransmissionQueueTest, TheLostStandByNumberAndTheOthersByTime) {
  COVERS("R8985-04");
  for (std::uint32_t i = 0; i < 5; ++i) send(i * 1000, (i + 1) * 1000, static_cast<int>(i));
  log.mark_all_lost(pool);
  log.on_retransmitted(pool, log.first_lost(), 1000, at(50));
  EXPECT_EQ(pool[log.first_lost()].begin, kStart + 1000);
  log.mark_lost(pool, log.oldest_in_network(pool));  // lost again: it is the first once more
  EXPECT_EQ(pool[log.first_lost()].begin, kStart);
  log.check(pool, kStart, kStart + 5000);
}

TEST_F(RetransmissionQueueTest, AJudgementCanBeTakenBack) {
  for (std::uint32_t i = 0; i < 4; ++i) send(i * 1000, (i + 1) * 1000, static_cast<int>(i));
  log.mark_first_lost(pool, 1000);
  log.on_retransmitted(pool, log.first_lost(), 1000, at(90));
  log.mark_all_lost(pool);
  log.unmark_lost(pool);
  EXPECT_EQ(log.lost_bytes(), 0U);
  EXPECT_EQ(pool[log.oldest_in_network(pool)].begin,
            kStart + 1000);  // by time: the first left again
  log.check(pool, kStart, kStart + 4000);
}

TEST_F(RetransmissionQueueTest, ReportsThatWereBrokenAreForgotten) {
  COVERS("R2018-05");
  for (std::uint32_t i = 0; i < 4; ++i) send(i * 1000, (i + 1) * 1000, static_cast<int>(i));
  sack(1000, 3000);
  log.forget_sacks(pool);
  log.mark_all_lost(pool);
  EXPECT_EQ(log.sacked_bytes(), 0U);
  EXPECT_EQ(log.lost_bytes(), 4000U);
  log.check(pool, kStart, kStart + 4000);
}

TEST_F(RetransmissionQueueTest, TheLastSegmentCanBeSentAgainAlone) {
  send(0, 2500, 10);
  const std::uint32_t tail = log.split_tail(pool, 500);
  EXPECT_EQ(pool[tail].begin, kStart + 2000);
  log.on_retransmitted(pool, tail, 500, at(30));
  log.check(pool, kStart, kStart + 2500);
}

TEST_F(RetransmissionQueueTest, RefusesWhenTheSlabIsFullInsteadOfForgetting) {
  RetransmissionQueue::Pool tiny{1};
  ASSERT_TRUE(log.append(tiny, kStart, kStart + 10, 10, at(0)));
  EXPECT_FALSE(log.append(tiny, kStart + 10, kStart + 20, 10, at(0)));
  log.check(tiny, kStart, kStart + 10);
  log.clear(tiny);
}

// What a random step does to the log.
struct RandomSteps {
  RetransmissionQueue& log;
  RetransmissionQueue::Pool& pool;
  SeededRandom random{7};
  std::uint32_t una = 0;
  std::uint32_t nxt = 0;
  std::uint32_t acks_one_in = 1;  // the rarer, the longer the flight

  std::uint32_t up_to(std::uint32_t n) {
    return n == 0 ? 0 : static_cast<std::uint32_t>(random.below(n));
  }
  void send(int step) {
    const std::uint32_t n = 1 + up_to(5000);
    if (nxt - una >= 2000000) return;
    if (log.append(pool, kStart + nxt, kStart + nxt + n, 1000, at(step))) nxt += n;
  }
  void report() {
    const std::uint32_t left = una + up_to(nxt - una);
    const std::uint32_t right = left + 1 + up_to(nxt - left);
    log.sack(pool, {kStart + left, kStart + std::min(right, nxt)},
             [](const SentSegment&, SeqNum) {});
  }
  void judge() {
    const std::uint32_t kind = up_to(30);
    if (kind == 0) return log.mark_all_lost(pool);
    if (kind == 1) return log.unmark_lost(pool);
    if (kind == 2) return log.forget_sacks(pool);
    if (kind < 10 && log.oldest_in_network(pool) != kNone) {
      return log.mark_lost(pool, log.oldest_in_network(pool));
    }
    log.mark_first_lost(pool, 1 + up_to(2000));
  }
  void step(int at_ms) {
    switch (up_to(5)) {
      case 0:
        return send(at_ms);
      case 1:
        if (up_to(acks_one_in) != 0) return;
        una += up_to(nxt - una + 1);
        return log.acknowledge(pool, kStart + una, [](const SentSegment&, SeqNum) {});
      case 2:
        return report();
      case 3:
        return judge();
      default:
        if (log.first_lost() != kNone) {
          log.on_retransmitted(pool, log.first_lost(), 1 + up_to(2000), at(at_ms));
        }
    }
  }
};

// CVE-2019-11478's kind: blocks that report half a segment, far apart, mark nothing, and each
// search walked the flight: 8,000 entries a block. Found by an attacker's ACKs of 10 Mbit/s.
TEST(RetransmissionQueueSearch, ReportsThatCoverNoSegmentAreFoundInLogarithmicSteps) {
  RetransmissionQueue::Pool pool{RetransmissionQueue::kMaxEntries};
  RetransmissionQueue log;
  const auto first = [](std::uint32_t i) { return kStart + i * 1000; };
  for (std::uint32_t i = 0; i < 8000; ++i)
    ASSERT_TRUE(log.append(pool, first(i), first(i + 1), 1000, at(0)));
  const auto report = [&](std::uint32_t i, std::uint32_t bytes) {
    const std::uint32_t before = log.work().steps;
    log.sack(pool, {first(i), first(i) + bytes}, [](const SentSegment&, SeqNum) {});
    return log.work().steps - before;
  };
  constexpr std::uint32_t kMost = 2 * 13 + 8;
  for (std::uint32_t round = 0; round < 100; ++round) {
    for (const std::uint32_t i : {7000U, 10U, 4000U, 5500U}) EXPECT_LE(report(i + round, 4), kMost);
  }
  EXPECT_EQ(log.sacked_bytes(), 0U);
  // The same between reports that do mark something: every second segment, now at one end, now at
  // the other.
  for (std::uint32_t i = 0; i < 3000; i += 2) {
    EXPECT_LE(report(i, 1000), kMost);
    EXPECT_LE(report(7999 - i, 1000), kMost);
  }
  log.check(pool, first(0), first(8000));
  log.clear(pool);
}

// RFC 8985 §6.2 step 5 for a flight that waits for the reordering window: the ACKs that come meanwhile
// do not walk it.
TEST(RetransmissionQueueSearch, TheReorderingWindowIsWaitedForWithoutAWalk) {
  RetransmissionQueue::Pool pool{RetransmissionQueue::kMaxEntries};
  RetransmissionQueue log;
  const auto first = [](std::uint32_t i) { return kStart + i * 1000; };
  for (std::uint32_t i = 0; i < 8000; ++i) {
    ASSERT_TRUE(log.append(pool, first(i), first(i + 1), 1000, Instant(Duration(i * 1000))));
  }
  Rack rack;
  const RackFacts facts{.now = at(20)};
  log.sack(pool, {first(7999), first(8000)},
           [&](const SentSegment& segment, SeqNum end) { rack.on_delivered(segment, end, facts); });
  std::uint32_t lost = 0;
  const auto lose = [&](std::uint32_t) { ++lost; };
  // The round trip was 12.001 ms; 4 ms more are waited for: until 16.001 ms after each left.
  const Duration left = rack.detect_loss(log, pool, 4ms, at(17), lose);
  EXPECT_EQ(lost, 1000U);  // those of the first millisecond
  EXPECT_EQ(left, Duration(7999 * 1000) + 16001us - 17ms);
  log.clear(pool);
}

// A timeout was spurious: what is lost is in the network again, by time. Lower numbers had been
// retransmitted, so their times are the later ones; each was looked for from the beginning.
TEST(RetransmissionQueueSearch, AnUndoneTimeoutSortsOnce) {
  constexpr std::uint32_t kEntries = RetransmissionQueue::kMaxEntries;
  RetransmissionQueue::Pool pool{kEntries};
  RetransmissionQueue log;
  const auto first = [](std::uint32_t i) { return kStart + i * 1000; };
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(log.append(pool, first(i), first(i + 1), 1000, at(static_cast<int>(i))));
  }
  log.mark_all_lost(pool);
  for (std::uint32_t i = 0; i < kEntries / 3; ++i) {
    log.on_retransmitted(pool, log.first_lost(), 1000, at(static_cast<int>(10000 + i)));
  }
  log.mark_all_lost(pool);
  std::uint32_t before = log.work().steps;
  log.unmark_lost(pool);
  EXPECT_LE(log.work().steps - before, kEntries * 14);
  EXPECT_EQ(pool[log.oldest_in_network(pool)].begin, first(kEntries / 3));
  log.check(pool, first(0), first(kEntries));
  // All of it is lost again, in the order of time, as RACK finds it.
  before = log.work().steps;
  while (log.oldest_in_network(pool) != kNone) log.mark_lost(pool, log.oldest_in_network(pool));
  EXPECT_LE(log.work().steps - before, kEntries);
  EXPECT_EQ(pool[log.first_lost()].begin, first(0));
  log.check(pool, first(0), first(kEntries));
  log.clear(pool);
}

// Retransmissions that leave in the instant of new data come before it: by number.
TEST_F(RetransmissionQueueTest, WhatLeavesInOneInstantStandsByNumber) {
  COVERS("R8985-05");
  for (std::uint32_t i = 0; i < 3; ++i) send(i * 1000, (i + 1) * 1000, 10);
  log.mark_first_lost(pool, 1000);
  for (std::uint32_t i = 3; i < 40; ++i) send(i * 1000, (i + 1) * 1000, 20);
  ASSERT_TRUE(log.on_retransmitted(pool, log.first_lost(), 1000, at(20)));
  log.check(pool, kStart, kStart + 40000);
}

TEST(RetransmissionQueueSearch, APeerCannotHaveItSplitWithoutALimit) {
  RetransmissionQueue::Pool pool{100000};
  RetransmissionQueue log;
  const std::uint32_t gso = 64 * 1000;
  for (std::uint32_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(log.append(pool, kStart + i * gso, kStart + (i + 1) * gso, 64, at(0)));
  }
  for (std::uint32_t at = 64; at < 64 * gso; at += 128) {
    log.sack(pool, {kStart + at, kStart + at + 64}, [](const SentSegment&, SeqNum) {});
  }
  EXPECT_LE(pool.size(), RetransmissionQueue::kMaxEntries);
  log.check(pool, kStart, kStart + 64 * gso);
  log.clear(pool);
}

TEST_F(RetransmissionQueueTest, TilesTheFlightWhateverHappens) {
  COVERS("R9293-P13");
  RandomSteps steps{log, pool};
  for (int i = 0; i < 40000; ++i) {
    steps.step(i);
    log.check(pool, kStart + steps.una, kStart + steps.nxt);
  }
  log.clear(pool);
  EXPECT_EQ(pool.size(), 0U);
}

// Flights of some hundred entries, whose reports need the tree.
TEST_F(RetransmissionQueueTest, TilesALongFlightWhateverHappens) {
  COVERS("R9293-P13");
  RandomSteps steps{.log = log, .pool = pool, .acks_one_in = 300};
  std::size_t longest = 0;
  for (int i = 0; i < 20000; ++i) {
    steps.step(i);
    log.check(pool, kStart + steps.una, kStart + steps.nxt);
    longest = std::max<std::size_t>(longest, pool.size());
  }
  EXPECT_GT(longest, 60U);
  log.clear(pool);
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace glasstcp
