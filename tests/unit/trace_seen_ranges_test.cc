// What of a stream was on the wire before: exact, across the wrap, and never too much.
#include <gtest/gtest.h>

#include "stack/trace/seen_ranges.h"

namespace glasstcp {
namespace {

class SeenRangesTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  [[nodiscard]] SeqNum at(std::uint32_t offset) const { return SeqNum(GetParam() + offset); }
  std::uint32_t add(std::uint32_t begin, std::uint32_t end) {
    return seen_.add(at(begin), at(end));
  }
  SeenRanges seen_;
};

TEST_P(SeenRangesTest, BeginsWithNothing) {
  EXPECT_FALSE(seen_.end());
  seen_.begin_at(at(0));
  EXPECT_EQ(seen_.end(), at(0));
  EXPECT_EQ(add(0, 100), 0u);
  EXPECT_EQ(seen_.end(), at(100));
}

TEST_P(SeenRangesTest, CountsWhatComesAgain) {
  seen_.begin_at(at(0));
  add(0, 100);
  EXPECT_EQ(add(50, 150), 50u);
  EXPECT_EQ(add(300, 400), 0u) << "behind a gap";
  EXPECT_EQ(add(200, 320), 20u);
  EXPECT_EQ(add(0, 400), 150u + 200u) << "all but the gap";
  EXPECT_EQ(add(100, 400), 300u) << "which is closed now";
}

TEST_P(SeenRangesTest, AnAckWithoutDataTellsHowFarItsSenderHasCome) {
  seen_.begin_at(at(0));
  add(0, 100);
  seen_.note_sent_up_to(at(500));
  EXPECT_EQ(seen_.end(), at(500));
  EXPECT_EQ(add(100, 200), 0u) << "sent, but not seen";
  seen_.note_sent_up_to(at(0));
  EXPECT_EQ(seen_.end(), at(500));
}

TEST_P(SeenRangesTest, BytesBeforeTheBeginningWereSeen) {
  seen_.begin_at(at(10));
  EXPECT_EQ(add(9, 11), 1u);
}

// A connection that was there before the observer.
TEST_P(SeenRangesTest, WithoutABeginningTheFirstIsOne) {
  EXPECT_EQ(add(500, 600), 0u);
  EXPECT_EQ(add(500, 600), 100u);
}

TEST_P(SeenRangesTest, ARangeTooManyIsForgottenAndTheEndIsNot) {
  seen_.begin_at(at(0));
  for (std::uint32_t i = 1; i <= 40; ++i) EXPECT_EQ(add(i * 10, i * 10 + 5), 0u);
  EXPECT_EQ(seen_.end(), at(405));
  EXPECT_EQ(add(10, 15), 5u);
  EXPECT_EQ(add(400, 405), 0u) << "forgotten: less is known, not too much";
}

INSTANTIATE_TEST_SUITE_P(Everywhere, SeenRangesTest, testing::Values(0U, 0x7fffff80U, 0xffffff80U));

}  // namespace
}  // namespace glasstcp
