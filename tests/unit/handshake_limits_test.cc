// What a flood, a lack of memory and departed applications may cost: SYN cookies at work, orphans,
// and a SYN that cannot be sent.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "tests/support/covers.h"
#include "tests/support/raw_packet.h"
#include "tests/support/two_stacks.h"

namespace glasstcp {
namespace {

using test::RawTcp;
using test::TwoStacks;
using test::Wire;

constexpr int kFlood = 100'000;
constexpr int kBatch = 100;  // SYNs between two looks of the stack at its timers

ConnectOptions to_right() {
  ConnectOptions options;
  options.remote = {*IpAddress::parse("2001:db8::2"), Port(80)};
  return options;
}

// A SYN that nobody will stand by.
Wire spoofed_syn(int n) {
  std::array<std::uint8_t, 16> source = {0x20, 0x01, 0x0d, 0xb8, 0xff};
  store_be32(source.data() + 12, static_cast<std::uint32_t>(n) + 1);
  RawTcp syn;
  syn.tuple = {IpAddress::v6(source.data()), *IpAddress::parse("2001:db8::2"), Port(1024),
               Port(80)};
  syn.seq = static_cast<std::uint32_t>(n) * 7919U;
  syn.flags = TcpFlags::kSyn;
  return test::raw_packet(syn);
}

class SynFlood : public testing::TestWithParam<SynCookieUse> {};

TEST_P(SynFlood, DoesNotHinderAnHonestClient) {
  COVERS("R4987-01", "R4987-03", "R4987-04", "R4987-05");
  TwoStacks net([](StackConfig& c) { c.tcp.syn_cookies = GetParam(); });
  net.listener = *net.right.listen({*IpAddress::parse("::"), Port(80)}, 64);
  PacketMeta verified;
  verified.checksum_valid = true;
  int honest = 0;
  for (int n = 0; n < kFlood; ++n) {
    net.right.receive(spoofed_syn(n), verified, net.now);
    if (n % kBatch != kBatch - 1) continue;
    const bool calls = n % (kFlood / 10) == kFlood / 10 - 1;
    const auto client = calls ? net.left.connect(to_right(), net.now)
                              : std::expected<ConnectionId, OpenError>{ConnectionId{}};
    net.run_for(calls ? 20ms : 1ms);
    net.from_left.clear();
    net.from_right.clear();
    if (!calls) continue;
    ASSERT_TRUE(client.has_value());
    EXPECT_EQ(net.left.status(*client)->state, State::Established) << "after " << n << " SYNs";
    EXPECT_TRUE(net.right.accept(net.listener).has_value());
    ++honest;
  }
  EXPECT_EQ(honest, 10);
  EXPECT_EQ(net.right.connection_count(), 10U);
  EXPECT_LE(net.right.half_open_count(), TcpConfig{}.max_half_open);
  EXPECT_TRUE(GetParam() != SynCookieUse::Only || net.right.half_open_count() == 0);
}

INSTANTIATE_TEST_SUITE_P(Cookies, SynFlood,
                         testing::Values(SynCookieUse::Off, SynCookieUse::WhenFull,
                                         SynCookieUse::Only));

TEST(Orphans, AboveTheLimitAreReset) {
  TwoStacks net([](StackConfig& c) { c.tcp.max_orphans = 2; });
  net.listener = *net.right.listen({*IpAddress::parse("::"), Port(80)}, 16);
  std::vector<ConnectionId> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(*net.left.connect(to_right(), net.now));
  net.run_for(100ms);
  for (const ConnectionId client : clients) {
    ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("unheard"), {}, net.now).has_value());
  }
  net.drop = [](const Wire&) { return true; };
  for (const ConnectionId client : clients) net.left.close(client, net.now);
  EXPECT_EQ(net.left.connection_count(), 2U);
  net.run_for(10ms);
  const auto& reasons = net.left.counters().reasons;
  EXPECT_EQ(reasons[static_cast<std::size_t>(SendReason::RstOutOfMemory)], 1U);
}

TEST(Orphans, ThatEndMakeRoomForOthers) {
  TwoStacks net([](StackConfig& c) {
    c.tcp.max_orphans = 1;
    c.tcp.msl = 1ms;
  });
  for (int i = 0; i < 3; ++i) {
    const auto [client, server] = net.connected(IpVersion::V6);
    net.left.close(client, net.now);
    net.right.close(server, net.now);
    net.right.close_listener(net.listener);
    net.run_for(100ms);
    EXPECT_EQ(net.left.connection_count(), 0U);
  }
  const auto& reasons = net.left.counters().reasons;
  EXPECT_EQ(reasons[static_cast<std::size_t>(SendReason::RstOutOfMemory)], 0U);
}

// The retransmission queues have room for 1024 SYNs here, which nobody answers; the one after them
// cannot leave.
struct FullOfSyns : TwoStacks {
  FullOfSyns()
      : TwoStacks([](StackConfig& c) {
          c.memory = 128 * 1024;
          c.tcp.receive_buffer = c.tcp.initial_receive_buffer = 64;
        }) {
    drop = [](const Wire&) { return true; };
    for (int i = 0; i < 1024; ++i) EXPECT_TRUE(left.connect(to_right(), now).has_value());
    run_for(10ms);
  }
};

