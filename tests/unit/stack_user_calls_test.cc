// The user calls of RFC 9293 §3.10 over two whole stacks: what an application may ask and what it
// is told.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/covers.h"
#include "tests/support/two_stacks.h"

namespace glasstcp {
namespace {

using test::TwoStacks;
using test::Wire;

std::uint16_t local_port(Stack& stack, ConnectionId id) {
  return number(stack.tuple(id)->local_port);
}

ConnectOptions to(const char* address, std::uint16_t port) {
  ConnectOptions options;
  options.remote = {*IpAddress::parse(address), Port(port)};
  return options;
}

std::uint16_t events_of(Stack& stack, ConnectionId id) {
  std::uint16_t mask = 0;
  while (const auto event = stack.next_event()) {
    if (!event->is_listener && event->connection == id) mask |= event->mask;
  }
  return mask;
}

TEST(UserCalls, ListeningIsPossibleOnAPortThatIsJustCalling) {
  COVERS("MUST-42", "MUST-41");
  TwoStacks net;
  ConnectOptions options;
  options.remote = {*IpAddress::parse("192.0.2.2"), Port(81)};
  options.local_port = Port(5000);
  net.drop = [](const Wire&) { return true; };
  const auto caller = net.left.connect(options, net.now);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(net.left.status(*caller)->state, State::SynSent);
  EXPECT_TRUE(net.left.listen({*IpAddress::parse("0.0.0.0"), Port(5000)}, 1).has_value());
  EXPECT_EQ(net.left.status(*caller)->state, State::SynSent);
}

TEST(UserCalls, AnOpenMayNameTheLocalAddressOrLeaveItToTheStack) {
  COVERS("MUST-43", "MUST-44", "MUST-45", "MUST-46");
  TwoStacks net([](StackConfig& c) {
    if (c.seed == Seed::from_number(1)) c.addresses.push_back(*Cidr::parse("2001:db8::11/64"));
  });
  ConnectOptions options;
  options.remote = {*IpAddress::parse("2001:db8::2"), Port(80)};
  options.local_address = IpAddress::parse("2001:db8::11");
  const auto named = net.left.connect(options, net.now);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(net.left.tuple(*named)->local_address, *IpAddress::parse("2001:db8::11"));
  options.local_address = IpAddress::parse("2001:db8::99");
  EXPECT_EQ(net.left.connect(options, net.now).error(), OpenError::AddressNotOurs);
  for (const char* wrong : {"224.0.0.1", "255.255.255.255", "192.0.2.255", "0.0.0.0"}) {
    EXPECT_EQ(net.left.connect(to(wrong, 80), net.now).error(), OpenError::InvalidRemote) << wrong;
  }
}

TEST(UserCalls, TheSameTupleOpensOnce) {
  TwoStacks net;
  ConnectOptions options;
  options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
  options.local_port = Port(5000);
  ASSERT_TRUE(net.left.connect(options, net.now).has_value());
  EXPECT_EQ(net.left.connect(options, net.now).error(), OpenError::AddressInUse);
  ASSERT_TRUE(net.right.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 1).has_value());
  EXPECT_EQ(net.right.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 1).error(),
            OpenError::AddressInUse);
}

TEST(UserCalls, ClientPortsAreSpreadAndNeverRepeatWhileInUse) {
  COVERS("R6056-01");
  TwoStacks net;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 100; ++i) {
    const auto id = net.left.connect(to("192.0.2.2", 80), net.now);
    ASSERT_TRUE(id.has_value());
    ports.insert(local_port(net.left, *id));
  }
  EXPECT_EQ(ports.size(), 100U);
  TwoStacks other([](StackConfig& c) { c.seed = Seed::from_number(77); });
  const auto id = other.left.connect(to("192.0.2.2", 80), other.now);
  EXPECT_FALSE(
      ports.contains(local_port(other.left, *id)));  // another secret, another place to start
}

TEST(UserCalls, TheTrafficClassIsTheApplicationsAndTheHopLimitTheConfigurations) {
  COVERS("MUST-48", "MUST-49", "SHLD-21", "SHLD-22");
  TwoStacks net([](StackConfig& c) { c.tcp.hop_limit = 33; });
  const auto [client, server] = net.connected();
  EXPECT_EQ(net.from_left.back()[1], 0);  // type of service
  EXPECT_EQ(net.from_left.back()[8], 33);
  net.left.set_nagle(client, false, net.now);
  net.left.set_traffic_class(client, 0xb8);  // expedited forwarding
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("x"), {}, net.now).has_value());
  net.run_for(10ms);
  EXPECT_EQ(net.from_left.back()[1], 0xb8);
  net.left.set_traffic_class(client, 0x20);
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("y"), {}, net.now).has_value());
  net.run_for(10ms);
  EXPECT_EQ(net.from_left.back()[1], 0x20);
}

