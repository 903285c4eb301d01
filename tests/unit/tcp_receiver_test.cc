// The receiving side alone, without a connection: what each step of a segment does, which ACK is
// owed for it, and that the right edge of the window never moves left.
#include <gtest/gtest.h>

#include <string>

#include "stack/base/random.h"
#include "stack/tcp/receive/receiver.h"
#include "stack/tcp/user_types.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kIrs(0xfffffff0U);  // the numbers wrap soon
constexpr std::uint32_t kBuffer = 8192;
constexpr Instant kStart{1s};

struct ReceiverTest : ::testing::Test {
  TcpConfig config;
  MemoryBudget budget{1 << 20};
  BlockPool blocks{1024};
  ReceiveContext context{config, budget, 1024, blocks};
  Receiver receiver{kBuffer};
  std::string page = std::string(65536, 'x');

  void SetUp() override {
    ASSERT_TRUE(budget.reserve(kBuffer));
    receiver.synchronize(kIrs, 65535);
  }
  void TearDown() override {
    receiver.release(context);
    EXPECT_EQ(blocks.size(), 0U);
    EXPECT_EQ(budget.used(), 0U);
  }

  // A segment whose data begins `offset` octets into the stream.
  [[nodiscard]] Segment segment(std::uint32_t offset, std::uint32_t length,
                                std::uint16_t flags = 0) const {
    Segment seg;
    seg.seq = kIrs + 1 + offset;
    seg.flags.bits = TcpFlags::kAck | flags;
    seg.data = {reinterpret_cast<const std::uint8_t*>(page.data()), length};
    return seg;
  }
  // The seventh and the eighth step, as a connection takes them.
  Received arrives(const Segment& seg) {
    Received result;
    if (!seg.data.empty()) {
      const NewData data = receiver.new_data(seg);
      if (data.bytes.empty()) {
        result.verdict = receiver.refuse_data(seg);
      } else {
        result = receiver.store(context, seg, data, false);
      }
    }
    const Received fin = receiver.process_fin(context, seg);
    result.events |= fin.events;
    result.ends_stream = fin.ends_stream;
    receiver.check_invariants(context);
    return result;
  }
  void send_ack() {
    receiver.on_ack_sent(context, receiver.window_field(context));
    receiver.on_duplicate_reported();
  }
  [[nodiscard]] AckPolicy::Owed owed() const { return receiver.ack().owed(); }
  [[nodiscard]] SendReason reason() const { return receiver.ack().reason(); }
  void read(std::uint32_t n) { receiver.consume(context, n, kStart); }
};

TEST_F(ReceiverTest, TheFirstSegmentMayWaitTheSecondMayNot) {
  COVERS("SHLD-18", "SHLD-19");
  const Received first = arrives(segment(0, 1000));
  EXPECT_EQ(first.advanced, 1000U);
  EXPECT_EQ(first.events, EventMask::kReadable);
  EXPECT_TRUE(first.delays_ack);
  const Received second = arrives(segment(1000, 1000));
  EXPECT_FALSE(second.delays_ack);
  EXPECT_EQ(owed(), AckPolicy::Owed::Now);
  EXPECT_EQ(reason(), SendReason::AckEverySecondSegment);
  send_ack();
  EXPECT_EQ(owed(), AckPolicy::Owed::None);
  EXPECT_EQ(receiver.last_ack_sent(), receiver.rcv().nxt);
}

TEST_F(ReceiverTest, AGapAndWhatFillsItAreAcknowledgedAtOnce) {
  COVERS("R5681-14", "MAY-13");
  EXPECT_EQ(arrives(segment(1000, 500)).verdict, Verdict::AcceptedOutOfOrder);
  EXPECT_EQ(reason(), SendReason::AckOutOfOrder);
  EXPECT_TRUE(receiver.has_sack_blocks());
  EXPECT_EQ(receiver.unread(), 0U);
  send_ack();
  EXPECT_EQ(arrives(segment(0, 1000)).advanced, 1500U);
  EXPECT_EQ(reason(), SendReason::AckGapFilled);
  EXPECT_FALSE(receiver.has_sack_blocks());
}

TEST_F(ReceiverTest, WhatCameTwiceIsReportedOnce) {
  COVERS("R2883-01");
  arrives(segment(0, 1000));
  send_ack();
  EXPECT_EQ(arrives(segment(0, 1000)).verdict, Verdict::AcceptedDuplicate);
  EXPECT_EQ(reason(), SendReason::AckDuplicateData);
  std::array<SackBlock, TcpOptions::kMaxSackBlocks> out{};
  ASSERT_EQ(receiver.sack_blocks(context, out, 3), 1);
  EXPECT_EQ(out[0], (SackBlock{kIrs + 1, kIrs + 1001}));
  send_ack();
  EXPECT_FALSE(receiver.has_sack_blocks());
}

