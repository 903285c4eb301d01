// What a segment in flight notes at its departure, for the rate sample that its acknowledgment
// gives.
//
// draft-ietf-ccwg-bbr §4.1.2.1 (per-packet state). Apart from the sampler, since the
// retransmission queue keeps it for each of its entries.
//
// Next: delivery_rate.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// What a segment in flight remembers of the moment when it (last) left. 32 bytes.
struct DeliveryStamp {
  std::uint64_t delivered = 0;          ///< bytes delivered on the connection by then
  Instant delivered_at{};               ///< when the last of those was
  Instant first_sent_at{};              ///< when the segment left that was last delivered by then
  std::uint32_t lost = 0;               ///< bytes judged lost by then, modulo 2^32
  std::uint32_t tx_in_flight : 31 = 0;  ///< bytes in flight with this segment; < 2^31 (kMaxWindow)
  std::uint32_t is_app_limited : 1 = 0;
};
static_assert(sizeof(DeliveryStamp) == 32);

}  // namespace glasstcp
