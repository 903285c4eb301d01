// IPv4 and IPv6 headers: ours read by libtins, those of libtins read by us.
#include <gtest/gtest.h>

#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "tests/support/covers.h"
#include "tests/support/libtins_peer.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::operator+;

IpHeaderFields some_fields(IpVersion version) {
  IpHeaderFields fields;
  const bool is_v4 = version == IpVersion::V4;
  fields.source = *IpAddress::parse(is_v4 ? "192.0.2.2" : "2001:db8::2");
  fields.destination = *IpAddress::parse(is_v4 ? "203.0.113.250" : "2001:db8:ffff::fe");
  fields.protocol = IpProtocol::kUdp;
  fields.traffic_class = 0xb9;
  fields.hop_limit = 63;
  fields.flow_label = 0xabcde;
  fields.identification = 0xfedc;
  return fields;
}

TEST(IpHeader, Ipv4IsReadByLibtinsAsItWasMeant) {
  COVERS("R1122-06", "MUST-2");
  Bytes bytes(20 + 100);
  IpHeaderFields fields = some_fields(IpVersion::V4);
  fields.dont_fragment = false;
  fields.more_fragments = true;
  fields.fragment_offset = 1480;
  write_ip_header(bytes, fields, 100);
  const Tins::IP ip(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  EXPECT_EQ(ip.src_addr(), "192.0.2.2");
  EXPECT_EQ(ip.dst_addr(), "203.0.113.250");
  EXPECT_EQ(ip.tos(), 0xb9);
  EXPECT_EQ(ip.ttl(), 63);
  EXPECT_EQ(ip.id(), 0xfedc);
  EXPECT_EQ(ip.tot_len(), 120);
  EXPECT_EQ(ip.protocol(), 17);
  EXPECT_EQ(ip.fragment_offset(), 185);
  EXPECT_EQ(ip.flags(), Tins::IP::MORE_FRAGMENTS);
  EXPECT_EQ(test::judge_ip_packet(bytes), "");
}

TEST(IpHeader, Ipv6IsReadByLibtinsAsItWasMeant) {
  COVERS("R1122-06");
  Bytes bytes(40 + 100);
  write_ip_header(bytes, some_fields(IpVersion::V6), 100);
  const Tins::IPv6 ip(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  EXPECT_EQ(ip.src_addr(), "2001:db8::2");
  EXPECT_EQ(ip.dst_addr(), "2001:db8:ffff::fe");
  EXPECT_EQ(ip.traffic_class(), 0xb9);
  EXPECT_EQ(ip.flow_label(), 0xabcdeU);
  EXPECT_EQ(ip.hop_limit(), 63);
  EXPECT_EQ(ip.payload_length(), 100);
  EXPECT_EQ(ip.next_header(), 17);
}

TEST(IpHeader, ALengthThatDoesNotFitIsWrittenAsZero) {
  Bytes bytes(40);
  write_ip_header(bytes, some_fields(IpVersion::V4), 65515);
  EXPECT_EQ(load_be16(bytes.data() + 2), 65535);
  write_ip_header(bytes, some_fields(IpVersion::V4), 65516);
  EXPECT_EQ(load_be16(bytes.data() + 2), 0);
  EXPECT_TRUE(is_checksum_right(add_to_checksum(0, ByteView(bytes).first(20))));
  write_ip_header(bytes, some_fields(IpVersion::V6), 65536);
  EXPECT_EQ(load_be16(bytes.data() + 4), 0);
}

TEST(Ipv4View, ReadsWhatLibtinsWrote) {
  COVERS("R791-01");
  Tins::IP ip = test::peer_v4();
  ip.tos(0x2e);
  ip.id(77);
  ip.ttl(9);
  ip.flags(Tins::IP::DONT_FRAGMENT);
  auto packet = ip / test::syn_to_80();
  const Bytes bytes = test::encode(packet);
  const auto view = Ipv4View::parse(bytes, false);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source().to_string(), "192.0.2.1");
  EXPECT_EQ(view->destination().to_string(), "192.0.2.2");
  EXPECT_EQ(view->traffic_class(), 0x2e);
  EXPECT_EQ(view->identification(), 77);
  EXPECT_EQ(view->hop_limit(), 9);
  EXPECT_EQ(view->protocol(), 6);
  EXPECT_TRUE(view->dont_fragment());
  EXPECT_FALSE(view->is_fragment());
  EXPECT_EQ(view->payload().size(), 20U);
}

TEST(Ipv4View, IgnoresWhatTheLinkPadded) {
  COVERS("R791-01");
  auto packet = test::peer_v4() / test::syn_to_80();
  const Bytes bytes = test::encode(packet) + Bytes(6, 0);
  const auto view = Ipv4View::parse(bytes, false);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->bytes().size(), 40U);
}

