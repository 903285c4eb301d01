// What `glasstcp doctor` says about a machine, and what `--publish` asks of nftables: decided by
// pure functions, so that every machine can be had here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "tun/doctor/doctor.h"
#include "tun/host/cures.h"
#include "tun/host/publish.h"
#include "tun/host/publish_claim.h"

namespace glasstcp {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

DoctorFacts healthy() {
  DoctorFacts facts;
  facts.has_net_admin = true;
  facts.forwarding = true;
  facts.may_forward = true;
  facts.has_nft = true;
  facts.sandbox.calls.kind = LimitState::Kind::Active;
  facts.sandbox.files = {LimitState::Kind::Active, 0, 3};
  facts.networks.addresses = {{"lo", *Cidr::parse("127.0.0.1/8")},
                              {"eth0", *Cidr::parse("10.0.0.7/16")}};
  return facts;
}

Finding finding(const DoctorFacts& facts, const std::string& subject,
                const ServeOptions& options = {}) {
  const std::vector<Finding> all = diagnose(options, facts);
  const auto found = std::ranges::find(all, subject, &Finding::subject);
  return found == all.end() ? Finding{Severity::Problem, "nothing about " + subject, {}, {}}
                            : *found;
}

TEST(Doctor, HasNothingToSayAboutAMachineWhereAllIsThere) {
  const std::vector<Finding> all = diagnose({}, healthy());
  EXPECT_EQ(all.size(), 8u);
  for (const Finding& one : all) {
    EXPECT_EQ(one.severity, Severity::Fine) << one.text;
    EXPECT_THAT(one.cure, IsEmpty());
  }
  EXPECT_THAT(to_text({}, healthy()), EndsWith("glasstcp serve would work\n"));
}

TEST(Doctor, SaysWhatTheSandboxLacks) {
  DoctorFacts facts = healthy();
  EXPECT_EQ(finding(facts, "sandbox").text, "seccomp and Landlock (version 3) are available");
  facts.sandbox.files = {LimitState::Kind::Absent, ENOSYS, 0};
  Finding sandbox = finding(facts, "sandbox");
  EXPECT_EQ(sandbox.severity, Severity::Note);
  EXPECT_EQ(sandbox.text, "less than usual: seccomp: available; Landlock: this kernel has none");
  EXPECT_THAT(sandbox.cure, HasSubstr("Linux 5.13"));
  facts.sandbox.files.kind = LimitState::Kind::SwitchedOff;
  EXPECT_THAT(finding(facts, "sandbox").cure, HasSubstr("lsm=landlock"));
  facts.sandbox.files = {LimitState::Kind::Refused, EPERM, 0};
  EXPECT_THAT(finding(facts, "sandbox").text, HasSubstr("refused here (Operation not permitted)"));
}

TEST(Doctor, SeesTheSandboxOfAServerThatRuns) {
  DoctorFacts facts = healthy();
  facts.server = DoctorFacts::Server{123, true};
  EXPECT_EQ(finding(facts, "sandbox").text, "active: the server is process 123");
  facts.server->is_confined = false;
  EXPECT_EQ(finding(facts, "sandbox").severity, Severity::Note);
  EXPECT_THAT(finding(facts, "sandbox").cure, HasSubstr("--sandbox off"));
}

TEST(Doctor, PassesOnWhyTheDeviceCannotBeHad) {
  DoctorFacts facts = healthy();
  facts.device = Failure{"cannot open /dev/net/tun: No such file or directory", "modprobe tun"};
  const Finding device = finding(facts, "device");
  EXPECT_EQ(device.severity, Severity::Problem);
  EXPECT_EQ(device.text, facts.device->message);
  EXPECT_EQ(device.cure, "modprobe tun");
  EXPECT_THAT(to_text({}, facts), EndsWith("glasstcp serve would not work\n"));
}

DoctorFacts beside_a_server() {
  DoctorFacts facts = healthy();
  facts.device = Failure{"cannot create the TUN interface tun0: busy", "choose another one"};
  facts.is_answering = true;
  facts.interface_is_up = true;
  facts.networks.addresses.push_back({"tun0", *Cidr::parse("192.0.2.1/24")});
  facts.networks.addresses.push_back({"tun0", *Cidr::parse("2001:db8::1/64")});
  facts.networks.interfaces = {"lo", "eth0", "tun0"};
  return facts;
}

TEST(Doctor, HasNothingAgainstAServerThatRuns) {
  const DoctorFacts facts = beside_a_server();
  for (const Finding& one : diagnose({}, facts)) {
    EXPECT_EQ(one.severity, Severity::Fine) << one.subject << ": " << one.text;
  }
  EXPECT_THAT(finding(facts, "device").text, HasSubstr("answers at http://192.0.2.2/"));
  EXPECT_THAT(to_text({}, facts),
              AllOf(Not(HasSubstr("PROBLEM")), Not(HasSubstr("cure")),
                    HasSubstr("glasstcp serve works: a server answers at http://192.0.2.2/\n"),
                    HasSubstr("--tun tun1 --address 203.0.113.2/24 --host-address 203.0.113.1 "
                              "--address6 2001:db8:2::2/64 --host-address6 2001:db8:2::1\n")));
}

TEST(Doctor, NeedsNoRightsToSeeThatAServerRuns) {
  DoctorFacts facts = beside_a_server();
  facts.has_net_admin = false;
  facts.is_root = false;
  facts.device = Failure{"cannot open /dev/net/tun: Permission denied", "run it with sudo"};
  EXPECT_EQ(finding(facts, "device").severity, Severity::Fine);
  EXPECT_EQ(finding(facts, "rights").severity, Severity::Fine);
}

TEST(Doctor, TakesNoAnswerFromElsewhereForARunningServer) {
  DoctorFacts facts = beside_a_server();
  facts.is_answering = false;
  EXPECT_EQ(finding(facts, "device").severity, Severity::Problem) << "somebody holds the interface";
  facts.is_answering = true;
  facts.interface_is_up = false;
  EXPECT_EQ(finding(facts, "device").severity, Severity::Problem);
  facts.interface_is_up = true;
  facts.networks.addresses.clear();
  EXPECT_EQ(finding(facts, "device").severity, Severity::Problem) << "another machine answered";
  ServeOptions second;
  second.tun = "tun1";
  EXPECT_EQ(finding(beside_a_server(), "addresses", second).severity, Severity::Problem)
      << "a second one in the network of the first";
}

TEST(Doctor, HasOneCureForTheDeviceAndTheRightsOfAContainer) {
  for (const bool is_root : {true, false}) {
    DoctorFacts facts = healthy();
    facts.in_container = true;
    facts.has_net_admin = false;
    facts.is_root = is_root;
    const std::string cure = rights_cure({true, is_root, Language::English});
    facts.device = Failure{"cannot open /dev/net/tun: Permission denied", cure};
    EXPECT_EQ(finding(facts, "rights").cure, cure);
    EXPECT_THAT(cure, Not(HasSubstr("sudo")));
    EXPECT_EQ(cure.find("without --user") != std::string::npos, !is_root);
  }
}

bool has_chinese(const std::string& text) {
  return std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; });
}

