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

}  // namespace
}  // namespace glasstcp
