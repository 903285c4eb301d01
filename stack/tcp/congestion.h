// Congestion control as a seam: facts go in, a window comes out.
//
// RFC 5681, RFC 9293 §3.8.2 (MUST-19, MAY-18). An algorithm is a stateless object shared by all
// connections; what it
// remembers about one lies in that connection's CongestionState. It has no pointer to the
// connection.
//
// Invariants:
//   1. cwnd >= 1 MSS, ssthresh >= 2 MSS, always.
//   2. Only a CongestionControl and Recovery change cwnd and ssthresh.
//
// Next: new_reno.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// "Arbitrarily high": no congestion was seen yet (RFC 5681 §3.1 R5681-04).
inline constexpr std::uint32_t kNoThreshold = 0xffffffffU;

/// What an algorithm keeps per connection. Bytes.
struct CongestionState {
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = kNoThreshold;
  std::uint32_t acked_in_avoidance =
      0;  ///< bytes acknowledged since cwnd last grew (RFC 3465's counter)
};

/// What is known when an acknowledgment advanced snd.una.
struct AckFacts {
  std::uint32_t acked = 0;  ///< bytes newly acknowledged
  std::uint32_t mss = 0;
  std::uint32_t most_per_ack = 0;  ///< bytes that one ACK may count for in slow start
  bool window_was_limit =
      false;  ///< cwnd, not the application or the peer, held us back (RFC 7661's concern)
};

/// One algorithm.
class CongestionControl {
 public:
  CongestionControl() = default;
  CongestionControl(const CongestionControl&) = delete;
  CongestionControl& operator=(const CongestionControl&) = delete;
  virtual ~CongestionControl() = default;

  /// The handshake is complete: the initial window, in bytes.
  virtual void start(CongestionState& state, std::uint32_t initial_window) const noexcept = 0;
  /// New data was acknowledged outside of recovery.
  virtual void on_ack(CongestionState& state, const AckFacts& facts) const noexcept = 0;
  /// Loss was detected with `flight` bytes outstanding: sets ssthresh (and what belongs to it), not
  /// cwnd.
  virtual void on_loss(CongestionState& state, std::uint32_t flight,
                       std::uint32_t mss) const noexcept = 0;
  /// The retransmission timer ended: collapses cwnd. `first`: for this segment (then ssthresh is
  /// lowered too).
  virtual void on_timeout(CongestionState& state, std::uint32_t flight, std::uint32_t mss,
                          bool first) const noexcept = 0;
  /// Nothing was sent for longer than a timeout.
  virtual void on_idle(CongestionState& state, std::uint32_t restart_window) const noexcept = 0;
};

}  // namespace glasstcp
