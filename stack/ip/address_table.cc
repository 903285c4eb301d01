// RFC 1122 §3.2.1.3, RFC 4291: the special forms of addresses.
#include "stack/ip/address_table.h"

#include <algorithm>
#include <cstring>

namespace glasstcp {
namespace {

// How many leading bits two IPv6 addresses share (RFC 6724 §2.2, CommonPrefixLen).
int common_prefix(const IpAddress& a, const IpAddress& b) {
  int bits = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto difference = static_cast<std::uint8_t>(a.storage()[i] ^ b.storage()[i]);
    if (difference != 0) return bits + std::countl_zero(difference);
    bits += 8;
  }
  return bits;
}

// ::/96, of which :: and ::1 are part, and ::ffff:0:0/96: forms that stand for IPv4 or nobody, and
// never on a wire.
bool is_embedded_v4(const std::array<std::uint8_t, 16>& bytes) {
  if (std::any_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t b) { return b != 0; }))
    return false;
  return (bytes[10] == 0 && bytes[11] == 0) || (bytes[10] == 0xff && bytes[11] == 0xff);
}

}  // namespace

AddressTable::AddressTable(const std::vector<Cidr>& addresses) {
  for (const Cidr& cidr : addresses) {
    if (!cidr.address.is_v4()) {
      v6_.push_back(cidr);
      continue;
    }
    v4_ = cidr;
    v4_number_ = cidr.address.v4_number();
    v4_host_mask_ = cidr.prefix_length < 31 ? 0xffffffffU >> cidr.prefix_length : 0U;
  }
}

DestinationKind AddressTable::classify_destination(const IpAddress& destination) const {
  if (is_own(destination)) return DestinationKind::Own;
  if (destination.is_v4()) {
    const std::uint32_t d = destination.v4_number();
    const bool is_ours = v4_host_mask_ != 0 && ((d ^ v4_number_) & ~v4_host_mask_) == 0;
    const bool is_directed_broadcast =
        is_ours && ((d & v4_host_mask_) == v4_host_mask_ || (d & v4_host_mask_) == 0);
    constexpr std::uint32_t kAllHosts = 0xe0000001U;  // 224.0.0.1
    if (d == 0xffffffffU || d == 0 || d == kAllHosts || is_directed_broadcast) {
      return DestinationKind::OwnGroup;
    }
    return destination.is_multicast() ? DestinationKind::OtherGroup : DestinationKind::Other;
  }
  if (!destination.is_multicast()) return DestinationKind::Other;
  static constexpr std::uint8_t kAllNodes[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0,
                                                 0,    0,    0, 0, 0, 0, 0, 1};
  const bool is_all_nodes = std::memcmp(destination.storage().data(), kAllNodes, 16) == 0;
  return is_all_nodes || is_solicited_node_of_ours(destination) ? DestinationKind::OwnGroup
                                                                : DestinationKind::OtherGroup;
}

// RFC 4291 §2.7.1: ff02::1:ffXX:XXXX with the last three bytes of an address.
bool AddressTable::is_solicited_node_of_ours(const IpAddress& group) const {
  static constexpr std::uint8_t kPrefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  const std::uint8_t* bytes = group.storage().data();
  if (std::memcmp(bytes, kPrefix, sizeof kPrefix) != 0) return false;
  return std::any_of(v6_.begin(), v6_.end(), [bytes](const Cidr& own) {
    return std::memcmp(own.address.storage().data() + 13, bytes + 13, 3) == 0;
  });
}

// RFC 1122 §3.2.1.3 R1122-04: what cannot be a sender: "this network", loopback from outside,
// multicast and all above it, the two broadcast forms of our network, and ourselves.
bool AddressTable::is_valid_source_v4(std::uint32_t source) const {
  const std::uint32_t first_byte = source >> 24;
  if (first_byte == 0 || first_byte == 127 || first_byte >= 224) return false;
  if (!v4_) return true;
  if (source == v4_number_) return false;
  if (v4_host_mask_ == 0 || ((source ^ v4_number_) & ~v4_host_mask_) != 0) return true;
  const std::uint32_t host = source & v4_host_mask_;
  return host != 0 && host != v4_host_mask_;
}

bool AddressTable::is_valid_source(const IpAddress& source) const {
  if (source.is_v4()) return is_valid_source_v4(source.v4_number());
  return !source.is_multicast() && !is_embedded_v4(source.storage()) && !is_own(source);
}

std::optional<IpAddress> AddressTable::source_for(const IpAddress& remote) const {
  if (remote.is_v4()) return v4_ ? std::optional(v4_->address) : std::nullopt;
  // RFC 6724 §5, rules 2 and 8: the same scope first, then the longest common prefix.
  const Cidr* best = nullptr;
  int best_score = -1;
  for (const Cidr& own : v6_) {
    const bool same_scope = own.address.is_link_local() == remote.is_link_local();
    const int score = (same_scope ? 256 : 0) + common_prefix(own.address, remote);
    if (score > best_score) {
      best = &own;
      best_score = score;
    }
  }
  return best != nullptr ? std::optional(best->address) : std::nullopt;
}

}  // namespace glasstcp