TEST(Doctor, SpeaksChinese) {
  ServeOptions zh;
  zh.language = Language::Chinese;
  DoctorFacts bad = healthy();
  bad.has_net_admin = false;
  bad.device = Failure{"无法打开 /dev/net/tun：Permission denied", "用 sudo 运行"};
  bad.networks.addresses.push_back({"eth1", *Cidr::parse("192.0.2.7/24")});
  bad.v6 = DoctorFacts::V6::Disabled;
  bad.forwarding = bad.may_forward = false;
  bad.port_is_taken = true;
  bad.proxy = "http://proxy:1";
  DoctorFacts absent = bad;
  absent.v6 = DoctorFacts::V6::Absent;
  absent.may_forward = true;
  absent.has_nft = false;
  absent.in_container = true;
  DoctorFacts off = healthy();
  off.forwarding = false;
  for (const DoctorFacts& facts : {healthy(), beside_a_server(), bad, absent, off}) {
    const std::vector<Finding> all = diagnose(zh, facts);
    for (const Finding& one : all) {
      EXPECT_TRUE(has_chinese(one.text)) << one.text;
      EXPECT_TRUE(one.cure.empty() || has_chinese(one.cure)) << one.cure;
    }
    const std::vector<Finding> english = diagnose({}, facts);
    ASSERT_EQ(all.size(), english.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].severity, english[i].severity) << english[i].subject;
      EXPECT_EQ(all[i].cure.empty(), english[i].cure.empty()) << english[i].subject;
    }
    EXPECT_THAT(to_text(zh, facts), HasSubstr("glasstcp serve"));
  }
  EXPECT_THAT(to_text(zh, bad), AllOf(HasSubstr("问题 设备"), HasSubstr("解决办法：用 sudo 运行"),
                                      EndsWith("glasstcp serve 无法工作\n")));
}