TEST(UserCalls, BothDirectionsCloseIndependently) {
  COVERS("R9293-P14", "MUST-12");
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    TwoStacks net;
    const auto [client, server] = net.connected(version);
    ASSERT_TRUE(net.left.shutdown_send(client, net.now).has_value());
    net.run_for(100ms);
    EXPECT_EQ(net.left.status(client)->state, State::FinWait2);
    EXPECT_EQ(net.right.status(server)->state, State::CloseWait);
    EXPECT_TRUE(net.right.peek(server)->empty());  // the end of the stream, and no error
    ASSERT_TRUE(net.right.send(server, TwoStacks::bytes("still here"), {}, net.now).has_value());
    net.run_for(100ms);
    EXPECT_EQ(net.left.peek(client)->size(), 10U);
    EXPECT_EQ(net.left.send(client, TwoStacks::bytes("no"), {}, net.now).error(),
              StreamError::Closing);
    net.left.consume(client, 10, net.now);
    ASSERT_TRUE(net.right.shutdown_send(server, net.now).has_value());
    net.run_for(100ms);
    EXPECT_EQ(net.left.time_wait_count(), 1U);
    EXPECT_EQ(net.right.connection_count(), 0U);
    net.run_for(61s);
    EXPECT_EQ(net.left.time_wait_count(), 0U);
  }
}

TEST(UserCalls, AnAbortIsToldApartFromANormalEnd) {
  COVERS("MUST-12");
  TwoStacks net;
  const auto [client, server] = net.connected();
  net.left.abort(client, net.now);
  net.run_for(10ms);
  EXPECT_TRUE(events_of(net.right, server) & EventMask::kError);
  EXPECT_EQ(net.right.error(server), StreamError::ResetByPeer);
  EXPECT_FALSE(net.left.status(client).has_value());  // the id was given back
}

TEST(UserCalls, ClosingWithUnreadBytesResets) {
  COVERS("SHLD-3");
  TwoStacks net;
  const auto [client, server] = net.connected();
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("unread"), {}, net.now).has_value());
  net.run_for(10ms);
  net.right.close(server, net.now);
  net.run_for(10ms);
  EXPECT_EQ(net.left.error(client), StreamError::ResetByPeer);
  EXPECT_EQ(net.right.connection_count(), 0U);
}

TEST(UserCalls, UnreadBytesOutliveTimeWait) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  ASSERT_TRUE(net.right.send(server, TwoStacks::bytes("late words"), {}, net.now).has_value());
  ASSERT_TRUE(net.left.shutdown_send(client, net.now).has_value());
  net.right.close(server, net.now);
  net.run_for(2min);
  EXPECT_EQ(net.left.time_wait_count(), 0U);
  ASSERT_TRUE(net.left.peek(client).has_value());
  EXPECT_EQ(net.left.peek(client)->size(), 10U);
  net.left.close(client, net.now);
  EXPECT_FALSE(net.left.status(client).has_value());
}

TEST(UserCalls, EveryBorrowedCookieComesBackHoweverItEnds) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  const std::string text(300000, 'x');
  ASSERT_TRUE(net.right.send_borrowed(server, TwoStacks::bytes(text), 7, {}, net.now).has_value());
  net.run_for(5ms);
  EXPECT_FALSE(net.right.next_released().has_value());
  net.left.abort(client, net.now);
  net.run_for(10ms);
  EXPECT_EQ(net.right.next_released(), 7U);
  EXPECT_FALSE(net.right.next_released().has_value());
}

TEST(UserCalls, AFullAcceptQueueKeepsCallersWaitingAndNobodyIsLost) {
  COVERS("R4987-01");
  TwoStacks net;
  const auto listener = *net.right.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 2);
  std::vector<ConnectionId> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(*net.left.connect(to("192.0.2.2", 80), net.now));
  }
  net.run_for(100ms);
  EXPECT_EQ(net.right.connection_count(), 2U);
  EXPECT_EQ(net.right.half_open_count(), 2U);
  EXPECT_TRUE(net.right.accept(listener).has_value());
  EXPECT_TRUE(net.right.accept(listener).has_value());
  for (const ConnectionId id : clients) {
    ASSERT_TRUE(net.left.send(id, TwoStacks::bytes("hello"), {}, net.now).has_value());
  }
  net.run_for(3s);
  EXPECT_TRUE(net.right.accept(listener).has_value());
  EXPECT_TRUE(net.right.accept(listener).has_value());
}

TEST(UserCalls, ClosingAListenerResetsWhoeverWaits) {
  TwoStacks net;
  const auto listener = *net.right.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 1);
  const ConnectionId first = *net.left.connect(to("192.0.2.2", 80), net.now);
  const ConnectionId second = *net.left.connect(to("192.0.2.2", 80), net.now);
  net.run_for(100ms);
  net.right.close_listener(listener);
  net.run_for(100ms);
  EXPECT_EQ(net.left.error(first), StreamError::ResetByPeer);
  EXPECT_EQ(net.left.error(second), StreamError::ResetByPeer);
  EXPECT_EQ(net.right.connection_count() + net.right.half_open_count(), 0U);
}

