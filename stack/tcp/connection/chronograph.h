// What a sender waited for, as time spent: the network, the peer's window, or its own buffer.
//
// RFC 9293 §3.10.6 (STATUS) leaves open what is reported; these are the three times of TCP_INFO.
//
// Invariants:
//   1. At every moment at most one of the three runs, so their sum is the time that data waited.
//
// Next: ../user_types.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// What data waits for.
enum class SendLimit : std::uint8_t {
  None,    ///< there is none
  Busy,    ///< the network: the congestion window, or acknowledgments
  Window,  ///< the peer's window
  Buffer,  ///< the application would send more if the buffer took it
};

/// Time under each limit so far.
class Chronograph {
 public:
  void switch_to(SendLimit limit, Instant now) {
    if (limit == limit_) return;
    spent_[index(limit_)] += now - since_;
    limit_ = limit;
    since_ = now;
  }
  [[nodiscard]] Duration spent(SendLimit limit, Instant now) const {
    return spent_[index(limit)] + (limit == limit_ ? now - since_ : Duration::zero());
  }
  /// All the time that data waited.
  [[nodiscard]] Duration busy(Instant now) const {
    return spent(SendLimit::Busy, now) + spent(SendLimit::Window, now) +
           spent(SendLimit::Buffer, now);
  }

 private:
  static constexpr std::size_t index(SendLimit limit) { return static_cast<std::size_t>(limit); }

  std::array<Duration, 4> spent_{};
  Instant since_{};
  SendLimit limit_ = SendLimit::None;
};

}  // namespace glasstcp
