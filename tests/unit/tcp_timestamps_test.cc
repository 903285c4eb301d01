// The echo of a timestamp: what it may belong to, on a clock that goes round; and which segments a
// timestamp lets through.
#include <gtest/gtest.h>

#include "stack/tcp/timestamps.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr Instant kFirst{10s};  // when what is outstanding left first
constexpr std::uint32_t kFirstMs = milliseconds_of(kFirst);
constexpr Instant at_s(int seconds) {
  return Instant(std::chrono::seconds(seconds));
}

// RFC 3522 §3.2: the echo lies between the first transmission and now; 0 is a value like any other.
TEST(Timestamps, AnEchoIsOfTheFlightOrTellsNothing) {
  COVERS("R3522-01", "R6298-07");
  // The clock reads 0 when the flight begins, a millisecond before, and somewhere else.
  for (const std::uint32_t reading : {0U, 0xffffffffU, 1U, 0x80000000U, 0x7fffffffU, 12345U}) {
    const auto clock = Timestamps::with_offset(reading - kFirstMs);
    const auto is_echo = [&](std::int32_t after, Instant now) {
      return clock.is_echo_since(TsVal{reading + static_cast<std::uint32_t>(after)}, kFirstMs, now);
    };
    EXPECT_TRUE(is_echo(0, kFirst)) << reading;
    EXPECT_TRUE(is_echo(0, kFirst + 300ms)) << reading;
    EXPECT_TRUE(is_echo(300, kFirst + 300ms)) << reading;
    EXPECT_FALSE(is_echo(-1, kFirst + 300ms)) << "older than the flight";
    EXPECT_FALSE(is_echo(301, kFirst + 300ms)) << "from the future";
    EXPECT_FALSE(is_echo(-1'000'000, kFirst + 300ms)) << reading;
    EXPECT_EQ(clock.is_echo_since(TsVal{0}, kFirstMs, kFirst + 300ms),
              reading == 0 || reading == 0xffffffffU);
  }
}

// RFC 7323 §5.3, R1: one rule for connections, half-open records and TIME-WAIT.
TEST(Timestamps, PawsAsksASegmentByItsOptionAlone) {
  COVERS("R7323-11", "R7323-12", "R7323-17", "R7323-19");
  const Timestamps ours(0, TsVal{1000}, at_s(1));
  Segment seg;
  EXPECT_EQ(ours.check(seg, true, at_s(1)), std::nullopt);
  EXPECT_EQ(ours.check(seg, false, at_s(1)), Verdict::TimestampMissing);
  seg.options.timestamps = TimestampsOption{TsVal{1000}, TsVal{0}};
  EXPECT_EQ(ours.check(seg, false, at_s(1)), std::nullopt);
  seg.options.timestamps->val = TsVal{999};
  EXPECT_EQ(ours.check(seg, true, at_s(1)), Verdict::PawsRejected);
  EXPECT_EQ(ours.check(seg, true, at_s(25 * 24 * 3600)), std::nullopt) << "ours is outdated";
  seg.flags.bits = TcpFlags::kRst;
  EXPECT_EQ(ours.check(seg, false, at_s(1)), std::nullopt) << "a reset is judged by its number";
  seg.flags.bits = 0;
  EXPECT_EQ(Timestamps().check(seg, false, at_s(1)), std::nullopt) << "not agreed on";
}

}  // namespace
}  // namespace glasstcp
