// CUBIC: a window that grows by the time since the last loss, not by the number of round trips.
//
// RFC 9438. After a loss at the window W_max the window is cut to 0.7 of it and then follows
// W(t) = 0.4 (t - K)^3 + W_max: fast at first, flat around W_max, which it reaches after K seconds,
// and then ever faster, in search of more. Where Reno would be faster (short or small paths), it
// grows as Reno does. Slow start is HyStart++ (hystart.h).
//
// All arithmetic is in 64-bit integers, so that the same run gives the same windows on every
// machine: windows in bytes, time in 1/65536 s.
//
// Invariants:
//   1. Those of congestion_control.h.
//   2. Time in which the application was the limit, or nothing was sent, is not part of t.
//
// Next: hystart.h.
#pragma once

#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/hystart.h"

namespace glasstcp {

/// The curve of one congestion-avoidance stage, and what it is drawn from. What an undo restores.
struct CubicCurve {
  Instant epoch = kNever;        ///< when the stage began; kNever: it has not
  std::int64_t k = 0;            ///< from there until W_max is reached, in 1/65536 s
  std::uint64_t w_est = 0;       ///< Reno's window now, in 1/65536 byte
  std::uint32_t w_max = 0;       ///< where the curve is flat; 0: nothing is known
  std::uint32_t cwnd_prior = 0;  ///< the window before the last cut
};

/// What CUBIC remembers of a connection.
struct CubicModel {
  static constexpr std::uint8_t kTag = 2;
  CubicCurve curve;
  CubicCurve saved;  ///< before the last congestion event, in case that was spurious
  Instant last_ack{};
  /// fraction of a byte by which cwnd has still to grow, in units of 1/cwnd
  std::uint64_t remainder = 0;
  HyStart hystart;
  bool was_limited = false;  ///< cwnd was the limit when the last ACK came
  bool has_acks = false;     ///< last_ack is valid
};

/// W_cubic(t): the curve `elapsed` after its beginning, in bytes; never above kMaxWindow.
[[nodiscard]] std::uint32_t cubic_window(const CubicCurve& curve, Duration elapsed,
                                         std::uint32_t mss);
/// K for a curve that begins at `cwnd` and is flat at `w_max` >= cwnd, in 1/65536 s.
[[nodiscard]] std::int64_t cubic_k(std::uint32_t w_max, std::uint32_t cwnd, std::uint32_t mss);

/// RFC 9438's algorithm.
class Cubic final : public CongestionControl {
 public:
  /// `hystart`: leave the first slow start by delay (RFC 9406), not by loss only.
  explicit Cubic(bool hystart = true) : hystart_(hystart) {}

  void start(Congestion c, std::uint32_t initial_window) const noexcept override;
  void on_ack(Congestion c, const AckFacts& facts) const noexcept override;
  void on_congestion(Congestion c, const LossFacts& facts) const noexcept override;
  void on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept override;
  void on_idle(Congestion c, std::uint32_t restart_window, Instant now) const noexcept override;
  void on_restart(Congestion c, Instant now) const noexcept override;
  void on_spurious(Congestion c, Instant now) const noexcept override;

 private:
  bool hystart_;
};

}  // namespace glasstcp
