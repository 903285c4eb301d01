// Congestion control as a seam: facts go in, a window (and, if the algorithm has one, a rate) comes
// out.
//
// RFC 5681, RFC 9293 §3.8.2 (MUST-19, MAY-18). An algorithm is a stateless object shared by all
// connections; what it remembers about one lies in that connection's CongestionState and
// CongestionModel. It has no pointer to the connection.
//
// Invariants:
//   1. cwnd >= 1 MSS, ssthresh >= 2 MSS, always.
//   2. Only a CongestionControl and LossRecovery (../recovery/loss_recovery.h) change cwnd and
//      ssthresh.
//   3. A model may be discarded while nothing is under way: every algorithm can go on with an empty
//      model and the cwnd and ssthresh that were kept.
//
// Next: new_reno.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// "Arbitrarily high": no congestion was seen yet (RFC 5681 §3.1 R5681-04).
inline constexpr std::uint32_t kNoThreshold = 0xffffffffU;
/// Beyond this a window means nothing: a window field with the largest scale cannot offer more.
inline constexpr std::uint32_t kMaxWindow = 1U << 30;
/// "There is no such measurement."
inline constexpr Duration kNoRtt = Duration::min();

/// What every connection keeps, idle or not. Bytes.
struct CongestionState {
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = kNoThreshold;
  /// bytes acknowledged since cwnd last grew (RFC 3465's counter)
  std::uint32_t acked_in_avoidance = 0;
};

/// Space for what an algorithm remembers beyond CongestionState while data is under way; each has a
/// type of its own.
class CongestionModel {
 public:
  static constexpr std::size_t kRoom = 280;

  /// The algorithm's own record, value-initialised at the first use after clear(). `T::kTag`
  /// identifies the algorithm; it is not 0.
  template <typename T>
  [[nodiscard]] T& as() {
    static_assert(sizeof(T) <= kRoom && alignof(T) <= alignof(std::uint64_t));
    static_assert(std::is_trivially_copyable_v<T> && T::kTag != 0);
    if (tag_ != T::kTag) {
      ::new (static_cast<void*>(bytes_.data())) T{};
      tag_ = T::kTag;
    }
    return *std::launder(reinterpret_cast<T*>(bytes_.data()));
  }
  /// The record if there is one.
  template <typename T>
  [[nodiscard]] const T* get() const {
    if (tag_ != T::kTag) return nullptr;
    return std::launder(reinterpret_cast<const T*>(bytes_.data()));
  }
  void clear() { tag_ = 0; }

 private:
  alignas(std::uint64_t) std::array<std::byte, kRoom> bytes_;
  std::uint8_t tag_ = 0;
};

/// One connection's congestion variables, as an algorithm sees them.
struct Congestion {
  CongestionState& state;
  CongestionModel& model;
};

/// What one acknowledgment says about the rate of delivery (draft-ietf-ccwg-bbr §4.1).
struct RateSample {
  std::uint64_t delivered = 0;  ///< bytes delivered on this connection, all in all
  /// `delivered` at the moment when the newest of the segments acknowledged now left
  std::uint64_t prior_delivered = 0;
  Duration interval{};                ///< over which delivered - prior_delivered arrived; 0: none
  std::uint32_t newly_delivered = 0;  ///< bytes that this acknowledgment reports, SACK too
  std::uint32_t newly_lost = 0;       ///< bytes judged lost by it
  std::uint32_t tx_in_flight = 0;     ///< bytes in flight just after that segment left
  std::uint32_t lost_since = 0;       ///< bytes judged lost since that segment left
  bool is_app_limited = false;        ///< the application, not the network, set the rate

  [[nodiscard]] bool is_valid() const { return interval > Duration::zero(); }
  /// Bytes per second; 0 without a valid interval.
  [[nodiscard]] std::uint64_t bytes_per_second() const {
    if (!is_valid()) return 0;
    const auto bytes = delivered - prior_delivered;
    return bytes * 1'000'000'000ULL / static_cast<std::uint64_t>(interval.count());
  }
};

