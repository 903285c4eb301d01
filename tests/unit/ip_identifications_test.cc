// Numbers of packets that may be cut: none comes again to a destination within two minutes, however
// fast it is asked for.
#include <gtest/gtest.h>

#include <vector>

#include "stack/ip/identifications.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

const IpAddress kOne = IpAddress::v4(198, 51, 100, 7);
const IpAddress kOther = IpAddress::v4(203, 0, 113, 9);

TEST(Identifications, NoneComesAgainWithinAPacketsLife) {
  COVERS("R6864-02", "R6864-03");
  // Asked for as fast as they are given, with a pause in between, one by one and in rows.
  for (const std::uint32_t row : {1U, 3U, 45U}) {
    Identifications numbers(Seed::from_number(row));
    std::vector<Instant> used(65536, Instant::min());
    std::uint64_t given = 0;
    for (Instant now{}; now < Instant(500s); now += 2ms) {
      if (now > Instant(200s) && now < Instant(230s)) continue;
      while (const auto first = numbers.take(kOne, row, now)) {
        for (std::uint32_t i = 0; i < row; ++i) {
          Instant& last = used[(*first + i) % 65536];
          ASSERT_TRUE(last == Instant::min() || now - last >= 120s) << *first + i;
          last = now;
          ++given;
        }
      }
    }
    EXPECT_GT(given, 450U * Identifications::kPerSecond) << "nor are they withheld without need";
  }
}

TEST(Identifications, EachDestinationHasItsOwn) {
  COVERS("R6864-02");
  Identifications numbers(Seed::from_number(1));
  while (numbers.take(kOne, 100, Instant(1s))) {
  }
  EXPECT_TRUE(numbers.take(kOther, 100, Instant(1s)));
  EXPECT_FALSE(numbers.take(kOther, Identifications::kBurst, Instant(1s)));
  EXPECT_TRUE(numbers.take(kOne, 100, Instant(1200ms)));
}

}  // namespace
}  // namespace glasstcp
