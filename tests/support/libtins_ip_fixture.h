// The IP layer between a peer that libtins plays and a judge that libtins is.
//
// RFC 791, RFC 8200. Time is a number that only wait() moves.
//
// Invariants:
//   1. No packet of ours leaves a test without having been judged.
//
// Next: ../unit/ip_input_test.cc.
#pragma once

#include <gtest/gtest.h>

#include "stack/ip/ip_layer.h"
#include "tests/support/libtins_peer.h"

namespace glasstcp::test {

/// A packet that the IP layer sent, already judged.
struct Sent {
  SendReason reason;
  Bytes bytes;
};

inline IpConfig both_versions() {
  IpConfig config;
  config.addresses = {*Cidr::parse("192.0.2.2/24"), *Cidr::parse("2001:db8::2/64")};
  return config;
}

/// One IpLayer, a clock, and the packets on both sides.
class IpPeer {
 public:
  explicit IpPeer(const IpConfig& config = both_versions())
      : layer_(config, Seed::from_number(7)) {}

  IpLayer& layer() { return layer_; }
  [[nodiscard]] Instant now() const { return now_; }

  IpLayer::Input input(const Bytes& packet, const PacketMeta& meta = {}) {
    return layer_.receive(packet, meta, now_);
  }
  /// The verdict about a packet; Accepted where it went up to TCP, IcmpErrorUsed where it became a
  /// signal.
  Verdict receive(const Bytes& packet, const PacketMeta& meta = {}) {
    const IpLayer::Input result = input(packet, meta);
    if (std::holds_alternative<IpDatagram>(result)) return Verdict::Accepted;
    if (std::holds_alternative<IcmpSignal>(result)) return Verdict::IcmpErrorUsed;
    return std::get<Verdict>(result);
  }
  /// Everything that waits to be sent; each packet is shown to the judge.
  std::vector<Sent> sent() {
    std::vector<Sent> packets;
    OutPacket out;
    while (layer_.transmit(now_, out)) {
      packets.push_back({out.reason, flatten(out)});
      EXPECT_EQ(judge_ip_packet(packets.back().bytes), "");
    }
    return packets;
  }
  /// The one packet that waits to be sent; a failure (and nothing) if there are more or none.
  Sent sent_one() {
    std::vector<Sent> packets = sent();
    EXPECT_EQ(packets.size(), 1U);
    return packets.size() == 1 ? packets.front() : Sent{SendReason::NewData, Bytes(128)};
  }
  void wait(Duration time) {
    now_ += time;
    layer_.advance(now_);
  }

 private:
  IpLayer layer_;
  Instant now_{};
};

}  // namespace glasstcp::test
