// Who is too slow while memory is short: what counts as waiting for a peer, and who ends first.
#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "http/buffer_pool.h"
#include "http/slow_peers.h"

namespace glasstcp::http {
namespace {

class SlowPeersTest : public ::testing::Test {
 protected:
  /// One look a second at one peer that takes `rate` bytes a second; whether it is slow at last.
  bool is_slow(std::uint32_t rate, int seconds, bool is_waited_for = true) {
    bool slow = false;
    for (int i = 0; i < seconds; ++i) {
      now_ += 1s;
      position_ += rate;
      peers_.begin(now_);
      peers_.look({.slot = 7,
                   .generation = 1,
                   .position = position_,
                   .held = 1,
                   .is_waited_for = is_waited_for});
      slow = !peers_.end().empty();
    }
    return slow;
  }

  SlowPeers peers_{LeastRate{500, 30s}};
  Instant now_{};
  std::uint32_t position_ = 0xfffffff0U;  // and over the end of the numbers
};

TEST_F(SlowPeersTest, HalfAMinuteBelowTheRateIsTooSlow) {
  EXPECT_FALSE(is_slow(1, 30)) << "the first look begins the count";
  EXPECT_TRUE(is_slow(1, 1));
  EXPECT_TRUE(is_slow(499, 1)) << "it must make up for the time before";
  EXPECT_FALSE(is_slow(20'000, 1));
}

TEST_F(SlowPeersTest, AtTheRateItIsNot) {
  EXPECT_FALSE(is_slow(501, 300));
}

TEST_F(SlowPeersTest, OnlyTheTimeInWhichThePeerAloneHeldUsBackCounts) {
  EXPECT_FALSE(is_slow(0, 600, false)) << "loss, and what TCP waits after it";
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(is_slow(0, 1, true)) << "one look that finds it waited for is no time";
    EXPECT_FALSE(is_slow(0, 1, false));
  }
}

TEST_F(SlowPeersTest, ASenderOfWholeSegmentsMayBeWaitingAfterALoss) {
  int slow_after[2] = {};
  for (const bool in_crumbs : {false, true}) {
    peers_.forget();
    for (int second = 1; second <= 200 && slow_after[in_crumbs] == 0; ++second) {
      if (second % 15 == 0) position_ += in_crumbs ? 1 : 1460;
      peers_.begin(now_ += 1s);
      peers_.look({.position = position_, .is_sending = true, .is_waited_for = true});
      if (!peers_.end().empty()) slow_after[in_crumbs] = second;
    }
  }
  EXPECT_EQ(slow_after[true], 31);
  EXPECT_EQ(slow_after[false], 121);
}

// SACK makes us believe in a hole that is never filled: the window is open, and every now and then
// a little of it is acknowledged.
TEST_F(SlowPeersTest, WhoPretendsLossAndAcknowledgesOctetsIsSlowToo) {
  for (const int every : {1, 7, 20, 50}) {  // seconds
    peers_.forget();
    int slow_after = 0;
    for (int second = 1; second <= 600 && slow_after == 0; ++second) {
      if (second % every == 0) ++position_;
      // Whatever it claims in turns.
      const bool has_losses = every == 7 ? second % 2 == 0 : true;
      peers_.begin(now_ += 1s);
      peers_.look({.position = position_, .is_waited_for = !has_losses, .has_losses = has_losses});
      if (!peers_.end().empty()) slow_after = second;
    }
    EXPECT_GE(slow_after, 120) << every;
    EXPECT_LE(slow_after, 260) << every;
  }
}

TEST_F(SlowPeersTest, APathThatWasDeadIsGivenTimeToGoOn) {
  const auto look = [this](std::uint32_t moved) {
    position_ += moved;
    peers_.begin(now_ += 1s);
    peers_.look({.position = position_, .has_losses = true});
    return !peers_.end().empty();
  };
  for (int times = 0; times < 10; ++times) {
    for (int second = 0; second < 300; ++second) EXPECT_FALSE(look(0)) << "dead for five minutes";
    EXPECT_FALSE(look(1460));
    for (int second = 0; second < 30; ++second) EXPECT_FALSE(look(1460)) << "and alive again";
  }
  // Every third packet is lost, and each loss waits for a timeout of some seconds.
  for (int second = 0; second < 1000; ++second) EXPECT_FALSE(look(second % 4 == 0 ? 3 * 1460 : 0));
}

// SIGSTOP, or a machine that slept: it was not the peer who kept us waiting.
TEST_F(SlowPeersTest, AMinuteInWhichNobodyLookedIsNoMinuteOfWaiting) {
  EXPECT_FALSE(is_slow(0, 2));
  now_ += 60s;
  EXPECT_FALSE(is_slow(0, 20));
  EXPECT_TRUE(is_slow(0, 9));
}

TEST_F(SlowPeersTest, AnotherConnectionInTheSamePlaceBeginsAnew) {
  EXPECT_FALSE(is_slow(0, 29));
  peers_.begin(now_ += 1s);
  peers_.look({.slot = 7, .generation = 3, .position = position_, .is_waited_for = true});
  EXPECT_TRUE(peers_.end().empty());
  EXPECT_FALSE(is_slow(0, 30));
}

TEST_F(SlowPeersTest, TheOneThatHoldsMostEndsFirst) {
  for (int i = 0; i <= 31; ++i) {
    peers_.begin(now_ += 1s);
    for (std::uint32_t slot = 0; slot < 5; ++slot) {
      if (slot == 3 && i % 2 == 0) continue;  // it held nothing just then
      peers_.look({.slot = slot,
                   .generation = 1,
                   .held = slot == 1 ? 900U : 100 * slot,
                   .is_waited_for = true});
    }
    if (i < 31) {
      EXPECT_LE(peers_.end().size(), i >= 30 ? 4U : 0U);
    }
  }
  std::vector<std::uint32_t> order;
  for (const PeerLook& look : peers_.end()) order.push_back(look.slot);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 4, 2, 0}));
}

