// Whose packets a turn of the loop gives first while SYNs flood in, and what it reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/fake_device.h"
#include "tests/support/raw_packet.h"
#include "tun/loop/pump.h"

namespace glasstcp {
namespace {

using test::RawTcp;

constexpr std::size_t kAt = 40;  // where TCP's header begins: IPv6
constexpr PacketMeta kVerified = {.checksum_valid = true};

RawTcp to_server(std::uint16_t port, std::uint16_t flags, std::uint32_t seq) {
  RawTcp segment;
  segment.tuple = {*IpAddress::parse("2001:db8::9"), *IpAddress::parse("2001:db8::2"), Port(port),
                   Port(80)};
  segment.flags = flags;
  segment.seq = seq;
  if (flags == TcpFlags::kSyn) segment.options = {1, 3, 3, 7};  // a window scale
  return segment;
}

class NoApplication final : public Application {
 public:
  void turn(Instant, Timers) noexcept override {}
  void flush(Instant) noexcept override {}
  [[nodiscard]] Instant next_deadline() const noexcept override { return kNever; }
  void stop(Instant) noexcept override {}
  [[nodiscard]] bool is_finished() const noexcept override { return true; }
};

/// A server on a device, with one connection that has a window's worth of data to send.
class UnderFlood : public testing::Test {
 protected:
  explicit UnderFlood(const StackConfig& c = config(), std::size_t bytes = 14400)
      : data_(bytes), stack_(c, now_) {}
  static StackConfig config() {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse("2001:db8::2/64"));
    c.seed = Seed::from_number(1);
    c.tcp.pacing = false;
    return c;
  }
  void SetUp() override {
    listener_ = *stack_.listen({*IpAddress::parse("::"), Port(80)}, 64);
    arrive(to_server(7, TcpFlags::kSyn, 0));
    pump_.turn(now_);
    ack(device_.sent().back());
    connection_ = *stack_.accept(listener_);
    ASSERT_TRUE(stack_.send_borrowed(connection_, data_, 1, {}, now_).has_value());
    before_ = device_.sent().size();
  }
  void arrive(const RawTcp& segment) { device_.arrive(test::raw_packet(segment), kVerified); }
  void flood(int count, std::uint16_t flags = TcpFlags::kSyn) {
    for (int i = 0; i < count; ++i) {
      arrive(to_server(static_cast<std::uint16_t>(1000 + i), flags, 77));
    }
  }
  void ack(const FakeDevice::Sent& syn_ack) {
    RawTcp third = to_server(7, TcpFlags::kAck, 1);
    third.ack = load_be32(&syn_ack.bytes[kAt + 4]) + 1;
    arrive(third);
    pump_.turn(now_);
  }
  // Whether a packet that was sent is of the connection: its port says so.
  [[nodiscard]] std::string order() const {
    std::string letters;
    for (std::size_t i = before_; i < device_.sent().size(); ++i) {
      letters += load_be16(&device_.sent()[i].bytes[kAt + 2]) == 7 ? 'c' : 'a';
    }
    return letters;
  }

