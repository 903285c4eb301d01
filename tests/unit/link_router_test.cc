// What a router does to packets: its message that one is too big, and its mark.
#include <gtest/gtest.h>

#include "stack/link/router.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ip_header.h"

namespace glasstcp::test {
namespace {

std::vector<std::uint8_t> packet_of(const IpAddress& from, const IpAddress& to,
                                    std::uint8_t traffic_class, std::size_t payload) {
  IpHeaderFields fields;
  fields.source = from;
  fields.destination = to;
  fields.protocol = IpProtocol::kTcp;
  fields.traffic_class = traffic_class;
  const std::size_t header = from.is_v4() ? kIpv4HeaderSize : kIpv6HeaderSize;
  std::vector<std::uint8_t> packet(header + payload, 0x55);
  write_ip_header(packet, fields, static_cast<std::uint32_t>(payload));
  return packet;
}

std::vector<std::uint8_t> v4_packet(std::uint8_t traffic_class, std::size_t payload = 1480) {
  return packet_of(IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2), traffic_class,
                   payload);
}

std::vector<std::uint8_t> v6_packet(std::uint8_t traffic_class, std::size_t payload = 1460) {
  return packet_of(*IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8::2"),
                   traffic_class, payload);
}

TEST(Router, SaysInIpv4WhatIsTooBigToWhoSentIt) {
  const auto packet = v4_packet(0);
  const auto message = too_big_message(IpAddress::v4(192, 0, 2, 254), packet, 1400);
  EXPECT_EQ(message.size(), 576U) << "RFC 1812 §4.3.2.3";
  EXPECT_EQ(IpAddress::v4(&message[16]), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(message[20], 3);
  EXPECT_EQ(message[21], 4);
  EXPECT_EQ(load_be16(&message[26]), 1400);
  EXPECT_EQ(checksum_of(add_to_checksum(0, ByteView(message).first(20))), 0);
  EXPECT_EQ(checksum_of(add_to_checksum(0, ByteView(message).subspan(20))), 0);
  EXPECT_TRUE(std::equal(packet.begin(), packet.begin() + 548, message.begin() + 28));
}

TEST(Router, SaysItInIpv6) {
  const auto packet = v6_packet(0);
  const IpAddress router = *IpAddress::parse("2001:db8:ff::1");
  const auto message = too_big_message(router, packet, 1280);
  EXPECT_EQ(message.size(), 1280U) << "RFC 4443 §2.4";
  const IpAddress to = *IpAddress::parse("2001:db8::1");
  EXPECT_EQ(IpAddress::v6(&message[24]), to);
  EXPECT_EQ(message[40], 2);
  EXPECT_EQ(load_be32(&message[44]), 1280U);
  const ByteView icmp = ByteView(message).subspan(40);
  const auto pseudo =
      pseudo_header_sum(router, to, IpProtocol::kIcmpV6, static_cast<std::uint32_t>(icmp.size()));
  EXPECT_EQ(checksum_of(add_to_checksum(pseudo, icmp)), 0);
}

TEST(Router, QuotesAShortPacketWhole) {
  const auto message = too_big_message(IpAddress::v4(192, 0, 2, 254), v4_packet(0, 20), 576);
  EXPECT_EQ(message.size(), 28U + 40U);
}

TEST(Router, MarksWhatIsCapableOfEcnAlone) {
  for (const bool v4 : {true, false}) {
    const auto of = [v4](std::uint8_t traffic_class) {
      return v4 ? v4_packet(traffic_class, 40) : v6_packet(traffic_class, 40);
    };
    auto deaf = of(0x28);
    EXPECT_FALSE(mark_congestion(deaf));
    EXPECT_EQ(deaf, of(0x28));
    for (const unsigned codepoint : {1U, 2U, 3U}) {
      auto packet = of(static_cast<std::uint8_t>(0x28U | codepoint));
      EXPECT_TRUE(mark_congestion(packet));
      EXPECT_EQ(packet, of(0x2b)) << "DSCP stays, and IPv4's checksum is right";
    }
  }
  std::vector<std::uint8_t> stump(10);
  EXPECT_FALSE(mark_congestion(stump));
}

}  // namespace
}  // namespace glasstcp::test