TEST(UserCalls, SoftErrorsAndGivingUpAreReported) {
  COVERS("MUST-47", "SHLD-9", "SHLD-10", "MUST-20", "MUST-21");
  TwoStacks net;
  const auto [client, server] = net.connected();
  static_cast<void>(events_of(net.left, client));
  net.left.set_user_timeout(client, 20s, net.now);
  net.drop = [](const Wire&) { return true; };
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("anyone?"), {}, net.now).has_value());
  net.run_for(10s);
  EXPECT_TRUE(events_of(net.left, client) & EventMask::kSoftError);
  EXPECT_FALSE(net.left.error(client).has_value());
  net.run_for(15s);
  EXPECT_EQ(net.left.error(client), StreamError::TimedOut);
}

TEST(UserCalls, OnlyAnAddressOfOursIsListenedOn) {
  TwoStacks net;
  EXPECT_EQ(net.right.listen({*IpAddress::parse("192.0.2.77"), Port(80)}, 1).error(),
            OpenError::AddressNotOurs);
  EXPECT_EQ(net.right.listen({*IpAddress::parse("192.0.2.2"), Port(0)}, 1).error(),
            OpenError::InvalidRemote);
}

// Somebody who looks sees each connection once, whatever stands for it, and the counts agree.
TEST(UserCalls, EachStateIsCountedAsItIsListed) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  net.drop = [](const Wire& wire) { return wire[15] == 2; };  // what comes from 192.0.2.2
  ASSERT_TRUE(net.left.connect(to("192.0.2.2", 80), net.now).has_value());
  net.run_for(10ms);
  const auto check = [&](std::initializer_list<State> there) {
    StateCounts listed{};
    for (const ConnectionEntry& entry : net.right.entries())
      ++listed[static_cast<std::size_t>(entry.state)];
    EXPECT_EQ(net.right.states(), listed);
    for (const State state : there)
      EXPECT_EQ(listed[static_cast<std::size_t>(state)], 1U) << name_of(state);
  };
  check({State::Listen, State::SynReceived, State::Established});
  net.drop = [](const Wire&) { return false; };
  net.right.close(server, net.now);
  net.run_for(10ms);
  net.left.close(client, net.now);
  net.run_for(5s);
  check({State::Listen, State::Established, State::TimeWait});
}

// RFC 9293 §3.8.4: the peer has been silent since its last segment, whenever the time is chosen.
TEST(UserCalls, AnotherKeepAliveTimeCountsAtOnce) {
  TwoStacks net;
  const ConnectionId client = net.connected().first;
  net.left.set_keep_alive(client, true, net.now);
  ConnectionSettings settings = net.left.default_settings();
  settings.keep_alive_idle = 5s;
  ASSERT_TRUE(net.left.apply_settings(client, settings, net.now));
  const std::size_t before = net.from_left.size();
  net.run_for(4900ms);
  EXPECT_EQ(net.from_left.size(), before);
  net.run_for(200ms);
  EXPECT_EQ(net.from_left.size(), before + 1) << "a probe, and not after two hours";
}

// 2^30 bytes are borrowed at most, so that numbers on the way stay comparable (RFC 9293 §3.4).
TEST(UserCalls, BorrowedBytesAreBounded) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  const std::string text(1 << 20, 'x');
  net.drop = [](const Wire&) { return true; };
  std::uint64_t taken = 0;
  while (net.left.send_borrowed(client, TwoStacks::bytes(text), taken, {}, net.now)) ++taken;
  EXPECT_EQ(taken, 1024U);
  EXPECT_EQ(net.left.send_borrowed(client, TwoStacks::bytes(text), taken, {}, net.now).error(),
            StreamError::WouldBlock);
  net.left.abort(client, net.now);
  EXPECT_TRUE(net.right.status(server).has_value());
}

// A packet names so many pieces of memory; what lies in more of them leaves in several packets.
TEST(UserCalls, ManySmallBorrowedPiecesArriveInOrder) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  const std::string text = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const ByteView piece = TwoStacks::bytes(text).subspan(i, 1);
    ASSERT_TRUE(net.left.send_borrowed(client, piece, i, {}, net.now));
  }
  net.left.close(client, net.now);
  net.run_for(100ms);
  std::uint8_t into[100];
  const auto n = net.right.read(server, into, net.now);
  ASSERT_TRUE(n.has_value());
  EXPECT_EQ(std::string(into, into + *n), text);
  EXPECT_EQ(*net.right.read(server, into, net.now), 0U) << "the FIN stands behind the last piece";
}

}  // namespace
}  // namespace glasstcp