// More peers than are remembered, and the slow ones behind all the others.
TEST_F(SlowPeersTest, ManyFastPeersHideNoSlowOne) {
  constexpr std::uint32_t kFast = 40'000;
  constexpr std::uint32_t kSlow = 100;
  for (const bool is_waited_for : {false, true}) {
    peers_.forget();
    std::size_t slow = 0;
    for (int i = 0; i < 40; ++i) {
      position_ += 20'000;
      peers_.begin(now_ += 1s);
      for (std::uint32_t slot = 0; slot < kFast; ++slot) {
        peers_.look({.slot = slot, .position = position_, .is_waited_for = is_waited_for});
      }
      for (std::uint32_t slot = kFast; slot < kFast + kSlow; ++slot) {
        peers_.look({.slot = slot, .held = 1, .is_waited_for = true});
      }
      const std::span<const PeerLook> found = peers_.end();
      for (const PeerLook& look : found) EXPECT_GE(look.slot, kFast);
      slow = found.size();
    }
    EXPECT_EQ(slow, kSlow) << (is_waited_for ? "with windows that fill" : "with open windows");
  }
}

TEST_F(SlowPeersTest, NothingIsKeptWhileNobodyLooks) {
  EXPECT_TRUE(is_slow(0, 31));
  EXPECT_EQ(peers_.watched(), 1U);
  peers_.forget();
  EXPECT_EQ(peers_.watched(), 0U);
  EXPECT_FALSE(is_slow(0, 30));
}

TEST_F(SlowPeersTest, WithoutARateNobodyIsSlow) {
  peers_ = SlowPeers(LeastRate{0, 30s});
  EXPECT_FALSE(is_slow(0, 100));
}

// -- Shares of the pool

TEST(PoolShareTest, ThoseWhoTakeAllTheyCanLeaveAsMuchForTheNext) {
  constexpr std::size_t kBudget = 64u << 20;
  BufferPool pool(kBudget);
  std::vector<BufferRef> held;
  for (std::size_t n = 1; n <= 2000; ++n) {
    PoolShare share;
    while (const std::size_t size = share.piece(pool, BufferPool::kLargest)) {
      held.push_back(pool.take(size));
      ASSERT_TRUE(held.back());
      share.held += held.back()->capacity();
      ASSERT_LE(share.held, kBudget);
    }
    ASSERT_GE(share.held, PoolShare::kSmallPiece) << "number " << n << " gets nothing";
    if (n > 100) break;
  }
  EXPECT_LE(pool.in_use(), kBudget - kBudget / 16) << "the last sixteenth is for heads";
  EXPECT_TRUE(pool.take(1024));
}

TEST(PoolShareTest, OneAloneHasWhatItHasUseFor) {
  BufferPool pool(64u << 20);
  const PoolShare share{.held = 192u << 10, .most = 256u << 10};
  EXPECT_EQ(share.piece(pool, 65536), 65536U);
  EXPECT_EQ((PoolShare{.held = 256u << 10, .most = 256u << 10}.piece(pool, 65536)), 0U);
  EXPECT_EQ(share.piece(pool, 100), 100U);
}

TEST(PoolShareTest, PiecesBecomeSmallWhereLittleIsLeft) {
  BufferPool pool(256u << 10);
  std::vector<BufferRef> held;
  for (int i = 0; i < 3; ++i) held.push_back(pool.take(64u << 10));
  EXPECT_EQ(PoolShare{}.piece(pool, 65536), 32768U);
  EXPECT_EQ((PoolShare{.held = 16u << 10}.piece(pool, 65536)), 16384U);
  held.push_back(pool.take(32u << 10));
  EXPECT_EQ((PoolShare{.held = 16u << 10}.piece(pool, 65536)), 0U);
  EXPECT_EQ((PoolShare{.held = 1024}.piece(pool, 65536)), PoolShare::kSmallPiece)
      << "who has nothing has a small piece";
  EXPECT_TRUE(pool.is_pressed());
}

// What an answer needs when the system has no memory left; the rest goes back in quiet times.
TEST(BufferPool, WhatIsReservedStays) {
  BufferPool pool(2u << 20);
  ASSERT_TRUE(pool.reserve());
  const std::size_t reserved = pool.idle();
  EXPECT_GT(reserved, BufferPool::kLargest);
  EXPECT_LE(reserved, (2u << 20) / 8);
  {
    std::vector<BufferRef> heads;
    for (int i = 0; i < 4; ++i) heads.push_back(pool.take(1000));
    EXPECT_EQ(pool.idle(), reserved - 4 * 1024) << "those that wait are used first";
    heads.push_back(pool.take(1000));
  }
  EXPECT_EQ(pool.idle(), reserved + 1024);
  pool.trim();
  EXPECT_EQ(pool.idle(), reserved);
  std::vector<BufferRef> all;
  for (int i = 0; i < 32; ++i) all.push_back(pool.take(BufferPool::kLargest));
  EXPECT_TRUE(all.back()) << "the budget is for those who take, not for what waits";
  BufferPool small(16 * 1024);
  ASSERT_TRUE(small.reserve());
  EXPECT_EQ(small.idle(), 4 * BufferPool::kSmallest) << "an eighth of its budget at most";
}

}  // namespace
}  // namespace glasstcp::http