TEST(Ipv4View, RefusesHeadersThatContradictThemselves) {
  COVERS("R791-01", "R1122-01", "R1122-02");
  auto packet = test::peer_v4() / test::syn_to_80();
  const Bytes good = test::encode(packet);
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
    bool fix;
    Verdict verdict;
  };
  const Row rows[] = {
      {"version 5", 0, 0x55, true, Verdict::BadIpVersion},
      {"version 6 in an IPv4 reader", 0, 0x65, true, Verdict::BadIpVersion},
      {"header of 16 bytes", 0, 0x44, true, Verdict::BadIpHeaderLength},
      {"header of 60 bytes in 40", 0, 0x4f, false, Verdict::TruncatedPacket},
      {"total length above the bytes", 3, 41, true, Verdict::TruncatedPacket},
      {"total length below the header", 3, 19, true, Verdict::BadIpHeaderLength},
      {"total length zero", 3, 0, true, Verdict::BadIpHeaderLength},
      {"a flipped bit", 8, 63, false, Verdict::BadIpChecksum},
  };
  for (const Row& row : rows) {
    Bytes bytes = good;
    bytes[row.at] = row.value;
    if (row.fix) test::fix_header_checksum(bytes);
    const auto view = Ipv4View::parse(bytes, false);
    ASSERT_FALSE(view) << row.what;
    EXPECT_EQ(view.error(), row.verdict) << row.what;
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto view = Ipv4View::parse(ByteView(good).first(length), false);
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error(), Verdict::TruncatedPacket) << length;
  }
}

TEST(Ipv4View, LengthZeroMeansAllOnlyForAGsoPacket) {
  auto packet = test::peer_v4() / test::syn_to_80() / Tins::RawPDU(test::pattern(3000));
  Bytes bytes = test::encode(packet) + test::pattern(70000);
  bytes[2] = bytes[3] = 0;
  test::fix_header_checksum(bytes);
  EXPECT_FALSE(Ipv4View::parse(bytes, false));
  const auto view = Ipv4View::parse(bytes, true);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->bytes().size(), bytes.size());
}

TEST(Ipv4Options, AreWalkedDefensively) {
  COVERS("R1122-08", "R1122-19", "MUST-50");
  struct Row {
    Bytes options;
    Verdict verdict;
    int bad_offset;
  };
  const Row rows[] = {
      {{}, Verdict::Accepted, 0},
      {{1, 1, 1, 0}, Verdict::Accepted, 0},
      {{0, 131, 99, 99}, Verdict::Accepted, 0},           // what follows the end is not looked at
      {{222, 4, 9, 9}, Verdict::Accepted, 0},             // nobody knows 222
      {{7, 7, 4, 0, 0, 0, 0, 0}, Verdict::Accepted, 0},   // record route: skipped
      {{68, 8, 5, 0, 0, 0, 0, 0}, Verdict::Accepted, 0},  // timestamp: skipped
      {{131, 7, 4, 10, 0, 0, 1, 0}, Verdict::SourceRouted, 20},  // loose source route
      {{1, 137, 7, 4, 10, 0, 0, 1}, Verdict::SourceRouted, 21},  // strict source route
      {{1, 1, 1, 222}, Verdict::BadIpOption, 23},                // no length
      {{222, 0, 0, 0}, Verdict::BadIpOption, 21},
      {{222, 1, 0, 0}, Verdict::BadIpOption, 21},
      {{222, 5, 0, 0}, Verdict::BadIpOption, 21},
      {{222, 255, 0, 0}, Verdict::BadIpOption, 21},
  };
  for (const Row& row : rows) {
    const Ipv4OptionsResult result = check_ipv4_options(row.options);
    EXPECT_EQ(result.verdict, row.verdict) << testing::PrintToString(row.options);
    EXPECT_EQ(result.bad_offset, row.bad_offset) << testing::PrintToString(row.options);
  }
}