TEST(Doctor, NamesTheFlagInAContainerAndSudoElsewhere) {
  DoctorFacts facts = healthy();
  facts.has_net_admin = false;
  EXPECT_EQ(finding(facts, "rights").severity, Severity::Problem);
  EXPECT_THAT(finding(facts, "rights").cure, HasSubstr("sudo"));
  facts.in_container = true;
  EXPECT_THAT(finding(facts, "rights").cure,
              HasSubstr("--cap-add=NET_ADMIN --device=/dev/net/tun"));
}

TEST(Doctor, AsksForNoRightsWhereTheInterfaceIsPrepared) {
  DoctorFacts facts = healthy();
  facts.has_net_admin = false;
  facts.interface_is_up = true;
  facts.networks.addresses.push_back({"tun0", *Cidr::parse("192.0.2.1/24")});
  EXPECT_EQ(finding(facts, "rights").severity, Severity::Fine);
  EXPECT_EQ(finding(facts, "addresses").severity, Severity::Fine) << "they are the interface's own";
  facts.interface_is_up = false;
  EXPECT_EQ(finding(facts, "rights").severity, Severity::Problem) << "somebody must bring it up";
}

TEST(Doctor, NamesWhatForbidsANetworkOfOnesOwn) {
  DoctorFacts facts = healthy();
  facts.has_net_admin = facts.is_root = false;
  facts.own_network = OwnNetwork::Works;
  EXPECT_EQ(finding(facts, "no root").severity, Severity::Fine);
  EXPECT_THAT(finding(facts, "no root").text, HasSubstr("unshare -Urn glasstcp serve"));
  facts.own_network = OwnNetwork::NoRights;
  facts.forbidding_setting = "kernel.apparmor_restrict_unprivileged_userns=0";
  EXPECT_EQ(finding(facts, "no root").severity, Severity::Note);
  EXPECT_EQ(finding(facts, "no root").cure,
            "run 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'");
  facts.forbidding_setting.clear();
  EXPECT_THAT(finding(facts, "no root").text, HasSubstr("the kernel or the container forbids it"));
  facts.own_network = OwnNetwork::NoDevice;
  EXPECT_THAT(finding(facts, "no root").cure, HasSubstr("chmod 666 /dev/net/tun"));
  ServeOptions zh;
  zh.language = Language::Chinese;
  EXPECT_EQ(diagnose(zh, facts).size(), diagnose({}, facts).size());
}

// Whatever this machine allows, the answer is one of them, and the process goes on.
TEST(Doctor, TriesANetworkOfOnesOwnInAnotherProcess) {
  EXPECT_NE(try_own_network(), OwnNetwork::Untried);
}

