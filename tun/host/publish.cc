// See publish.h.
#include "tun/host/publish.h"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "tun/host/container.h"
#include "tun/host/forwarding.h"
#include "tun/host/local_addresses.h"
#include "tun/host/nftables.h"
#include "tun/host/publish_claim.h"

namespace glasstcp {
namespace {

constexpr const char* kForwardingV6 = "/proc/sys/net/ipv6/conf/all/forwarding";
constexpr std::string_view kTaken = "taken by ";  // a refusal that is no reason to go on without

std::string table_of(const std::string& interface) {
  return "glasstcp_" + interface;
}

// Emptied first, in the same transaction: also when there is none yet.
std::string remove_table(const PublishPlan& plan, const char* family) {
  return fmt::format("table {0} {1}\ndelete table {0} {1}\n", family, table_of(plan.interface));
}

// "ip daddr ADDRESSES-OF-THIS-MACHINE", as `fib` or as a list; empty: there are none of this
// version.
std::string is_local(const char* which, std::span<const IpAddress> local, IpVersion version) {
  if (local.empty()) return fmt::format("fib {} type local", which);
  std::string list;
  for (const IpAddress& address : local) {
    if (address.version() == version) list += (list.empty() ? "" : ", ") + address.to_string();
  }
  const std::string_view family = version == IpVersion::V4 ? "ip" : "ip6";
  return list.empty() ? "" : fmt::format("{} {} {{ {} }}", family, which, list);
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

// Where this machine did not forward before: nothing passes but what is translated, by us or by
// another server of ours, and what arrives on an interface that did forward.
std::string forwarding_rules(const std::set<std::string>& forwarded_before) {
  std::string names;
  for (const std::string& one : forwarded_before) {
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", one);
  }
  const std::string elements = names.empty() ? "" : fmt::format("elements = {{ {} }};", names);
  return fmt::format(
      "  set forwarded_before {{ type ifname; {} }}\n"
      "  chain forwarded {{\n"
      "    type filter hook forward priority 0; policy accept;\n"
      "    ct status dnat accept\n"
      "    iifname @forwarded_before accept\n"
      "    drop\n"
      "  }}\n",
      elements);
}

std::string rules_for(const PublishPlan& plan, const IpAddress& ours, const RuleWays& ways) {
  const char* const family = ours.is_v4() ? "ip" : "ip6";
  const std::string target = is_local("daddr", ways.local, ours.version());
  if (target.empty()) return {};
  const bool limits = ours.is_v4() && plan.forwarded_before.has_value();
  return remove_table(plan, family) +
         fmt::format(
             "table {0} {1} {{\n"
             "{7}"
             "{8}"
             "  chain arriving {{\n"
             "    type nat hook prerouting priority -100; policy accept;\n"
             "    iifname != \"{2}\" {3} tcp dport {5} dnat to {4}\n"
             "  }}\n"
             "  chain leaving {{\n"
             "    type nat hook postrouting priority 100; policy accept;\n"
             "    oifname \"{2}\" {9} {0} daddr {4} tcp dport {5} masquerade\n"
             "  }}\n"
             "{6}"
             "}}\n",
             family, table_of(plan.interface), plan.interface, target, ours.to_string(), plan.port,
             guards_for(plan, ours, ways.sockets), ways.owner ? "  flags owner;\n" : "",
             limits ? forwarding_rules(*plan.forwarded_before) : "",
             is_local("saddr", ways.local, ours.version()));
}

bool is_v6_forwarded() {
  std::ifstream file(kForwardingV6);
  char value = '0';
  return file >> value && value != '0';
}

// Tries the best that a kernel may have first: a table that the kernel removes by itself, the way
// that follows changes of addresses, the one that spares our own sockets.
std::string install(const Nftables& tables, const PublishPlan& plan) {
  const std::vector<IpAddress> local = addresses_beside(plan.interface);
  std::string refusal;
  for (const bool owner : {true, false}) {
    for (const bool has_fib : {true, false}) {
      for (const bool sockets : {true, false}) {
        if (!has_fib && local.empty()) continue;
        RuleWays ways{.sockets = sockets, .owner = owner};
        if (!has_fib) ways.local = local;
        std::string said = tables.run(publish_rules(plan, ways));
        if (said.empty()) return {};
        if (refusal.empty()) refusal = std::move(said);
      }
    }
  }
  return refusal;
}

// What stands between the quotes of a list of elements.
std::set<std::string> names_in(const std::string& listing) {
  std::set<std::string> names;
  std::size_t at = listing.find("elements");
  while (at != std::string::npos && (at = listing.find('"', at)) != std::string::npos) {
    const std::size_t end = listing.find('"', at + 1);
    if (end == std::string::npos) break;
    names.insert(listing.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return names;
}

// Publishes and withdraws, in the keeper's process.
class PublishingProcess {
 public:
  explicit PublishingProcess(const PublishPlan& plan) : plan_(plan) {}

  std::string begin();
  void on_forwarding_changed();
  void undo();
  [[nodiscard]] int watched() const { return watch_.descriptor(); }

 private:
  [[nodiscard]] std::vector<Publisher> others() const;
  std::string switch_forwarding();
  // Interfaces that forwarded before any of us began.
  [[nodiscard]] std::set<std::string> forwarded_before() const;
  std::string open_tables();

  PublishPlan plan_;
  Descriptor claim_;
  std::optional<Nftables> tables_;
  ForwardingWatch watch_;
  bool is_limiting_ = false;
};

std::vector<Publisher> PublishingProcess::others() const {
  std::vector<Publisher> all = publishers();
  std::erase_if(all, [this](const Publisher& one) { return one.interface == plan_.interface; });
  return all;
}

std::set<std::string> PublishingProcess::forwarded_before() const {
  for (const Publisher& one : others()) {
    const std::string listing =
        tables_->list("list set ip " + table_of(one.interface) + " forwarded_before\n");
    if (!listing.empty()) return names_in(listing);
  }
  return Forwarding::interfaces_that_forward();
}

std::string PublishingProcess::switch_forwarding() {
  if (Forwarding::is_on()) return {};
  plan_.forwarded_before = forwarded_before();
  is_limiting_ = true;
  watch_.open();
  if (Forwarding::switch_on()) return {};
  return "forwarding is off and cannot be switched on here";
}

std::string PublishingProcess::open_tables() {
  auto tables = Nftables::open();
  if (!tables) return tables.error();
  tables_ = std::move(*tables);
  return {};
}

std::string PublishingProcess::begin() {
  const PublishLock lock;
  for (const Publisher& one : others()) {
    if (one.port == plan_.port) return std::string(kTaken) + one.interface;
  }
  claim_ = claim({plan_.port, plan_.interface});
  std::string refusal = open_tables();
  if (refusal.empty()) refusal = switch_forwarding();
  if (refusal.empty()) refusal = install(*tables_, plan_);
  if (!refusal.empty()) {
    claim_.reset();
    if (plan_.forwarded_before && others().empty()) {
      Forwarding::switch_off_all_but(*plan_.forwarded_before);
    }
  }
  return refusal;
}

// Somebody switches all of it on: then it is no longer ours to limit. Or off: then it is again.
void PublishingProcess::on_forwarding_changed() {
  watch_.clear();
  if (!plan_.forwarded_before) return;
  const std::string chain = table_of(plan_.interface) + " forwarded";
  const bool limits = !Forwarding::is_on();
  if (limits) static_cast<void>(Forwarding::switch_on());
  if (limits == is_limiting_) return;
  is_limiting_ = limits;
  std::string commands = "flush chain ip " + chain + "\n";
  for (const char* const rule :
       {"ct status dnat accept", "iifname @forwarded_before accept", "drop"}) {
    if (limits) commands += "add rule ip " + chain + " " + rule + "\n";
  }
  static_cast<void>(tables_->run(commands));
}

void PublishingProcess::undo() {
  const PublishLock lock;
  static_cast<void>(tables_->run(withdraw_rules(plan_)));
  claim_.reset();
  if (plan_.forwarded_before && others().empty()) {
    Forwarding::switch_off_all_but(*plan_.forwarded_before);
  }
}

std::string not_published(const std::string& why, const std::string& cure) {
  return "not published beyond this machine: " + why + "; " + cure;
}

std::string cure_of(const std::string& refusal) {
  if (refusal.starts_with("forwarding")) {
    return is_in_container() ? "start the container with --sysctl net.ipv4.ip_forward=1"
                             : "run 'sudo sysctl -w net.ipv4.ip_forward=1'";
  }
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

std::expected<Publication, Failure> publish(const PublishPlan& wanted, bool has_sandbox) {
  PublishPlan plan = wanted;
  // IPv6 only where it is forwarded already: switching it on would stop this machine from
  // listening to the announcements of its routers.
  if (!is_v6_forwarded()) plan.address6.reset();
  const auto process = std::make_shared<PublishingProcess>(plan);
  KeeperDuties duties{.capabilities = {CAP_NET_ADMIN}};
  if (has_sandbox) duties.sandbox = Confined::PublishKeeper;
  duties.folders = {{"/proc", FileUse::Read}, {"/proc/sys/net/ipv4", FileUse::Write}};
  duties.begin = [process] { return process->begin(); };
  duties.undo = [process] { process->undo(); };
  duties.watched = [process] { return process->watched(); };
  duties.on_watched = [process] { process->on_forwarding_changed(); };
  Keeper keeper = Keeper::start(duties);
  const std::string refusal = keeper.refusal();
  if (refusal.starts_with(kTaken)) {
    return std::unexpected(
        Failure{fmt::format("port {} of this machine is published already by the server on {}",
                            plan.port, refusal.substr(kTaken.size())),
                "choose another --port, or leave out --publish"});
  }
  if (!refusal.empty()) return Publication{{}, not_published(refusal, cure_of(refusal))};
  return Publication{std::move(keeper), {}};
}

}  // namespace glasstcp
