// ICMP: pings answered whole, errors sent with care, errors received with suspicion.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/covers.h"
#include "tests/support/libtins_ip_fixture.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::IpPeer;
using test::Sent;
using test::operator+;

// ---- Echo ----

TEST(Echo, ComesBackWholeFromTheAddressThatWasAsked) {
  COVERS("R1122-15", "R1122-18");
  IpPeer peer;
  const Bytes data = test::pattern(56);
  EXPECT_EQ(peer.receive(test::ping_v4(data)), Verdict::EchoAnswered);
  const Sent reply = peer.sent_one();
  EXPECT_EQ(reply.reason, SendReason::EchoReply);
  Tins::IP ip(reply.bytes.data(), static_cast<std::uint32_t>(reply.bytes.size()));
  EXPECT_EQ(ip.src_addr(), test::kOurV4);
  EXPECT_EQ(ip.dst_addr(), test::kPeerV4);
  EXPECT_EQ(ip.ttl(), 64);
  EXPECT_EQ(ip.flags(), Tins::IP::DONT_FRAGMENT);
  const auto& icmp = ip.rfind_pdu<Tins::ICMP>();
  EXPECT_EQ(icmp.type(), Tins::ICMP::ECHO_REPLY);
  EXPECT_EQ(icmp.id(), 0x1234);
  EXPECT_EQ(icmp.sequence(), 7);
  EXPECT_EQ(ip.rfind_pdu<Tins::RawPDU>().payload(), data);
}

TEST(Echo, ByIpv6Too) {
  COVERS("R4443-09", "R4443-01");
  IpPeer peer;
  const Bytes data = test::pattern(56);
  EXPECT_EQ(peer.receive(test::ping_v6(data)), Verdict::EchoAnswered);
  const Sent reply = peer.sent_one();
  Tins::IPv6 ip(reply.bytes.data(), static_cast<std::uint32_t>(reply.bytes.size()));
  EXPECT_EQ(ip.src_addr(), test::kOurV6);
  EXPECT_EQ(ip.dst_addr(), test::kPeerV6);
  const auto& icmp = ip.rfind_pdu<Tins::ICMPv6>();
  EXPECT_EQ(icmp.type(), Tins::ICMPv6::ECHO_REPLY);
  EXPECT_EQ(icmp.identifier(), 0x1234);
  EXPECT_EQ(icmp.sequence(), 7);
  EXPECT_EQ(Bytes(reply.bytes.begin() + 48, reply.bytes.end()), data);
}

// A ping of `length` bytes goes in in fragments and must come back in fragments, and be the same.
void expect_big_echo(bool is_v4, std::size_t length, std::uint16_t mtu) {
  IpConfig config = test::both_versions();
  config.mtu = mtu;
  IpPeer peer(config);
  const Bytes data = test::pattern(length);
  const Bytes ping = is_v4 ? test::ping_v4(data) : test::ping_v6(data);
  std::vector<Bytes> fragments = {ping};
  if (is_v4 && ping.size() > 1500) fragments = test::fragments_v4(ping, 1480, 99);
  if (!is_v4 && ping.size() > 1500) fragments = test::fragments_v6(ping, 1448, 99);
  for (std::size_t i = 0; i + 1 < fragments.size(); ++i)
    ASSERT_EQ(peer.receive(fragments[i]), Verdict::FragmentKept);
  ASSERT_EQ(peer.receive(fragments.back()), Verdict::EchoAnswered);

  std::vector<Bytes> sent;
  for (const Sent& packet : peer.sent()) {
    EXPECT_LE(packet.bytes.size(), mtu);
    sent.push_back(packet.bytes);
  }
  const Bytes reply = sent.size() == 1 ? sent[0] : test::join_fragments(sent);
  ASSERT_EQ(reply.size(), ping.size());
  EXPECT_EQ(test::judge_ip_packet(reply), "");
  const std::ptrdiff_t header = is_v4 ? 28 : 48;
  EXPECT_EQ(Bytes(reply.begin() + header, reply.end()), data);
}