TEST(Ipv6View, ReadsWhatLibtinsWrote) {
  Tins::IPv6 ip = test::peer_v6();
  ip.traffic_class(0xb9);
  ip.flow_label(0x12345);
  ip.hop_limit(0);
  auto packet = ip / test::syn_to_80();
  const Bytes bytes = test::encode(packet) + Bytes(3, 0);
  const auto view = Ipv6View::parse(bytes, false);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source().to_string(), "2001:db8::1");
  EXPECT_EQ(view->destination().to_string(), "2001:db8::2");
  EXPECT_EQ(view->traffic_class(), 0xb9);
  EXPECT_EQ(view->flow_label(), 0x12345U);
  EXPECT_EQ(view->next_header(), 6);
  EXPECT_EQ(view->payload().size(), 20U);
}

TEST(Ipv6View, RefusesWhatIsTooShort) {
  auto packet = test::peer_v6() / test::syn_to_80();
  const Bytes good = test::encode(packet);
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto view = Ipv6View::parse(ByteView(good).first(length), false);
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error(), Verdict::TruncatedPacket) << length;
  }
}

TEST(Ipv6FragmentHeader, IsReadBackAsItWasWritten) {
  for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0, 8, 1232, 65528}) {
    for (const bool more : {false, true}) {
      Bytes bytes(8, 0xff);
      write_ipv6_fragment_header(bytes, {58, offset, more, 0xdeadbeef});
      const Ipv6FragmentHeader header = read_ipv6_fragment_header(bytes);
      EXPECT_EQ(header.next_header, 58);
      EXPECT_EQ(header.offset, offset);
      EXPECT_EQ(header.more_fragments, more);
      EXPECT_EQ(header.identification, 0xdeadbeefU);
      EXPECT_EQ(bytes[1], 0) << "reserved";
    }
  }
}

TEST(Ipv6Options, TheTopBitsSayWhatToDoWithAnUnknownOne) {
  COVERS("R8200-04", "R8504-02");
  using Kind = Ipv6OptionsResult::Kind;
  struct Row {
    Bytes header;
    Kind kind;
    UnknownOptionAction action;
    int offset;
  };
  const Row rows[] = {
      {{6, 0, 1, 4, 0, 0, 0, 0}, Kind::Fine, UnknownOptionAction::Skip, 0},     // PadN
      {{6, 0, 0, 0, 0, 0, 0, 0}, Kind::Fine, UnknownOptionAction::Skip, 0},     // Pad1 six times
      {{6, 0, 5, 2, 0, 0, 1, 0}, Kind::Fine, UnknownOptionAction::Skip, 0},     // router alert
      {{6, 0, 0x1e, 4, 1, 2, 3, 4}, Kind::Fine, UnknownOptionAction::Skip, 0},  // 00: skip
      {{6, 0, 0x5e, 4, 1, 2, 3, 4}, Kind::Unknown, UnknownOptionAction::Discard, 2},  // 01
      {{6, 0, 0x9e, 4, 1, 2, 3, 4}, Kind::Unknown, UnknownOptionAction::DiscardAndReport, 2},
      {{6, 0, 0, 0xde, 3, 2, 3, 4}, Kind::Unknown, UnknownOptionAction::DiscardAndReportUnicast, 3},
      {{6, 0, 0xc2, 4, 0, 1, 0, 0},
       Kind::Unknown,
       UnknownOptionAction::DiscardAndReportUnicast,
       2},  // jumbo
      {{6, 0, 0x1e, 5, 1, 2, 3, 4}, Kind::Malformed, UnknownOptionAction::Skip, 3},
      {{6, 0, 1, 3, 0, 0, 0, 0x1e}, Kind::Malformed, UnknownOptionAction::Skip, 7},
      {{6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       Kind::TooMany,
       UnknownOptionAction::Skip,
       2},
  };
  for (const Row& row : rows) {
    const Ipv6OptionsResult result = check_ipv6_options(row.header, false);
    EXPECT_EQ(result.kind, row.kind) << testing::PrintToString(row.header);
    EXPECT_EQ(result.action, row.action) << testing::PrintToString(row.header);
    EXPECT_EQ(result.offset, row.offset) << testing::PrintToString(row.header);
  }
  const Bytes jumbo = {6, 0, 0xc2, 4, 0, 1, 0, 0};
  EXPECT_EQ(check_ipv6_options(jumbo, true).kind, Kind::Fine)
      << "the kernel's own, before merged segments";

  Bytes many = {6, 2};
  for (int i = 0; i < 11; ++i) many = many + Bytes{0x1e, 0};
  EXPECT_EQ(check_ipv6_options(many, false).kind, Kind::TooMany);
}

}  // namespace
}  // namespace glasstcp
