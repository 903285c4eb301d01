// The echo of a timestamp: what it may belong to, on a clock that goes round.
#include <gtest/gtest.h>

#include "stack/tcp/timestamps.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr Instant kFirst{10s};  // when what is outstanding left first
constexpr std::uint32_t kFirstMs = milliseconds_of(kFirst);

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

}  // namespace
}  // namespace glasstcp
