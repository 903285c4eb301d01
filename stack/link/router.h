// What a router between two hosts does to packets beside forwarding them: it says that one is too
// big for the next link, and it marks one where it would drop it. Both IP versions; the lab's
// channel and the simulation's path share it.
//
// RFC 792 and RFC 1191 §4, RFC 4443 §3.2 (too big); RFC 3168 §5 (the mark).
//
// Invariants:
//   1. Checksums of what comes out are right.
//
// Next: impairment.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"

namespace glasstcp {

/// What `router` says of an IP packet that is larger than `mtu` bytes, to who sent it; with as much
/// of the packet as fits a message that passes everywhere. `router` has the packet's IP version.
[[nodiscard]] std::vector<std::uint8_t> too_big_message(const IpAddress& router, ByteView packet,
                                                        std::uint32_t mtu);

/// Sets "congestion experienced" in an IP packet that is ECN-capable; false: it is not, and stays
/// as it is.
bool mark_congestion(ByteSpan packet);

}  // namespace glasstcp
