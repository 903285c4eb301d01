// Small things that know one thing each about the handshake: Fast Open's cookies and cache, SYN
// cookies' coding, the user timeout option.
#include <gtest/gtest.h>

#include "stack/tcp/handshake/fast_open_cookies.h"
#include "stack/tcp/handshake/syn_cookie.h"
#include "stack/tcp/handshake/user_timeout_option.h"
#include "stack/tcp/user_types.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

FourTuple tuple_of(const char* server, const char* client, std::uint16_t port = 40000) {
  return {*IpAddress::parse(server), *IpAddress::parse(client), Port(80), Port(port)};
}

const FourTuple kTuple = tuple_of("192.0.2.2", "192.0.2.1");

TEST(FastOpenKeys, ACookieIsGoodForOneToTwoPeriods) {
  COVERS("R7413-03");
  FastOpenKeys keys(Seed::from_number(1), 1h);
  const FastOpenCookie cookie = keys.mint(kTuple, Instant(90min));
  EXPECT_EQ(cookie.size, 8);
  EXPECT_EQ(keys.check(cookie.view(), kTuple, Instant(119min)), FastOpenCheck::Current);
  EXPECT_EQ(keys.check(cookie.view(), kTuple, Instant(120min)), FastOpenCheck::Previous);
  EXPECT_EQ(keys.check(cookie.view(), kTuple, Instant(179min)), FastOpenCheck::Previous);
  EXPECT_EQ(keys.check(cookie.view(), kTuple, Instant(180min)), FastOpenCheck::Bad);
  EXPECT_NE(keys.mint(kTuple, Instant(180min)), cookie);
}

TEST(FastOpenKeys, ACookieBelongsToOneClientAddressAndAnyPort) {
  COVERS("R7413-03");
  FastOpenKeys keys(Seed::from_number(1), 1h);
  const FastOpenCookie cookie = keys.mint(kTuple, Instant(1s));
  const auto check = [&](const FourTuple& tuple) {
    return keys.check(cookie.view(), tuple, Instant(1s));
  };
  EXPECT_EQ(check(tuple_of("192.0.2.2", "192.0.2.1", 40001)), FastOpenCheck::Current);
  EXPECT_EQ(check(tuple_of("192.0.2.2", "192.0.2.3")), FastOpenCheck::Bad);
  EXPECT_EQ(check(tuple_of("192.0.2.4", "192.0.2.1")), FastOpenCheck::Bad);
  EXPECT_EQ(keys.check(cookie.view().first(4), kTuple, Instant(1s)), FastOpenCheck::Bad);
  EXPECT_EQ(keys.check({}, kTuple, Instant(1s)), FastOpenCheck::Bad);
  FastOpenKeys others(Seed::from_number(2), 1h);
  EXPECT_EQ(others.check(cookie.view(), kTuple, Instant(1s)), FastOpenCheck::Bad);
}

// A farm of servers, some of them with Linux, may share its keys.
TEST(FastOpenKeys, AreThoseOfLinux) {
  FastOpenKeys keys(Seed{}, Duration::zero());
  const Key128 key = {0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2,
                      0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4};
  keys.choose(key, std::nullopt);
  const FastOpenCookie cookie = keys.mint(tuple_of("192.168.0.1", "192.0.2.1"), Instant(1s));
  const std::uint8_t expected[] = {0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb};
  EXPECT_TRUE(std::ranges::equal(cookie.view(), expected));
}

TEST(FastOpenKeys, TheBackupIsGoodAndIsReplaced) {
  FastOpenKeys keys(Seed{}, Duration::zero());
  keys.choose({1}, std::nullopt);
  const FastOpenCookie old = keys.mint(kTuple, Instant(1s));
  keys.choose({2}, Key128{1});
  EXPECT_EQ(keys.check(old.view(), kTuple, Instant(1s)), FastOpenCheck::Previous);
  keys.choose({3}, std::nullopt);
  EXPECT_EQ(keys.check(old.view(), kTuple, Instant(1s)), FastOpenCheck::Bad);
}

TEST(FastOpenCache, HasALimitAndForgetsWhatWasUsedLongestAgo) {
  FastOpenCache cache(2);
  const IpAddress a = *IpAddress::parse("192.0.2.1"), b = *IpAddress::parse("192.0.2.2"),
                  c = *IpAddress::parse("2001:db8::1");
  cache.find_or_add(a)->mss = 1000;
  cache.find_or_add(b)->mss = 1001;
  static_cast<void>(cache.find_or_add(a));
  cache.find_or_add(c)->mss = 1002;
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find(b), nullptr);
  ASSERT_NE(cache.find(a), nullptr);
  EXPECT_EQ(cache.find(a)->mss, 1000);
  EXPECT_EQ(cache.find(c)->mss, 1002);
  EXPECT_EQ(FastOpenCache(0).find_or_add(a), nullptr);
}

