// What the IP layer takes in, drops and hands up: headers, addresses, options, extension headers,
// protocols.
#include <gtest/gtest.h>

#include "tests/support/covers.h"
#include "tests/support/libtins_ip_fixture.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::IpPeer;
using test::Sent;
using test::operator+;

Bytes syn_v4(const std::string& to = test::kOurV4, const std::string& from = test::kPeerV4) {
  auto packet = Tins::IP(to, from) / test::syn_to_80();
  return test::encode(packet);
}
Bytes syn_v6(const std::string& to = test::kOurV6, const std::string& from = test::kPeerV6) {
  auto packet = Tins::IPv6(to, from) / test::syn_to_80();
  return test::encode(packet);
}
Bytes udp_v4(const std::string& to = test::kOurV4, const std::string& from = test::kPeerV4) {
  auto packet = Tins::IP(to, from) / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(30));
  return test::encode(packet);
}
Bytes udp_v6(const std::string& to = test::kOurV6, const std::string& from = test::kPeerV6) {
  auto packet = Tins::IPv6(to, from) / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(30));
  return test::encode(packet);
}
// The transport's bytes of a SYN to us by IPv6, checksum right.
Bytes tcp_of_syn_v6() {
  const Bytes syn = syn_v6();
  return {syn.begin() + 40, syn.end()};
}
// An IPv4 header with these options before the SYN.
Bytes syn_v4_with_options(const Bytes& options) {
  const Bytes syn = syn_v4();
  Bytes packet =
      Bytes(syn.begin(), syn.begin() + 20) + options + Bytes(syn.begin() + 20, syn.end());
  packet[0] = static_cast<std::uint8_t>(0x40 | (packet.size() - 20) / 4);
  packet[3] = static_cast<std::uint8_t>(packet.size());
  test::fix_header_checksum(packet);
  return packet;
}

// ---- What goes up to TCP ----

TEST(IpInput, ATcpSegmentGoesUpWithAllThatItsHeaderSaid) {
  COVERS("R1122-06", "MUST-3");
  IpPeer peer;
  Tins::IP four = test::peer_v4();
  four.tos(0xb9);
  four.ttl(1);
  auto packet = four / test::syn_to_80() / Tins::RawPDU("hello");
  const Bytes bytes = test::encode(packet);
  const IpLayer::Input input = peer.input(bytes);
  const auto* datagram = std::get_if<IpDatagram>(&input);
  ASSERT_NE(datagram, nullptr);
  EXPECT_EQ(datagram->version, IpVersion::V4);
  EXPECT_EQ(datagram->source.to_string(), test::kPeerV4);
  EXPECT_EQ(datagram->destination.to_string(), test::kOurV4);
  EXPECT_EQ(datagram->protocol, 6);
  EXPECT_EQ(datagram->traffic_class, 0xb9);
  EXPECT_EQ(datagram->hop_limit, 1);
  EXPECT_EQ(datagram->payload.size(), 25U);
  EXPECT_EQ(datagram->packet.size(), bytes.size());
  EXPECT_TRUE(verify_transport_checksum(*datagram));
}

TEST(IpInput, AnIpv6SegmentGoesUpAsWell) {
  COVERS("R8200-14", "R8200-01", "MUST-3");
  IpPeer peer;
  Tins::IPv6 six = test::peer_v6();
  six.hop_limit(0);  // who is the destination does not count hops
  six.traffic_class(0x03);
  auto packet = six / test::syn_to_80();
  const Bytes bytes = test::encode(packet);
  const IpLayer::Input input = peer.input(bytes);
  const auto* datagram = std::get_if<IpDatagram>(&input);
  ASSERT_NE(datagram, nullptr);
  EXPECT_EQ(datagram->version, IpVersion::V6);
  EXPECT_EQ(datagram->destination.to_string(), test::kOurV6);
  EXPECT_EQ(datagram->traffic_class, 3);
  EXPECT_TRUE(verify_transport_checksum(*datagram));
}

TEST(IpInput, AFlippedBitIsSeenUnlessTheDeviceVouches) {
  COVERS("MUST-3");
  IpPeer peer;
  for (Bytes bytes : {syn_v4(), syn_v6()}) {
    bytes.back() ^= 1;
    EXPECT_FALSE(verify_transport_checksum(std::get<IpDatagram>(peer.input(bytes))));
    EXPECT_TRUE(verify_transport_checksum(
        std::get<IpDatagram>(peer.input(bytes, {.checksum_partial = true}))));
    EXPECT_TRUE(verify_transport_checksum(
        std::get<IpDatagram>(peer.input(bytes, {.checksum_valid = true}))));
  }
}

