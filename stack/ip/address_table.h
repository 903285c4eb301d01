// Our addresses, and what may be said of anybody else's: who is us, who is a group, who cannot be a
// sender.
//
// RFC 1122 §3.2.1.3 (IPv4 special cases), RFC 4291 §2.4-2.8 (IPv6), RFC 6890 (special-purpose
// addresses).
//
// Invariants:
//   1. An address is never both our own and a valid source or remote.
//
// Next: path_mtu.h.
#pragma once

#include <optional>
#include <vector>

#include "stack/base/addresses.h"

namespace glasstcp {

/// Whom a packet is for.
enum class DestinationKind : std::uint8_t {
  Own,         ///< one of our unicast addresses
  OwnGroup,    ///< a broadcast of our network, or a group that every host is a member of
  OtherGroup,  ///< a multicast address that we have not joined
  Other,
};

/// Classifies addresses. Immutable.
class AddressTable {
 public:
  explicit AddressTable(const std::vector<Cidr>& addresses);

  [[nodiscard]] bool is_own(const IpAddress& address) const {
    if (address.is_v4()) return v4_ && address == v4_->address;
    for (const Cidr& own : v6_) {
      if (address == own.address) return true;
    }
    return false;
  }
  [[nodiscard]] DestinationKind classify_destination(const IpAddress& destination) const;
  /// Whether a packet may come from `source` and be answered to it: a unicast address that is not
  /// ours.
  [[nodiscard]] bool is_valid_source(const IpAddress& source) const;
  /// Whether we may connect to `remote`: the same question, asked by ourselves.
  [[nodiscard]] bool is_valid_remote(const IpAddress& remote) const {
    return is_valid_source(remote);
  }
  /// The address of ours that fits `remote` best; empty if there is none of its version.
  [[nodiscard]] std::optional<IpAddress> source_for(const IpAddress& remote) const;

 private:
  [[nodiscard]] bool is_valid_source_v4(std::uint32_t source) const;
  [[nodiscard]] bool is_solicited_node_of_ours(const IpAddress& group) const;

  std::optional<Cidr> v4_;
  std::uint32_t v4_number_ = 0;
  std::uint32_t v4_host_mask_ = 0;  // host part; 0 where the network has no broadcast (/31, /32)
  std::vector<Cidr> v6_;
};

}  // namespace glasstcp
