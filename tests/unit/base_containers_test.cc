// Slab, BlockPool, IntrusiveList and FlowTable: behaviour first, then long random runs against
// std:: containers.
#include <gtest/gtest.h>

#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "stack/base/block_pool.h"
#include "stack/base/flow_table.h"
#include "stack/base/intrusive_list.h"
#include "stack/base/random.h"
#include "stack/base/ring.h"
#include "stack/base/slab.h"

namespace glasstcp {
namespace {

struct Counted {
  static inline int living = 0;
  Counted() { ++living; }
  explicit Counted(int v) : value(v) { ++living; }
  ~Counted() { --living; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int value = 0;
};

TEST(Slab, ConstructsOnAcquireAndDestroysOnRelease) {
  Slab<Counted> slab(10);
  const std::uint32_t a = slab.acquire();
  const std::uint32_t b = slab.acquire(7);
  EXPECT_EQ(slab[a].value, 0);
  EXPECT_EQ(slab[b].value, 7);
  EXPECT_EQ(Counted::living, 2);
  EXPECT_EQ(slab.size(), 2U);
  slab.release(a);
  EXPECT_EQ(Counted::living, 1);
  EXPECT_FALSE(slab.is_live(a));
  EXPECT_TRUE(slab.is_live(b));
}

TEST(Slab, ValueConstructsPlainTypes) {
  struct Plain {
    std::uint64_t x[4];
  };
  Slab<Plain> slab(2);
  std::uint32_t i = slab.acquire();
  slab[i].x[3] = 99;
  slab.release(i);
  i = slab.acquire();
  EXPECT_EQ(slab[i].x[3], 0U) << "a slot used before must not show what was there";
}

TEST(Slab, RecognisesStaleHandles) {
  Slab<Counted> slab(10);
  const std::uint32_t i = slab.acquire();
  const std::uint32_t old_generation = slab.generation(i);
  EXPECT_EQ(old_generation & 1U, 1U) << "odd: living";
  EXPECT_EQ(slab.get(i, old_generation), &slab[i]);
  slab.release(i);
  EXPECT_EQ(slab.get(i, old_generation), nullptr);
  EXPECT_EQ(slab.get(i, slab.generation(i)), nullptr) << "an even generation is no object";
  EXPECT_EQ(slab.acquire(), i) << "the slot freed last is used first";
  EXPECT_EQ(slab.get(i, old_generation), nullptr);
  EXPECT_NE(slab.get(i, slab.generation(i)), nullptr);
  EXPECT_EQ(slab.get(kNone, 1), nullptr);
  EXPECT_EQ(slab.get(5, 1), nullptr) << "never used";
}

TEST(Slab, StopsAtItsLimit) {
  Slab<std::uint32_t> slab(3);
  for (int i = 0; i < 3; ++i) EXPECT_NE(slab.acquire(), kNone);
  EXPECT_EQ(slab.acquire(), kNone);
  slab.release(1);
  EXPECT_EQ(slab.acquire(), 1U);
  EXPECT_EQ(slab.acquire(), kNone);
  EXPECT_EQ(Slab<int>(0).acquire(), kNone);
}

TEST(Slab, NeverMovesAnObject) {
  Slab<Counted> slab(100'000);
  std::vector<Counted*> where;
  for (int i = 0; i < 100'000; ++i) where.push_back(&slab[slab.acquire(i)]);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    ASSERT_EQ(&slab[i], where[i]);
    ASSERT_EQ(slab[i].value, static_cast<int>(i));
  }
  EXPECT_LT(slab.memory_bytes(), 100'000U * 8 + 2 * 128 * 1024);
}

TEST(Slab, HonoursTheAlignmentOfItsObjects) {
  struct alignas(64) Line {
    std::uint8_t bytes[64];
  };
  Slab<Line> slab(100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&slab[slab.acquire()]) % 64, 0U);
  }
}

TEST(Slab, DestroysWhatIsLeftWhenItDies) {
  {
    Slab<Counted> slab(100);
    for (int i = 0; i < 50; ++i) (void)slab.acquire();
    slab.release(20);
  }
  EXPECT_EQ(Counted::living, 0);
}

TEST(Slab, MatchesAMapOverALongRandomRun) {
  Slab<Counted> slab(500);
  std::map<std::uint32_t, int> model;
  SeededRandom random(1);
  for (int step = 0; step < 50'000; ++step) {
    if (random.chance(0.52)) {
      const std::uint32_t i = slab.acquire(step);
      ASSERT_EQ(i == kNone, model.size() == 500);
      if (i != kNone) {
        ASSERT_TRUE(model.emplace(i, step).second);
      }
    } else if (!model.empty()) {
      const auto victim = std::next(model.begin(), static_cast<long>(random.below(model.size())));
      slab.release(victim->first);
      model.erase(victim);
    }
    ASSERT_EQ(slab.size(), model.size());
  }
  std::map<std::uint32_t, int> seen;
  slab.for_each([&](std::uint32_t i, Counted& c) { seen.emplace(i, c.value); });
  EXPECT_EQ(seen, model);
  slab.for_each([&](std::uint32_t i, Counted&) { slab.release(i); });
  EXPECT_EQ(slab.size(), 0U);
}

TEST(BlockPool, GivesAlignedBlocksThatDoNotOverlap) {
  BlockPool pool(200);
  std::vector<std::uint32_t> blocks;
  for (int i = 0; i < 200; ++i) {
    blocks.push_back(pool.acquire());
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pool.data(blocks.back())) % BlockPool::kBlockSize,
              0U);
    std::memset(pool.data(blocks.back()), i, BlockPool::kBlockSize);
  }
  EXPECT_EQ(pool.acquire(), kNone) << "at the limit";
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(pool.data(blocks[i])[0], i);
    EXPECT_EQ(pool.data(blocks[i])[BlockPool::kBlockSize - 1], i);
  }
  EXPECT_EQ(pool.size(), 200U);
}

