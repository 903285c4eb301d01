// Addresses as text and as sets: what is accepted, what is refused, and the one form that is
// printed.
#include <gtest/gtest.h>

#include "stack/base/addresses.h"
#include "stack/base/random.h"

namespace glasstcp {
namespace {

TEST(IpAddress, ReadsAndPrintsIpv4) {
  const auto a = IpAddress::parse("192.0.2.255");
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->is_v4());
  EXPECT_EQ(a->v4_number(), 0xc00002ffU);
  EXPECT_EQ(a->to_string(), "192.0.2.255");
  EXPECT_EQ(*a, IpAddress::v4(192, 0, 2, 255));
  EXPECT_EQ(IpAddress::parse("0.0.0.0")->to_string(), "0.0.0.0");
}

TEST(IpAddress, RefusesWhatIsNotIpv4) {
  for (const char* bad : {"", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
                          "256.1.1.1", "1.2.3.04", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4",
                          "0x1.2.3.4", "1.2.3.4/24", "a.b.c.d", "1.2.3.1234", "1,2.3.4"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, PrintsIpv6AsRfc5952) {
  const std::pair<const char*, const char*> cases[] = {
      {"2001:db8::2", "2001:db8::2"},
      {"2001:0DB8:0:0:0:0:0:2", "2001:db8::2"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal runs
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::ABCD", "fe80::abcd"},
  };
  for (const auto& [text, printed] : cases) {
    const auto a = IpAddress::parse(text);
    ASSERT_TRUE(a) << text;
    EXPECT_FALSE(a->is_v4());
    EXPECT_EQ(a->to_string(), printed) << text;
  }
}

TEST(IpAddress, RefusesWhatIsNotIpv6) {
  for (const char* bad : {":",
                          ":::",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "12345::",
                          "g::",
                          ":1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:",
                          "1:2:3:4:5:6:7:8::",
                          "::1:2:3:4:5:6:7:8",
                          "fe80::1%eth0",
                          "[::1]",
                          "1.2.3.4::",
                          "::1.2.3",
                          "::1.2.3.4:5",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::-1",
                          "::1 ",
                          "1:::2"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, WhatIsPrintedIsReadBack) {
  SeededRandom random(11);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (int group = 0; group < 8; ++group) {
      if (random.chance(0.5))
        random.fill(ByteSpan(bytes).subspan(static_cast<std::size_t>(2 * group), 2));
    }
    const IpAddress a = IpAddress::v6(bytes.data());
    ASSERT_EQ(IpAddress::parse(a.to_string()), a) << a.to_string();
    const IpAddress b = IpAddress::v4(bytes.data());
    ASSERT_EQ(IpAddress::parse(b.to_string()), b);
  }
}

TEST(IpAddress, AnyTextIsSurvived) {
  SeededRandom random(12);
  const std::string_view alphabet = "0123456789abcdefF:.:./%g ";
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(24); n > 0; --n)
      text += alphabet[random.below(alphabet.size())];
    if (const auto a = IpAddress::parse(text)) {
      ASSERT_EQ(IpAddress::parse(a->to_string()), a);
    }
    if (const auto c = Cidr::parse(text)) {
      ASSERT_EQ(Cidr::parse(c->to_string()), c);
    }
  }
}

TEST(IpAddress, KnowsItsKind) {
  const auto is = [](const char* text) { return *IpAddress::parse(text); };
  EXPECT_TRUE(is("0.0.0.0").is_unspecified());
  EXPECT_TRUE(is("::").is_unspecified());
  EXPECT_FALSE(is("::1").is_unspecified());
  EXPECT_TRUE(is("127.8.9.1").is_loopback());
  EXPECT_TRUE(is("::1").is_loopback());
  EXPECT_FALSE(is("::2").is_loopback());
  EXPECT_FALSE(is("0.0.0.1").is_loopback());
  EXPECT_TRUE(is("224.0.0.1").is_multicast());
  EXPECT_TRUE(is("239.255.255.255").is_multicast());
  EXPECT_FALSE(is("240.0.0.1").is_multicast());
  EXPECT_TRUE(is("ff02::1").is_multicast());
  EXPECT_TRUE(is("255.255.255.255").is_limited_broadcast());
  EXPECT_TRUE(is("169.254.3.4").is_link_local());
  EXPECT_TRUE(is("fe80::1").is_link_local());
  EXPECT_TRUE(is("febf::1").is_link_local());
  EXPECT_FALSE(is("fec0::1").is_link_local());
}

TEST(Cidr, ContainsItsNetwork) {
  const auto c = Cidr::parse("192.0.2.2/25");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->to_string(), "192.0.2.2/25");
  EXPECT_TRUE(c->contains(IpAddress::v4(192, 0, 2, 127)));
  EXPECT_FALSE(c->contains(IpAddress::v4(192, 0, 2, 128)));
  EXPECT_FALSE(c->contains(*IpAddress::parse("::c000:0202")));
  EXPECT_EQ(c->broadcast(), IpAddress::v4(192, 0, 2, 127));
  EXPECT_EQ(Cidr::parse("192.0.2.2/31")->broadcast(), std::nullopt);
  EXPECT_EQ(Cidr::parse("10.0.0.1/0")->broadcast(), IpAddress::v4(255, 255, 255, 255));
  EXPECT_TRUE(Cidr::parse("10.0.0.1/0")->contains(IpAddress::v4(1, 2, 3, 4)));
  EXPECT_TRUE(Cidr::parse("10.0.0.1/32")->contains(IpAddress::v4(10, 0, 0, 1)));
  EXPECT_FALSE(Cidr::parse("10.0.0.1/32")->contains(IpAddress::v4(10, 0, 0, 2)));
  const auto c6 = Cidr::parse("2001:db8::2/63");
  ASSERT_TRUE(c6);
  EXPECT_TRUE(c6->contains(*IpAddress::parse("2001:db8:0:1::9")));
  EXPECT_FALSE(c6->contains(*IpAddress::parse("2001:db8:0:2::9")));
  EXPECT_TRUE(Cidr::parse("::1/128")->contains(*IpAddress::parse("::1")));
  EXPECT_EQ(c6->broadcast(), std::nullopt);
}

TEST(Cidr, RefusesWhatDoesNotFit) {
  for (const char* bad : {"", "/", "192.0.2.2", "192.0.2.2/", "192.0.2.2/33", "192.0.2.2/-1",
                          "192.0.2.2/2 ", "::1/129", "::1/1/1", "/24", "192.0.2.2/99999999999"}) {
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
  }
}

TEST(Endpoint, PrintsBracketsAroundIpv6) {
  EXPECT_EQ((Endpoint{IpAddress::v4(192, 0, 2, 2), Port{80}}.to_string()), "192.0.2.2:80");
  EXPECT_EQ((Endpoint{*IpAddress::parse("2001:db8::2"), Port{80}}.to_string()), "[2001:db8::2]:80");
  const FourTuple t{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                    Port{40000}};
  EXPECT_EQ(t.to_string(), "192.0.2.2:80 - 192.0.2.1:40000");
}

}  // namespace
}  // namespace glasstcp
