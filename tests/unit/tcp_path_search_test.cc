// The search for the path MTU alone: sizes, ends and rests.
//
// RFC 4821 §7, RFC 8899 §5. The conversations are in tests/script/cases/path_mtu.
#include <gtest/gtest.h>

#include "stack/tcp/send/path_search.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr Instant kStart{100s};

// Probes until the search rests, on a path that takes `truth`; how many probes that took.
int search_on(PathSearch& search, std::uint16_t truth, Instant now) {
  int probes = 0;
  while (const std::uint16_t size = search.next_size(now)) {
    EXPECT_GT(size, search.low());
    search.on_probe_sent(size, SeqNum(1), SeqNum(1000));
    EXPECT_EQ(search.next_size(now), 0U);  // one at a time
    size <= truth ? search.on_probe_arrived() : search.on_probe_lost();
    if (++probes > 20) break;
  }
  return probes;
}

TEST(PathSearch, FindsEverySizeToWithinItsResolution) {
  COVERS("R4821-01", "R8899-01");
  for (std::uint16_t truth = 1280; truth <= 1500; ++truth) {
    PathSearch search(1280, 1500);
    EXPECT_LE(search_on(search, truth, kStart), 8);
    EXPECT_LE(search.low(), truth);
    EXPECT_GT(search.low() + PathSearch::kResolution, truth) << truth;
  }
}

TEST(PathSearch, TheUsualEndIsFoundExactly) {
  PathSearch search(1260, 1500);
  search_on(search, 1500, kStart);
  EXPECT_EQ(search.low(), 1500U);
}

TEST(PathSearch, RestsTenMinutesAndLooksAgain) {
  COVERS("R4821-04");
  PathSearch search(1280, 1500);
  search_on(search, 1400, kStart);
  search.wake(kStart, 1500);
  const std::uint16_t found = search.low();
  search.wake(kStart + 599s, 1500);
  EXPECT_EQ(search.next_size(kStart + 599s), 0U);
  search.wake(kStart + 600s, 1500);
  EXPECT_GT(search.next_size(kStart + 600s), found);
  search_on(search, 1500, kStart + 600s);
  EXPECT_EQ(search.low(), 1500U);
}

TEST(PathSearch, ATimeoutSaysNothingOnceAndSomethingTwice) {
  PathSearch search(1280, 1500);
  const std::uint16_t first = search.next_size(kStart);
  search.on_probe_sent(first, SeqNum(1), SeqNum(1000));
  search.on_probe_inconclusive();
  EXPECT_EQ(search.next_size(kStart), first);
  search.on_probe_sent(first, SeqNum(1), SeqNum(1000));
  search.on_probe_inconclusive();
  EXPECT_LT(search.next_size(kStart), first);
}

TEST(PathSearch, FallsBackFurtherAndBelievesMessages) {
  COVERS("R4821-03");
  PathSearch search(1260, 1500);
  search.fall_back(576);
  EXPECT_EQ(search.low(), 576U);
  EXPECT_EQ(search_on(search, 1260, kStart) > 0, true);
  EXPECT_LE(search.low(), 1260U);  // what had been believed before bounds the search now
  PathSearch other(1260, 1500);
  other.lower_to(1300);
  search_on(other, 1500, kStart);
  EXPECT_LE(other.low(), 1300U);
}

}  // namespace
}  // namespace glasstcp