TEST(Echo, OfAnySizeIsReassembledAndFragmented) {
  COVERS("R1122-15", "R1122-16", "R4443-09", "R8200-13");
  for (const std::uint16_t mtu : std::vector<std::uint16_t>{1280, 1500, 9000, 65535}) {
    for (const std::size_t length : {0U, 1U, 1232U, 1233U, 1472U, 1473U, 8000U, 65507U})
      expect_big_echo(true, length, mtu);
    for (const std::size_t length : {0U, 1U, 1232U, 1233U, 1452U, 1453U, 8000U, 65527U})
      expect_big_echo(false, length, mtu);
  }
  for (const std::uint16_t mtu : std::vector<std::uint16_t>{68, 576})
    expect_big_echo(true, 3000, mtu);
}

TEST(Echo, FragmentsOfOneReplyShareAnIdentificationThatNoOtherHas) {
  COVERS("R6864-02", "R8200-12");
  IpPeer peer;
  std::set<std::uint32_t> four;
  std::set<std::uint32_t> six;
  for (int i = 0; i < 500; ++i) {
    for (const Bytes& f : test::fragments_v4(test::ping_v4(test::pattern(1500)), 1480,
                                             static_cast<std::uint16_t>(i))) {
      peer.receive(f);
    }
    for (const Bytes& f : test::fragments_v6(test::ping_v6(test::pattern(1500)), 1448,
                                             static_cast<std::uint32_t>(i))) {
      peer.receive(f);
    }
    const std::vector<Sent> sent = peer.sent();
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_TRUE(four.insert(load_be16(sent[0].bytes.data() + 4)).second);
    EXPECT_TRUE(six.insert(load_be32(sent[2].bytes.data() + 44)).second);
    EXPECT_EQ(load_be16(sent[0].bytes.data() + 4), load_be16(sent[1].bytes.data() + 4));
  }
}

TEST(Echo, FragmentedRepliesAreFewerThanIdentifications) {
  COVERS("R6864-02");
  IpPeer peer;
  int answered = 0;
  for (int i = 0; i < 1100; ++i) {
    for (const Bytes& f : test::fragments_v4(test::ping_v4(test::pattern(1500)), 1480,
                                             static_cast<std::uint16_t>(i))) {
      if (peer.receive(f) == Verdict::EchoAnswered) ++answered;
    }
    peer.sent();
  }
  EXPECT_EQ(answered, 1000);
}

TEST(Echo, OfAWholePacketIgnoresTheIdentification) {
  COVERS("R6864-01");
  IpPeer peer;
  for (int i = 0; i < 3; ++i) {
    Bytes ping = test::ping_v4(test::pattern(8));
    ping[4] = 0x77;  // the same each time
    test::fix_header_checksum(ping);
    EXPECT_EQ(peer.receive(ping), Verdict::EchoAnswered);
  }
  EXPECT_EQ(peer.sent().size(), 3U);
}

TEST(Echo, WithAWrongChecksumIsDropped) {
  COVERS("R4443-10");
  IpPeer peer;
  for (Bytes ping : {test::ping_v4(test::pattern(9)), test::ping_v6(test::pattern(9))}) {
    ping.back() ^= 0x10;
    EXPECT_EQ(peer.receive(ping), Verdict::BadIcmpChecksum);
  }
  EXPECT_TRUE(peer.sent().empty());
}

TEST(Echo, KeepsTheServiceButNotTheCongestionMark) {
  IpPeer peer;
  Tins::IP ip = test::peer_v4();
  ip.tos(0xbb);
  auto packet = ip / Tins::ICMP(Tins::ICMP::ECHO_REQUEST);
  EXPECT_EQ(peer.receive(test::encode(packet)), Verdict::EchoAnswered);
  EXPECT_EQ(peer.sent_one().bytes[1], 0xb8);
}

