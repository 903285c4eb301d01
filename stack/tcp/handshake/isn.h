// Where a connection's numbers start: initial sequence numbers and timestamp offsets that outsiders
// cannot guess.
//
// RFC 6528: ISN = M + F(four-tuple, secret), M a clock of 4 us ticks. RFC 7323 §7.1: a secret
// offset per four-tuple for the timestamp clock, so that timestamps tell nothing about uptime and
// still grow from one incarnation to the next.
//
// Invariants:
//   1. The same tuple later in time gets a larger number (until M wraps, 4.8 hours), which
//   TIME-WAIT reuse stands on.
//
// Next: ../timestamps.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// Makes initial sequence numbers. One per stack; the keys come from the stack's seed.
class IsnGenerator {
 public:
  // RFC 6528 §4 R6528-03: the secret comes from the seed, which is 32 random bytes in production.
  IsnGenerator(const Seed& seed, std::optional<std::uint32_t> fixed)
      : isn_hash_(derive_key(seed, "isn")),
        ts_hash_(derive_key(seed, "timestamps")),
        fixed_(fixed) {}

  // RFC 9293 §3.4.1 MUST-8, MUST-9, SHLD-1; RFC 6528 §3 R6528-01, R6528-02: clock plus keyed hash.
  /// The ISN of a connection that opens at `now`.
  [[nodiscard]] SeqNum generate(const FourTuple& tuple, Instant now) const {
    if (fixed_) return SeqNum(*fixed_);
    const auto ticks = static_cast<std::uint32_t>(to_us(now.time_since_epoch()) / 4);
    return SeqNum(ticks + static_cast<std::uint32_t>(isn_hash_(tuple)));
  }

  // RFC 7323 §7.1 R7323-23, RFC 6191 §3 R6191-03: the offset depends on the tuple alone, so the
  // clock of a tuple is monotonic.
  /// The offset of the tuple's timestamp clock.
  [[nodiscard]] std::uint32_t timestamp_offset(const FourTuple& tuple) const {
    return static_cast<std::uint32_t>(ts_hash_(tuple));
  }

 private:
  KeyedHash isn_hash_;
  KeyedHash ts_hash_;
  std::optional<std::uint32_t> fixed_;
};

}  // namespace glasstcp