TEST_F(ReceiverTest, AFinThatComesEarlyWaitsForWhatPrecedesIt) {
  COVERS("R9293-P11");
  const Received early = arrives(segment(1000, 500, TcpFlags::kFin));
  EXPECT_FALSE(early.ends_stream);
  EXPECT_TRUE(receiver.knows_fin());
  EXPECT_TRUE(receiver.new_data(segment(1500, 100)).bytes.empty());  // nothing follows a FIN
  const Received filled = arrives(segment(0, 1000));
  EXPECT_TRUE(filled.ends_stream);
  EXPECT_EQ(filled.events, EventMask::kReadable | EventMask::kPeerClosed);
  EXPECT_TRUE(receiver.has_fin());
  EXPECT_EQ(receiver.rcv().nxt, kIrs + 1502);
  EXPECT_EQ(receiver.unread(), 1500U);
}

TEST_F(ReceiverTest, DataOfACrossingSynIsNotShownBeforeTheHandshakeEnds) {
  Segment syn = segment(0, 300, TcpFlags::kSyn | TcpFlags::kUrg);
  syn.seq = kIrs;
  syn.up = 11;
  receiver.keep_early_data(context, syn);
  EXPECT_EQ(receiver.unread(), 0U);
  EXPECT_TRUE(receiver.front(context).empty());
  EXPECT_EQ(receiver.urgent_remaining(), 0U);
  EXPECT_EQ(receiver.rcv().nxt, kIrs + 1);
  const Received taken = receiver.take_early_data(context, false);
  EXPECT_EQ(taken.advanced, 300U);
  EXPECT_EQ(taken.events, EventMask::kReadable | EventMask::kUrgent);
  EXPECT_EQ(receiver.unread(), 300U);
  EXPECT_EQ(receiver.urgent_remaining(), 10U);
}

TEST_F(ReceiverTest, AClosedWindowOpensByHalfOfTheBufferAtOnce) {
  COVERS("MUST-39");
  arrives(segment(0, kBuffer));
  send_ack();
  EXPECT_EQ(receiver.window(context), 0U);
  read(kBuffer / 4);
  EXPECT_FALSE(receiver.is_window_update_due(context));
  read(kBuffer / 4);
  EXPECT_TRUE(receiver.is_window_update_due(context));
  EXPECT_EQ(receiver.window(context), kBuffer / 2);
}

// Whatever arrives, is read and is acknowledged, in whatever order.
TEST_F(ReceiverTest, TheRightEdgeNeverMovesLeft) {
  COVERS("SHLD-14");
  receiver.scale_window(2);
  SeededRandom random(1);
  SeqNum edge = receiver.rcv().edge;
  SeqNum last_told = receiver.rcv().nxt;
  std::uint64_t total = 0;
  for (int i = 0; i < 20000; ++i) {
    switch (random.below(3)) {
      case 0: {
        const auto at = static_cast<std::uint32_t>(receiver.rcv().nxt - kIrs) - 1;
        const auto ahead = static_cast<std::uint32_t>(random.below(3000));
        const Segment seg = segment(at + ahead - std::min(at, 1000U),
                                    1 + static_cast<std::uint32_t>(random.below(2000)));
        total += arrives(seg).advanced;
        break;
      }
      case 1:
        if (receiver.unread() > 0) {
          const auto n = 1 + static_cast<std::uint32_t>(random.below(receiver.unread()));
          receiver.consume(context, n, kStart + i * 1ms);
          receiver.size_buffer(context, 8 * kBuffer, 5ms, kStart + i * 1ms);
        }
        break;
      default: {
        // What is sent says whole units of 4 bytes: it may lie back by less than one, never more.
        const auto window = std::uint32_t{receiver.window_field(context)} << receiver.rcv().shift;
        const SeqNum told = receiver.rcv().nxt + window;
        ASSERT_GT(told + (1U << receiver.rcv().shift), last_told);
        last_told = told;
        send_ack();
        break;
      }
    }
    ASSERT_GE(receiver.rcv().edge, edge);
    ASSERT_LE(receiver.unread() + receiver.rcv().wnd(), receiver.buffer_size());
    edge = receiver.rcv().edge;
  }
  EXPECT_GT(total, 1000000U);
}

}  // namespace
}  // namespace glasstcp