TEST(Echo, RepliesWaitInABoundedBox) {
  IpPeer peer;
  const Bytes ping = test::ping_v4(test::pattern(1400));
  int answered = 0;
  for (int i = 0; i < 2000; ++i) {
    const Verdict verdict = peer.receive(ping);
    if (verdict == Verdict::EchoAnswered) ++answered;
    EXPECT_TRUE(verdict == Verdict::EchoAnswered || verdict == Verdict::OutOfMemory);
  }
  EXPECT_EQ(answered, 256);
  EXPECT_EQ(peer.sent().size(), 256U);
  EXPECT_EQ(peer.receive(ping), Verdict::EchoAnswered) << "and go on when it is empty again";
}

TEST(Echo, ABoxThatFillsAndEmptiesAgainKeepsEveryMessageWhole) {
  IpConfig config = test::both_versions();
  config.outbox_bytes = 5000;
  IpPeer peer(config);
  OutPacket out;
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    const Bytes data = test::pattern((i * 37) % 1400);
    if (peer.receive(test::ping_v4(data)) == Verdict::EchoAnswered) ++waiting;
    if (i % 5 < 2) continue;
    if (!peer.layer().transmit(peer.now(), out)) continue;
    --waiting;
    ASSERT_EQ(test::judge_ip_packet(test::flatten(out)), "");
  }
  EXPECT_EQ(peer.sent().size(), waiting);
}

// ---- Errors that we send ----

Bytes udp_v4(std::size_t length) {
  auto packet = test::peer_v4() / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(length));
  return test::encode(packet);
}
Bytes udp_v6(std::size_t length) {
  auto packet = test::peer_v6() / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(length));
  return test::encode(packet);
}

TEST(IcmpErrors, QuoteAsMuchAsFits) {
  COVERS("R4443-03");
  IpPeer peer;
  peer.receive(udp_v4(1400));
  EXPECT_EQ(peer.sent_one().bytes.size(), 576U);
  const Bytes six = udp_v6(1400);
  peer.receive(six);
  const Sent answer = peer.sent_one();
  ASSERT_EQ(answer.bytes.size(), 1280U);
  EXPECT_TRUE(std::equal(answer.bytes.begin() + 48, answer.bytes.end(), six.begin()));
}

TEST(IcmpErrors, AreRateLimited) {
  COVERS("R4443-05");
  IpPeer peer;
  std::size_t sent = 0;
  for (int i = 0; i < 500; ++i) {
    peer.receive(udp_v6(10));
    sent += peer.sent().size();
  }
  EXPECT_EQ(sent, 50U) << "the burst";
  peer.wait(1s);
  for (int i = 0; i < 500; ++i) {
    peer.receive(udp_v4(10));
    sent += peer.sent().size();
  }
  EXPECT_EQ(sent, 100U);
  EXPECT_EQ(peer.receive(test::ping_v4({})), Verdict::EchoAnswered) << "replies are not errors";
}

TEST(IcmpErrors, AreNeverAboutErrors) {
  COVERS("R1122-10", "R4443-04");
  IpPeer peer;
  // An ICMP error with a bad IP option before it: the option would be reported, but not here.
  for (const std::uint8_t type : Bytes{3, 4, 5, 11, 12}) {
    auto packet = test::peer_v4() / Tins::ICMP(static_cast<Tins::ICMP::Flags>(type));
    const Bytes plain = test::encode(packet);
    Bytes bytes = Bytes(plain.begin(), plain.begin() + 20) + Bytes{222, 9, 0, 0} +
                  Bytes(plain.begin() + 20, plain.end());
    bytes[0] = 0x46;
    bytes[3] = static_cast<std::uint8_t>(bytes.size());
    test::fix_header_checksum(bytes);
    EXPECT_EQ(peer.receive(bytes), Verdict::BadIpOption);
  }
  // An ICMPv6 error or redirect behind a destination option that wants a report.
  for (const std::uint8_t type : Bytes{1, 2, 3, 4, 100, 137}) {
    const Bytes option = {58, 0, 0x9e, 4, 0, 0, 0, 0};
    EXPECT_EQ(peer.receive(test::raw_v6(60, option + Bytes{type, 0, 0, 0, 0, 0, 0, 0})),
              Verdict::BadExtensionHeader);
  }
  EXPECT_TRUE(peer.sent().empty());
}

