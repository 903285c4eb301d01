// Whose place a newcomer gets where few are for all: pages of the live view, readers of captures.
//
// CWE-770. A peer is an IPv4 address, or an IPv6 /64 and in it an address, as in
// stack/tcp/demux/peer_ledger.h: whoever has one address of a /64 has 2^64. Nobody gives way to one
// who would then hold as much.
//
// Next: glass_service.h.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "stack/base/addresses.h"

namespace glasstcp {

/// Whether both addresses are of one peer.
[[nodiscard]] inline bool is_same_peer(const IpAddress& a, const IpAddress& b) {
  if (a.is_v4() || b.is_v4()) return a == b;
  return std::memcmp(a.bytes().data(), b.bytes().data(), 8) == 0;
}

/// Of `holders`, the oldest first, the one that gives way to a newcomer from `client`: the oldest
/// of the peer that has at least two more, else of the client's neighbour that has.
/// `client_of(holder)` is an optional address; whoever has none never gives way. Null: nobody does.
template <typename Holder, typename ClientOf>
[[nodiscard]] Holder* who_gives_way(std::span<Holder* const> holders,
                                    const std::optional<IpAddress>& client, ClientOf client_of) {
  using Client = std::optional<IpAddress>;
  const auto are_same = [](const Client& a, const Client& b) {
    return a.has_value() && b.has_value() && is_same_peer(*a, *b);
  };
  const auto of_peer = [&](const Client& peer) {
    return std::ranges::count_if(
        holders, [&](const Holder* holder) { return are_same(client_of(*holder), peer); });
  };
  const auto of_address = [&](const Client& address) {
    return std::ranges::count_if(holders, [&](const Holder* holder) {
      return address.has_value() && client_of(*holder) == address;
    });
  };
  const auto most_by = [&](auto rank) { return *std::ranges::max_element(holders, {}, rank); };
  if (holders.empty()) return nullptr;
  Holder* const most = most_by([&](const Holder* holder) {
    const Client address = client_of(*holder);
    return std::pair(of_peer(address), of_address(address));
  });
  if (of_peer(client_of(*most)) >= of_peer(client) + 2) return most;
  const auto of_neighbour = [&](const Holder* holder) {
    const Client address = client_of(*holder);
    return are_same(address, client) ? of_address(address) : 0;
  };
  Holder* const neighbour = most_by(of_neighbour);
  return of_neighbour(neighbour) >= of_address(client) + 2 ? neighbour : nullptr;
}

}  // namespace glasstcp
