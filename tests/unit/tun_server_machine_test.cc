// How a server ends after a signal: at once, after the last FIN, or with resets, and never later
// than it promised.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "stack/wire/tcp.h"
#include "tests/support/fake_device.h"
#include "tests/support/packet_bytes.h"
#include "tun/serve/server_machine.h"

namespace glasstcp {
namespace {

class Idle final : public Application {
 public:
  void turn(Instant, Timers) noexcept override {}
  void flush(Instant) noexcept override {}
  [[nodiscard]] Instant next_deadline() const noexcept override { return kNever; }
  void stop(Instant) noexcept override {
    ++stops;
    if (on_stop) on_stop();
  }
  [[nodiscard]] bool is_finished() const noexcept override { return true; }
  int stops = 0;
  int accepted = 0;
  std::function<void()> on_stop;
};

class Silent final : public PumpListener {
 public:
  void on_shape_refused(PacketShape, int) noexcept override {}
  void on_read_failed(int, bool) noexcept override {}
};

class ServerMachineTest : public testing::Test {
 protected:
  static StackConfig config(const char* address, std::uint64_t seed) {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse(address));
    c.seed = Seed::from_number(seed);
    return c;
  }
  // A connection from the client, and the server's end of it.
  ConnectionId connected() {
    const auto listener = stack_.listen({*IpAddress::parse("0.0.0.0"), Port{80}}, 4);
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port{80}};
    static_cast<void>(client_.connect(options, now_));
    for (int i = 0; i < 3; ++i) exchange();
    const auto accepted = stack_.accept(*listener);
    EXPECT_TRUE(accepted.has_value());
    stack_.close_listener(*listener);
    return accepted.value_or(ConnectionId{});
  }
  void exchange() {
    OutPacket out;
    while (client_.transmit(now_, out)) device_.arrive(test::flatten(out));
    static_cast<void>(machine_.turn(now_));
    for (; told_ < device_.sent().size(); ++told_) {
      client_.receive(device_.sent()[told_].bytes, {}, now_);
    }
  }
  // What the loop does after a signal.
  bool turns_its_last(Instant now) {
    now_ = now;
    machine_.stop(now);
    static_cast<void>(machine_.turn(now));
    return machine_.is_over(now);
  }
  [[nodiscard]] bool has_reset() const {
    return std::ranges::any_of(device_.sent(), [](const FakeDevice::Sent& sent) {
      return (sent.bytes.at(33) & TcpFlags::kRst) != 0;
    });
  }

  Instant now_{1s};
  FakeDevice device_;
  Idle application_;
  Silent listener_;
  Stack stack_{config("192.0.2.2/24", 1), now_};
  Stack client_{config("192.0.2.1/24", 2), now_};
  ServerMachine machine_{device_, stack_, application_, listener_};
  std::size_t told_ = 0;
};

TEST_F(ServerMachineTest, WithoutASignalItIsNeverOver) {
  static_cast<void>(machine_.turn(now_));
  EXPECT_FALSE(machine_.is_over(now_));
  EXPECT_EQ(application_.stops, 0);
}

TEST_F(ServerMachineTest, WithoutConnectionsItIsOverAtOnce) {
  EXPECT_TRUE(turns_its_last(now_));
  EXPECT_TRUE(turns_its_last(now_));
  EXPECT_EQ(application_.stops, 1) << "told once, however often the loop asks";
}

TEST_F(ServerMachineTest, WhatIsLeftAfterTheGraceIsResetAndMayBeAnswered) {
  const ConnectionId id = connected();
  const Instant begin = now_;
  const std::uint8_t text[] = {'x'};
  ASSERT_TRUE(stack_.send(id, text, {}, now_));  // and nobody acknowledges it
  EXPECT_FALSE(turns_its_last(begin));
  EXPECT_LE(machine_.next_deadline(), begin + ServerMachine::kGrace);
  EXPECT_FALSE(turns_its_last(begin + ServerMachine::kGrace - 1ms));
  EXPECT_FALSE(has_reset());
  EXPECT_FALSE(turns_its_last(begin + ServerMachine::kGrace));
  EXPECT_TRUE(has_reset());
  const Instant end = begin + ServerMachine::kGrace + ServerMachine::kLastWords;
  EXPECT_LE(machine_.next_deadline(), end);
  EXPECT_TRUE(turns_its_last(end));
}