// RFC 8200 §4.5: a later fragment of an unfit length is reported. What it carries is data, even where
// it looks like an ICMPv6 error; only in a first fragment there is a type to look at.
TEST(IcmpErrors, ALaterFragmentHasNoType) {
  COVERS("R4443-04", "R4443-08", "R8200-07");
  for (int first_byte = 0; first_byte < 256; ++first_byte) {
    IpPeer peer;
    Bytes data(20);  // more follow, and this is no multiple of 8
    data[0] = static_cast<std::uint8_t>(first_byte);
    const auto fragment = [&](std::uint16_t offset) {
      Bytes header = {58, 0, 0, 0, 0, 0, 0, 9};
      store_be16(header.data() + 2, static_cast<std::uint16_t>(offset | 1U));
      return test::raw_v6(44, header + data);
    };
    EXPECT_EQ(peer.receive(fragment(1448)), Verdict::BadFragment);
    const Sent report = peer.sent_one();
    EXPECT_EQ(report.bytes[40], 4)
        << "parameter problem, whatever the first byte is: " << first_byte;
    EXPECT_EQ(load_be32(report.bytes.data() + 44), 4U) << "the payload length";
    EXPECT_EQ(peer.receive(fragment(0)), Verdict::BadFragment);
    const bool is_error = first_byte < 128 || first_byte == 137;
    EXPECT_EQ(peer.sent().size(), is_error ? 0U : 1U) << first_byte;
  }
}

Bytes ping_to_group(const char* group, const Bytes& data) {
  auto ping = Tins::IPv6(group, test::kPeerV6) / Tins::ICMPv6(Tins::ICMPv6::ECHO_REQUEST) /
              Tins::RawPDU(data);
  return test::encode(ping);
}

TEST(Echo, ToAGroupOfOursIsAnsweredFromAUnicastAddress) {
  COVERS("R4443-11");
  for (const char* group : {"ff02::1", "ff02::1:ff00:2"}) {
    IpPeer peer;
    EXPECT_EQ(peer.receive(ping_to_group(group, test::pattern(56))), Verdict::EchoAnswered);
    const Sent reply = peer.sent_one();
    Tins::IPv6 ip(reply.bytes.data(), static_cast<std::uint32_t>(reply.bytes.size()));
    EXPECT_EQ(ip.src_addr(), test::kOurV6);
    EXPECT_EQ(ip.dst_addr(), test::kPeerV6);
    EXPECT_EQ(ip.rfind_pdu<Tins::ICMPv6>().type(), Tins::ICMPv6::ECHO_REPLY);
    EXPECT_EQ(Bytes(reply.bytes.begin() + 48, reply.bytes.end()), test::pattern(56));
    Bytes damaged = ping_to_group(group, test::pattern(56));
    damaged.back() ^= 1U;
    EXPECT_NE(peer.receive(damaged), Verdict::EchoAnswered);
    EXPECT_TRUE(peer.sent().empty());
  }
}

TEST(Echo, ToAGroupComesInFragmentsToo) {
  COVERS("R4443-11");
  IpPeer peer;
  const Bytes ping = ping_to_group("ff02::1", test::pattern(3000));
  std::vector<Bytes> fragments = test::fragments_v6(ping, 1448, 5);
  for (Bytes& fragment : fragments) std::copy_n(ping.begin() + 8, 32, fragment.begin() + 8);
  for (std::size_t i = 0; i + 1 < fragments.size(); ++i)
    EXPECT_EQ(peer.receive(fragments[i]), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(fragments.back()), Verdict::EchoAnswered);
  EXPECT_EQ(peer.sent().size(), 3U);
}

