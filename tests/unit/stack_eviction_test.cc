// Room for newcomers when memory runs out: whoever holds most of a class pays, with its oldest
// connection that does nothing. Nobody who transfers is ended, and no address has a fixed limit.
#include <gtest/gtest.h>

#include "tests/support/typed_clients.h"

namespace glasstcp {
namespace {

using test::kAckNow;
using test::port_of;
using test::RawTcp;
using Server = test::TypedClients;

StackConfig small_config() {
  return test::typed_config(64ULL << 20);
}
IpAddress v4(std::uint32_t number) {
  return test::typed_v4(number);
}
IpAddress v6(const char* prefix, std::uint32_t number) {
  return *IpAddress::parse(prefix + std::to_string(number));
}

// The row of the table: 60,000 that fall silent, 60 honest clients behind one address.
TEST(Eviction, AClassroomIsServedBeside60000SilentConnectionsOfAnotherAddress) {
  Server server(small_config());
  const IpAddress attacker = v4(1);
  const IpAddress classroom = v4(2);
  std::uint32_t served = 0;
  for (std::uint32_t n = 0; n < 60'000; ++n) {
    EXPECT_EQ(server.open(attacker, port_of(n)), Verdict::HandshakeComplete);
    if (n % 1000 == 999) served += server.visit(classroom, port_of(n)) ? 1 : 0;
  }
  EXPECT_EQ(served, 60U);
  // Those who were served stay: nobody holds less than they do.
  for (std::uint32_t n = 999; n < 60'000; n += 1000) {
    EXPECT_TRUE(server.thank(classroom, port_of(n)));
  }
  EXPECT_GT(server.evicted(MemoryClass::Idle), 50'000U);
  EXPECT_EQ(server.resets, server.evicted(MemoryClass::Idle)) << "each is told by a reset";
  server.stack.check_invariants();
}

// They hold as many addresses of one /64 as they like; the honest ones are inside it, each once.
TEST(Eviction, HonestClientsInsideTheAttackersPrefixAreServed) {
  Server server(small_config());
  std::uint32_t served = 0;
  for (std::uint32_t n = 0; n < 60'000; ++n) {
    server.open(v6("2001:db8:7::", n % 50), port_of(n));
    if (n % 1000 == 999) served += server.visit(v6("2001:db8:7::a", n / 1000), 999) ? 1 : 0;
  }
  EXPECT_EQ(served, 60U);
}

// Worse: each of theirs has an address of its own, so that nobody in the /64 holds more than
// another; whoever came last is served.
TEST(Eviction, HonestClientsAmongAsManyAddressesAsConnectionsAreServed) {
  Server server(small_config());
  std::uint32_t served = 0;
  for (std::uint32_t n = 0; n < 30'000; ++n) {
    server.open(v6("2001:db8:7::1:", n % 10'000), port_of(n));
    if (n % 500 == 499) served += server.visit(v6("2001:db8:7::a", n / 500), 999) ? 1 : 0;
  }
  EXPECT_GE(served, 30U);
  EXPECT_EQ(served, 60U);
}

// A reader that has closed its window is ended only if nobody is idle, one that is being answered
// never.
TEST(Eviction, TransfersAreNotEndedBeforeSilentOnes) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  Server server(config);
  const IpAddress host = v4(1);
  ASSERT_TRUE(server.visit(host, 1000));  // the oldest; its answer is not acknowledged yet
  for (std::uint32_t n = 0; n < 2000; ++n) {
    server.open(host, port_of(n + 1000));
    if (n % 100 != 0) continue;
    EXPECT_EQ(server.send(host, 1000, test::kAck, 101, kAckNow), Verdict::Accepted);
  }
  EXPECT_GT(server.evicted(MemoryClass::Idle), 1000U);
  EXPECT_EQ(server.evicted(MemoryClass::Sending), 0U);
  EXPECT_TRUE(server.thank(host, 1000));
}

// All of the memory is held by peers that do not do their part: they pay, since nobody is idle.
TEST(Eviction, WhoClosesItsWindowPaysWhenNobodyIsIdle) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  Server server(config);
  for (std::uint32_t n = 0; n < 400; ++n) {
    const std::uint16_t port = port_of(n);
    server.open(v4(1), port);
    server.ask(v4(1), port);
    RawTcp closed;
    closed.tuple = Server::tuple(v4(1), port);
    closed.flags = test::kAck;
    closed.seq = 101;
    closed.ack = kAckNow;
    closed.window = 0;
    server.send(closed);
    server.settle();
  }
  EXPECT_TRUE(server.visit(v4(2), 5000));
  EXPECT_GT(server.evicted(MemoryClass::Sending), 100U);
}

// Each shows a window of one octet and so transfers, drop by drop: nobody was ever ended for
// others.
class DropByDrop {
 public:
  explicit DropByDrop(Server& server) : server_(server) {}
  void open(const IpAddress& from, std::uint16_t port) {
    server_.open(from, port);
    RawTcp request;
    request.tuple = Server::tuple(from, port);
    request.flags = test::kAck | test::kPsh;
    request.seq = 1;
    request.ack = kAckNow;
    request.window = 1;
    request.text = test::kAsked;
    server_.send(request);
    server_.settle();
  }

 private:
  Server& server_;
};

TEST(Eviction, WhoTransfersDropByDropOnMostConnectionsKeepsNobodyOut) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  Server server(config);
  DropByDrop attacker(server);
  for (std::uint32_t n = 0; n < 400; ++n) attacker.open(v4(1), port_of(n));
  ASSERT_EQ(server.evicted(MemoryClass::Sending), 0U);
  EXPECT_EQ(server.open(v4(1), 65'000), Verdict::OutOfMemory) << "its own only take turns";
  for (std::uint16_t n = 0; n < 20; ++n)
    EXPECT_TRUE(server.visit(v4(2), static_cast<std::uint16_t>(5000 + n)));
  EXPECT_GT(server.evicted(MemoryClass::Sending), 0U);
  for (std::uint16_t n = 0; n < 20; ++n)
    EXPECT_TRUE(server.thank(v4(2), static_cast<std::uint16_t>(5000 + n)));
  server.stack.check_invariants();
}

// The same with as many addresses of one /64 as connections.
TEST(Eviction, NorDoesOneWhoHasTheAddressesOfAPrefix) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  Server server(config);
  DropByDrop attacker(server);
  for (std::uint32_t n = 0; n < 400; ++n) attacker.open(v6("2001:db8:7::", n), port_of(n));
  EXPECT_TRUE(server.visit(v6("2001:db8:8::", 1), 5000)) << "of another prefix";
  EXPECT_TRUE(server.visit(v6("2001:db8:7::a", 1), 5000)) << "inside it";
}

// Few who transfer are no such peer: here the newcomer is refused.
TEST(Eviction, SomeTransfersOfOneAddressStay) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  Server server(config);
  DropByDrop clients(server);
  for (std::uint32_t n = 0; n < 400; ++n) clients.open(v4(n / 40), port_of(n));
  EXPECT_FALSE(server.visit(v4(99), 5000));
  EXPECT_EQ(server.evicted(MemoryClass::Sending), 0U);
}

// Behind a masquerade all have one address, and what it holds is not counted together.
TEST(Eviction, AddressesThatStandForManyAreNotCountedTogether) {
  StackConfig config = small_config();
  config.memory = 1 << 20;
  config.shared_sources = {v4(1)};
  Server server(config);
  const std::uint32_t most = static_cast<std::uint32_t>(config.memory / 2 / (4096 + 512));
  server.open(v4(2), 1);
  server.open(v4(2), 2);
  for (std::uint32_t n = 0; n < most - 2; ++n) server.open(v4(1), port_of(n));
  ASSERT_EQ(server.evicted(MemoryClass::Idle), 0U);
  server.open(v4(1), 65'000);
  EXPECT_EQ(server.evicted(MemoryClass::Idle), 1U);
  EXPECT_NE(server.send(v4(2), 1, test::kAck, 1, kAckNow), Verdict::Accepted)
      << "the peer with two held most";
  EXPECT_EQ(server.send(v4(1), 1024, test::kAck, 1, kAckNow), Verdict::Accepted);
}

// RFC 4987 §2: a flood that repeats the SYNs that are remembered passed the gate, and each of them
// drew an answer.
TEST(Eviction, ASynThatIsRepeatedIsAnsweredSomeTimesASecond) {
  Server server(small_config());
  const auto answers = [&server] {
    return server.stack.counters().reasons[static_cast<std::size_t>(SendReason::SynAckRetransmit)];
  };
  for (std::uint32_t n = 0; n < 1000; ++n) {
    server.send(v4(1), 1024, test::kSyn, 0, 0);
    server.settle();
  }
  EXPECT_EQ(answers(), TcpConfig{}.challenge_acks_per_second);
  server.now += 999ms;
  EXPECT_EQ(server.send(v4(1), 1024, test::kSyn, 0, 0), Verdict::SynDuplicate) << "in the next one";
  EXPECT_EQ(server.send(v4(1), 1024, test::kAck, 1, kAckNow), Verdict::HandshakeComplete);
}

// Slower than what draws cookies (syn_gate.h), and as many as the table has room for.
TEST(Eviction, HandshakesThatFallSilentHoldOnlyHalfOfTheTable) {
  StackConfig config = small_config();
  config.tcp.half_open_per_second = 1'000'000;
  Server server(config);
  const IpAddress attacker = v4(1);
  std::uint32_t served = 0;
  for (std::uint32_t n = 0; n < 60'000; ++n) {
    EXPECT_EQ(server.send(attacker, port_of(n), test::kSyn, 0, 0), Verdict::SynAccepted);
    server.now += 20us;
    if (n % 100 == 0) server.settle();
    if (n % 1000 == 999) served += server.visit(v4(2), port_of(n)) ? 1 : 0;
  }
  EXPECT_EQ(served, 60U);
  EXPECT_LE(server.stack.half_open_count(), TcpConfig{}.max_half_open / 2 + 1);
  EXPECT_GT(server.evicted(MemoryClass::HalfOpen), 50'000U);
}

TEST(Eviction, NorDoThoseOfAllAddressesOfAPrefix) {
  StackConfig config = small_config();
  config.tcp.half_open_per_second = 1'000'000;
  Server server(config);
  for (std::uint32_t n = 0; n < 60'000; ++n) {
    const std::string prefix = "2001:db8:bad::" + std::to_string(n / 10'000 + 1) + ":";
    const IpAddress attacker = v6(prefix.c_str(), n % 10'000);
    EXPECT_EQ(server.send(attacker, 2000, test::kSyn, 0, 0), Verdict::SynAccepted);
    server.now += 20us;
    if (n % 100 == 0) server.settle();
  }
  EXPECT_LE(server.stack.half_open_count(), TcpConfig{}.max_half_open / 2 + 1);
  EXPECT_GT(server.evicted(MemoryClass::HalfOpen), 50'000U);
}

}  // namespace
}  // namespace glasstcp