TEST(BlockPool, GivesBackTheMemoryOfWhollyFreeChunks) {
  BlockPool pool(1000);
  std::vector<std::uint32_t> blocks;
  for (int i = 0; i < 256; ++i) blocks.push_back(pool.acquire());
  const std::uint64_t full = pool.memory_bytes();
  EXPECT_EQ(full, 256U * BlockPool::kBlockSize);
  for (std::uint32_t b : blocks) {
    if (b != 70) pool.release(b);
  }
  pool.data(70)[17] = 0xab;
  EXPECT_EQ(pool.release_idle_memory(), full - 64 * BlockPool::kBlockSize);
  EXPECT_EQ(pool.memory_bytes(), 64U * BlockPool::kBlockSize);
  EXPECT_EQ(pool.data(70)[17], 0xab) << "a block in use stays where it is";
  std::set<std::uint32_t> again = {70};
  for (int i = 0; i < 999; ++i) {
    const std::uint32_t b = pool.acquire();
    ASSERT_NE(b, kNone);
    ASSERT_TRUE(again.insert(b).second) << "given twice";
    pool.data(b)[4095] = 1;
  }
  EXPECT_EQ(pool.acquire(), kNone);
}

TEST(BlockPool, SurvivesALongRandomRun) {
  BlockPool pool(300);
  std::map<std::uint32_t, std::uint8_t> model;
  SeededRandom random(2);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t what = random.below(1000);
    if (what == 0) {
      pool.release_idle_memory();
    } else if (random.chance(step / 5000 % 2 == 0 ? 0.6 : 0.3)) {
      const std::uint32_t b = pool.acquire();
      ASSERT_EQ(b == kNone, model.size() == 300);
      if (b == kNone) continue;
      const auto mark = static_cast<std::uint8_t>(random.next());
      ASSERT_TRUE(model.emplace(b, mark).second);
      pool.data(b)[0] = mark;
    } else if (!model.empty()) {
      const auto victim = std::next(model.begin(), static_cast<long>(random.below(model.size())));
      ASSERT_EQ(pool.data(victim->first)[0], victim->second);
      pool.release(victim->first);
      model.erase(victim);
    }
    ASSERT_EQ(pool.size(), model.size());
  }
}

