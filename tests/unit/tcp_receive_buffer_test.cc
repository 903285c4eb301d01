// Bytes that arrive in any order come out in order, once, as they were sent; runs behind gaps are
// what SACK reports.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "stack/base/random.h"
#include "stack/tcp/receive/receive_buffer.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kStart(0xfffffff0U);

struct ReceiveBufferTest : ::testing::Test {
  BlockPool blocks{4096};
  ReceivePool pool{1024, blocks};
  ReceiveBuffer buffer;
  SeqNum nxt = kStart;

  StoreResult store(std::uint32_t offset, const std::string& text, std::uint32_t max_runs = 64) {
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    const SeqNum seq = kStart + offset;
    const SeqNum from = later(seq, nxt);
    const auto skip = static_cast<std::size_t>(from - seq);
    if (skip >= bytes.size()) return {};
    const StoreResult result = buffer.store(pool, from, bytes.subspan(skip), nxt, max_runs);
    nxt += result.advanced;
    buffer.check(pool, nxt);
    return result;
  }
  std::string drain() {
    std::string out;
    for (ByteView run = buffer.front(pool); !run.empty(); run = buffer.front(pool)) {
      out.append(reinterpret_cast<const char*>(run.data()), run.size());
      buffer.consume(pool, run.size());
    }
    return out;
  }
  std::vector<std::pair<int, int>> sacks(std::uint8_t max = 4) {
    std::array<SackBlock, TcpOptions::kMaxSackBlocks> blocks_out{};
    const std::uint8_t n = buffer.sack_blocks(pool, blocks_out, max);
    std::vector<std::pair<int, int>> out;
    for (int i = 0; i < n; ++i)
      out.emplace_back(blocks_out[i].left - kStart, blocks_out[i].right - kStart);
    return out;
  }
};

TEST_F(ReceiveBufferTest, DeliversInOrderBytesAtOnce) {
  EXPECT_EQ(store(0, "hello ").advanced, 6U);
  EXPECT_EQ(store(6, "world").advanced, 5U);
  EXPECT_EQ(drain(), "hello world");
  EXPECT_EQ(blocks.size(), 0U);
}

TEST_F(ReceiveBufferTest, KeepsWhatIsBeyondAGapAndJoinsItWhenTheGapFills) {
  COVERS("SHLD-31");
  EXPECT_TRUE(store(5, "FGHIJ").kept_out_of_order);
  EXPECT_EQ(buffer.unread(), 0U);
  const StoreResult filled = store(0, "ABCDE");
  EXPECT_EQ(filled.advanced, 10U);
  EXPECT_TRUE(filled.filled_gap);
  EXPECT_EQ(drain(), "ABCDEFGHIJ");
}

TEST_F(ReceiveBufferTest, ReportsTheNewestRunFirst) {
  COVERS("R2018-02", "R2018-03");
  store(10, "aa");
  store(20, "bb");
  store(30, "cc");
  EXPECT_EQ(sacks(), (std::vector<std::pair<int, int>>{{30, 32}, {20, 22}, {10, 12}}));
  store(12, "dd");  // the oldest run grows: it is the newest news
  EXPECT_EQ(sacks(2), (std::vector<std::pair<int, int>>{{10, 14}, {30, 32}}));
}

TEST_F(ReceiveBufferTest, SaysWhichPartCameTwice) {
  COVERS("R2883-01");
  store(10, "abcdef");
  const StoreResult again = store(12, "cdefgh");
  ASSERT_TRUE(again.duplicate.has_value());
  EXPECT_EQ(again.duplicate->left - kStart, 12);
  EXPECT_EQ(again.duplicate->right - kStart, 16);
  EXPECT_EQ(sacks(), (std::vector<std::pair<int, int>>{{10, 18}}));
}

TEST_F(ReceiveBufferTest, KeepsTheFirstArrivalWhereBytesDiffer) {
  store(4, "old!");
  store(0, "1234new?rest");
  EXPECT_EQ(drain(), "1234old!rest");
}

TEST_F(ReceiveBufferTest, ClosesAGapBetweenTwoRuns) {
  store(10, "aa");
  store(14, "cc");
  store(12, "bb");
  EXPECT_EQ(sacks(), (std::vector<std::pair<int, int>>{{10, 16}}));
}

TEST_F(ReceiveBufferTest, BoundsTheNumberOfRunsSoThatTinySegmentsCannotEatMemory) {
  EXPECT_TRUE(store(10, "a", 2).kept_out_of_order);
  EXPECT_TRUE(store(20, "b", 2).kept_out_of_order);
  EXPECT_TRUE(store(30, "c", 2).dropped);
  EXPECT_EQ(blocks.size(), 1U);
}

