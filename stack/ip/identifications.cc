// Counters that follow the clock. See identifications.h.
#include "stack/ip/identifications.h"

#include <algorithm>

namespace glasstcp {

Identifications::Identifications(const Seed& seed)
    : hash_(derive_key(seed, "datagram identification")) {}

// RFC 6864 §4.3 R6864-02, §5.2 R6864-03.
std::optional<std::uint16_t> Identifications::take(const IpAddress& remote, std::uint32_t count,
                                                   Instant now) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count(), 0));
  const std::uint64_t least = micros * kPerSecond / 1'000'000;
  const std::uint64_t hash = hash_(remote.bytes());
  std::uint64_t& next = next_[hash % kCounters];
  const std::uint64_t first = std::max(next, least);
  if (first + count > least + kBurst) return std::nullopt;
  next = first + count;
  // Each destination begins elsewhere, so that one cannot read off what another is sent.
  return static_cast<std::uint16_t>(first + (hash >> 48));
}

}  // namespace glasstcp