struct RedTag;
struct BlueTag;
struct Item : ListHook<RedTag>, ListHook<BlueTag> {
  explicit Item(int v = 0) : value(v) {}
  [[nodiscard]] ListHook<RedTag>& red() { return *this; }
  int value;
};
using RedList = IntrusiveList<Item, RedTag>;
using BlueList = IntrusiveList<Item, BlueTag>;

template <typename List>
std::vector<int> values(const List& list) {
  std::vector<int> out;
  for (const Item& item : list) out.push_back(item.value);
  return out;
}

TEST(IntrusiveList, KeepsOrderAndLetsAnElementLeaveFromTheMiddle) {
  RedList list;
  Item a(1), b(2), c(3), d(4);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  list.push_back(a);
  list.push_back(b);
  list.push_back(c);
  list.push_front(d);
  EXPECT_EQ(values(list), (std::vector{4, 1, 2, 3}));
  RedList::remove(b);
  EXPECT_FALSE(b.red().is_linked());
  EXPECT_EQ(values(list), (std::vector{4, 1, 3}));
  list.insert_before(d, b);
  EXPECT_EQ(values(list), (std::vector{2, 4, 1, 3}));
  RedList::remove(b);
  list.insert_after(c, b);
  EXPECT_EQ(list.back(), &b);
  EXPECT_EQ(list.next(d), &a);
  EXPECT_EQ(list.previous(d), nullptr);
  EXPECT_EQ(list.pop_front(), &d);
  EXPECT_EQ(values(list), (std::vector{1, 3, 2}));
}

TEST(IntrusiveList, AnElementStandsOnTwoListsByTwoTags) {
  Item a(1), b(2);
  RedList red;
  BlueList blue;
  red.push_back(a);
  red.push_back(b);
  blue.push_back(b);
  blue.push_back(a);
  RedList::remove(a);
  EXPECT_EQ(values(red), (std::vector{2}));
  EXPECT_EQ(values(blue), (std::vector{2, 1}));
}

TEST(IntrusiveList, ElementsAndListsMayDieInAnyOrder) {
  Item outlives(1);
  {
    RedList list;
    list.push_back(outlives);
    {
      Item dies(2);
      list.push_back(dies);
    }
    EXPECT_EQ(values(list), (std::vector{1}));
  }
  EXPECT_FALSE(outlives.red().is_linked());
}

TEST(IntrusiveList, AppendsAWholeListAtOnce) {
  Item a(1), b(2), c(3);
  RedList one, two;
  one.push_back(a);
  two.push_back(b);
  two.push_back(c);
  one.append(two);
  EXPECT_EQ(values(one), (std::vector{1, 2, 3}));
  EXPECT_TRUE(two.empty());
  one.append(two);
  EXPECT_EQ(values(one), (std::vector{1, 2, 3}));
}

TEST(IntrusiveList, MatchesStdListOverALongRandomRun) {
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 50; ++i) items.push_back(std::make_unique<Item>(i));
  RedList list;
  std::list<int> model;
  SeededRandom random(3);
  for (int step = 0; step < 20'000; ++step) {
    Item& item = *items[random.below(items.size())];
    if (item.red().is_linked()) {
      RedList::remove(item);
      model.remove(item.value);
    } else if (random.chance(0.5)) {
      list.push_back(item);
      model.push_back(item.value);
    } else {
      list.push_front(item);
      model.push_front(item.value);
    }
    if (step % 100 != 0) continue;
    ASSERT_EQ(values(list), std::vector<int>(model.begin(), model.end()));
  }
}

const auto anything = [](std::uint32_t) { return true; };

// What waits keeps its order while the room changes, and never loses its place.
TEST(Ring, KeepsItsOrderWhateverItsRoom) {
  Ring<int> ring;
  EXPECT_TRUE(ring.is_full()) << "no room yet";
  ASSERT_TRUE(ring.resize(3));
  for (const int i : {1, 2, 3}) ring.push(i);
  EXPECT_TRUE(ring.is_full());
  ring.pop();
  ring.push(4);  // where 1 was
  ASSERT_TRUE(ring.resize(1));
  EXPECT_EQ(ring.room(), 3U) << "for those who wait";
  ASSERT_TRUE(ring.resize(5));
  ring.push(5);
  for (const int i : {2, 3, 4, 5}) {
    EXPECT_EQ(ring.front(), i);
    ring.pop();
  }
  EXPECT_TRUE(ring.is_empty());
  ASSERT_TRUE(ring.resize(0));
  EXPECT_TRUE(ring.is_full());
}

