// The send buffer follows the congestion window, between two whole stacks. RFC 9293 §3.10.2.
#include <algorithm>

#include "tests/support/two_stacks.h"

namespace glasstcp::test {
namespace {

constexpr std::uint32_t kFirst = 32 * 1024;
constexpr int kRounds = 24;  // slow start has reached the limit after half of them

void begin_small(StackConfig& c) {
  c.tcp.initial_send_buffer = kFirst;
  c.tcp.initial_receive_buffer = 4 * 1024 * 1024;  // the peer is never the limit
  c.tcp.slow_start_segments = 0;                   // a window doubles in each round trip
  c.tcp.hystart = false;
  c.tcp.pacing = false;  // whole windows cross at once, so that the buffer alone is the limit
}

// Fills the buffer; how much went in.
std::size_t fill(TwoStacks& net, ConnectionId id) {
  const std::string text(4096, 'x');
  std::size_t sum = 0;
  while (const auto n = net.left.send(id, TwoStacks::bytes(text), {}, net.now)) sum += *n;
  return sum;
}

void read_all(TwoStacks& net, ConnectionId id) {
  while (true) {
    const auto view = net.right.peek(id);
    if (!view || view->empty()) return;
    net.right.consume(id, view->size(), net.now);
  }
}

bool is_writable(TwoStacks& net, ConnectionId id) {
  while (const auto event = net.left.next_event()) {
    if (event->connection == id && (event->mask & EventMask::kWritable) != 0) return true;
  }
  return false;
}

TEST(SendBuffer, GrowsToTwiceTheWindowAndNoFurther) {
  TwoStacks net(begin_small);
  const auto ids = net.connected();
  EXPECT_EQ(fill(net, ids.first), kFirst);
  std::uint32_t most = 0;
  for (int round = 0; round < kRounds; ++round) {
    net.run_for(2ms);
    read_all(net, ids.second);
    fill(net, ids.first);
    const TcbSnapshot tcb = *net.left.status(ids.first);
    const std::uint32_t queued = tcb.flight + tcb.unsent;
    EXPECT_LE(queued, std::max(2 * tcb.cwnd, kFirst));
    EXPECT_LE(queued, 1024U * 1024);
    most = std::max(most, queued);
  }
  EXPECT_EQ(most, 1024U * 1024);
}

TEST(SendBuffer, AWaitingWriterIsWokenBeforeTheWindowRunsEmpty) {
  TwoStacks net(begin_small);
  const auto ids = net.connected();
  fill(net, ids.first);
  for (int round = 0; round < kRounds; ++round) {
    net.run_for(2ms);
    read_all(net, ids.second);
    if (is_writable(net, ids.first)) fill(net, ids.first);
  }
  // In slow start every round trip doubles it, if the writer was always told in time.
  EXPECT_GE(net.left.status(ids.first)->cwnd, 1024U * 1024 / 2);
}

TEST(SendBuffer, OneThatTheApplicationChoseStays) {
  TwoStacks net(begin_small);
  const auto ids = net.connected();
  ConnectionSettings settings = net.left.default_settings();
  settings.send_buffer = 20'000;
  settings.send_buffer_chosen = true;
  ASSERT_TRUE(net.left.apply_settings(ids.first, settings, net.now));
  for (int round = 0; round < 50; ++round) {
    fill(net, ids.first);
    const TcbSnapshot tcb = *net.left.status(ids.first);
    EXPECT_LE(tcb.flight + tcb.unsent, 20'000U);
    net.run_for(2ms);
    read_all(net, ids.second);
  }
}

TEST(SendBuffer, BorrowedBytesAreNotBoundByIt) {
  TwoStacks net(begin_small);
  const auto ids = net.connected();
  const std::string text(500'000, 'x');
  EXPECT_TRUE(net.left.send_borrowed(ids.first, TwoStacks::bytes(text), 7, {}, net.now));
  EXPECT_EQ(net.left.status(ids.first)->unsent, 500'000U);
}

}  // namespace
}  // namespace glasstcp::test
