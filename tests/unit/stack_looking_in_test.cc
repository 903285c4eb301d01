// What a stack tells people who look: which timers run for a connection, and what it has
// outstanding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/two_stacks.h"

namespace glasstcp::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<TimerName> names_of(const std::vector<RunningTimer>& timers) {
  std::vector<TimerName> names;
  for (const RunningTimer& timer : timers) names.push_back(timer.name);
  return names;
}

std::vector<TimerName> named(std::initializer_list<TimerName> names) {
  return names;
}

TEST(RunningTimers, ASynHasItsRetransmissionAndAnIdleConnectionNothing) {
  TwoStacks net;
  net.drop = [](const Wire&) { return true; };
  ConnectOptions options;
  options.remote = {IpAddress::v4(192, 0, 2, 2), Port(80)};
  const ConnectionId id = *net.left.connect(options, net.now);
  const FourTuple tuple = *net.left.tuple(id);
  const Instant begin = net.now;
  net.run_for(10ms);
  const auto opening = net.left.timers(tuple);
  ASSERT_EQ(names_of(opening), named({TimerName::Retransmit}));
  EXPECT_EQ(opening[0].deadline, begin + 1s) << "RFC 6298 §2.1";

  TwoStacks calm;
  const ConnectionId idle = calm.connected().first;
  EXPECT_THAT(calm.left.timers(*calm.left.tuple(idle)), IsEmpty());
  EXPECT_THAT(calm.left.timers({}), IsEmpty()) << "no such connection";
}

TEST(RunningTimers, AHalfOpenConnectionHasTheOneOfItsSynAck) {
  TwoStacks net;
  net.drop = [&](const Wire& wire) { return wire[15] == 2; };  // what comes from 192.0.2.2
  net.listener = *net.right.listen({IpAddress::v4(0, 0, 0, 0), Port(80)}, 16);
  ConnectOptions options;
  options.remote = {IpAddress::v4(192, 0, 2, 2), Port(80)};
  const FourTuple mine = *net.left.tuple(*net.left.connect(options, net.now));
  net.run_for(10ms);
  const FourTuple theirs{mine.remote_address, mine.local_address, mine.remote_port,
                         mine.local_port};
  EXPECT_EQ(names_of(net.right.timers(theirs)), named({TimerName::Retransmit}));
}

TEST(RunningTimers, TheEarliestIsFirstAndTimeWaitIsOne) {
  TwoStacks net;
  const auto [client, server] = net.connected();
  const FourTuple tuple = *net.left.tuple(client);
  net.left.set_keep_alive(client, true, net.now);
  net.drop = [](const Wire&) { return true; };
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes("x"), {}, net.now));
  net.run_for(1ms);
  const auto waiting = net.left.timers(tuple);
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_LT(waiting[0].deadline, waiting[1].deadline);
  EXPECT_EQ(waiting[1].name, TimerName::KeepAlive);

  net.drop = [](const Wire&) { return false; };
  net.run_for(2s);
  net.right.consume(server, 1, net.now);
  net.left.close(client, net.now);
  net.run_for(100ms);
  net.right.close(server, net.now);
  net.run_for(100ms);
  EXPECT_EQ(names_of(net.left.timers(tuple)), named({TimerName::TimeWait}));
}

TEST(Outstanding, TellsOfEachPartWhatIsKnown) {
  TwoStacks net;
  const ConnectionId client = net.connected().first;
  const FourTuple tuple = *net.left.tuple(client);
  EXPECT_THAT(net.left.outstanding(tuple), IsEmpty());
  bool is_first = true;
  net.drop = [&](const Wire& wire) {
    const bool loses = wire[15] == 1 && wire.size() > 1000 && is_first;
    if (loses) is_first = false;
    return loses;
  };
  const std::string text(6000, 'a');
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes(text), {}, net.now));
  net.run_for(100ms);
  const auto after = net.left.outstanding(tuple);
  EXPECT_THAT(after, IsEmpty()) << "the first was sent again at the third duplicate ACK";

  // Nothing of what is sent now arrives.
  net.drop = [](const Wire&) { return true; };
  const std::string less(2896, 'b');
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes(less), {}, net.now));
  net.run_for(1ms);
  const auto sent = net.left.outstanding(tuple);
  ASSERT_THAT(sent, SizeIs(1)) << "neighbours of one state are one range";
  EXPECT_EQ(sent[0].state, SegmentState::InNetwork);
  EXPECT_EQ(static_cast<std::uint32_t>(sent[0].end - sent[0].begin), 2896U);
  net.run_for(400ms);
  const auto repeated = net.left.outstanding(tuple);
  EXPECT_TRUE(std::ranges::any_of(repeated, &OutstandingRange::retransmitted));
  EXPECT_TRUE(std::ranges::any_of(
      repeated, [](const auto& range) { return range.state == SegmentState::Lost; }));
}

}  // namespace
}  // namespace glasstcp::test
