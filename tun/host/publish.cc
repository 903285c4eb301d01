// See publish.h.
#include "tun/host/publish.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "tun/host/container.h"
#include "tun/host/local_addresses.h"

namespace glasstcp {
namespace {

constexpr const char* kForwardingV4 = "/proc/sys/net/ipv4/ip_forward";
constexpr const char* kForwardingV6 = "/proc/sys/net/ipv6/conf/all/forwarding";

std::string table_of(const PublishPlan& plan) {
  return "glasstcp_" + plan.interface;
}

// Emptied first, in the same transaction: also when there is none yet.
std::string remove_table(const PublishPlan& plan, const char* family) {
  return fmt::format("table {0} {1}\ndelete table {0} {1}\n", family, table_of(plan));
}

std::string to_this_machine(std::span<const IpAddress> local, IpVersion version) {
  if (local.empty()) return "fib daddr type local";
  std::string list;
  for (const IpAddress& address : local) {
    if (address.version() == version) list += (list.empty() ? "" : ", ") + address.to_string();
  }
  const std::string_view family = version == IpVersion::V4 ? "ip" : "ip6";
  return list.empty() ? "" : fmt::format("{} daddr {{ {} }}", family, list);
}

// What conntrack has no translation for. Into the machine: a segment to the port that is INVALID
// (RFC 5961's challenge ACKs, segments outside of the window that it computed) or untracked keeps
// the address of this machine, whose own TCP knows nothing of the connection and would reset it.
// From the TUN: a segment of ours that is INVALID, untracked or taken for the first of a connection
// (an entry that is gone) keeps the inner address; it would reach the kernel's TCP, which would
// reset it too, or leave as it is. Only what a socket of this machine waits for is spared: its own
// connections to the TUN address, whose segments need no translation.
std::string guards_for(const PublishPlan& plan, const IpAddress& ours, bool sockets) {
  return fmt::format(
      "  chain untranslated_in {{\n"
      "    type filter hook input priority -10; policy accept;\n"
      "    iifname != {{ \"lo\", \"{0}\" }} tcp dport {3} ct state invalid,untracked drop\n"
      "  }}\n"
      "  chain ours_alone {{\n"
      "{4}"
      "    drop\n"
      "  }}\n"
      "  chain untranslated_out {{\n"
      "    type filter hook prerouting priority -150; policy accept;\n"
      "    iifname \"{0}\" {1} saddr {2} tcp sport {3} ct state invalid,untracked "
      "jump ours_alone\n"
      "    iifname \"{0}\" {1} saddr {2} tcp sport {3} ct direction original jump ours_alone\n"
      "  }}\n",
      plan.interface, ours.is_v4() ? "ip" : "ip6", ours.to_string(), plan.port,
      sockets ? "    socket wildcard 0 accept\n" : "");
}

std::string rules_for(const PublishPlan& plan, const IpAddress& ours, const RuleWays& ways) {
  const char* const family = ours.is_v4() ? "ip" : "ip6";
  const std::string target = to_this_machine(ways.local, ours.version());
  if (target.empty()) return {};
  return remove_table(plan, family) +
         fmt::format(
             "table {0} {1} {{\n"
             "  chain arriving {{\n"
             "    type nat hook prerouting priority -100; policy accept;\n"
             "    iifname != \"{2}\" {3} tcp dport {5} dnat to {4}\n"
             "  }}\n"
             "  chain leaving {{\n"
             "    type nat hook postrouting priority 100; policy accept;\n"
             "    oifname \"{2}\" {0} daddr {4} tcp dport {5} masquerade\n"
             "  }}\n"
             "{6}"
             "}}\n",
             family, table_of(plan), plan.interface, target, ours.to_string(), plan.port,
             guards_for(plan, ours, ways.sockets));
}

bool is_on(const char* path) {
  std::ifstream file(path);
  char value = '0';
  return file >> value && value != '0';
}

bool switch_forwarding(bool on) {
  std::ofstream file(kForwardingV4);
  file << (on ? '1' : '0') << std::flush;
  return file.good();
}

// Runs `nft -f` on the rules. Empty: done; else the first line of what it says.
std::string run_nft(const std::string& rules) {
  const Descriptor input(::memfd_create("rules", MFD_CLOEXEC));
  const Descriptor output(::memfd_create("answer", MFD_CLOEXEC));
  if (::write(input.get(), rules.data(), rules.size()) != static_cast<ssize_t>(rules.size()) ||
      ::lseek(input.get(), 0, SEEK_SET) != 0) {
    return std::strerror(errno);
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDERR_FILENO);
  const std::array<const char*, 4> arguments{"nft", "-f", "-", nullptr};
  // posix_spawn takes pointers to non-const characters and only reads them.
  char* const* const argv = const_cast<char* const*>(arguments.data());
  int error = ENOENT;
  pid_t child = -1;
  // Where it is installed, whatever PATH says: root's rights go to no other.
  for (const char* const program : {"/usr/sbin/nft", "/sbin/nft"}) {
    error = ::posix_spawn(&child, program, &actions, nullptr, argv, environ);
    if (error == 0) break;
  }
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return "there is no nft here";
  if (error != 0) return std::strerror(error);
  int status = 0;
  if (::waitpid(child, &status, 0) == child && status == 0) return {};
  std::array<char, 200> text{};
  const ssize_t length = ::pread(output.get(), text.data(), text.size(), 0);
  const std::string said(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return said.empty() ? "nft failed" : said.substr(0, said.find('\n'));
}

// Tries the way that follows changes of addresses first, and the one that spares our own sockets.
std::string install(const PublishPlan& plan) {
  const std::string refusal = run_nft(publish_rules(plan));
  if (refusal.empty() || run_nft(publish_rules(plan, {{}, false})).empty()) return {};
  const std::vector<IpAddress> local = addresses_beside(plan.interface);
  if (local.empty()) return refusal;
  for (const bool sockets : {true, false}) {
    if (run_nft(publish_rules(plan, {local, sockets})).empty()) return {};
  }
  return refusal;
}

std::string not_published(const std::string& why, const std::string& cure) {
  return "not published beyond this machine: " + why + "; " + cure;
}

std::string nft_cure() {
  return is_in_container()
             ? "start the container with --cap-add=NET_ADMIN, on a kernel with nftables"
             : "install it with 'sudo apt-get install nftables' and run it with sudo";
}

}  // namespace

bool is_publishable(std::string_view interface) {
  return std::ranges::all_of(interface, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string publish_rules(const PublishPlan& plan, const RuleWays& ways) {
  std::string rules = rules_for(plan, plan.address, ways);
  if (plan.address6) rules += rules_for(plan, *plan.address6, ways);
  return rules;
}

std::string withdraw_rules(const PublishPlan& plan) {
  return remove_table(plan, "ip") + (plan.address6 ? remove_table(plan, "ip6") : "");
}

Publication publish(const PublishPlan& wanted) {
  PublishPlan plan = wanted;
  // IPv6 only where it is forwarded already: switching it on would stop this machine from
  // listening to the announcements of its routers.
  if (!is_on(kForwardingV6)) plan.address6.reset();
  const bool was_on = is_on(kForwardingV4);
  if (!was_on && !switch_forwarding(true)) {
    return {
        {},
        not_published("forwarding is off and cannot be switched on here",
                      is_in_container() ? "start the container with --sysctl net.ipv4.ip_forward=1"
                                        : "run 'sudo sysctl -w net.ipv4.ip_forward=1'")};
  }
  const std::string refusal = install(plan);
  if (!refusal.empty()) {
    if (!was_on) switch_forwarding(false);
    return {{}, not_published(refusal, nft_cure())};
  }
  KeeperDuties duties{.capabilities = {CAP_NET_ADMIN}};
  duties.undo = [plan, was_on] {
    run_nft(withdraw_rules(plan));
    if (!was_on) switch_forwarding(false);
  };
  return {Keeper::start(duties), {}};
}

}  // namespace glasstcp