TEST(SynWithoutMemory, CountsTowardsItsRetries) {
  COVERS("MUST-22", "MUST-23");
  FullOfSyns net;
  ConnectOptions options = to_right();
  options.settings = net.left.default_settings();
  options.settings->syn_retries = 1;
  const auto last = net.left.connect(options, net.now);
  ASSERT_TRUE(last.has_value());
  net.run_for(2s);
  EXPECT_EQ(net.left.status(*last)->state, State::SynSent);
  net.run_for(1500ms);
  EXPECT_EQ(net.left.error(*last), StreamError::TimedOut);
}

// The peer's SYN crosses the one that cannot leave: nor can the SYN-ACK, which is tried no longer.
TEST(SynWithoutMemory, CountsOnWhenThePeersSynCrosses) {
  COVERS("MUST-22", "MUST-23");
  FullOfSyns net;
  ConnectOptions options = to_right();
  options.local_port = Port(7);
  options.settings = net.left.default_settings();
  options.settings->syn_retries = 1;
  const auto last = net.left.connect(options, net.now);
  ASSERT_TRUE(last.has_value());
  RawTcp syn;
  syn.tuple = {*IpAddress::parse("2001:db8::2"), *IpAddress::parse("2001:db8::1"), Port(80),
               Port(7)};
  syn.flags = TcpFlags::kSyn;
  PacketMeta verified;
  verified.checksum_valid = true;
  net.left.receive(test::raw_packet(syn), verified, net.now);
  net.run_for(2s);
  EXPECT_EQ(net.left.status(*last)->state, State::SynReceived);
  net.run_for(1500ms);
  EXPECT_EQ(net.left.error(*last), StreamError::TimedOut);
}

// The counters are bytes: what the settings ask for beyond that is not counted round and round.
TEST(RetriesBeyondTheirCounter, EndAllTheSame) {
  COVERS("MUST-20", "MUST-23", "R4987-02");
  constexpr std::uint32_t kMany = 1000;
  constexpr Duration kLongEnough = 256 * 60s;
  TwoStacks net([](StackConfig& c) {
    c.tcp.syn_retries = c.tcp.syn_ack_retries = c.tcp.r2_retransmissions = kMany;
    c.tcp.keep_alive_probes = kMany;
    c.tcp.keep_alive_idle = c.tcp.keep_alive_interval = 60s;
  });
  const auto [sends, hears] = net.connected(IpVersion::V6);
  PacketMeta verified;
  verified.checksum_valid = true;
  net.drop = [](const Wire&) { return true; };
  const auto opens = net.left.connect(to_right(), net.now);
  net.right.receive(spoofed_syn(1), verified, net.now);
  EXPECT_EQ(net.right.half_open_count(), 1U);
  ASSERT_TRUE(net.left.send(sends, TwoStacks::bytes("unheard"), {}, net.now).has_value());
  net.right.set_keep_alive(hears, true, net.now);
  net.run_for(kLongEnough);
  EXPECT_EQ(net.left.error(*opens), StreamError::TimedOut);
  EXPECT_EQ(net.left.error(sends), StreamError::TimedOut);
  EXPECT_EQ(net.right.error(hears), StreamError::TimedOut);
  EXPECT_EQ(net.right.half_open_count(), 0U);
}

TEST(OnlyPeersAreAwaited, WhenOursIsAllAcknowledged) {
  TwoStacks net;
  EXPECT_TRUE(net.right.only_fin_wait_2_left());
  const auto [client, server] = net.connected(IpVersion::V6);
  EXPECT_FALSE(net.right.only_fin_wait_2_left());
  ASSERT_TRUE(net.right.shutdown_send(server, net.now).has_value());
  EXPECT_FALSE(net.right.only_fin_wait_2_left());
  net.run_for(100ms);
  EXPECT_TRUE(net.right.only_fin_wait_2_left());
}

// RFC 9293 §3.10.5: in LAST-ACK both have closed, and an ABORT tells the peer nothing; in CLOSE-WAIT
// the peer has to learn that no more will come.
TEST(Orphans, OneAboveTheLimitEndsInSilenceWhereThePeerHasEndedToo) {
  for (const bool fin_has_left : {true, false}) {
    TwoStacks net([](StackConfig& c) { c.tcp.max_orphans = 0; });
    const auto [client, server] = net.connected(IpVersion::V6);
    ASSERT_TRUE(net.right.shutdown_send(server, net.now).has_value());
    net.run_for(10ms);
    net.drop = [](const Wire&) { return true; };
    if (fin_has_left) {
      ASSERT_TRUE(net.left.shutdown_send(client, net.now).has_value());
      net.run_for(10ms);
      ASSERT_EQ(net.left.status(client)->state, State::LastAck);
    }
    net.left.close(client, net.now);
    EXPECT_EQ(net.left.connection_count(), 0U);
    net.run_for(10ms);
    const auto& reasons = net.left.counters().reasons;
    EXPECT_EQ(reasons[static_cast<std::size_t>(SendReason::RstOutOfMemory)],
              fin_has_left ? 0U : 1U);
  }
}

}  // namespace
}  // namespace glasstcp
