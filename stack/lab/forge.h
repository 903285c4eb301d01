// Packets that neither end made: a router's message, a router's mark, an attacker's segments.
//
// RFC 792 and RFC 1191 §4 (fragmentation needed), RFC 3168 §5 (CE), RFC 9293 §3.1. IPv4 alone:
// scenarios have no other.
//
// Next: lab.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/wire/tcp.h"

namespace glasstcp::lab {

/// What the router 192.0.2.254 says of a packet that is larger than `mtu` bytes.
[[nodiscard]] std::vector<std::uint8_t> too_big_message(ByteView packet, std::uint32_t mtu);

/// Sets "congestion experienced" in a packet that is ECN-capable; others stay as they are, and
/// false is returned.
bool mark_congestion(ByteSpan packet);

/// A segment without data or options.
[[nodiscard]] std::vector<std::uint8_t> forged_segment(const IpAddress& from, const IpAddress& to,
                                                       const TcpHeader& header);

}  // namespace glasstcp::lab