TEST(FastOpenCache, LeavesABlackHoleAloneForLongerEachTime) {
  FastOpenCache cache(2);
  const IpAddress a = *IpAddress::parse("192.0.2.1");
  FastOpenServer* server = cache.find_or_add(a);
  server->last_loss = Instant(100s);
  server->losses = 1;
  EXPECT_FALSE(cache.is_black_hole(a, Instant(101s)));
  server->losses = 2;
  EXPECT_TRUE(cache.is_black_hole(a, Instant(159s)));
  EXPECT_FALSE(cache.is_black_hole(a, Instant(160s)));
  server->losses = 4;
  EXPECT_TRUE(cache.is_black_hole(a, Instant(339s)));
  EXPECT_FALSE(cache.is_black_hole(a, Instant(340s)));
  server->losses = 255;
  EXPECT_FALSE(cache.is_black_hole(a, Instant(100s + 64min)));
}

TEST(SynCookies, RememberAClassOfTheMss) {
  COVERS("R4987-05");
  const SynCookies cookies(Seed::from_number(1));
  const std::pair<std::uint16_t, std::uint16_t> expected[] = {
      {64, 64},     {535, 64},    {536, 536},   {1219, 536},   {1220, 1220}, {1359, 1220},
      {1459, 1440}, {1460, 1460}, {8959, 1460}, {65535, 8960}, {40, 64}};
  for (const auto& [mss, remembered] : expected) {
    const SeqNum iss = cookies.make(kTuple, SeqNum(7), mss, Instant(1s));
    EXPECT_EQ(cookies.check(kTuple, SeqNum(7), iss, Instant(2s)), remembered) << mss;
  }
}

TEST(SynCookies, AreOfOneTupleOneNumberAndOneTime) {
  COVERS("R4987-05");
  const SynCookies cookies(Seed::from_number(1));
  const SeqNum iss = cookies.make(kTuple, SeqNum(7), 1460, Instant(90s));
  EXPECT_TRUE(cookies.check(kTuple, SeqNum(7), iss, Instant(179s)).has_value());
  EXPECT_FALSE(cookies.check(kTuple, SeqNum(7), iss, Instant(180s)).has_value());
  EXPECT_FALSE(cookies.check(kTuple, SeqNum(8), iss, Instant(90s)).has_value());
  EXPECT_FALSE(
      cookies.check(tuple_of("192.0.2.2", "192.0.2.9"), SeqNum(7), iss, Instant(90s)).has_value());
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    const SeqNum other(iss.raw() ^ (1U << bit));
    EXPECT_FALSE(cookies.check(kTuple, SeqNum(7), other, Instant(90s)).has_value()) << bit;
  }
}

TEST(SynCookies, TimestampsCarryOptionsAndAreNeverAhead) {
  COVERS("R4987-05");
  for (const std::uint32_t clock : {0U, 1U, 31U, 32U, 1000U, 0xffffffffU}) {
    for (std::uint32_t bits = 0; bits < 32; ++bits) {
      SynCookieOptions options;
      if ((bits & 15U) < 15) options.window_scale = static_cast<std::uint8_t>(bits & 15U);
      options.sack = (bits & 16U) != 0;
      const std::uint32_t stamp = SynCookies::stamp(clock, options);
      EXPECT_EQ(SynCookies::options_in(stamp), options);
      EXPECT_LT(clock - stamp, 32U) << "ahead, or far behind";
    }
  }
}

TEST(UserTimeoutOption, CountsSecondsOrMinutes) {
  EXPECT_EQ(UserTimeoutOption::encode(Duration::zero()), std::nullopt);
  EXPECT_EQ(UserTimeoutOption::encode(1s), 1);
  EXPECT_EQ(UserTimeoutOption::encode(1001ms), 2);
  EXPECT_EQ(UserTimeoutOption::encode(32767s), 32767);
  EXPECT_EQ(UserTimeoutOption::encode(32768s), 0x8000 | 547);
  EXPECT_EQ(UserTimeoutOption::encode(24h * 365), 0x8000 | 32767);
  EXPECT_EQ(UserTimeoutOption::decode(0), std::nullopt);
  EXPECT_EQ(UserTimeoutOption::decode(0x8000), std::nullopt);
  EXPECT_EQ(UserTimeoutOption::decode(90), Duration(90s));
  EXPECT_EQ(UserTimeoutOption::decode(0x8002), Duration(2min));
}

TEST(UserTimeoutOption, TheLongerWishCountsWithinLimits) {
  COVERS("R5482-02", "R5482-03");
  EXPECT_EQ(UserTimeoutOption::choose(5min, 3min, 100s, 15min), Duration(5min));
  EXPECT_EQ(UserTimeoutOption::choose(3min, 5min, 100s, 15min), Duration(5min));
  EXPECT_EQ(UserTimeoutOption::choose(1s, 2s, 100s, 15min), Duration(100s));
  EXPECT_EQ(UserTimeoutOption::choose(1h, 2h, 100s, 15min), Duration(15min));
}

}  // namespace
}  // namespace glasstcp
