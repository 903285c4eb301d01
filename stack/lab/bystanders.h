// Other hosts of the network that ping one end: what a capture outside of a laboratory has, too,
// and why the frame numbers of a quiz are other ones for each student.
//
// RFC 792 (echo).
//
// Next: quiz.h.
#pragma once

#include <vector>

#include "stack/base/random.h"
#include "stack/lab/scenario.h"

namespace glasstcp::lab {

/// Whether an address is that of such a host: 192.0.2.100 to 192.0.2.199.
[[nodiscard]] bool is_bystander(const IpAddress& address);

/// Between 16 and 48 pings of `to`, of a few hosts, from 1 ms to 8 s after the start: about as many
/// in the first 10 ms as in the next 90. None after `until` (0: no limit).
[[nodiscard]] std::vector<Statement> pings(SeededRandom& random, Side to, Duration until);

/// The packet of Deed::Ping: an echo request of 56 bytes of data.
[[nodiscard]] std::vector<std::uint8_t> ping_packet(const Action& action);

}  // namespace glasstcp::lab