TEST(Echo, ToAGroupIsWithinTheRateOfErrors) {
  COVERS("R4443-11", "R4443-05");
  IpPeer peer;
  std::size_t answers = 0;
  for (int i = 0; i < 200; ++i) {
    peer.receive(ping_to_group("ff02::1", {}));
    answers += peer.sent().size();
  }
  EXPECT_EQ(answers, 50U) << "the burst";
  peer.wait(1s);
  EXPECT_EQ(peer.receive(ping_to_group("ff02::1", {})), Verdict::EchoAnswered);
}

// RFC 1191 §3: a way back that takes less than 552 bytes: routers may cut the reply as well.
TEST(Echo, OnANarrowPathMayBeCut) {
  COVERS("R6864-02");
  IpPeer peer;
  const IpAddress remote = *IpAddress::parse(test::kPeerV4);
  ASSERT_TRUE(peer.layer().path_mtu().on_packet_too_big(remote, {.mtu = 300}, peer.now()));
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(peer.receive(test::ping_v4(test::pattern(500))), Verdict::EchoAnswered);
    const Sent reply = peer.sent_one();
    EXPECT_EQ(reply.bytes[6], 0) << "no DF, and whole";
    EXPECT_TRUE(seen.insert(load_be16(reply.bytes.data() + 4)).second);
  }
}

TEST(IcmpMessages, OfUnknownTypesAreDroppedInSilence) {
  COVERS("R1122-09", "R4443-02");
  IpPeer peer;
  for (const int type : {1, 13, 17, 42, 200}) {
    auto packet = test::peer_v4() / Tins::ICMP(static_cast<Tins::ICMP::Flags>(type));
    EXPECT_EQ(peer.receive(test::encode(packet)), Verdict::IcmpUnknownType) << type;
  }
  for (const int type : {144, 200, 255}) {
    auto packet = test::peer_v6() / Tins::ICMPv6(static_cast<Tins::ICMPv6::Types>(type));
    EXPECT_EQ(peer.receive(test::encode(packet)), Verdict::IcmpUnknownType) << type;
  }
  auto reply = test::peer_v4() / Tins::ICMP(Tins::ICMP::ECHO_REPLY);
  EXPECT_EQ(peer.receive(test::encode(reply)), Verdict::QuietlyIgnored);
  auto tiny = test::peer_v4() / Tins::RawPDU(Bytes(4));
  Bytes bytes = test::encode(tiny);
  bytes[9] = 1;
  test::fix_header_checksum(bytes);
  EXPECT_EQ(peer.receive(bytes), Verdict::BadIcmpMessage);
  EXPECT_TRUE(peer.sent().empty());
}

// ---- Errors that we receive ----

