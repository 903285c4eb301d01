// Identifications for IPv4 packets that routers may cut: no number comes again within the life of a
// packet.
//
// RFC 6864 §4.3 (no repetition for one source, destination and protocol within the maximum datagram
// lifetime), §5.2 (a source that could send faster holds back), §4.2 (a copy has a number of its
// own). There are 65536 numbers and a life is two minutes: 500 a second and 5000 at once.
//
// A destination's counter keeps step with the time: at `now` it is at least 500 times the seconds
// gone by, and at most 5000 more. So two uses of a number are 65536 counts, or 121 seconds, apart,
// and nothing has to be remembered of when each was used.
//
// Invariants:
//   1. A number comes again to the same destination after two minutes at the earliest.
//   2. A counter is never forgotten; destinations whose hash agrees share one, and its rate.
//
// Leaves out: ICMP, which counts for itself (outbox.h): another protocol, another numbering.
//
// Next: reassembly.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/time.h"

namespace glasstcp {

/// The counters of all destinations. 8 KB.
class Identifications {
 public:
  static constexpr std::uint32_t kPerSecond = 500;
  static constexpr std::uint32_t kBurst = 5000;

  explicit Identifications(const Seed& seed);

  /// The first of `count` numbers in a row, modulo 2^16, for packets to `remote`; empty: there are
  /// not so many left now.
  [[nodiscard]] std::optional<std::uint16_t> take(const IpAddress& remote, std::uint32_t count,
                                                  Instant now);

 private:
  static constexpr std::size_t kCounters = 1024;

  KeyedHash hash_;
  std::array<std::uint64_t, kCounters> next_{};
};

}  // namespace glasstcp
