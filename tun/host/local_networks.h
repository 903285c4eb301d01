// Which networks this machine has already, and which names and addresses a new link can have.
//
// Two interfaces in one network do not work: the kernel sends what belongs to both to the one that
// was there first, so that a second server would look ready and never hear a word.
//
// Invariants:
//   1. What is proposed clashes with nothing of the machine that was looked at.
//   2. The interface that is meant itself is never in its own way: root may have prepared it.
//
// Next: network_setup.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/addresses.h"
#include "tun/host/local_addresses.h"

namespace glasstcp {

/// What the kernel's interfaces and routes hold.
struct LocalNetworks {
  std::vector<LocalAddress> addresses;
  std::vector<LocalAddress> routes;  ///< networks, and the interface that packets for them go to
  std::vector<std::string> interfaces;
};

/// Asks the kernel.
[[nodiscard]] LocalNetworks local_networks();

/// The routes in /proc/net/route or /proc/net/ipv6_route, as `text`. Those that refuse are none.
[[nodiscard]] std::vector<LocalAddress> parse_routes_v4(std::string_view text);
[[nodiscard]] std::vector<LocalAddress> parse_routes_v6(std::string_view text);

/// What holds the network of `ours` on another interface than `interface`; null: nothing does. An
/// address there whose network overlaps ours, or a route to our address that is at least as exact
/// as the one that our network gets.
[[nodiscard]] const LocalAddress* holder_of(const Cidr& ours, std::string_view interface,
                                            const LocalNetworks& networks);

/// A link as it was asked for.
struct LinkWish {
  std::string interface;
  std::optional<Cidr> address;
  std::optional<Cidr> address6;
};

/// The options of `serve` and `get` for a link that is free, like "--tun tun1 --address ...": only
/// those in which it has to differ from the wish. `is_taken`: the interface itself cannot be had.
[[nodiscard]] std::string free_link_options(const LinkWish& wish, bool is_taken,
                                            const LocalNetworks& networks);

}  // namespace glasstcp