TEST(Doctor, SeesAnotherInterfaceInOurNetwork) {
  DoctorFacts facts = healthy();
  facts.networks.addresses.push_back({"eth1", *Cidr::parse("192.0.2.77/28")});
  EXPECT_EQ(finding(facts, "addresses").severity, Severity::Problem);
  EXPECT_THAT(finding(facts, "addresses").cure, HasSubstr("--address 203.0.113.2/24"));

  facts.networks.addresses.back() = {"eth1", *Cidr::parse("192.0.0.1/16")};
  EXPECT_EQ(finding(facts, "addresses").severity, Severity::Problem) << "a larger one around ours";
  facts.networks.addresses.push_back({"eth2", *Cidr::parse("2001:db8::9/64")});
  EXPECT_THAT(finding(facts, "addresses").cure, AllOf(HasSubstr("--address 203.0.113.2/24"),
                                                      HasSubstr("--address6 2001:db8:2::2/64")))
      << "one cure for both";
  facts.networks.addresses.pop_back();
  facts.networks.addresses.back() = {"eth1", *Cidr::parse("2001:db8::9/64")};
  EXPECT_THAT(finding(facts, "addresses").cure, HasSubstr("--address6 2001:db8:2::2/64"));
  facts.networks.addresses.back() = {"eth1", *Cidr::parse("198.51.100.1/24")};
  EXPECT_EQ(finding(facts, "addresses").severity, Severity::Fine);
}

TEST(Doctor, ServesIpv4AloneWithoutIpv6) {
  DoctorFacts facts = healthy();
  facts.in_container = true;
  facts.v6 = DoctorFacts::V6::Disabled;
  EXPECT_EQ(finding(facts, "IPv6").severity, Severity::Note);
  EXPECT_THAT(finding(facts, "IPv6").cure, HasSubstr("--sysctl net.ipv6.conf.all.disable_ipv6=0"));
  facts.v6 = DoctorFacts::V6::Absent;
  EXPECT_EQ(finding(facts, "IPv6").severity, Severity::Note);
  EXPECT_THAT(to_text({}, facts), EndsWith("glasstcp serve would work\n"));
}

TEST(Doctor, SaysWhatPublishingNeeds) {
  DoctorFacts facts = healthy();
  facts.forwarding = false;
  EXPECT_EQ(finding(facts, "forwarding").severity, Severity::Fine) << "it can be switched on";
  facts.may_forward = false;
  EXPECT_THAT(finding(facts, "forwarding").cure, HasSubstr("sysctl -w net.ipv4.ip_forward=1"));
  facts.in_container = true;
  EXPECT_THAT(finding(facts, "forwarding").cure, HasSubstr("--sysctl net.ipv4.ip_forward=1"));
  facts.forwarding = true;
  facts.has_nft = false;
  EXPECT_THAT(finding(facts, "forwarding").cure, HasSubstr("nftables"));
}

TEST(Doctor, NotesAProgramThatListensOnThePort) {
  DoctorFacts facts = healthy();
  facts.port_is_taken = true;
  EXPECT_EQ(finding(facts, "port").severity, Severity::Note);
}

TEST(Doctor, NamesTheWayAroundAProxy) {
  DoctorFacts facts = healthy();
  facts.proxy = "http://someone:secret@proxy.example:3128";
  const Finding proxy = finding(facts, "proxy");
  EXPECT_EQ(proxy.severity, Severity::Note);
  EXPECT_THAT(proxy.cure, HasSubstr("curl --noproxy '*' http://192.0.2.2/"));
  EXPECT_THAT(proxy.text, AllOf(HasSubstr("http://proxy.example:3128"), Not(HasSubstr("secret"))));
  facts.no_proxy = "localhost,192.0.2.0/24";
  EXPECT_EQ(finding(facts, "proxy").severity, Severity::Note) << "IPv6 is still caught";
  facts.no_proxy = "localhost, 192.0.2.2,[2001:db8::2]";
  EXPECT_EQ(finding(facts, "proxy").severity, Severity::Fine);
}

ServingFacts both_answer() {
  ServingFacts facts;
  facts.v4_answers = facts.v6_answers = facts.interface_is_up = true;
  facts.mtu = 1500;
  facts.addresses = {{"tun0", *Cidr::parse("192.0.2.1/24")},
                     {"tun0", *Cidr::parse("2001:db8::1/64")}};
  return facts;
}

