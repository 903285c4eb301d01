// Slabs, block pools and flow tables give memory back after a peak, and work on as before.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "stack/base/block_pool.h"
#include "stack/base/flow_table.h"
#include "stack/base/memory_budget.h"
#include "stack/base/slab.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMany = 20'000;

struct Thing {
  explicit Thing(std::uint32_t number) : value(number) {}
  std::uint32_t value;
  std::array<std::uint8_t, 100> more{};
};

TEST(SlabMemory, ChunksInWhichNothingLivesGoBack) {
  Slab<Thing> slab(1U << 20);
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_EQ(slab.acquire(i), i);
  EXPECT_EQ(slab.release_idle_memory(), 0U) << "all is used";
  const std::uint64_t peak = slab.memory_bytes();
  const std::uint32_t old = slab.generation(kMany - 1);
  for (std::uint32_t i = 1; i < kMany; ++i) slab.release(i);
  EXPECT_EQ(slab.memory_bytes(), peak) << "nothing happens before it is asked for";
  const std::uint64_t given = slab.release_idle_memory();
  EXPECT_GT(given, peak / 2);
  EXPECT_EQ(slab.memory_bytes(), peak - given);
  EXPECT_EQ(slab[0].value, 0U);
  EXPECT_EQ(slab.get(kMany - 1, old), nullptr);
  // All slots come again, each once, and old handles stay stale.
  std::vector<bool> seen(kMany);
  for (std::uint32_t i = 1; i < kMany; ++i) {
    const std::uint32_t index = slab.acquire(i + kMany);
    ASSERT_LT(index, kMany);
    ASSERT_FALSE(seen[index]);
    seen[index] = true;
  }
  EXPECT_EQ(slab.acquire(0U), kMany) << "only then a new one";
  EXPECT_EQ(slab.get(kMany - 1, old), nullptr);
  EXPECT_EQ(slab.size(), kMany + 1);
}

TEST(SlabMemory, ALittleIsNotWorthIt) {
  Slab<Thing> slab(1U << 20);
  for (std::uint32_t i = 0; i < 300; ++i) ASSERT_NE(slab.acquire(i), kNone);
  for (std::uint32_t i = 0; i < 300; ++i) slab.release(i);
  EXPECT_EQ(slab.release_idle_memory(), 0U);
}

// Where an address space is small (`ulimit -v`), what one kind of objects keeps is what another
// lacks.
TEST(SlabMemory, WhatIsMoreThanAChunkGoesBackAndWhatIsReservedStays) {
  for (const bool is_reserved : {false, true}) {
    Slab<Thing> slab(1U << 20);
    if (is_reserved) {
      EXPECT_TRUE(slab.reserve());
    }
    for (std::uint32_t i = 0; i < 1700; ++i) ASSERT_NE(slab.acquire(i), kNone);
    const std::uint64_t peak = slab.memory_bytes();
    for (std::uint32_t i = 0; i < 1700; ++i) slab.release(i);
    const std::uint64_t given = slab.release_idle_memory();
    EXPECT_GT(given, is_reserved ? peak / 4 : peak / 2);
    EXPECT_EQ(slab.acquire(0U) == 0, is_reserved) << "the first chunk is there";
    EXPECT_EQ(slab.memory_bytes(), peak - given);
  }
}

TEST(BlockPoolMemory, WhatIsReservedStays) {
  BlockPool pool(10'000);
  EXPECT_TRUE(pool.reserve());
  std::vector<std::uint32_t> blocks;
  for (int i = 0; i < 200; ++i) blocks.push_back(pool.acquire());
  const std::uint64_t peak = pool.memory_bytes();
  for (const std::uint32_t block : blocks) pool.release(block);
  const std::uint64_t given = pool.release_idle_memory();
  EXPECT_GT(given, peak / 2);
  EXPECT_EQ(pool.memory_bytes(), peak - given);
  EXPECT_NE(pool.acquire(), kNone);
  EXPECT_EQ(pool.memory_bytes(), peak - given) << "it was there";
}

TEST(SlabMemory, WhatStandsBesideAnObjectFindsItsPlaceAnew) {
  struct Mark {
    std::uint32_t value = 7;
  };
  Slab<Thing, Mark> slab(1U << 20);
  for (std::uint32_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(slab.acquire(i), i);
    ASSERT_EQ(slab.beside(i).value, 7U);
    slab.beside(i).value = i;
  }
  for (std::uint32_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(slab.beside(i).value, i);
    slab.beside(i).value = 7;
    slab.release(i);
  }
  EXPECT_GT(slab.release_idle_memory(), 0U);
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_EQ(slab.beside(slab.acquire(i)).value, 7U);
}

TEST(BlockPoolMemory, GoesBackOnlyIfMuchOfItIsUnused) {
  BlockPool pool(10'000);
  std::vector<std::uint32_t> blocks;
  for (int i = 0; i < 5000; ++i) blocks.push_back(pool.acquire());
  EXPECT_EQ(pool.release_idle_memory(), 0U);
  for (const std::uint32_t block : blocks) pool.release(block);
  EXPECT_GE(pool.release_idle_memory(), 5000U * BlockPool::kBlockSize);
  EXPECT_EQ(pool.memory_bytes(), 0U);
  EXPECT_NE(pool.acquire(), kNone);
}

TEST(FlowTableMemory, ShrinksAndStillFindsAll) {
  FlowTable table(1U << 20);
  const auto hash_of = [](std::uint32_t i) { return i * std::uint64_t{0x9e3779b97f4a7c15}; };
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_TRUE(table.insert(hash_of(i), i));
  for (std::uint32_t i = 1000; i < kMany; ++i) ASSERT_TRUE(table.erase(hash_of(i), i));
  EXPECT_GT(table.release_idle_memory(), 0U);
  EXPECT_EQ(table.release_idle_memory(), 0U);
  for (std::uint32_t i = 0; i < 1000; ++i)
    EXPECT_EQ(table.find(hash_of(i), [i](std::uint32_t value) { return value == i; }), i);
}

TEST(MemoryBudgetShares, WhatHoldersHaveBeyondTheirLeastIsAtMostHalf) {
  MemoryBudget budget(1000, 10);
  EXPECT_TRUE(budget.reserve(510));  // 10, and 500 beyond
  EXPECT_EQ(budget.available(), 490U);
  EXPECT_EQ(budget.available_beyond(), 0U);
  EXPECT_FALSE(budget.reserve(11));
  EXPECT_TRUE(budget.reserve(10));
  EXPECT_FALSE(budget.grow(10, 11));
  budget.shrink(510, 410);
  EXPECT_TRUE(budget.grow(10, 110));
  EXPECT_EQ(budget.beyond(), 500U);
  budget.release(110);
  budget.release(410);
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_EQ(budget.beyond(), 0U);
}

}  // namespace
}  // namespace glasstcp