/// What is known when an acknowledgment reported something new.
struct AckFacts {
  Instant now{};
  std::uint32_t acked = 0;  ///< bytes by which snd.una advanced, less those that SACK had reported
  std::uint32_t mss = 0;
  std::uint32_t most_per_ack = 0;  ///< bytes that one ACK may count for in slow start
  std::uint32_t in_flight = 0;     ///< bytes believed to be in the network, after this ACK
  SeqNum una;
  SeqNum nxt;
  Duration rtt = kNoRtt;      ///< measured by this ACK
  Duration srtt = kNoRtt;     ///< smoothed
  Duration min_rtt = kNoRtt;  ///< the least seen lately (RFC 8985 §6.2 step 1)
  /// cwnd, not the application or the peer, held us back (RFC 7661's concern)
  bool window_was_limit = false;
  bool in_recovery = false;
  bool has_sack = false;  ///< more than one loss can be seen in a round trip
  RateSample rate;
};

/// What is known when the network is judged congested.
struct LossFacts {
  Instant now{};
  std::uint32_t flight = 0;  ///< bytes that were outstanding when it was found out (FlightSize)
  std::uint32_t mss = 0;
  SeqNum nxt;
  bool by_ecn = false;  ///< the network said so (RFC 3168); nothing was lost
  /// a further loss in an episode that was reported before: the state saved for an undo is kept
  bool is_further = false;
};

/// One segment that was judged lost, as its entry in the retransmission queue tells
/// (draft-ietf-ccwg-bbr §5.5.10).
struct LostSegment {
  Instant now{};
  SeqNum begin;
  SeqNum end;
  std::uint64_t delivered = 0;  ///< bytes delivered on this connection, all in all
  std::uint32_t mss = 0;
  std::uint32_t tx_in_flight = 0;  ///< bytes in flight just after it left
  std::uint32_t lost_since = 0;    ///< bytes judged lost since it left, it included
  bool is_app_limited = false;     ///< when it left
  bool in_recovery = false;        ///< before this loss was known
  bool has_sack = false;

  [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(end - begin); }
};

/// One algorithm.
class CongestionControl {
 public:
  CongestionControl() = default;
  CongestionControl(const CongestionControl&) = delete;
  CongestionControl& operator=(const CongestionControl&) = delete;
  virtual ~CongestionControl() = default;

  /// The handshake is complete: the initial window, in bytes.
  virtual void start(Congestion c, std::uint32_t initial_window) const noexcept = 0;
  /// An acknowledgment reported something new. Loss-based algorithms grow the window by
  /// facts.acked, unless in_recovery: then the window is loss recovery's.
  virtual void on_ack(Congestion c, const AckFacts& facts) const noexcept = 0;
  /// Loss or ECN: sets ssthresh (and what belongs to it), not cwnd. Once per round trip.
  virtual void on_congestion(Congestion c, const LossFacts& facts) const noexcept = 0;
  /// The retransmission timer expired: collapses cwnd. `first`: for this segment (then ssthresh is
  /// lowered too).
  virtual void on_timeout(Congestion c, const LossFacts& facts, bool first) const noexcept = 0;
  /// Nothing was sent for `idle`, longer than a timeout.
  virtual void on_idle(Congestion c, std::uint32_t restart_window, Instant now) const noexcept = 0;
  /// The loss or timeout that on_congestion or on_timeout was told of had not happened: takes back
  /// what it remembers of it. cwnd and ssthresh are restored by the caller, afterwards.
  virtual void on_spurious(Congestion, Instant) const noexcept {}
  /// A segment was judged lost: called for each, before on_congestion or on_timeout.
  virtual void on_segment_lost(Congestion, const LostSegment&) const noexcept {}
  /// A segment is about to leave into an empty network after the application had been the limit.
  virtual void on_restart(Congestion, Instant) const noexcept {}
  /// Recovery ended, cwnd is what it left.
  virtual void on_recovery_exit(Congestion, Instant) const noexcept {}
  /// Whether cwnd is this algorithm's during recovery too (BBR), instead of PRR's.
  [[nodiscard]] virtual bool owns_recovery() const noexcept { return false; }
  /// Whether it now sends less than it could, on purpose: samples of the rate are then marked as
  /// application-limited. Asked after on_ack.
  [[nodiscard]] virtual bool holds_back(const CongestionModel&) const noexcept { return false; }
  /// Bytes per second at which to pace; 0: no rate of its own, pacing takes it from cwnd and srtt.
  [[nodiscard]] virtual std::uint64_t pacing_rate(const CongestionState&,
                                                  const CongestionModel&) const noexcept {
    return 0;
  }
};

}  // namespace glasstcp