TEST(Serving, JudgesEachIpVersionByItself) {
  const ServeOptions options;
  std::vector<Finding> both = judge_serving(options, both_answer());
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].text, "a server answers at http://192.0.2.2/");
  EXPECT_EQ(both[1].text, "a server answers at http://[2001:db8::2]/");

  ServingFacts facts = both_answer();
  facts.v6_answers = false;
  both = judge_serving(options, facts);
  EXPECT_EQ(both[0].severity, Severity::Fine);
  EXPECT_EQ(both[1].severity, Severity::Problem);
  EXPECT_EQ(both[1].text, "no server answers at http://[2001:db8::2]/");

  facts = both_answer();
  facts.v4_answers = false;
  both = judge_serving(options, facts);
  EXPECT_EQ(both[0].severity, Severity::Problem);
  EXPECT_EQ(both[1].severity, Severity::Fine);
}

TEST(Serving, NamesWhatTheKernelsSideLacks) {
  const ServeOptions options;
  ServingFacts facts = both_answer();
  facts.v6_answers = false;
  facts.addresses.pop_back();
  Finding v6 = judge_serving(options, facts)[1];
  EXPECT_THAT(v6.text, EndsWith(": tun0 has not the address 2001:db8::1"));
  EXPECT_THAT(v6.cure, HasSubstr("ip address add 2001:db8::1/64 dev tun0 nodad"));
  facts.interface_is_up = false;
  EXPECT_THAT(judge_serving(options, facts)[1].cure, HasSubstr("ip link set tun0 up"));
  facts.mtu = 0;
  EXPECT_THAT(judge_serving(options, facts)[1].text, EndsWith("there is no interface tun0"));
}

TEST(Serving, MissesNoIpv6WhereThereCanBeNone) {
  const ServeOptions options;
  ServingFacts facts = both_answer();
  facts.v6_answers = false;
  facts.v6 = DoctorFacts::V6::Disabled;
  EXPECT_EQ(judge_serving(options, facts)[1].severity, Severity::Note);
  facts.v6 = DoctorFacts::V6::Absent;
  EXPECT_EQ(judge_serving(options, facts)[1].severity, Severity::Note);
  facts.v6 = DoctorFacts::V6::Enabled;
  facts.mtu = 1000;
  EXPECT_EQ(judge_serving(options, facts)[1].severity, Severity::Note);
  facts.v4_answers = false;
  EXPECT_EQ(judge_serving(options, facts)[0].severity, Severity::Problem);
}

TEST(Proxy, CatchesWhatNoProxyDoesNotName) {
  const IpAddress ours = IpAddress::v4(192, 0, 2, 2);
  EXPECT_FALSE(is_caught_by_proxy("", "", ours));
  EXPECT_TRUE(is_caught_by_proxy("http://p:1", "", ours));
  EXPECT_TRUE(is_caught_by_proxy("http://p:1", "localhost,127.0.0.1,.example.org", ours));
  EXPECT_TRUE(is_caught_by_proxy("http://p:1", "192.0.2.20", ours));
  EXPECT_FALSE(is_caught_by_proxy("http://p:1", "*", ours));
  EXPECT_FALSE(is_caught_by_proxy("http://p:1", " ,, 192.0.2.2", ours));
  EXPECT_FALSE(is_caught_by_proxy("http://p:1", "192.0.2.0/24,x", ours));
  EXPECT_FALSE(is_caught_by_proxy("http://p:1", "[2001:db8::2]", *IpAddress::parse("2001:db8::2")));
}

TEST(Proxy, IsToldWithoutItsPassword) {
  EXPECT_EQ(without_password("http://proxy:3128"), "http://proxy:3128");
  EXPECT_EQ(without_password("http://me:p@ss@proxy:3128/"), "http://proxy:3128/");
  EXPECT_EQ(without_password("me:pass@proxy"), "proxy");
  EXPECT_EQ(without_password("http://proxy/a@b"), "http://proxy/a@b");
}

TEST(Listener, IsFoundInTheKernelsTable) {
  constexpr std::string_view kTable =
      "  sl  local_address rem_address   st tx_queue rx_queue\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   1: 0100007F:0050 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0\n"
      "  10: 0100007F:C350 0100007F:0016 0A 00000000:00000000 00:00000000 00000000     0\n";
  EXPECT_TRUE(has_listener(kTable, 8080));
  EXPECT_TRUE(has_listener(kTable, 50000));
  EXPECT_FALSE(has_listener(kTable, 80)) << "that is a connection";
  EXPECT_FALSE(has_listener(kTable, 22)) << "that is the other end";
  EXPECT_FALSE(has_listener("", 80));
  EXPECT_FALSE(has_listener("0: :0050 ", 80));
}

