// `--publish`: whoever calls this machine's own addresses on the server's port reaches the TUN
// address, so that a port of a container, or of a router, leads to the page.
//
// nftables(8): connections to the port that arrive on any interface but the TUN are sent to our
// address (DNAT), and on the TUN they come from the kernel's address there (masquerade). The rules
// stand in a table of their own, glasstcp_NAME, in one transaction, through the program nft: no
// library, since the one of nftables would bring six others into a process that talks to strangers.
//
// Invariants:
//   1. Only what is addressed to this machine itself is taken: a machine that forwards for others
//   (also Docker's host) leaves their web traffic alone.
//   2. What belongs to a published connection and cannot be translated is dropped, in both
//   directions: it reaches no other TCP, and leaves with no inner address.
//   3. What was changed, the table and the switch for forwarding, is changed back at the end.
//   4. A refusal is told in one line with its cure, and nothing else depends on it.
//
// Leaves out: connections from this machine to itself, which reach the TUN address directly.
// Next: serve.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stack/base/addresses.h"
#include "tun/host/keeper.h"

namespace glasstcp {

/// What is to be reached from outside.
struct PublishPlan {
  std::string interface;              ///< the TUN: letters, digits, '.', '_' and '-'
  IpAddress address;                  ///< ours, IPv4
  std::optional<IpAddress> address6;  ///< ours; empty: IPv4 alone
  std::uint16_t port = 80;
};

/// Whether the name can stand in the rules as it is.
[[nodiscard]] bool is_publishable(std::string_view interface);

/// What the rules may be made of, since kernels differ.
struct RuleWays {
  /// The addresses of this machine, where the kernel cannot look them up (no `fib` expression);
  /// empty: it can.
  std::span<const IpAddress> local{};
  bool sockets = true;  ///< it can look up sockets (Linux 5.11)
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

/// Publishes. Before privileges are given up.
[[nodiscard]] Publication publish(const PublishPlan& plan);

}  // namespace glasstcp