TEST(IpInput, AGsoPacketMayHaveNoLength) {
  IpPeer peer;
  Bytes four = syn_v4() + test::pattern(100'000);
  four[2] = four[3] = 0;
  test::fix_header_checksum(four);
  EXPECT_EQ(peer.receive(four), Verdict::BadIpHeaderLength);
  const auto datagram =
      std::get<IpDatagram>(peer.input(four, {.checksum_partial = true, .gso_size = 1448}));
  EXPECT_EQ(datagram.payload.size(), 100'020U);
  EXPECT_EQ(datagram.meta.gso_size, 1448);
}

TEST(IpInput, TimeToLiveOneAndZeroAreNoReasonToDrop) {
  COVERS("R1122-07");
  IpPeer peer;
  for (const std::uint8_t ttl : Bytes{1, 0}) {
    Bytes bytes = syn_v4();
    bytes[8] = ttl;
    test::fix_header_checksum(bytes);
    EXPECT_EQ(peer.receive(bytes), Verdict::Accepted);
  }
}

// ---- Headers ----

TEST(IpInput, BrokenHeadersAreDroppedInSilence) {
  COVERS("R791-01", "R1122-01", "R1122-02");
  IpPeer peer;
  EXPECT_EQ(peer.receive({}), Verdict::TruncatedPacket);
  EXPECT_EQ(peer.receive({0x00}), Verdict::BadIpVersion);
  EXPECT_EQ(peer.receive(Bytes(60, 0x55)), Verdict::BadIpVersion);
  EXPECT_EQ(peer.receive({0x45}), Verdict::TruncatedPacket);
  EXPECT_EQ(peer.receive({0x60}), Verdict::TruncatedPacket);
  Bytes bytes = syn_v4();
  bytes[10] ^= 0x40;
  EXPECT_EQ(peer.receive(bytes), Verdict::BadIpChecksum);
  Bytes six = syn_v6();
  six.pop_back();
  EXPECT_EQ(peer.receive(six), Verdict::TruncatedPacket);
  EXPECT_TRUE(peer.sent().empty());
}

TEST(IpInput, Ipv4OptionsAreSkippedAndBadOnesReported) {
  COVERS("R1122-08", "MUST-50", "MAY-10", "MAY-11");
  IpPeer peer;
  EXPECT_EQ(peer.receive(syn_v4_with_options({222, 4, 9, 9})), Verdict::Accepted);
  EXPECT_EQ(peer.receive(syn_v4_with_options({7, 7, 4, 0, 0, 0, 0, 0})), Verdict::Accepted);
  EXPECT_EQ(peer.receive(syn_v4_with_options({68, 8, 5, 0, 0, 0, 0, 0})), Verdict::Accepted);
  EXPECT_TRUE(peer.sent().empty());
  EXPECT_EQ(peer.receive(syn_v4_with_options({1, 222, 9, 9})), Verdict::BadIpOption);
  const Sent answer = peer.sent_one();
  EXPECT_EQ(answer.reason, SendReason::IcmpParameterProblem);
  EXPECT_EQ(answer.bytes[20], 12) << "parameter problem";
  EXPECT_EQ(answer.bytes[24], 22) << "the pointer shows the length of the option";
}

TEST(IpInput, SourceRoutedPacketsAreDroppedInSilence) {
  COVERS("R1122-19");
  IpPeer peer;
  EXPECT_EQ(peer.receive(syn_v4_with_options({131, 7, 4, 10, 0, 0, 1, 0})), Verdict::SourceRouted);
  EXPECT_EQ(peer.receive(syn_v4_with_options({137, 7, 8, 10, 0, 0, 1, 0})), Verdict::SourceRouted);
  EXPECT_TRUE(peer.sent().empty());
}

// ---- Addresses ----

TEST(IpInput, OnlyOurOwnAddressesAreForUs) {
  COVERS("R1122-03");
  IpPeer peer;
  for (const char* to : {"192.0.2.3", "10.0.0.1", "127.0.0.1", "198.51.100.255"}) {
    EXPECT_EQ(peer.receive(syn_v4(to)), Verdict::NotForUs) << to;
    EXPECT_EQ(peer.receive(udp_v4(to)), Verdict::NotForUs) << to;
  }
  for (const char* to : {"2001:db8::3", "fe80::1", "::1"}) {
    EXPECT_EQ(peer.receive(syn_v6(to)), Verdict::NotForUs) << to;
  }
  EXPECT_TRUE(peer.sent().empty());
}

TEST(IpInput, SourcesThatCannotBeAreDropped) {
  COVERS("R1122-04", "R1122-10", "MUST-63", "R4443-04");
  IpPeer peer;
  for (const char* from : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1",
                           "255.255.255.255", "192.0.2.255", "192.0.2.0", "192.0.2.2"}) {
    EXPECT_EQ(peer.receive(syn_v4(test::kOurV4, from)), Verdict::BadSourceAddress) << from;
    EXPECT_EQ(peer.receive(udp_v4(test::kOurV4, from)), Verdict::BadSourceAddress) << from;
  }
  for (const char* from :
       {"::", "::1", "ff02::1", "2001:db8::2", "::ffff:192.0.2.1", "::192.0.2.1"}) {
    EXPECT_EQ(peer.receive(syn_v6(test::kOurV6, from)), Verdict::BadSourceAddress) << from;
    EXPECT_EQ(peer.receive(udp_v6(test::kOurV6, from)), Verdict::BadSourceAddress) << from;
  }
  EXPECT_TRUE(peer.sent().empty());
}

TEST(IpInput, NothingForManyIsAnswered) {
  COVERS("R1122-10", "MUST-57", "R4443-04");
  IpPeer peer;
  for (const char* to :
       {"192.0.2.255", "255.255.255.255", "224.0.0.1", "224.0.0.251", "192.0.2.0"}) {
    EXPECT_EQ(peer.receive(syn_v4(to)), Verdict::SynToMulticast) << to;
    EXPECT_EQ(peer.receive(udp_v4(to)), Verdict::QuietlyIgnored) << to;
    auto ping = Tins::IP(to, test::kPeerV4) / Tins::ICMP(Tins::ICMP::ECHO_REQUEST);
    EXPECT_EQ(peer.receive(test::encode(ping)), Verdict::QuietlyIgnored) << to;
  }
  for (const char* to : {"ff02::1", "ff02::2", "ff02::fb", "ff02::1:ff00:2"}) {
    EXPECT_EQ(peer.receive(syn_v6(to)), Verdict::SynToMulticast) << to;
    EXPECT_EQ(peer.receive(udp_v6(to)), Verdict::QuietlyIgnored) << to;
    auto reply = Tins::IPv6(to, test::kPeerV6) / Tins::ICMPv6(Tins::ICMPv6::ECHO_REPLY);
    EXPECT_EQ(peer.receive(test::encode(reply)), Verdict::QuietlyIgnored) << to;
  }
  for (const char* to : {"ff02::2", "ff02::fb", "ff02::1:ff00:3", "ff01::1"}) {
    auto ping = Tins::IPv6(to, test::kPeerV6) / Tins::ICMPv6(Tins::ICMPv6::ECHO_REQUEST);
    EXPECT_EQ(peer.receive(test::encode(ping)), Verdict::QuietlyIgnored) << "not our group: " << to;
  }
  EXPECT_TRUE(peer.sent().empty());
}

TEST(IpInput, TheKernelsOwnChatterIsIgnoredQuietly) {
  COVERS("R4443-02");
  IpPeer peer;
  auto solicitation = Tins::IPv6("ff02::2", "fe80::1") / Tins::ICMPv6(Tins::ICMPv6::ROUTER_SOLICIT);
  EXPECT_EQ(peer.receive(test::encode(solicitation)), Verdict::QuietlyIgnored);
  // An MLDv2 report: hop-by-hop with a router alert, from "::".
  Bytes report =
      test::raw_v6(0, Bytes{58, 0, 5, 2, 0, 0, 1, 0} + Bytes{143, 0, 0, 0, 0, 0, 0, 0}, "ff02::16");
  EXPECT_EQ(peer.receive(report), Verdict::QuietlyIgnored);
  std::fill(report.begin() + 8, report.begin() + 24, std::uint8_t{0});
  EXPECT_EQ(peer.receive(report), Verdict::QuietlyIgnored);
  // Duplicate address detection for our own address, from "::" to its solicited-node group.
  auto probe = Tins::IPv6("ff02::1:ff00:2", "::") / Tins::ICMPv6(Tins::ICMPv6::NEIGHBOUR_SOLICIT);
  EXPECT_EQ(peer.receive(test::encode(probe)), Verdict::QuietlyIgnored);
  auto unicast =
      Tins::IPv6(test::kOurV6, test::kPeerV6) / Tins::ICMPv6(Tins::ICMPv6::NEIGHBOUR_SOLICIT);
  EXPECT_EQ(peer.receive(test::encode(unicast)), Verdict::QuietlyIgnored);
  auto igmp = Tins::IP("224.0.0.22", test::kPeerV4) / Tins::RawPDU(Bytes(8));
  Bytes bytes = test::encode(igmp);
  bytes[9] = 2;
  test::fix_header_checksum(bytes);
  EXPECT_EQ(peer.receive(bytes), Verdict::QuietlyIgnored);
  EXPECT_TRUE(peer.sent().empty());
}

TEST(IpAddresses, WhoCanBeConnectedTo) {
  COVERS("MUST-46");
  IpPeer peer;
  for (const char* good :
       {"192.0.2.1", "192.0.2.254", "10.0.0.255", "8.8.8.8", "2001:db8::1", "fe80::1", "2600::"}) {
    EXPECT_TRUE(peer.layer().is_valid_remote(*IpAddress::parse(good))) << good;
  }
  for (const char* bad :
       {"0.0.0.0", "255.255.255.255", "192.0.2.255", "192.0.2.0", "192.0.2.2", "224.0.0.1",
        "127.0.0.1", "240.1.1.1", "::", "::1", "ff02::1", "2001:db8::2", "::ffff:1.2.3.4"}) {
    EXPECT_FALSE(peer.layer().is_valid_remote(*IpAddress::parse(bad))) << bad;
  }
}

TEST(IpAddresses, TheSourceOfAnActiveOpenIsChosenByIp) {
  COVERS("MUST-44", "R1122-05");
  IpConfig config;
  config.addresses = {*Cidr::parse("192.0.2.2/24"), *Cidr::parse("2001:db8::2/64"),
                      *Cidr::parse("2001:db8:1::2/64"), *Cidr::parse("fe80::2/64")};
  IpPeer peer(config);
  const auto source = [&peer](const char* remote) {
    return peer.layer().source_for(*IpAddress::parse(remote))->to_string();
  };
  EXPECT_EQ(source("8.8.8.8"), "192.0.2.2");
  EXPECT_EQ(source("2001:db8::77"), "2001:db8::2");
  EXPECT_EQ(source("2001:db8:1::77"), "2001:db8:1::2");
  EXPECT_EQ(source("fe80::1"), "fe80::2");
  EXPECT_TRUE(peer.layer().is_own(*IpAddress::parse("fe80::2")));
  EXPECT_FALSE(peer.layer().is_own(*IpAddress::parse("fe80::1")));

  IpConfig only_v6;
  only_v6.addresses = {*Cidr::parse("2001:db8::2/64")};
  IpPeer six(only_v6);
  EXPECT_FALSE(six.layer().source_for(*IpAddress::parse("8.8.8.8")));
  EXPECT_EQ(six.receive(syn_v4()), Verdict::NotForUs);
}

TEST(IpAddresses, ANetworkOfTwoHasNoBroadcast) {
  IpConfig config;
  config.addresses = {*Cidr::parse("192.0.2.2/31")};
  IpPeer peer(config);
  EXPECT_TRUE(peer.layer().is_valid_remote(*IpAddress::parse("192.0.2.3")));
  EXPECT_EQ(peer.receive(syn_v4("192.0.2.2", "192.0.2.3")), Verdict::Accepted);
}

// ---- Protocols ----

TEST(IpProtocols, AClosedUdpPortIsReported) {
  COVERS("R1122-12", "R4443-06", "R4443-01", "R1122-18");
  IpPeer peer;
  const Bytes four = udp_v4();
  EXPECT_EQ(peer.receive(four), Verdict::UdpPortClosed);
  Sent answer = peer.sent_one();
  EXPECT_EQ(answer.reason, SendReason::IcmpPortUnreachable);
  const Tins::IP ip(answer.bytes.data(), static_cast<std::uint32_t>(answer.bytes.size()));
  EXPECT_EQ(ip.src_addr(), test::kOurV4);
  EXPECT_EQ(ip.dst_addr(), test::kPeerV4);
  EXPECT_EQ(ip.rfind_pdu<Tins::ICMP>().type(), Tins::ICMP::DEST_UNREACHABLE);
  EXPECT_EQ(ip.rfind_pdu<Tins::ICMP>().code(), 3);
  EXPECT_EQ(Bytes(answer.bytes.begin() + 28, answer.bytes.end()), four) << "the packet is quoted";

  const Bytes six = udp_v6();
  EXPECT_EQ(peer.receive(six), Verdict::UdpPortClosed);
  answer = peer.sent_one();
  const Tins::IPv6 ip6(answer.bytes.data(), static_cast<std::uint32_t>(answer.bytes.size()));
  EXPECT_EQ(ip6.rfind_pdu<Tins::ICMPv6>().type(), Tins::ICMPv6::DEST_UNREACHABLE);
  EXPECT_EQ(ip6.rfind_pdu<Tins::ICMPv6>().code(), 4);
  EXPECT_EQ(Bytes(answer.bytes.begin() + 48, answer.bytes.end()), six);
}

TEST(IpProtocols, ADamagedUdpDatagramIsNotReported) {
  IpPeer peer;
  Bytes bytes = udp_v4();
  bytes.back() ^= 1;
  EXPECT_EQ(peer.receive(bytes), Verdict::UdpPortClosed);
  EXPECT_TRUE(peer.sent().empty());
  bytes[26] = bytes[27] = 0;  // no checksum at all is allowed by IPv4
  EXPECT_EQ(peer.receive(bytes), Verdict::UdpPortClosed);
  EXPECT_EQ(peer.sent().size(), 1U);
}

TEST(IpProtocols, AnUnknownTransportIsReported) {
  COVERS("R1122-12", "R8200-03", "R4443-08");
  IpPeer peer;
  auto sctp = test::peer_v4() / Tins::RawPDU(test::pattern(12));
  Bytes four = test::encode(sctp);
  four[9] = 132;
  test::fix_header_checksum(four);
  EXPECT_EQ(peer.receive(four), Verdict::UnknownProtocol);
  Sent answer = peer.sent_one();
  EXPECT_EQ(answer.reason, SendReason::IcmpProtocolUnreachable);
  EXPECT_EQ(answer.bytes[20], 3);
  EXPECT_EQ(answer.bytes[21], 2);

  // IPv6, behind destination options: the pointer shows the byte that says 132.
  EXPECT_EQ(peer.receive(test::raw_v6(60, Bytes{132, 0, 1, 4, 0, 0, 0, 0} + Bytes(12))),
            Verdict::UnknownProtocol);
  answer = peer.sent_one();
  EXPECT_EQ(answer.reason, SendReason::IcmpParameterProblem);
  EXPECT_EQ(answer.bytes[40], 4);
  EXPECT_EQ(answer.bytes[41], 1);
  EXPECT_EQ(load_be32(answer.bytes.data() + 44), 40U);
  EXPECT_EQ(peer.receive(test::raw_v6(132, Bytes(12))), Verdict::UnknownProtocol);
  EXPECT_EQ(load_be32(peer.sent_one().bytes.data() + 44), 6U);
}

// ---- IPv6 extension headers ----

const Bytes kPadding = {0, 0, 1, 4,
                        0, 0, 0, 0};  // an options header with padding; its first byte is set below
Bytes options_header(std::uint8_t next) {
  Bytes header = kPadding;
  header[0] = next;
  return header;
}
Bytes routing_header(std::uint8_t next, std::uint8_t type, std::uint8_t segments_left) {
  return {next, 2, type, segments_left, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

TEST(ExtensionHeaders, AreWalkedInAnyOrderToTheTransport) {
  COVERS("R8200-02", "R8200-05");
  IpPeer peer;
  const Bytes tcp = tcp_of_syn_v6();
  EXPECT_EQ(peer.receive(test::raw_v6(0, options_header(6) + tcp)), Verdict::Accepted);
  EXPECT_EQ(peer.receive(test::raw_v6(
                60, options_header(43) + routing_header(60, 2, 0) + options_header(6) + tcp)),
            Verdict::Accepted);
  const Bytes packet =
      test::raw_v6(0, options_header(60) + options_header(43) + routing_header(6, 77, 0) + tcp);
  const auto datagram = std::get<IpDatagram>(peer.input(packet));
  EXPECT_EQ(datagram.payload.size(), tcp.size());
  EXPECT_TRUE(verify_transport_checksum(datagram));
  EXPECT_TRUE(peer.sent().empty());
}

TEST(ExtensionHeaders, HopByHopIsFirstOrUnknown) {
  COVERS("R8200-02");
  IpPeer peer;
  EXPECT_EQ(peer.receive(test::raw_v6(60, options_header(0) + options_header(6) + tcp_of_syn_v6())),
            Verdict::BadExtensionHeader);
  const Sent answer = peer.sent_one();
  EXPECT_EQ(answer.bytes[40], 4);
  EXPECT_EQ(answer.bytes[41], 1) << "unrecognised next header";
  EXPECT_EQ(load_be32(answer.bytes.data() + 44), 40U);
}

TEST(ExtensionHeaders, AreBoundedInNumber) {
  COVERS("R8504-02");
  IpPeer peer;
  Bytes chain;
  for (int i = 0; i < 7; ++i) chain = chain + options_header(60);
  EXPECT_EQ(peer.receive(test::raw_v6(60, chain + options_header(6) + tcp_of_syn_v6())),
            Verdict::Accepted);
  EXPECT_EQ(peer.receive(
                test::raw_v6(60, chain + options_header(60) + options_header(6) + tcp_of_syn_v6())),
            Verdict::TooManyExtensionHeaders);
}

TEST(ExtensionHeaders, ThatLeaveThePacketAreDropped) {
  IpPeer peer;
  EXPECT_EQ(peer.receive(test::raw_v6(60, {6, 1, 1, 4, 0, 0, 0, 0})), Verdict::TruncatedPacket);
  EXPECT_EQ(peer.receive(test::raw_v6(60, {6, 0, 1, 4, 0})), Verdict::TruncatedPacket);
  EXPECT_EQ(peer.receive(test::raw_v6(44, {6, 0, 0, 0})), Verdict::TruncatedPacket);
  EXPECT_EQ(peer.receive(test::raw_v6(59, {})), Verdict::QuietlyIgnored) << "no next header";
  EXPECT_TRUE(peer.sent().empty());
}

TEST(ExtensionHeaders, AnUsedUpRoutingHeaderIsSkippedAndAnyOtherReported) {
  COVERS("R8200-05", "R8504-01");
  IpPeer peer;
  for (const std::uint8_t type : Bytes{0, 2, 4}) {
    EXPECT_EQ(peer.receive(test::raw_v6(43, routing_header(6, type, 0) + tcp_of_syn_v6())),
              Verdict::Accepted);
    EXPECT_EQ(peer.receive(test::raw_v6(43, routing_header(6, type, 1) + tcp_of_syn_v6())),
              Verdict::BadExtensionHeader);
    const Sent answer = peer.sent_one();
    EXPECT_EQ(answer.bytes[40], 4);
    EXPECT_EQ(answer.bytes[41], 0) << "erroneous field";
    EXPECT_EQ(load_be32(answer.bytes.data() + 44), 42U) << "the routing type";
  }
}

TEST(ExtensionHeaders, UnknownOptionsAreTreatedAsTheirTopBitsSay) {
  COVERS("R8200-04", "R4443-04", "R4443-08");
  struct Row {
    std::uint8_t option;
    const char* to;
    Verdict verdict;
    bool is_reported;
  };
  const Row rows[] = {
      {0x1e, test::kOurV6, Verdict::Accepted, false},
      {0x5e, test::kOurV6, Verdict::BadExtensionHeader, false},
      {0x9e, test::kOurV6, Verdict::BadExtensionHeader, true},
      {0xde, test::kOurV6, Verdict::BadExtensionHeader, true},
      {0x9e, "ff02::1", Verdict::BadExtensionHeader,
       true},  // the one error that a packet for many may cause
      {0xde, "ff02::1", Verdict::BadExtensionHeader, false},
  };
  for (const Row& row : rows) {
    IpPeer peer;
    Bytes header = options_header(6);
    header[2] = row.option;
    EXPECT_EQ(peer.receive(test::raw_v6(60, header + tcp_of_syn_v6(), row.to)), row.verdict);
    const std::vector<Sent> sent = peer.sent();
    ASSERT_EQ(sent.size(), row.is_reported ? 1U : 0U) << int{row.option} << row.to;
    if (!row.is_reported) continue;
    EXPECT_EQ(sent[0].bytes[40], 4);
    EXPECT_EQ(sent[0].bytes[41], 2) << "unrecognised option";
    EXPECT_EQ(load_be32(sent[0].bytes.data() + 44), 42U);
    EXPECT_EQ(IpAddress::v6(sent[0].bytes.data() + 8).to_string(), test::kOurV6)
        << "from a unicast address of ours";
  }
}

}  // namespace
}  // namespace glasstcp
