// Which networks are taken, by addresses and by routes, and what is proposed instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tun/host/local_networks.h"

namespace glasstcp {
namespace {

using testing::IsEmpty;

const Cidr kOurs = *Cidr::parse("192.0.2.2/24");
const Cidr kOurs6 = *Cidr::parse("2001:db8::2/64");

LocalAddress held(const char* interface, const char* cidr) {
  return {interface, *Cidr::parse(cidr)};
}

TEST(LocalNetworks, AnAddressOfAnotherInterfaceHoldsTheNetwork) {
  for (const char* cidr : {"192.0.2.1/24", "192.0.2.2/32", "192.0.2.77/28", "192.0.0.1/16"}) {
    LocalNetworks networks;
    networks.addresses = {held("tun0", cidr)};
    EXPECT_NE(holder_of(kOurs, "tun1", networks), nullptr) << cidr;
    EXPECT_EQ(holder_of(kOurs, "tun0", networks), nullptr) << "its own: " << cidr;
    EXPECT_EQ(holder_of(kOurs6, "tun1", networks), nullptr) << "another version: " << cidr;
  }
  LocalNetworks others;
  others.addresses = {held("eth0", "10.0.0.7/8"), held("eth0", "192.0.3.1/24"),
                      held("odd", "192.0.2.7/0"), held("eth0", "fe80::1/64")};
  EXPECT_EQ(holder_of(kOurs, "tun1", others), nullptr);
  EXPECT_EQ(holder_of(kOurs6, "tun1", others), nullptr);
}

TEST(LocalNetworks, ARouteHoldsItWhenTheKernelPrefersIt) {
  LocalNetworks networks;
  for (const char* cidr : {"192.0.2.0/24", "192.0.2.2/32", "192.0.2.0/30"}) {
    networks.routes = {held("vpn", cidr)};
    EXPECT_NE(holder_of(kOurs, "tun0", networks), nullptr) << cidr;
  }
  for (const char* cidr : {"0.0.0.0/0", "192.0.0.0/16", "192.0.2.64/26", "198.51.100.0/24"}) {
    networks.routes = {held("vpn", cidr)};
    EXPECT_EQ(holder_of(kOurs, "tun0", networks), nullptr) << cidr;
  }
  networks.routes = {held("tun0", "192.0.2.0/24"), held("lo", "192.0.2.2/32")};
  EXPECT_EQ(holder_of(kOurs, "tun0", networks), nullptr) << "its own, and a local one";
}

TEST(LocalNetworks, ReadsTheKernelsTablesOfRoutes) {
  const auto v4 = parse_routes_v4(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "tun0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "*\t007100CB\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "broken\n");
  ASSERT_EQ(v4.size(), 2u);
  EXPECT_EQ(v4[1].interface, "tun0");
  EXPECT_EQ(v4[1].cidr.prefix_length, 24);
  EXPECT_EQ(v4[0].cidr.prefix_length, 0);
  const auto v6 = parse_routes_v6(
      "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 "
      "00000000000000000000000000000000 00000100 00000001 00000000 00000001     tun0\n"
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
      "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
      "xyz\n");
  ASSERT_EQ(v6.size(), 1u);
  EXPECT_EQ(v6[0].cidr.to_string(), "2001:db8::/64");
  EXPECT_EQ(v6[0].interface, "tun0");
  EXPECT_THAT(parse_routes_v4(""), IsEmpty());
}

TEST(LocalNetworks, ProposesOnlyWhatHasToDiffer) {
  LocalNetworks networks;
  networks.interfaces = {"lo", "tun0"};
  networks.addresses = {held("tun0", "192.0.2.1/24"), held("tun0", "2001:db8::1/64")};
  EXPECT_EQ(free_link_options({"tun0", kOurs, kOurs6}, true, networks),
            "--tun tun1 --address 203.0.113.2/24 --host-address 203.0.113.1 "
            "--address6 2001:db8:2::2/64 --host-address6 2001:db8:2::1");
  EXPECT_EQ(free_link_options({"tun0", Cidr::parse("198.51.100.2/24"), {}}, true, networks),
            "--tun tun1");
  EXPECT_EQ(free_link_options({"tun1", kOurs, {}}, false, networks),
            "--address 203.0.113.2/24 --host-address 203.0.113.1");
  EXPECT_EQ(free_link_options({"tun0", kOurs, kOurs6}, false, networks), "");
}

TEST(LocalNetworks, ProposesWhatAThirdAndAFourthFindFree) {
  LocalNetworks networks;
  networks.interfaces = {"tun0", "tun1", "tun2"};
  networks.addresses = {held("tun0", "192.0.2.1/24"), held("tun1", "203.0.113.1/24"),
                        held("tun2", "198.18.0.1/24"), held("tun1", "2001:db8:2::1/64"),
                        held("tun0", "2001:db8::1/64")};
  EXPECT_EQ(free_link_options({"tun0", kOurs, kOurs6}, true, networks),
            "--tun tun3 --address 198.18.1.2/24 --host-address 198.18.1.1 "
            "--address6 2001:db8:3::2/64 --host-address6 2001:db8:3::1");
}

}  // namespace
}  // namespace glasstcp