  Instant now_{1s};
  std::vector<std::uint8_t> data_;
  FakeDevice device_;
  NoApplication application_;
  Stack stack_;
  Pump pump_{device_, stack_, application_};
  ListenerId listener_;
  ConnectionId connection_;
  std::size_t before_ = 0;
};

TEST_F(UnderFlood, ConnectionsGoBeforeAnswers) {
  flood(3);
  flood(3, TcpFlags::kAck);
  pump_.turn(now_);
  EXPECT_EQ(order(),
            "cccccccaccc"
            "aaaaa")
      << "c: of the connection, a: an answer";
}

TEST_F(UnderFlood, ATurnGivesABatchOfAnswersAndTheRestLater) {
  flood(300, TcpFlags::kAck);
  TurnResult turn = pump_.turn(now_);
  EXPECT_EQ(turn.received, Pump::kBatch * Pump::kSmallPerPacket);
  EXPECT_EQ(order().find_last_of('c'), 10u) << "ten segments, one answer between them";
  EXPECT_EQ(order().size(), Pump::kBatch);
  EXPECT_TRUE(turn.has_more);
  for (int i = 0; i < 6; ++i) turn = pump_.turn(now_);
  EXPECT_FALSE(turn.has_more);
  EXPECT_FALSE(stack_.has_output());
  EXPECT_EQ(std::ranges::count(order(), 'a'), 300);
}

TEST_F(UnderFlood, AnswersWithoutRoomAreCounted) {
  for (int i = 0; i < 300; ++i) {
    const auto packet = test::raw_packet(to_server(9, TcpFlags::kAck, 1));
    stack_.receive(packet, kVerified, now_);
  }
  EXPECT_EQ(stack_.counters().answers_dropped, 300 - ReplyQueue::kCapacity);
  // SYNs that no queue would have room for are not even read.
  auto syn = test::raw_packet(to_server(10, TcpFlags::kSyn, 1));
  EXPECT_EQ(stack_.receive(syn, kVerified, now_), Verdict::SynDropped);
}

// A connection whose packets are as large as a device takes them.
class UnderFloodWithLargePackets : public UnderFlood {
 protected:
  UnderFloodWithLargePackets() : UnderFlood(large(), 300'000) {}
  static StackConfig large() {
    StackConfig c = config();
    c.gso_max = 65535;
    c.tcp.initial_window_segments = 1000;
    return c;
  }
};

TEST_F(UnderFloodWithLargePackets, EachIsFollowedByAnAnswer) {
  flood(8, TcpFlags::kAck);
  pump_.turn(now_);
  EXPECT_EQ(order(), "cacacacacaaaa") << "an answer takes a tenth of the time of such a packet";
}

class OverTheRate : public UnderFlood {
 protected:
  OverTheRate() : gated_(limited(), now_), gated_pump_(device_, gated_, application_) {
    static_cast<void>(gated_.listen({*IpAddress::parse("::"), Port(80)}, 64));
  }
  static StackConfig limited() {
    StackConfig c = config();
    c.tcp.syn_answers_per_second = 80;  // ten at once
    c.tcp.half_open_per_second = 1;
    c.tcp.max_half_open = 4;
    return c;
  }
  Stack gated_;
  Pump gated_pump_;
};

TEST_F(OverTheRate, ATurnReadsMoreOfWhatCostsNothing) {
  flood(2000);
  const TurnResult turn = gated_pump_.turn(now_);
  // Ten that are answered count four times as much as the others.
  EXPECT_EQ(turn.received, 10 + (Pump::kBatch * Pump::kDroppedPerPacket - 10 * 4));
  EXPECT_EQ(turn.sent, 10u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynAccepted)], 2u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynCookieSent)], 8u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynDropped)],
            turn.received - 10u);
}

TEST_F(OverTheRate, TheAckOfACookieCompletesAmidTheFlood) {
  flood(1000);
  gated_pump_.turn(now_);
  const FakeDevice::Sent& cookie = device_.sent()[before_];
  ASSERT_EQ(cookie.packet.reason, SendReason::SynAckCookie);
  const std::uint16_t port = load_be16(&cookie.bytes[kAt + 2]);
  RawTcp third = to_server(port, TcpFlags::kAck, 78);
  third.ack = load_be32(&cookie.bytes[kAt + 4]) + 1;
  EXPECT_EQ(gated_.receive(test::raw_packet(third), kVerified, now_), Verdict::HandshakeComplete);
}

TEST_F(OverTheRate, RecoversAtOnceWhenItIsOver) {
  flood(2000);
  while (gated_pump_.turn(now_).has_more) {
  }
  EXPECT_EQ(gated_.receive(test::raw_packet(to_server(9, TcpFlags::kSyn, 1)), kVerified, now_),
            Verdict::SynDropped);
  now_ += 125ms;
  EXPECT_EQ(gated_.receive(test::raw_packet(to_server(9, TcpFlags::kSyn, 1)), kVerified, now_),
            Verdict::SynCookieSent);
}

}  // namespace
}  // namespace glasstcp