TEST(Publish, SendsWhatIsAddressedToThisMachineToOurAddress) {
  const PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), {}, 8080};
  const std::string rules = publish_rules(plan);
  EXPECT_THAT(rules, StartsWith("table ip glasstcp_tun0\ndelete table ip glasstcp_tun0\n"));
  EXPECT_THAT(rules, HasSubstr("iifname != \"tun0\" fib daddr type local tcp dport 8080 "
                               "dnat to 192.0.2.2\n"));
  EXPECT_THAT(rules, HasSubstr("oifname \"tun0\" fib saddr type local ip daddr 192.0.2.2 "
                               "tcp dport 8080 masquerade\n"))
      << "clients keep their addresses";
  EXPECT_THAT(rules, Not(HasSubstr("ip6")));
  EXPECT_EQ(withdraw_rules(plan), "table ip glasstcp_tun0\ndelete table ip glasstcp_tun0\n");
}

TEST(Publish, ForwardsNothingElseWhereTheMachineDidNotForward) {
  PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), IpAddress::parse("2001:db8::2"), 80};
  EXPECT_THAT(publish_rules(plan), Not(HasSubstr("hook forward"))) << "it did";
  plan.forwarded_before.emplace();
  EXPECT_THAT(publish_rules(plan), AllOf(HasSubstr("set forwarded_before { type ifname;  }\n"),
                                         HasSubstr("    ct status dnat accept\n"
                                                   "    iifname @forwarded_before accept\n"
                                                   "    drop\n")));
  *plan.forwarded_before = {"eth1", "wlan0"};
  const std::string rules = publish_rules(plan);
  EXPECT_THAT(rules, HasSubstr("elements = { \"eth1\", \"wlan0\" };"));
  EXPECT_EQ(rules.find("hook forward"), rules.rfind("hook forward")) << "IPv6 did";
}

TEST(Publish, ATableBelongsToAProcessWhereTheKernelCanSaySo) {
  const PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), {}, 80};
  EXPECT_THAT(publish_rules(plan), HasSubstr("{\n  flags owner;\n"));
  EXPECT_THAT(publish_rules(plan, {.owner = false}), Not(HasSubstr("flags")));
}

TEST(Publish, KnowsWhoPublishesWhichPort) {
  constexpr std::string_view kTable =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000: 00000002 00000000 00000000 0002 01 1 @glasstcp-publish/80/tun0\n"
      "0000: 00000002 00000000 00010000 0001 01 2 @glasstcp/tun0\n"
      "0000: 00000002 00000000 00000000 0002 01 3 @glasstcp-publish-lock\n"
      "0000: 00000002 00000000 00000000 0002 01 4 @glasstcp-publish/x/tun9\n"
      "0000: 00000002 00000000 00000000 0002 01 5 @glasstcp-publish/8080/a.b\n";
  const std::vector<Publisher> found = publishers_in(kTable);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].port, 80);
  EXPECT_EQ(found[0].interface, "tun0");
  EXPECT_EQ(found[1].port, 8080);
  EXPECT_EQ(found[1].interface, "a.b");
}

TEST(Publish, DoesTheSameForIpv6) {
  const PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), IpAddress::parse("2001:db8::2"), 80};
  EXPECT_THAT(publish_rules(plan),
              AllOf(HasSubstr("table ip6 glasstcp_tun0 {"), HasSubstr("dnat to 2001:db8::2\n"),
                    HasSubstr("ip6 daddr 2001:db8::2")));
  EXPECT_THAT(withdraw_rules(plan), HasSubstr("delete table ip6 glasstcp_tun0\n"));
}