// The first bytes of a segment that we would have sent.
Bytes our_segment_v4(std::uint8_t protocol = 6, const char* from = test::kOurV4) {
  Tins::TCP tcp(40000, 80);
  tcp.seq(0xfffffff0);
  auto packet = Tins::IP(test::kPeerV4, from) / tcp / Tins::RawPDU(test::pattern(1440));
  Bytes bytes = test::encode(packet);
  bytes.resize(28);
  bytes[9] = protocol;
  return bytes;
}
Bytes our_segment_v6() {
  Tins::TCP tcp(40000, 80);
  tcp.seq(0xfffffff0);
  auto packet = Tins::IPv6(test::kPeerV6, test::kOurV6) / tcp / Tins::RawPDU(test::pattern(1420));
  return test::encode(packet);
}
// An ICMP message with this type, code and second word, from a router.
Bytes icmp_v4(int type, int code, std::uint32_t rest, const Bytes& quote) {
  Bytes message = {
      static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), 0, 0, 0, 0, 0, 0};
  store_be32(message.data() + 4, rest);
  message = message + quote;
  store_be16(message.data() + 2, test::plain_checksum(message, 0, message.size()));
  auto packet = Tins::IP(test::kOurV4, "203.0.113.9") / Tins::RawPDU(message);
  Bytes bytes = test::encode(packet);
  bytes[9] = 1;
  test::fix_header_checksum(bytes);
  return bytes;
}
Bytes icmp_v6(int type, int code, std::uint32_t rest, const Bytes& quote) {
  Bytes rest_and_quote(4);
  store_be32(rest_and_quote.data(), rest);
  Tins::ICMPv6 icmp(static_cast<Tins::ICMPv6::Types>(type));
  icmp.code(static_cast<std::uint8_t>(code));
  auto packet = Tins::IPv6(test::kOurV6, "2001:db8:ffff::9") / icmp / Tins::RawPDU(quote);
  Bytes bytes = test::encode(packet);
  std::copy(rest_and_quote.begin(), rest_and_quote.end(), bytes.begin() + 44);
  bytes[42] = bytes[43] = 0;
  std::uint32_t sum = 58 + static_cast<std::uint32_t>(bytes.size() - 40);
  for (std::size_t i = 8; i < bytes.size(); ++i) sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  store_be16(bytes.data() + 42, static_cast<std::uint16_t>(~sum));
  return bytes;
}

struct SignalRow {
  int type;
  int code;
  IcmpSignal::Kind kind;
  bool is_hard;
};

TEST(IcmpSignals, EveryErrorAboutOurTcpGoesUp) {
  COVERS("R1122-11", "R1122-13", "MUST-56");
  using Kind = IcmpSignal::Kind;
  const SignalRow rows[] = {
      {3, 0, Kind::NetUnreachable, false},     {3, 1, Kind::HostUnreachable, false},
      {3, 2, Kind::ProtocolUnreachable, true}, {3, 3, Kind::PortUnreachable, true},
      {3, 4, Kind::PacketTooBig, false},       {3, 5, Kind::OtherUnreachable, false},
      {3, 6, Kind::NetUnreachable, false},     {3, 7, Kind::HostUnreachable, false},
      {3, 9, Kind::AdminProhibited, false},    {3, 13, Kind::AdminProhibited, false},
      {3, 99, Kind::OtherUnreachable, false},  {11, 0, Kind::TimeExceeded, false},
      {11, 1, Kind::TimeExceeded, false},      {12, 0, Kind::ParameterProblem, false},
  };
  IpPeer peer;
  for (const SignalRow& row : rows) {
    const IpLayer::Input input = peer.input(icmp_v4(row.type, row.code, 1400, our_segment_v4()));
    const auto* signal = std::get_if<IcmpSignal>(&input);
    ASSERT_NE(signal, nullptr) << row.type << "/" << row.code;
    EXPECT_EQ(signal->kind, row.kind) << row.type << "/" << row.code;
    EXPECT_EQ(signal->is_hard(), row.is_hard) << row.type << "/" << row.code;
    EXPECT_EQ(signal->type, row.type);
    EXPECT_EQ(signal->code, row.code);
    EXPECT_EQ(signal->mtu, row.kind == Kind::PacketTooBig ? 1400U : 0U);
    EXPECT_EQ(signal->quoted_length, 1480U);
    EXPECT_EQ(signal->tuple.to_string(), "192.0.2.2:80 - 192.0.2.1:40000");
    EXPECT_EQ(signal->quoted_seq, SeqNum(0xfffffff0));
  }
}

