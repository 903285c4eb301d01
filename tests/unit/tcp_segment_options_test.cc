// SegmentOptions alone: which options a segment carries, asked of a block without a connection.
#include <gtest/gtest.h>

#include "stack/tcp/connection/segment_options.h"
#include "tests/support/covers.h"
#include "tests/support/tcb_block.h"

namespace glasstcp::test {
namespace {

struct SegmentOptionsTest : ::testing::Test {
  TcbHost host;
  Block tcb{host.context};

  [[nodiscard]] TcpOptions of(std::uint16_t flags, std::uint32_t length = 0) const {
    SendDecision d;
    d.kind = length > 0 ? SendDecision::Kind::NewData : SendDecision::Kind::Ack;
    d.flags.bits = flags;
    d.length = length;
    return SegmentOptions(tcb).of(d, Instant(5ms));
  }
  // Data came `n` segments behind what is next.
  void receive_behind(std::uint32_t n) {
    Segment seg;
    seg.seq = SeqNum(2) + n * 100;
    seg.data = {page.data(), 50};
    tcb.receiver_.store(host.context.receive, seg, tcb.receiver_.new_data(seg), false);
  }
  std::array<std::uint8_t, 50> page{};
};

TEST_F(SegmentOptionsTest, ASynOffersAllThatTheSettingsAllow) {
  COVERS("MAY-3", "MUST-65");
  tcb.state_ = State::SynSent;
  tcb.snd.una = tcb.snd.nxt = kIss;
  const TcpOptions syn = of(TcpFlags::kSyn);
  EXPECT_EQ(syn.mss, 1460);
  EXPECT_TRUE(syn.sack_permitted);
  EXPECT_TRUE(syn.window_scale.has_value());
  ASSERT_TRUE(syn.timestamps.has_value());
  EXPECT_EQ(syn.timestamps->ecr, TsVal{0});
}

TEST_F(SegmentOptionsTest, ASynAckLeavesOutWhatThePeerDidNotOffer) {
  COVERS("R7323-04", "R2018-01");
  tcb.state_ = State::SynReceived;
  const TcpOptions syn_ack = of(TcpFlags::kSyn | TcpFlags::kAck);
  EXPECT_TRUE(syn_ack.mss.has_value());
  EXPECT_FALSE(syn_ack.sack_permitted);
  EXPECT_FALSE(syn_ack.window_scale.has_value());
  EXPECT_FALSE(syn_ack.timestamps.has_value());
}

TEST_F(SegmentOptionsTest, TimestampsAreOnEverySegmentOnceTheyAreAgreedOn) {
  COVERS("R7323-09", "R7323-18");
  EXPECT_FALSE(of(TcpFlags::kAck, 100).timestamps.has_value());
  tcb.timestamps_ = Timestamps(7000, TsVal{42}, Instant{});
  constexpr std::uint16_t kReset = TcpFlags::kRst | TcpFlags::kAck;
  for (const std::uint16_t flags : {std::uint16_t{TcpFlags::kAck}, kReset}) {
    const TcpOptions options = of(flags);
    ASSERT_TRUE(options.timestamps.has_value());
    EXPECT_EQ(options.timestamps->val, TsVal{7005});
    EXPECT_EQ(options.timestamps->ecr, TsVal{42});
    EXPECT_FALSE(options.mss.has_value());
  }
}

TEST_F(SegmentOptionsTest, AsManyBlocksAsThereIsSpaceForBesideTimestamps) {
  tcb.sack_ = true;
  for (std::uint32_t n = 1; n <= 4; ++n) receive_behind(n);
  EXPECT_EQ(of(TcpFlags::kAck).sack_count, 4);
  EXPECT_EQ(of(TcpFlags::kRst | TcpFlags::kAck).sack_count, 0) << "a reset asks for nothing";
  tcb.timestamps_ = Timestamps(0, TsVal{1}, Instant{});
  EXPECT_EQ(of(TcpFlags::kAck).sack_count, 3);
}

}  // namespace
}  // namespace glasstcp::test
