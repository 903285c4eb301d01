// What a connection learns of its path and its reader, between two whole stacks: the path MTU by
// probes, the receive buffer, congestion marks, the flow label.
//
// RFC 4821, RFC 8899, RFC 3168, RFC 9768, RFC 6437, RFC 9293 §3.8.6.
#include <algorithm>
#include <set>

#include "tests/support/covers.h"
#include "tests/support/two_stacks.h"

namespace glasstcp::test {
namespace {

// Carries `bytes` from left to right, read as they come; the largest packet of the last round.
struct Transfer {
  std::size_t arrived = 0;
  std::size_t largest = 0;
};
Transfer carry(TwoStacks& net, std::pair<ConnectionId, ConnectionId> ids, std::size_t bytes,
               Duration limit) {
  const std::string text(8192, 'x');
  Transfer result;
  std::size_t sent = 0;
  const Instant end = net.now + limit;
  while (result.arrived < bytes && net.now < end) {
    while (sent < bytes) {
      const ByteView piece = TwoStacks::bytes(text).first(std::min(text.size(), bytes - sent));
      const auto n = net.left.send(ids.first, piece, {}, net.now);
      if (!n) break;
      sent += *n;
    }
    net.from_left.clear();
    net.run_for(5ms);
    for (const Wire& wire : net.from_left) result.largest = std::max(wire.size(), result.largest);
    while (true) {
      const auto view = net.right.peek(ids.second);
      if (!view || view->empty()) break;
      result.arrived += view->size();
      net.right.consume(ids.second, view->size(), net.now);
    }
  }
  return result;
}

TEST(PathMtuSearch, ABlackHoleIsLeftAndTheSizeOfThePathFound) {
  COVERS("R4821-01", "R4821-02", "R4821-03", "R8899-01");
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    TwoStacks net;
    const auto ids = net.connected(version);
    net.drop = [](const Wire& wire) { return wire.size() > 1400; };
    EXPECT_EQ(carry(net, ids, 2'000'000, 60s).arrived, 2'000'000U);
    const std::size_t headers = version == IpVersion::V4 ? 52 : 72;
    const std::size_t packet = net.left.status(ids.first)->effective_mss + headers;
    EXPECT_LE(packet, 1400U);
    EXPECT_GT(packet, 1400U - 8);
    // The path is better now, but for ten minutes nobody asks.
    net.drop = [](const Wire&) { return false; };
    EXPECT_LE(carry(net, ids, 500'000, 60s).largest, 1400U);
    net.run_for(600s);
    carry(net, ids, 1'000'000, 60s);
    EXPECT_EQ(net.left.status(ids.first)->effective_mss + headers, 1500U);
  }
}

TEST(PathMtuSearch, ALoneLostProbeIsNoCongestion) {
  COVERS("R4821-02");
  TwoStacks net([](StackConfig& c) { c.tcp.mtu_probing = MtuProbing::Always; });
  const auto ids = net.connected();
  EXPECT_LT(net.left.status(ids.first)->effective_mss, 1300U);
  net.drop = [](const Wire& wire) { return wire.size() > 1400; };
  EXPECT_EQ(carry(net, ids, 2'000'000, 60s).arrived, 2'000'000U);
  EXPECT_EQ(net.left.status(ids.first)->ssthresh, kNoThreshold);
}

TEST(PathMtuSearch, OffMeansNever) {
  TwoStacks net([](StackConfig& c) { c.tcp.mtu_probing = MtuProbing::Off; });
  const auto ids = net.connected();
  net.drop = [](const Wire& wire) { return wire.size() > 1400; };
  EXPECT_EQ(carry(net, ids, 100'000, 30s).arrived, 0U);
}

TEST(ReceiveBuffer, GrowsWithItsReaderAndGivesBack) {
  TwoStacks net;
  const auto ids = net.connected();
  carry(net, ids, 4'000'000, 60s);
  const std::uint32_t grown = net.right.report(ids.second)->receive_buffer;
  EXPECT_GT(grown, 128U * 1024);
  // A trickle: what is not used goes back, and no offer is taken back (check_invariants).
  for (int i = 0; i < 4000 && net.right.report(ids.second)->receive_buffer > 100'000; ++i) {
    carry(net, ids, 1'000, 1s);
    net.run_for(100ms);
  }
  EXPECT_LE(net.right.report(ids.second)->receive_buffer, 100'000U);
}

TEST(ReceiveBuffer, StaysSmallForAReaderThatNeedsNoMore) {
  TwoStacks net;
  const auto ids = net.connected();
  for (int i = 0; i < 300; ++i) {
    carry(net, ids, 2'000, 1s);
    net.run_for(20ms);
  }
  EXPECT_EQ(net.right.report(ids.second)->receive_buffer, 64U * 1024);
}

TEST(FlowLabel, IsTheConnectionsOwnAndStaysTheSame) {
  COVERS("R6437-01", "R6437-02");
  TwoStacks net;
  const auto label = [](const Wire& wire) {
    return (wire[1] & 0x0fU) << 16 | static_cast<unsigned>(wire[2]) << 8 | wire[3];
  };
  std::set<unsigned> seen;
  for (int i = 0; i < 8; ++i) {
    net.from_left.clear();
    ConnectOptions options;
    options.remote = {*IpAddress::parse("2001:db8::2"), Port(80)};
    if (i == 0) {
      net.connected(IpVersion::V6);
    } else {
      const ConnectionId id = *net.left.connect(options, net.now);
      net.run_for(100ms);
      ASSERT_TRUE(net.left.send(id, TwoStacks::bytes("hello"), {}, net.now));
      net.run_for(100ms);
    }
    std::set<unsigned> of_this;
    for (const Wire& wire : net.from_left) of_this.insert(label(wire));
    EXPECT_EQ(of_this.size(), 1U);
    EXPECT_EQ(of_this.count(0), 0U);
    seen.insert(of_this.begin(), of_this.end());
  }
  EXPECT_EQ(seen.size(), 8U);
}

}  // namespace
}  // namespace glasstcp::test
