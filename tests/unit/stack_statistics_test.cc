// What a connection counts is what crossed the link: segments of the wire, whatever packets they
// left in.
#include <gtest/gtest.h>

#include <string>

#include "stack/socket/stack.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/two_stacks.h"

namespace glasstcp::test {
namespace {

/// Two ends with GSO, a search for larger packets and accurate ECN, whose link marks some packets.
struct MarkedLink {
  Instant now{1s};
  Stack left{config(1), now};
  Stack right{config(2), now};
  std::uint64_t segments = 0;       // that left `left`
  std::uint64_t data_segments = 0;  // those with data
  int packets = 0;

  static StackConfig config(std::uint64_t seed) {
    StackConfig c;
    c.addresses = {*Cidr::parse(seed == 1 ? "2001:db8::1/64" : "2001:db8::2/64")};
    c.seed = Seed::from_number(seed);
    c.gso_max = 65535;
    c.checksum_offload = true;
    c.tcp.ecn = {EcnUse::On, true, 0};
    c.tcp.mtu_probing = MtuProbing::Always;
    c.tcp.keep_statistics = true;
    return c;
  }
  void count(const OutPacket& out) {
    const std::uint32_t each = out.gso_size == 0 ? out.payload_length : out.gso_size;
    const std::uint32_t n = out.payload_length <= each ? 1 : (out.payload_length + each - 1) / each;
    segments += n;
    if (out.payload_length > 0) data_segments += n;
  }
  void cross(Stack& from, Stack& to) {
    OutPacket out;
    while (from.transmit(now, out)) {
      if (&from == &left) count(out);
      Bytes wire = flatten(out);
      if (++packets % 5 == 0) wire[1] |= 0x30;  // CE
      to.receive(wire, {.checksum_partial = out.checksum_partial, .gso_size = out.gso_size}, now);
    }
  }
  void turn() {
    now += 1ms;
    cross(left, right);
    cross(right, left);
    left.advance(now);
    right.advance(now);
  }
  void drain(Stack& stack, ConnectionId id) {
    for (auto view = stack.peek(id); view && !view->empty(); view = stack.peek(id))
      stack.consume(id, view->size(), now);
  }
};

TEST(Statistics, SegmentsAreThoseOfTheWire) {
  MarkedLink net;
  const ListenerId listener = *net.right.listen({*IpAddress::parse("::"), Port(80)}, 16);
  ConnectOptions options;
  options.remote = {*IpAddress::parse("2001:db8::2"), Port(80)};
  const ConnectionId client = *net.left.connect(options, net.now);
  for (int i = 0; i < 4; ++i) net.turn();
  const ConnectionId server = *net.right.accept(listener);
  const std::string text(20011, 'x');
  const ByteView data{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  for (int i = 0; i < 300; ++i) {
    static_cast<void>(net.left.send(client, data, {}, net.now));
    static_cast<void>(net.right.send(server, data, {}, net.now));
    net.turn();
    net.drain(net.left, client);
    net.drain(net.right, server);
  }
  const auto report = net.left.report(client);
  ASSERT_TRUE(report && report->ecn);
  EXPECT_GT(report->ecn_marks, 10U);
  EXPECT_GT(report->path_mtu, 1280U);
  EXPECT_GT(net.data_segments, 500U);
  EXPECT_EQ(report->statistics.segments_out, net.segments);
  EXPECT_EQ(report->statistics.data_segments_out, net.data_segments);
}

// What arrived out of order and was not lost is a reordering, as far as it overtook (RFC 8985
// §6.2).
TEST(Statistics, AReorderingIsCountedWithItsExtent) {
  TwoStacks net([](StackConfig& config) { config.tcp.keep_statistics = true; });
  const ConnectionId client = net.connected().first;
  std::vector<Wire> held;
  net.drop = [&](const Wire& wire) {
    const bool holds = wire[15] == 1 && wire.size() > 1000 && held.empty();
    if (holds) held.push_back(wire);
    return holds;
  };
  const std::string text(3 * 1448, 'a');
  ASSERT_TRUE(net.left.send(client, TwoStacks::bytes(text), {}, net.now));
  net.run_for(2ms);
  ASSERT_EQ(held.size(), 1U);
  net.right.receive(held[0], {}, net.now);
  net.run_for(100ms);
  const auto report = net.left.report(client);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->statistics.reorderings_seen, 1U);
  EXPECT_EQ(report->statistics.reordering, 3U) << "segments from it to the highest ahead of it";
  EXPECT_EQ(net.left.unacknowledged(client), 0U);
}

}  // namespace
}  // namespace glasstcp::test
