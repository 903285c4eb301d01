// A tree over objects of a slab stays balanced whatever comes and goes, and finds what a walk
// finds.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <vector>

#include "stack/base/avl_tree.h"
#include "stack/base/random.h"

namespace glasstcp {
namespace {

struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t left = kNone;
  std::uint32_t right = kNone;
  std::uint8_t height = 0;
};

struct AvlTreeTest : ::testing::Test {
  Slab<Span> pool{20000};
  AvlTree<Span> tree;
  std::map<std::uint32_t, std::uint32_t> by_begin;  // the oracle: index by key

  void put(std::uint32_t begin) {
    const std::uint32_t index = pool.acquire();
    pool[index].begin = begin;
    pool[index].end = begin + 10;
    tree.insert(pool, index);
    by_begin[begin] = index;
  }
  void take(std::uint32_t begin) {
    const std::uint32_t index = by_begin.at(begin);
    tree.erase(pool, index);
    pool.release(index);
    by_begin.erase(begin);
  }
  [[nodiscard]] std::uint32_t oracle(std::uint32_t key) const {
    for (const auto& [begin, index] : by_begin) {
      if (begin + 10 > key) return index;
    }
    return kNone;
  }
};

TEST_F(AvlTreeTest, AscendingKeysMakeNoList) {
  for (std::uint32_t i = 0; i < 8192; ++i) put(i * 10);
  EXPECT_EQ(tree.check(pool), 8192U);
  std::uint32_t longest = 0;
  for (std::uint32_t key = 0; key < 81920; key += 7) {
    std::uint32_t steps = 0;
    EXPECT_EQ(tree.first_behind(pool, key, steps), by_begin.at(key / 10 * 10));
    longest = std::max(longest, steps);
  }
  EXPECT_LE(longest, 14U);  // a perfect tree of 8191 is 13 high
}

TEST_F(AvlTreeTest, TakenFromTheFrontItStaysBalanced) {
  for (std::uint32_t i = 0; i < 1000; ++i) put(i * 10);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(tree.check(pool), 1000 - i);
    take(i * 10);
  }
  EXPECT_TRUE(tree.empty());
}

TEST_F(AvlTreeTest, FindsWhatAWalkFindsWhateverComesAndGoes) {
  SeededRandom random{11};
  for (int i = 0; i < 20000; ++i) {
    const auto begin = static_cast<std::uint32_t>(random.below(300)) * 10;
    if (by_begin.contains(begin)) {
      take(begin);
    } else {
      put(begin);
    }
    ASSERT_EQ(tree.check(pool), by_begin.size());
    const auto key = static_cast<std::uint32_t>(random.below(3100));
    std::uint32_t steps = 0;
    ASSERT_EQ(tree.first_behind(pool, key, steps), oracle(key));
    ASSERT_LE(steps, 2 * std::bit_width(by_begin.size()));
  }
}

}  // namespace
}  // namespace glasstcp
