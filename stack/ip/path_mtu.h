// The path MTU cache: how large a packet may be on the way to each remote address.
//
// RFC 1191 (IPv4), RFC 8201 (IPv6). Entries come only from packet-too-big messages that the
// transport has believed (RFC 5927), so an entry costs a forger a guess of a live connection. A
// bounded, keyed, four-way table: the entry that expires first makes room.
//
// Invariants:
//   1. A message never raises an estimate; only age does (10 minutes), and then to the MTU of the
//   device.
//   2. No estimate is above the device's MTU, or below 552 (IPv4) or 1280 (IPv6) unless the
//   device's is. An IPv4 path that takes less is left to its routers: packets may be cut there.
//
// Leaves out: probing for a larger size (RFC 8899), which the transport does.
// Next: reassembly.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/time.h"

namespace glasstcp {

/// A packet-too-big message, as far as the estimate is concerned.
struct PacketTooBig {
  std::uint32_t mtu = 0;  ///< what the message said, bytes; 0: it did not say (old routers, IPv4)
  /// total length of the packet that was too big, bytes; 0: unknown
  std::uint32_t quoted_length = 0;
};

/// Largest packet sizes by remote address.
class PathMtuCache {
 public:
  /// RFC 1191 §3 allows 68, or to leave out "don't fragment"; below 552 we do the latter, since a
  /// forged message would else make segments of 28 bytes.
  static constexpr std::uint16_t kIpv4Floor = 552;
  static constexpr std::uint16_t kIpv4Minimum = 68;
  static constexpr std::uint16_t kIpv6Minimum = 1280;
  static constexpr Duration kLifetime = 10min;

  /// `device_mtu` in bytes; `entries` is rounded up to a multiple of four.
  PathMtuCache(std::uint16_t device_mtu, std::size_t entries, const Seed& seed);

  /// The largest packet for `remote`, IP header included, in bytes: the device's MTU where nothing
  /// is known.
  [[nodiscard]] std::uint16_t lookup(const IpAddress& remote, Instant now) const;

  /// Whether the path to `remote` takes less than the estimate, so that routers must be allowed to
  /// cut what is sent there.
  [[nodiscard]] bool may_be_cut(const IpAddress& remote, Instant now) const;

  /// A believed message says that a packet to `remote` was too big. Returns the new estimate if it
  /// is lower than the old one, or packets may be cut from now on; empty if the message changes
  /// nothing (too small to be true, or not smaller).
  std::optional<std::uint16_t> on_packet_too_big(const IpAddress& remote, PacketTooBig message,
                                                 Instant now);

  [[nodiscard]] std::uint16_t device_mtu() const { return device_mtu_; }

 private:
  static constexpr std::size_t kWays = 4;
  struct Entry {
    IpAddress remote;
    std::uint16_t mtu = 0;  // 0: free
    bool may_be_cut = false;
    Instant expires{};
  };

  [[nodiscard]] std::size_t set_of(const IpAddress& remote) const;
  [[nodiscard]] const Entry* find(const IpAddress& remote, Instant now) const;

  std::vector<Entry> entries_;
  KeyedHash hash_;
  std::uint16_t device_mtu_;
  bool is_empty_ = true;
};

/// The size that a message stands for: what it names, or a guess (RFC 1191 §5).
[[nodiscard]] std::uint32_t named_mtu(PacketTooBig message);

/// RFC 1191 §7.1: the next lower size that links have, for a message that does not name one. At
/// least 68.
[[nodiscard]] std::uint16_t next_lower_plateau(std::uint32_t quoted_length);

}  // namespace glasstcp
