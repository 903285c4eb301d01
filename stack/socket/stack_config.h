// What a stack is made from.
//
// RFC 9293 §3.9.2 (what TCP needs from below), and TcpConfig for TCP itself. Each field has a row
// in settings_rows.cc, which the C ABI, the command line, packet scripts and the book read.
//
// Next: settings.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/tcp/config.h"

namespace glasstcp {

/// What a stack is made from.
struct StackConfig {
  std::vector<Cidr> addresses;  ///< ours: any number of IPv4 and IPv6 addresses with their networks
  std::uint32_t mtu = 1500;     ///< of the device, 576 (IPv6: 1280) .. 65535 bytes
  /// outgoing TCP checksums may be left partial (device has a vnet header)
  bool checksum_offload = false;
  std::uint32_t gso_max = 0;  ///< largest GSO packet in bytes incl. headers (0: none; 65535 usual)
  std::uint64_t memory = 1ULL << 30;  ///< one budget for all buffers, bytes
  /// addresses of peers behind which others stand, as those of a masquerade: what comes from them
  /// is not counted together when room is taken from the peer that holds most
  std::vector<IpAddress> shared_sources;
  Seed seed{};  ///< keys of hashes, ISNs, ports; 32 random bytes in production
  TcpConfig tcp;
};

}  // namespace glasstcp
