// Bytes to send: borrowed spans and copies in one queue; each borrowed span's cookie comes back
// once.
#include <gtest/gtest.h>

#include <string>

#include "stack/tcp/send/send_queue.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kStart(0xfffffffaU);

ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct TxQueueTest : ::testing::Test {
  BlockPool blocks{64};
  TxPool pool{64, blocks};
  TxQueue queue;
  void SetUp() override { queue.start_at(kStart); }
  void TearDown() override {
    queue.clear(pool);
    while (pool.next_released()) {
    }
  }
  std::string gather(std::uint32_t offset, std::uint32_t length) {
    OutPacket out;
    queue.gather(pool, kStart + offset, length, out);
    std::string text;
    for (int i = 0; i < out.payload_slices; ++i) {
      text.append(reinterpret_cast<const char*>(out.payload[i].data()), out.payload[i].size());
    }
    return text;
  }
};

TEST_F(TxQueueTest, GathersAcrossPiecesWithoutCopyingWhatIsBorrowed) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string body = "the body";
  ASSERT_TRUE(queue.append_borrowed(pool, view(head), 1));
  ASSERT_TRUE(queue.append_borrowed(pool, view(body), 2));
  EXPECT_EQ(gather(0, 27), head + body);
  EXPECT_EQ(gather(15, 7), "\r\n\r\nthe");
  OutPacket out;
  queue.gather(pool, kStart + 19, 8, out);
  EXPECT_EQ(out.payload[0].data(), view(body).data());
}

TEST_F(TxQueueTest, HandsACookieBackWhenTheLastOfItsBytesIsAcknowledged) {
  const std::string a = "aaaa";
  const std::string b = "bbbb";
  ASSERT_TRUE(queue.append_borrowed(pool, view(a), 11));
  ASSERT_TRUE(queue.append_borrowed(pool, view(b), 22));
  queue.acknowledge(pool, kStart + 3);
  EXPECT_FALSE(pool.next_released());
  queue.acknowledge(pool, kStart + 6);
  EXPECT_EQ(pool.next_released(), 11U);
  EXPECT_FALSE(pool.next_released());
  EXPECT_EQ(gather(6, 2), "bb");
  queue.clear(pool);  // the connection ended: bytes that nobody will acknowledge come back too
  EXPECT_EQ(pool.next_released(), 22U);
  EXPECT_FALSE(pool.next_released());
}

TEST_F(TxQueueTest, CopiesIntoBlocksAndGivesThemBack) {
  COVERS("MAY-16");
  const std::string text(10000, 'x');
  EXPECT_EQ(queue.append_copy(pool, view(text)), 10000U);
  EXPECT_EQ(blocks.size(), 3U);
  EXPECT_EQ(queue.append_copy(pool, view("tail")), 4U);  // into the room that is left
  EXPECT_EQ(blocks.size(), 3U);
  EXPECT_EQ(gather(9998, 6), "xxtail");
  queue.acknowledge(pool, kStart + 10004);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(blocks.size(), 0U);
}

TEST_F(TxQueueTest, TakesAsMuchAsThereIsMemoryFor) {
  const std::string text(70 * 4096, 'x');
  EXPECT_EQ(queue.append_copy(pool, view(text)), 64U * 4096U);
  EXPECT_EQ(queue.size(), 64U * 4096U);
}

TEST_F(TxQueueTest, NamesAtMostSixteenPiecesAndSaysHowFarItCame) {
  const std::string text = "ab";
  for (std::uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(queue.append_borrowed(pool, view(text), i));
  OutPacket out;
  EXPECT_EQ(queue.gather(pool, kStart, 40, out), 32U);
  EXPECT_EQ(out.payload_slices, 16);
}

TEST_F(TxQueueTest, GoesBackForARetransmission) {
  const std::string text = "0123456789";
  for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(queue.append_borrowed(pool, view(text), i));
  EXPECT_EQ(gather(40, 10), text);
  EXPECT_EQ(gather(8, 4), "8901");
  queue.acknowledge(pool, kStart + 21);
  EXPECT_EQ(gather(21, 3), "123");
}

}  // namespace
}  // namespace glasstcp
