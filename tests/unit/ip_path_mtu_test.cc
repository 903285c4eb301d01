// The path MTU cache: what packet-too-big messages may do to it, and what they may not.
#include <gtest/gtest.h>

#include "stack/ip/path_mtu.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr Instant kStart{};
const IpAddress kFour = IpAddress::v4(198, 51, 100, 7);
const IpAddress kSix = *IpAddress::parse("2001:db8:77::1");

PathMtuCache cache(std::uint16_t device_mtu = 1500, std::size_t entries = 64) {
  return {device_mtu, entries, Seed::from_number(1)};
}

TEST(PathMtu, OfAnUnknownRemoteIsThatOfTheDevice) {
  EXPECT_EQ(cache().lookup(kFour, kStart), 1500);
  EXPECT_EQ(cache(65535).lookup(kSix, kStart), 65535);
}

TEST(PathMtu, IsLoweredByAMessageAndForThatRemoteOnly) {
  COVERS("R1191-01", "R8201-02", "R8201-06");
  PathMtuCache mtu = cache();
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 1400}, kStart), 1400);
  EXPECT_EQ(mtu.on_packet_too_big(kSix, {.mtu = 1300}, kStart), 1300);
  EXPECT_EQ(mtu.lookup(kFour, kStart), 1400);
  EXPECT_EQ(mtu.lookup(kSix, kStart), 1300);
  EXPECT_EQ(mtu.lookup(IpAddress::v4(198, 51, 100, 8), kStart), 1500);
}

TEST(PathMtu, IsNeverRaisedByAMessage) {
  COVERS("R1191-02", "R8201-02");
  PathMtuCache mtu = cache();
  ASSERT_TRUE(mtu.on_packet_too_big(kFour, {.mtu = 1400}, kStart));
  for (const std::uint32_t size : {1400U, 1401U, 1500U, 9000U, 0xffffffffU}) {
    EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = size}, kStart)) << size;
    EXPECT_FALSE(mtu.on_packet_too_big(kSix, {.mtu = size + 100}, kStart) && size >= 1500) << size;
  }
  EXPECT_EQ(mtu.lookup(kFour, kStart), 1400);
}

TEST(PathMtu, HasFloors) {
  COVERS("R1191-03", "R8201-01");
  PathMtuCache mtu = cache();
  EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = 67}, kStart)) << "no link has less than 68";
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 68}, kStart), 552) << "and few have less than 552";
  EXPECT_FALSE(mtu.on_packet_too_big(kSix, {.mtu = 1279}, kStart));
  EXPECT_EQ(mtu.on_packet_too_big(kSix, {.mtu = 1280}, kStart), 1280);
  PathMtuCache small = cache(300);
  EXPECT_EQ(small.on_packet_too_big(kFour, {.mtu = 200}, kStart), 300)
      << "the floor is never above the device";
  EXPECT_TRUE(small.may_be_cut(kFour, kStart));
}

TEST(PathMtu, BelowTheFloorRoutersMayCutUntilTheEntryEnds) {
  COVERS("R1191-01", "R1191-05");
  PathMtuCache mtu = cache();
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 552}, kStart), 552);
  EXPECT_FALSE(mtu.may_be_cut(kFour, kStart)) << "552 passes whole";
  EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = 67}, kStart));
  EXPECT_FALSE(mtu.may_be_cut(kFour, kStart)) << "not believed";
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 400}, kStart + 1s), 552)
      << "news, though not lower";
  EXPECT_TRUE(mtu.may_be_cut(kFour, kStart + 1s));
  EXPECT_FALSE(mtu.may_be_cut(IpAddress::v4(198, 51, 100, 8), kStart + 1s));
  EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = 300}, kStart + 2s)) << "known";
  EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = 600}, kStart + 2s)) << "never raised";
  EXPECT_TRUE(mtu.may_be_cut(kFour, kStart + 1s + 10min - 1ns));
  EXPECT_FALSE(mtu.may_be_cut(kFour, kStart + 1s + 10min));
  EXPECT_FALSE(mtu.on_packet_too_big(kSix, {.mtu = 1000}, kStart));
  EXPECT_FALSE(mtu.may_be_cut(kSix, kStart)) << "an IPv6 router never cuts";
}

TEST(PathMtu, IsGuessedWhereAnOldRouterDoesNotTell) {
  COVERS("R1191-04");
  PathMtuCache mtu = cache();
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 0, .quoted_length = 1500}, kStart), 1492);
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 0, .quoted_length = 1492}, kStart), 1280);
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 0, .quoted_length = 1280}, kStart), 1006);
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 0, .quoted_length = 1006}, kStart), 552);
  EXPECT_TRUE(mtu.may_be_cut(kFour, kStart)) << "the guess is 508";
  EXPECT_FALSE(mtu.on_packet_too_big(kFour, {.mtu = 0, .quoted_length = 508}, kStart));
  EXPECT_EQ(next_lower_plateau(65535), 32000);
  EXPECT_EQ(next_lower_plateau(0), 68);
}

TEST(PathMtu, IsTriedAgainAfterTenMinutesAndNotBefore) {
  COVERS("R1191-05", "R8201-04");
  PathMtuCache mtu = cache();
  ASSERT_TRUE(mtu.on_packet_too_big(kFour, {.mtu = 1400}, kStart));
  EXPECT_EQ(mtu.lookup(kFour, kStart + 5min), 1400);
  EXPECT_EQ(mtu.lookup(kFour, kStart + 10min - 1ns), 1400);
  EXPECT_EQ(mtu.lookup(kFour, kStart + 10min), 1500);
  EXPECT_EQ(mtu.on_packet_too_big(kFour, {.mtu = 1450}, kStart + 10min), 1450)
      << "what was known is forgotten";
  // A further decrease begins the time anew.
  ASSERT_TRUE(mtu.on_packet_too_big(kFour, {.mtu = 1400}, kStart + 15min));
  EXPECT_EQ(mtu.lookup(kFour, kStart + 24min), 1400);
}

TEST(PathMtu, OfManyRemotesStaysWithinItsTable) {
  PathMtuCache mtu = cache(1500, 64);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    std::uint8_t bytes[4];
    store_be32(bytes, 0x0a000000U + i);
    const IpAddress remote = IpAddress::v4(bytes);
    EXPECT_EQ(mtu.on_packet_too_big(remote, {.mtu = 1400}, kStart + i * 1ms), 1400);
    EXPECT_EQ(mtu.lookup(remote, kStart + i * 1ms), 1400) << "the newest is always known";
  }
}

}  // namespace
}  // namespace glasstcp
