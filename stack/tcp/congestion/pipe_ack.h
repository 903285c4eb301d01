// What the path carried lately in one round trip: the measure of how much of the congestion window
// is justified.
//
// RFC 7661 §4.2 (pipeACK). A round lasts from one acknowledgment until all that was outstanding at
// that moment is acknowledged. The answer is the most that one round acknowledged within the last
// max(3 RTT, 1 s); it is kept as two half periods, so it covers between one and two of them.
//
// Invariants:
//   1. No round counts that lay in loss recovery, in part or whole: forget() is called there.
//   2. Undefined until one round has ended.
//
// Leaves out: what follows from it (window_validation.cc).
//
// Next: window_use.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// RFC 7661's pipeACK of one connection. Bytes.
class PipeAck {
 public:
  /// RFC 7661 §4.2 R7661-01: the pipeACK sampling period.
  static constexpr Duration period(Duration srtt) { return std::max<Duration>(3 * srtt, 1s) / 2; }

  /// snd.una moved from `prior` to `una`, outside of recovery. True: a round ended.
  bool on_acked(SeqNum prior, SeqNum una, SeqNum nxt, Instant now, Duration srtt) {
    if (!in_round_) {
      begin_ = prior;
      end_ = nxt;
      in_round_ = true;
    }
    if (una < end_) return false;
    add(static_cast<std::uint32_t>(una - begin_), now, srtt);
    // Where nothing is outstanding the next round begins with the next acknowledgment.
    in_round_ = una != nxt;
    begin_ = una;
    end_ = nxt;
    return true;
  }
  // RFC 7661 §4.5.1: of a sender that was silent for longer it is zero.
  [[nodiscard]] std::optional<std::uint32_t> get(Instant now, Duration srtt) const {
    if (!is_defined_) return std::nullopt;
    if (now - since_ >= 2 * period(srtt)) return 0;
    return std::max(present_, past_);
  }
  // RFC 7661 §4.4.1 R7661-05.
  /// Undefined again: after a loss, and while one is repaired.
  void forget() { is_defined_ = in_round_ = false; }

 private:
  void add(std::uint32_t sample, Instant now, Duration srtt) {
    const Duration age = now - since_;
    if (!is_defined_ || age >= period(srtt)) {
      past_ = is_defined_ && age < 2 * period(srtt) ? present_ : 0;
      present_ = 0;
      since_ = now;
    }
    present_ = std::max(present_, sample);
    is_defined_ = true;
  }

  Instant since_{};  // when `present_` began
  SeqNum begin_;     // of the round
  SeqNum end_;
  std::uint32_t present_ = 0;
  std::uint32_t past_ = 0;
  bool is_defined_ = false;
  bool in_round_ = false;
};

}  // namespace glasstcp
