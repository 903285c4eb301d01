// Two stacks and a perfect link between them, in virtual time: the least that a test of the whole
// machine needs.
//
// Packets arrive 1 ms after they left. Tests look at what crossed the link, and at both ends.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "stack/socket/stack.h"
#include "stack/wire/tcp.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp::test {

/// A packet on the link.
using Wire = Bytes;

/// Two ends: 192.0.2.1 / 2001:db8::1 (left) and 192.0.2.2 / 2001:db8::2 (right).
class TwoStacks {
 public:
  explicit TwoStacks(const std::function<void(StackConfig&)>& adjust = [](StackConfig&) {})
      : left(config("192.0.2.1/24", "2001:db8::1/64", 1, adjust), now),
        right(config("192.0.2.2/24", "2001:db8::2/64", 2, adjust), now) {}

  /// Lets both ends talk until neither has anything to say, or `limit` has passed.
  void run_for(Duration limit) {
    const Instant end = now + limit;
    for (;;) {
      deliver(left, right);
      deliver(right, left);
      if (left.has_output() || right.has_output() || !in_flight_.empty()) continue;
      const Instant next = std::min(left.next_deadline(), right.next_deadline());
      if (next > end) break;
      now = std::max(now, next);
      left.advance(now);
      right.advance(now);
    }
    now = std::max(now, end);
    left.advance(now);
    right.advance(now);
  }

  /// A connection from left to right's port 80: {left's id, right's id}.
  std::pair<ConnectionId, ConnectionId> connected(IpVersion version = IpVersion::V4) {
    const bool v4 = version == IpVersion::V4;
    const IpAddress any = *IpAddress::parse(v4 ? "0.0.0.0" : "::");
    listener = *right.listen({any, Port(80)}, 16);
    ConnectOptions options;
    options.remote = {*IpAddress::parse(v4 ? "192.0.2.2" : "2001:db8::2"), Port(80)};
    const ConnectionId client = *left.connect(options, now);
    run_for(100ms);
    const auto server = right.accept(listener);
    EXPECT_TRUE(server.has_value());
    return {client, server.value_or(ConnectionId{})};
  }

  static ByteView bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  Instant now{1s};
  Stack left;
  Stack right;
  ListenerId listener;
  std::vector<Wire> from_left;   ///< everything that left sent
  std::vector<Wire> from_right;  ///< everything that right sent
  std::function<bool(const Wire&)> drop = [](const Wire&) { return false; };

 private:
  static StackConfig config(const char* v4, const char* v6, std::uint64_t seed,
                            const std::function<void(StackConfig&)>& adjust) {
    StackConfig c;
    c.addresses = {*Cidr::parse(v4), *Cidr::parse(v6)};
    c.seed = Seed::from_number(seed);
    adjust(c);
    return c;
  }

  void deliver(Stack& from, Stack& to) {
    std::vector<Wire>& log = &from == &left ? from_left : from_right;
    in_flight_.clear();
    OutPacket out;
    while (from.transmit(now, out)) {
      const Wire wire = flatten(out);
      log.push_back(wire);
      if (!drop(wire)) in_flight_.push_back(wire);
    }
    now += 1ms;
    for (const Wire& wire : in_flight_) to.receive(wire, {}, now);
    in_flight_.clear();
    left.advance(now);
    right.advance(now);
    from.check_invariants();
    to.check_invariants();
  }

  std::vector<Wire> in_flight_;
};

}  // namespace glasstcp::test
