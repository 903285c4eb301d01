// Challenge ACKs, limited per connection.
//
// RFC 5961 §7 asks for a limit; CVE-2016-5696 showed that one counter shared by all connections
// tells an outsider about the others. Hence one small counter per connection.
//
// Invariants:
//   1. At most `per_second` challenge ACKs leave one connection within a second.
//
// Next: timer_table.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

// RFC 5961 §7 R5961-06, R5961-07: throttled, and the counter is the connection's own.
/// 4 bytes; the second is kept modulo 2^16, so a connection that was silent for exactly 18.2 hours
/// finds an old count, which does no harm.
class ChallengeLimit {
 public:
  /// Whether one more may leave now; counts it.
  bool take(Instant now, std::uint32_t per_second) {
    const auto second = static_cast<std::uint16_t>(now.time_since_epoch() / 1s);
    if (second != second_) {
      second_ = second;
      sent_ = 0;
    }
    if (sent_ >= per_second) return false;
    ++sent_;
    return true;
  }

 private:
  std::uint16_t second_ = 0;
  std::uint16_t sent_ = 0;
};

}  // namespace glasstcp
