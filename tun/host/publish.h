// `--publish`: whoever calls this machine's own addresses on the server's port reaches the TUN
// address, so that a port of a container, or of a router, leads to the page.
//
// nftables(8), ip-sysctl.rst. Connections to the port that arrive on any interface but the TUN are
// sent to our address (DNAT) and keep their own: our answers leave by the TUN, and conntrack turns
// them back, so that limits and captures see who calls. Only what this machine itself sends there
// gets the kernel's address on the TUN (masquerade). The rules stand in a table of their own,
// glasstcp_NAME, which belongs to a netlink socket of the keeper: when that process ends, however
// it does, the kernel removes them (Linux 5.12; before, the keeper does).
//
// Invariants:
//   1. Only what is addressed to this machine itself is taken: a machine that forwards for others
//   (also Docker's host) leaves their web traffic alone.
//   2. What belongs to a published connection and cannot be translated is dropped, in both
//   directions: it reaches no other TCP, and leaves with no inner address.
//   3. A machine that did not forward before forwards nothing else meanwhile; when somebody
//   switches forwarding on for all, it is theirs: nothing is limited any more, and it stays on at
//   the end.
//   4. What was changed is changed back by the last server that publishes. No two publish one port.
//   5. A refusal is told in one line with its cure, and nothing else depends on it.
//
// Leaves out: connections from this machine to its own addresses, which find its own servers; they
// reach the TUN address directly.
// Next: serve.cc.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "stack/base/addresses.h"
#include "tun/host/failure.h"
#include "tun/host/keeper.h"

namespace glasstcp {

/// What is to be reached from outside.
struct PublishPlan {
  std::string interface;              ///< the TUN: letters, digits, '.', '_' and '-'
  IpAddress address;                  ///< ours, IPv4
  std::optional<IpAddress> address6;  ///< ours; empty: IPv4 alone
  std::uint16_t port = 80;
  /// Interfaces that forwarded already, where the machine as a whole did not; empty: it did.
  std::optional<std::set<std::string>> forwarded_before{};
};

/// Whether the name can stand in the rules as it is.
[[nodiscard]] bool is_publishable(std::string_view interface);

/// What the rules may be made of, since kernels differ.
struct RuleWays {
  /// The addresses of this machine, where the kernel cannot look them up (no `fib` expression);
  /// empty: it can.
  std::span<const IpAddress> local{};
  bool sockets = true;  ///< it can look up sockets (Linux 5.11)
  bool owner = true;    ///< a table can belong to a netlink socket (Linux 5.12)
};

/// The rules, as input of `nft -f`. They replace what an earlier run left.
[[nodiscard]] std::string publish_rules(const PublishPlan& plan, const RuleWays& ways = {});

/// Takes them away again.
[[nodiscard]] std::string withdraw_rules(const PublishPlan& plan);

/// What became of it.
struct Publication {
  Keeper keeper;     ///< withdraws when it goes
  std::string note;  ///< why it is not published, with the cure; empty: it is
};

/// Publishes. Before privileges are given up. Fails when another server publishes the port.
/// `has_sandbox`: of the keeper, once it has published.
[[nodiscard]] std::expected<Publication, Failure> publish(const PublishPlan& plan,
                                                          bool has_sandbox);

}  // namespace glasstcp