TEST(Publish, ListsTheAddressesWhereTheKernelCannotLookThemUp) {
  const PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), IpAddress::parse("2001:db8::2"), 80};
  const std::vector<IpAddress> local{IpAddress::v4(127, 0, 0, 1), IpAddress::v4(172, 17, 0, 2)};
  const std::string rules = publish_rules(plan, {.local = local});
  EXPECT_THAT(rules, HasSubstr("ip daddr { 127.0.0.1, 172.17.0.2 } tcp dport 80 dnat"));
  EXPECT_THAT(rules, Not(HasSubstr("fib")));
  EXPECT_THAT(rules, Not(HasSubstr("ip6"))) << "nothing to take over there";
}

// What conntrack does not translate reaches neither the host's TCP nor the world.
TEST(Publish, DropsWhatCannotBeTranslatedInBothDirections) {
  const PublishPlan plan{"tun0", IpAddress::v4(192, 0, 2, 2), IpAddress::parse("2001:db8::2"),
                         8080};
  const std::string rules = publish_rules(plan);
  EXPECT_THAT(rules, HasSubstr("iifname != { \"lo\", \"tun0\" } tcp dport 8080 "
                               "ct state invalid,untracked drop\n"));
  for (const char* const from : {"ip saddr 192.0.2.2", "ip6 saddr 2001:db8::2"}) {
    const std::string ours = std::string("iifname \"tun0\" ") + from + " tcp sport 8080 ";
    EXPECT_THAT(rules, AllOf(HasSubstr(ours + "ct state invalid,untracked jump ours_alone\n"),
                             HasSubstr(ours + "ct direction original jump ours_alone\n")));
  }
  EXPECT_THAT(rules, HasSubstr("socket wildcard 0 accept\n    drop\n"));
  const std::string old_kernel = publish_rules(plan, {.sockets = false});
  EXPECT_THAT(old_kernel,
              AllOf(Not(HasSubstr("socket")), HasSubstr("chain ours_alone {\n    drop\n")));
}

TEST(Publish, TakesOnlyNamesThatStandInRulesAsTheyAre) {
  EXPECT_TRUE(is_publishable("tun0"));
  EXPECT_TRUE(is_publishable("my-tun_0.1"));
  EXPECT_FALSE(is_publishable("tun\"0"));
  EXPECT_FALSE(is_publishable("tun*"));
}

TEST(DoctorOptions, AreThoseOfServeThatSayWhere) {
  const CommandLine line = parse_command_line({"doctor", "--serving", "--port", "8080"});
  const auto* const options = std::get_if<DoctorOptions>(&line);
  ASSERT_NE(options, nullptr);
  EXPECT_TRUE(options->serving);
  EXPECT_EQ(options->serve.port, 8080);
  const CommandLine chinese = parse_command_line({"doctor", "--lang", "zh"});
  ASSERT_TRUE(std::holds_alternative<DoctorOptions>(chinese));
  EXPECT_EQ(std::get<DoctorOptions>(chinese).serve.language, Language::Chinese);
  const CommandLine wrong = parse_command_line({"doctor", "--mtu", "9000"});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(wrong));
  EXPECT_EQ(std::get<ExitNow>(wrong).code, kExitWrongUsage);
  EXPECT_THAT(std::get<ExitNow>(wrong).err, HasSubstr("glasstcp doctor --help"));
}

TEST(Completion, KnowsTheCommandsAndTheirOptions) {
  const CommandLine line = parse_command_line({"--completion", "bash"});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(line));
  const auto& end = std::get<ExitNow>(line);
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.out, AllOf(HasSubstr("serve doctor "), HasSubstr("    serve) words=' --help "),
                             HasSubstr(" --publish "), HasSubstr("complete -o default")));
  const CommandLine other = parse_command_line({"--completion", "sh"});
  EXPECT_EQ(std::get<ExitNow>(other).code, kExitWrongUsage);
}

TEST(PublishOption, NeedsANameThatRulesCanHold) {
  const CommandLine line = parse_command_line({"serve", "--publish"});
  ASSERT_TRUE(std::holds_alternative<ServeOptions>(line));
  EXPECT_TRUE(std::get<ServeOptions>(line).publish);
  EXPECT_TRUE(
      std::holds_alternative<ExitNow>(parse_command_line({"serve", "--publish", "--tun", "a\"b"})));
}

}  // namespace
}  // namespace glasstcp
