// When the next packet may leave: what cwnd allows is spread over the round trip, in small bursts.
//
// draft-ietf-ccwg-bbr §5.6.2, §5.6.3; RFC 9438 and RFC 5681 leave pacing to us. A burst (quantum)
// is a millisecond's worth, so that segmentation offload and one wake-up of the loop carry it.
// Where a quantum takes less than the loop can tell apart, or the whole round trip is that short,
// pacing does nothing.
//
// Invariants:
//   1. In any time T at most rate * T bytes plus two quanta and a segment leave.
//   2. A sender that comes late may make up for one quantum, not more.
//
// Leaves out: the timer that wakes the sender (timers.cc), and the rate that a model chooses
// (bbr.h).
//
// Next: ../connection/user_calls.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/congestion/congestion_control.h"

namespace glasstcp {

// What the loop can do.
inline constexpr Duration kPacingLeastSrtt = 1ms;          ///< shorter round trips are not paced
inline constexpr Duration kPacingLeastInterval = 100us;    ///< nor those where a quantum takes less
inline constexpr std::uint32_t kPacingMostBurst = 65'536;  ///< bytes of a quantum: a GSO packet's

/// What the rate is made of.
struct PacingFacts {
  std::uint64_t own_rate = 0;  ///< the algorithm's, bytes per second; 0: it has none
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = kNoThreshold;
  std::uint32_t mss = 0;
  Duration srtt = kNoRtt;
  Duration least_rtt = kNoRtt;   ///< seen lately; kNoRtt: not known
  bool is_first_flight = false;  ///< nothing was acknowledged yet
};

/// Whether nothing but the SYN was acknowledged yet. Not a comparison: RFC 9293 §3.4's numbers come
/// round, and half of the circle lies "before" the first one.
[[nodiscard]] constexpr bool is_first_flight(SeqNum iss, SeqNum una) {
  return una == iss || una == iss + 1;
}

/// A rate, and the burst that goes with it. Rate 0: send at once.
struct Pace {
  std::uint64_t rate = 0;     ///< bytes per second
  std::uint32_t quantum = 0;  ///< bytes

  [[nodiscard]] bool is_on() const { return rate != 0; }
  /// How long `bytes` take.
  [[nodiscard]] Duration time_for(std::uint64_t bytes) const {
    return Duration(static_cast<std::int64_t>(bytes * 1'000'000'000ULL / rate));
  }

  /// What to do for a connection as `facts` tell.
  [[nodiscard]] static Pace choose(const PacingFacts& facts) {
    // RFC 6928 §2: the initial window leaves at once: ten segments are no burst that hurts, and
    // most answers are no longer.
    if (facts.is_first_flight || facts.srtt < kPacingLeastSrtt) return {};
    Pace pace{facts.own_rate == 0 ? from_window(facts) : facts.own_rate, 0};
    if (pace.rate == 0) return {};
    // draft-ietf-ccwg-bbr §5.6.3: a millisecond's worth, at most a GSO packet, at least two
    // segments (which one ACK answers), all of them full.
    const auto millisecond =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(pace.rate / 1000, kPacingMostBurst));
    const std::uint32_t mss = std::max<std::uint32_t>(facts.mss, 1);
    pace.quantum = std::max(millisecond / mss, 2U) * mss;
    if (pace.time_for(pace.quantum) < kPacingLeastInterval) return {};
    return pace;
  }

 private:
  // The window over a round trip, and more: twice in slow start, where the window doubles within
  // it, and 1.2 times later, so that the window and not the pace stays the limit. Close to ssthresh
  // slow start ends within the round trip, so twice would be a burst for nothing. The round trip is
  // the path's own: the smoothed one remembers for many samples what a slow first answer took, or a
  // queue that is gone, and the pace would hold the window back while there is room.
  [[nodiscard]] static std::uint64_t from_window(const PacingFacts& facts) {
    const std::uint64_t tenths = facts.cwnd < facts.ssthresh / 2 ? 20 : 12;
    const Duration rtt =
        facts.least_rtt > Duration::zero() ? std::min(facts.least_rtt, facts.srtt) : facts.srtt;
    const auto rtt_ns = static_cast<std::uint64_t>(rtt.count());
    return std::uint64_t{facts.cwnd} * tenths / 10 * 1'000'000'000ULL / rtt_ns;
  }
};

/// The departures of one connection. 16 bytes.
class Pacing {
 public:
  /// When the next segment may leave: `now`, or later.
  [[nodiscard]] Instant next_send(Instant now) const {
    return burst_left_ > 0 ? now : std::max(now, next_);
  }
  /// How many bytes may leave at `now` with this pace: what one GSO packet may hold.
  [[nodiscard]] std::uint32_t allowance(Instant now, const Pace& pace) const {
    if (!pace.is_on()) return kMaxWindow;
    return now >= next_ ? pace.quantum : burst_left_;
  }
  /// `bytes` left. What leaves without asking (a retransmission, a probe) counts as well.
  void on_sent(std::uint32_t bytes, Instant now, const Pace& pace) {
    if (!pace.is_on()) {
      next_ = now;
      burst_left_ = 0;
      return;
    }
    if (now >= next_) {
      next_ = std::max(next_, now - pace.time_for(pace.quantum));
      burst_left_ = pace.quantum;
    }
    next_ += pace.time_for(bytes);
    burst_left_ -= std::min(burst_left_, bytes);
  }

 private:
  Instant next_{};  // when all that was sent would have been sent at exactly the rate
  std::uint32_t burst_left_ = 0;
};

}  // namespace glasstcp