TEST(FlowTable, FindsWhatWasInserted) {
  FlowTable table(100);
  EXPECT_EQ(table.find(1, anything), kNone);
  EXPECT_TRUE(table.insert(0x1234'5678'9abc'def0U, 17));
  EXPECT_EQ(table.find(0x1234'5678'9abc'def0U, anything), 17U);
  EXPECT_EQ(table.find(1, anything), kNone);
  EXPECT_FALSE(table.erase(1, 17));
  EXPECT_FALSE(table.erase(0x1234'5678'9abc'def0U, 18));
  EXPECT_TRUE(table.erase(0x1234'5678'9abc'def0U, 17));
  EXPECT_EQ(table.find(0x1234'5678'9abc'def0U, anything), kNone);
  EXPECT_EQ(table.size(), 0U);
}

TEST(FlowTable, LetsTheCallerTellEqualHashesApart) {
  FlowTable table(100);
  for (std::uint32_t v = 0; v < 50; ++v) EXPECT_TRUE(table.insert(42, v));
  for (std::uint32_t v = 0; v < 50; ++v) {
    EXPECT_EQ(table.find(42, [v](std::uint32_t x) { return x == v; }), v);
  }
  EXPECT_TRUE(table.erase(42, 20));
  EXPECT_EQ(table.find(42, [](std::uint32_t x) { return x == 20; }), kNone);
  EXPECT_EQ(table.find(42, [](std::uint32_t x) { return x == 49; }), 49U);
}

TEST(FlowTable, RefusesMoreThanItsLimit) {
  FlowTable table(1000);
  for (std::uint32_t v = 0; v < 1000; ++v) EXPECT_TRUE(table.insert(v * 0x9e3779b97f4a7c15U, v));
  EXPECT_FALSE(table.insert(5, 5));
  EXPECT_EQ(table.memory_bytes(), 2048U * 8) << "8 bytes a slot, at most 3/4 full";
}

TEST(FlowTable, CanStartLarge) {
  FlowTable table(100'000, 100'000);
  const std::uint64_t before = table.memory_bytes();
  SeededRandom random(4);
  for (std::uint32_t v = 0; v < 100'000; ++v) ASSERT_TRUE(table.insert(random.next(), v));
  EXPECT_EQ(table.memory_bytes(), before);
}

// Few distinct hashes that also sit at the end of the array: long runs, wrap-around and deletion in
// the middle.
TEST(FlowTable, MatchesAMapOverALongRandomRun) {
  FlowTable table(5000);
  std::map<std::uint32_t, std::uint64_t> model;  // value -> hash
  SeededRandom random(5);
  for (std::uint32_t step = 0; step < 100'000; ++step) {
    if (random.chance(step / 20'000 % 2 == 0 ? 0.6 : 0.4)) {
      const std::uint64_t hash = random.below(2) == 0 ? random.next() : 1000 + random.below(40);
      ASSERT_EQ(table.insert(hash, step), model.size() < 5000);
      if (model.size() < 5000) model.emplace(step, hash);
    } else if (!model.empty()) {
      auto victim = model.lower_bound(static_cast<std::uint32_t>(random.below(step + 1)));
      if (victim == model.end()) victim = model.begin();
      ASSERT_TRUE(table.erase(victim->second, victim->first));
      model.erase(victim);
    }
    ASSERT_EQ(table.size(), model.size());
    if (step % 5000 != 0) continue;
    for (const auto& [value, hash] : model) {
      const std::uint32_t wanted = value;
      ASSERT_EQ(table.find(hash, [=](std::uint32_t x) { return x == wanted; }), wanted);
    }
  }
  std::set<std::uint32_t> seen;
  table.for_each([&](std::uint32_t v) { seen.insert(v); });
  EXPECT_EQ(seen.size(), model.size());
}

}  // namespace
}  // namespace glasstcp
