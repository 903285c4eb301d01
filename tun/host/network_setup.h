// The kernel's side of the link: addresses, MTU, queue length and "up", through netlink.
//
// rtnetlink(7), through libnl-route-3. What is right already is left alone, so that a device that
// root prepared needs no rights; what is missing and may not be changed is named with its cure.
//
// Invariants:
//   1. Only what was added is removed. A device that we created needs no cleaning: it vanishes with
//   its descriptor; from a persistent one, what was added or switched on is taken back.
//   2. Where another interface holds our network nothing is changed: see local_networks.h.
//   3. What was set up outlives "down" and "up" of the interface, as far as the kernel can.
//   4. Without IPv6 (disable_ipv6=1, or an MTU below 1280) everything goes on with IPv4 alone.
//
// Leaves out: routes (the prefix of an address makes the only one that is needed), and DNAT
// (publish.h).
// Next: keeper.h.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "stack/base/addresses.h"
#include "tun/host/failure.h"
#include "tun/host/keeper.h"

namespace glasstcp {

/// What the kernel's side is to look like.
struct NetworkPlan {
  std::string interface;
  Cidr address;                  ///< ours, IPv4
  Cidr host_address;             ///< the kernel's
  std::optional<Cidr> address6;  ///< ours; empty: IPv4 alone
  std::optional<Cidr> host_address6;
  std::uint32_t mtu = 1500;           ///< bytes, 576..65535
  std::uint32_t queue_length = 4096;  ///< packets; a longer queue is left as it is
};

/// What it looks like.
struct NetworkState {
  bool has_v6 = false;
  std::uint32_t mtu = 0;           ///< of the interface now
  std::vector<std::string> notes;  ///< what the user should know, with the cure
  std::vector<Cidr> added;         ///< addresses that were not there before
  bool keeps_v6 = false;           ///< switched on by us: IPv6 addresses outlive "down"
};

/// Makes it so. Fails, having changed nothing, where another interface holds one of the networks.
[[nodiscard]] std::expected<NetworkState, Failure> set_up_network(const NetworkPlan& plan);

/// Takes back from an interface what set_up_network() added, when its owner ends, however it ends
/// (keeper.h). Before privileges are given up. `has_sandbox`: the keeper has one.
[[nodiscard]] Keeper keep_network(const std::string& interface, const NetworkState& state,
                                  bool has_sandbox);

}  // namespace glasstcp