TEST(IcmpSignals, ByIpv6Too) {
  COVERS("R4443-02", "R4443-06", "R4443-07", "R8201-03");
  using Kind = IcmpSignal::Kind;
  const SignalRow rows[] = {
      {1, 0, Kind::NetUnreachable, false},   {1, 1, Kind::AdminProhibited, true},
      {1, 2, Kind::OtherUnreachable, false}, {1, 3, Kind::HostUnreachable, false},
      {1, 4, Kind::PortUnreachable, true},   {1, 5, Kind::AdminProhibited, true},
      {2, 0, Kind::PacketTooBig, false},     {3, 0, Kind::TimeExceeded, false},
      {4, 1, Kind::ParameterProblem, false}, {77, 0, Kind::OtherUnreachable, false},
  };
  IpPeer peer;
  for (const SignalRow& row : rows) {
    const IpLayer::Input input = peer.input(icmp_v6(row.type, row.code, 1400, our_segment_v6()));
    const auto* signal = std::get_if<IcmpSignal>(&input);
    ASSERT_NE(signal, nullptr) << row.type << "/" << row.code;
    EXPECT_EQ(signal->kind, row.kind) << row.type << "/" << row.code;
    EXPECT_EQ(signal->is_hard(), row.is_hard) << row.type << "/" << row.code;
    EXPECT_EQ(signal->mtu, row.kind == Kind::PacketTooBig ? 1400U : 0U);
    EXPECT_EQ(signal->quoted_length, 1480U);
    EXPECT_EQ(signal->tuple.to_string(), "[2001:db8::2]:80 - [2001:db8::1]:40000");
    EXPECT_EQ(signal->quoted_seq, SeqNum(0xfffffff0));
  }
}

TEST(IcmpSignals, WhatWeCannotHaveSentIsNotOurs) {
  COVERS("R1122-11", "R8201-03");
  IpPeer peer;
  EXPECT_EQ(peer.receive(icmp_v4(3, 1, 0, our_segment_v4(17))), Verdict::IcmpErrorNotOurs);
  EXPECT_EQ(peer.receive(icmp_v4(3, 1, 0, our_segment_v4(6, "192.0.2.9"))),
            Verdict::IcmpErrorNotOurs);
  Bytes fragment = our_segment_v4();
  fragment[7] = 5;
  EXPECT_EQ(peer.receive(icmp_v4(3, 1, 0, fragment)), Verdict::IcmpErrorNotOurs);
  for (std::size_t length = 0; length < 28; ++length) {
    Bytes quote = our_segment_v4();
    quote.resize(length);
    EXPECT_EQ(peer.receive(icmp_v4(3, 1, 0, quote)), Verdict::BadIcmpMessage) << length;
    quote = our_segment_v6();
    quote.resize(length + 20);
    EXPECT_EQ(peer.receive(icmp_v6(1, 0, 0, quote)), Verdict::BadIcmpMessage) << length;
  }
  Bytes six = our_segment_v6();
  six[23] = 9;
  EXPECT_EQ(peer.receive(icmp_v6(1, 0, 0, six)), Verdict::IcmpErrorNotOurs);
}

TEST(IcmpSignals, SizesThatCannotBeTrueAreNotBelieved) {
  COVERS("R8201-01", "R1191-03", "R1191-04");
  IpPeer peer;
  EXPECT_EQ(peer.receive(icmp_v6(2, 0, 1279, our_segment_v6())), Verdict::IcmpErrorImplausible);
  EXPECT_EQ(peer.receive(icmp_v6(2, 0, 1280, our_segment_v6())), Verdict::IcmpErrorUsed);
  EXPECT_EQ(peer.receive(icmp_v4(3, 4, 67, our_segment_v4())), Verdict::IcmpErrorImplausible);
  EXPECT_EQ(peer.receive(icmp_v4(3, 4, 0, our_segment_v4())), Verdict::IcmpErrorUsed)
      << "an old router";
}

TEST(IcmpSignals, SourceQuenchAndRedirectHaveNoEffect) {
  COVERS("MUST-55", "R1122-14");
  IpPeer peer;
  EXPECT_EQ(peer.receive(icmp_v4(4, 0, 0, our_segment_v4())), Verdict::QuietlyIgnored);
  EXPECT_EQ(peer.receive(icmp_v4(5, 1, 0xc0000209, our_segment_v4())), Verdict::QuietlyIgnored);
  EXPECT_TRUE(peer.sent().empty());
}

}  // namespace
}  // namespace glasstcp