// Each octet stands alone between gaps, wherever that costs most: what is held is bounded by the
// window, and not by the number of octets (it was a block of 4096 for each of them).
TEST_F(ReceiveBufferTest, SingleOctetsHoldNoMoreThanTheWindowThatTheyLieIn) {
  for (const std::uint32_t window : {4096U, 65'536U, 1'048'576U}) {
    for (const std::uint32_t step : {2U, 100U, 2048U, 4088U, 8177U}) {
      std::uint32_t octets = 0;
      for (std::uint32_t at = 1; at < window && octets < ReceiveBuffer::kMostRuns; at += step)
        octets += store(at, "x", 128).kept_out_of_order ? 1 : 0;
      EXPECT_LE(blocks.size(), window / ReceiveBuffer::kBlockBytes + 2) << window << " " << step;
      EXPECT_LE(blocks.size(), octets);
      EXPECT_GT(octets, 0U);
      buffer.clear(pool);
      EXPECT_EQ(blocks.size(), 0U);
    }
  }
}

TEST_F(ReceiveBufferTest, WithoutMemoryTheFirstBytesAreKeptAndTheRestComesAgain) {
  BlockPool two{2};
  ReceivePool small{16, two};
  ReceiveBuffer own;
  const std::string text(3 * 4096, 'x');
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const StoreResult result = own.store(small, kStart, bytes, kStart, 16);
  EXPECT_EQ(result.advanced, 2 * ReceiveBuffer::kBlockBytes);
  EXPECT_TRUE(result.dropped);
  EXPECT_TRUE(small.lacks_room);
  own.check(small, kStart + result.advanced);
  own.consume(small, result.advanced);
  EXPECT_EQ(
      own.store(small, kStart + result.advanced, bytes.first(4096), kStart + result.advanced, 16)
          .advanced,
      4096U);
  own.clear(small);
  EXPECT_EQ(two.size(), 0U);
}

TEST_F(ReceiveBufferTest, RebuildsAnyPermutationOfOverlappingPieces) {
  std::string stream(30000, ' ');
  for (std::size_t i = 0; i < stream.size(); ++i)
    stream[i] = static_cast<char>('a' + i * 7 % 26 + (i / 26) % 3);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    nxt = kStart;
    std::string out;
    while (out.size() < stream.size()) {
      const std::size_t base = static_cast<std::size_t>(nxt - kStart);
      const std::size_t from = base > 500 ? base - random.below(500) : random.below(base + 1);
      const std::size_t begin = std::min(stream.size() - 1, from + random.below(6000));
      const std::size_t length =
          std::min<std::size_t>(stream.size() - begin, 1 + random.below(3000));
      store(static_cast<std::uint32_t>(begin), stream.substr(begin, length));
      if (random.below(3) == 0) out += drain();
    }
    EXPECT_EQ(out + drain(), stream) << "seed " << seed;
    buffer.clear(pool);
    EXPECT_EQ(blocks.size(), 0U);
    EXPECT_EQ(pool.runs.size(), 0U);
  }
}

// No block is left: what cannot be kept is no run, so that SACK does not report it.
TEST(ReceiveBufferWithoutRoom, KeepsNoRunThatHasNoBytes) {
  BlockPool blocks(1);
  ReceivePool pool(4, blocks);
  ReceiveBuffer buffer;
  const std::vector<std::uint8_t> bytes(BlockPool::kBlockSize, 'x');
  SeqNum nxt = kStart;
  const StoreResult first = buffer.store(pool, nxt, bytes, nxt, 64);
  EXPECT_TRUE(first.dropped) << "a block has a few bytes of its own";
  EXPECT_GT(first.advanced, bytes.size() / 2);
  nxt += first.advanced;
  const StoreResult beyond = buffer.store(pool, nxt + 10, ByteView(bytes).first(10), nxt, 64);
  EXPECT_TRUE(beyond.dropped);
  EXPECT_FALSE(beyond.kept_out_of_order);
  EXPECT_EQ(pool.runs.size(), 0U);
  std::array<SackBlock, TcpOptions::kMaxSackBlocks> reported{};
  EXPECT_EQ(buffer.sack_blocks(pool, reported, 4), 0);
  buffer.check(pool, nxt);
  buffer.consume(pool, first.advanced);
  EXPECT_TRUE(buffer.store(pool, nxt + 10, ByteView(bytes).first(10), nxt, 64).kept_out_of_order);
}

}  // namespace
}  // namespace glasstcp