TEST_F(ServerMachineTest, APeerThatOnlyKeepsItsEndOpenIsLeftWithoutAReset) {
  const ConnectionId id = connected();
  ASSERT_TRUE(stack_.shutdown_send(id, now_));
  for (int i = 0; i < 3; ++i) {
    exchange();
    now_ += 50ms;  // the client's ACK may be delayed
    client_.advance(now_);
  }
  exchange();
  const Instant begin = now_;
  EXPECT_FALSE(turns_its_last(begin));
  EXPECT_LE(machine_.next_deadline(), begin + ServerMachine::kLastWait);
  EXPECT_FALSE(turns_its_last(begin + ServerMachine::kLastWait - 1ms));
  EXPECT_TRUE(turns_its_last(begin + ServerMachine::kLastWait));
  EXPECT_FALSE(has_reset());
}

TEST_F(ServerMachineTest, ASecondSignalResetsAtOnceAndLetsThatBeAnswered) {
  const ConnectionId id = connected();
  const std::uint8_t text[] = {'x'};
  ASSERT_TRUE(stack_.send(id, text, {}, now_));
  EXPECT_FALSE(turns_its_last(now_));
  EXPECT_FALSE(machine_.stop_now(now_ + 1ms));
  EXPECT_FALSE(turns_its_last(now_ + 1ms));
  EXPECT_TRUE(has_reset());
  EXPECT_LE(machine_.next_deadline(), now_ + ServerMachine::kLastWords);
  EXPECT_TRUE(turns_its_last(now_ + ServerMachine::kLastWords));
}

TEST_F(ServerMachineTest, ASecondSignalWaitsForNothingWhereNobodyWasReset) {
  machine_.stop(now_);
  EXPECT_FALSE(machine_.stop_now(now_));
  static_cast<void>(machine_.turn(now_));
  EXPECT_TRUE(machine_.is_over(now_));
}

// A client that has finished its handshake, and perhaps asked, is not reset because its packets
// still lay in the device when the signal came.
TEST_F(ServerMachineTest, WhatCameBeforeTheSignalIsTakenBeforeAnythingIsClosed) {
  const auto listener = stack_.listen({*IpAddress::parse("0.0.0.0"), Port{80}}, 4);
  application_.on_stop = [&] {
    while (const auto id = stack_.accept(*listener)) {
      ++application_.accepted;
      stack_.close(*id, now_);
    }
    stack_.close_listener(*listener);
  };
  ConnectOptions options;
  options.remote = {*IpAddress::parse("192.0.2.2"), Port{80}};
  const auto id = client_.connect(options, now_);
  ASSERT_TRUE(id.has_value());
  exchange();
  OutPacket out;
  while (client_.transmit(now_, out)) device_.arrive(test::flatten(out));
  ASSERT_EQ(client_.status(*id)->state, State::Established);
  ASSERT_EQ(device_.waiting(), 1U);
  EXPECT_FALSE(turns_its_last(now_));
  EXPECT_EQ(application_.accepted, 1);
  EXPECT_FALSE(has_reset());
}

// Packets without end do not put the end off.
TEST_F(ServerMachineTest, AFloodKeepsItFromStoppingForSomeTurnsOnly) {
  static_cast<void>(stack_.listen({*IpAddress::parse("0.0.0.0"), Port{80}}, 4));
  for (int turn = 0; turn < 40 && application_.stops == 0; ++turn) {
    for (int i = 0; i < 5000; ++i) device_.arrive(std::vector<std::uint8_t>(40, 0));
    EXPECT_FALSE(turns_its_last(now_) && application_.stops == 0);
  }
  EXPECT_EQ(application_.stops, 1);
}

}  // namespace
}  // namespace glasstcp
