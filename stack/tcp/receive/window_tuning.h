// How large a receive buffer is: it grows to a few round trips' worth of what its reader takes, and
// what is not used goes back to the budget.
//
// RFC 9293 §3.8.6 (SHLD-14), RFC 7323 §1 (windows as large as the path). Known as dynamic
// right-sizing: what the reader takes in one round trip is what the sender could send in one.
//
// Invariants:
//   1. bytes() are reserved from the budget.
//   2. bytes() never falls below what is offered and what is unread: the window's right edge stays.
//
// Next: receiver.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "stack/base/time.h"
#include "stack/tcp/receive/receive_context.h"

namespace glasstcp {

/// What the size of a receive buffer follows.
struct ReadFacts {
  Duration round_trip{};      ///< of the path, smoothed; how long one is taken for if unmeasured
  std::uint32_t largest = 0;  ///< bytes that the buffer may grow to
  std::uint32_t segment = 0;  ///< bytes of the largest segment that came
};

/// The size of one connection's receive buffer. 17 bytes.
class ReceiveBufferSize {
 public:
  /// `bytes` are reserved already.
  explicit ReceiveBufferSize(std::uint32_t bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint32_t bytes() const { return bytes_; }
  /// When the application read last, to a round trip; of the stack's time, modulo 2^32.
  [[nodiscard]] std::uint32_t last_read_ms() const { return measured_since_ms_; }
  /// The application took `n` bytes; `in_use` are offered or unread now. Gives back what the reader
  /// turned out not to need.
  void on_read(ReceiveContext& context, std::size_t n, std::uint32_t in_use, Instant now) {
    if (consumed_ == 0) measured_since_ms_ = milliseconds_of(now);
    consumed_ += static_cast<std::uint32_t>(std::min<std::size_t>(n, 1U << 20));
    if (gives_back_) give_back(context, in_use);
  }
  /// Reading was measured for long enough to follow it, if the path's round trip is not longer.
  [[nodiscard]] bool is_measured(Instant now) const {
    return milliseconds_of(now) - measured_since_ms_ >= kLeastRoundMs;
  }
  /// Once for each round trip: grows if the reader took much in it, and sees whether all is needed.
  void follow(ReceiveContext& context, const ReadFacts& facts, Instant now);

 private:
  // A shorter round trip than this measures the scheduling of the two hosts.
  static constexpr std::uint32_t kLeastRoundMs = 2;

  void grow(ReceiveContext& context, std::uint64_t wanted, std::uint32_t largest);
  void give_back(ReceiveContext& context, std::uint32_t in_use);

  std::uint32_t bytes_;
  std::uint32_t consumed_ = 0;           // bytes read since measured_since_ms_
  std::uint32_t measured_since_ms_ = 0;  // of the stack's time, modulo 2^32
  std::uint32_t needed_at_ms_ = 0;       // when a good part of it was used last
  bool gives_back_ = false;              // it is larger than its reader needs
};

}  // namespace glasstcp
