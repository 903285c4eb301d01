// Packets that neither end made: an attacker's segments.
//
// RFC 9293 §3.1.
//
// Next: lab.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/wire/tcp.h"

namespace glasstcp::lab {

/// A segment without data or options.
[[nodiscard]] std::vector<std::uint8_t> forged_segment(const IpAddress& from, const IpAddress& to,
                                                       const TcpHeader& header);

}  // namespace glasstcp::lab
