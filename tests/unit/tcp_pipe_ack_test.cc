// What the path carried in a round trip, and for how long that counts. RFC 7661 §4.2, §4.4.3.
#include <gtest/gtest.h>

#include "stack/tcp/congestion/pipe_ack.h"
#include "stack/tcp/congestion/window_use.h"
#include "tests/support/covers.h"

namespace glasstcp::test {
namespace {

constexpr Duration kRtt = 100ms;
constexpr Instant kStart{1000s};

TEST(PipeAck, ARoundIsWhatWasOutstandingAtItsBeginning) {
  COVERS("R7661-01");
  PipeAck p;
  EXPECT_EQ(p.get(kStart, kRtt), std::nullopt);
  // Ten kilobytes are outstanding, the numbers wrap in the middle of them.
  const SeqNum base(0xffffff00U);
  EXPECT_FALSE(p.on_acked(base, base + 1000, base + 10'000, kStart, kRtt));
  EXPECT_FALSE(p.on_acked(base + 1000, base + 9000, base + 18'000, kStart, kRtt));
  EXPECT_EQ(p.get(kStart, kRtt), std::nullopt);
  EXPECT_TRUE(p.on_acked(base + 9000, base + 10'000, base + 19'000, kStart, kRtt));
  EXPECT_EQ(p.get(kStart, kRtt), 10'000U);
  // The next one ends where the data ended that was outstanding then; a smaller one lowers nothing.
  EXPECT_TRUE(p.on_acked(base + 10'000, base + 19'000, base + 19'000, kStart + kRtt, kRtt));
  EXPECT_EQ(p.get(kStart + kRtt, kRtt), 10'000U);
  // All was acknowledged: what comes later is a round of its own, from its first byte.
  EXPECT_FALSE(p.on_acked(base + 19'000, base + 20'000, base + 31'000, kStart + kRtt, kRtt));
  EXPECT_TRUE(p.on_acked(base + 20'000, base + 31'000, base + 31'000, kStart + kRtt, kRtt));
  EXPECT_EQ(p.get(kStart + kRtt, kRtt), 12'000U);
}

TEST(PipeAck, CountsForASecondOrThreeRoundTrips) {
  COVERS("R7661-01");
  for (const Duration rtt : {Duration(100ms), Duration(1s)}) {
    const Duration whole = std::max<Duration>(1s, 3 * rtt);
    PipeAck p;
    EXPECT_TRUE(p.on_acked(SeqNum(0), SeqNum(9000), SeqNum(9000), kStart, rtt));
    EXPECT_EQ(p.get(kStart + whole / 2, rtt), 9000U);
    EXPECT_TRUE(p.on_acked(SeqNum(9000), SeqNum(9500), SeqNum(9500), kStart + whole / 2, rtt));
    EXPECT_EQ(p.get(kStart + whole - 1ms, rtt), 9000U);
    EXPECT_TRUE(p.on_acked(SeqNum(9500), SeqNum(9600), SeqNum(9600), kStart + whole, rtt));
    EXPECT_EQ(p.get(kStart + whole, rtt), 500U);
    EXPECT_EQ(p.get(kStart + 2 * whole, rtt), 0U);
    p.forget();
    EXPECT_EQ(p.get(kStart + whole, rtt), std::nullopt);
  }
}

TEST(WindowUse, FiveMinutesAreNeverLess) {
  COVERS("R7661-04");
  for (int offset = 0; offset < 700; ++offset) {
    WindowUse use;
    const Instant begin = kStart + std::chrono::seconds(offset);
    EXPECT_FALSE(use.is_long_unvalidated(begin));  // never asked
    use.on_validated(begin);
    EXPECT_FALSE(use.is_long_unvalidated(begin));
    EXPECT_FALSE(use.is_long_unvalidated(begin + 5min));
    EXPECT_TRUE(use.is_long_unvalidated(begin + 5min + 20s));
    EXPECT_TRUE(use.is_long_unvalidated(begin + 10min));
  }
}

TEST(WindowUse, AWindowGrowsInSlowStartIfHalfOfItWasOutAndLaterOnlyIfItWasFull) {
  COVERS("R7661-03");
  WindowUse use;
  use.start_at(SeqNum(1));
  use.on_sent(SeqNum(1), SeqNum(5001), 5000, false);
  EXPECT_FALSE(use.was_used(10'000, true));
  use.on_sent(SeqNum(1), SeqNum(5002), 5001, false);
  EXPECT_TRUE(use.was_used(10'000, true));
  EXPECT_FALSE(use.was_used(10'000, false));
  use.on_sent(SeqNum(1), SeqNum(10'001), 10'000, true);
  EXPECT_TRUE(use.was_used(10'000, false));
}

}  // namespace
}  // namespace glasstcp::test
