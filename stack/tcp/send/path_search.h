// Finding out how large a packet may be without being told: one larger segment of real data is
// tried now and then; if it arrives, the path takes that size.
//
// RFC 4821 (packetization layer path MTU discovery), RFC 8899 §5. Messages about packets that were
// too big are often filtered; then large packets vanish in a "black hole" while small ones pass.
//
// Invariants:
//   1. floor <= low <= high; packets of `low` are believed to pass, of more than `high` not.
//   2. At most one probe is on its way, and only a probe is larger than `low`.
//   3. After a search has converged, none begins for ten minutes.
//
// Leaves out: when a probe may leave (segment_size.h), and what its loss means for congestion
// (../connection/path_mtu.cc).
//
// Next: ../recovery/retransmission_queue.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// The search on one connection. Sizes are of whole packets, in bytes.
class PathSearch {
 public:
  /// A search that differs by less is over (RFC 4821 §7.3).
  static constexpr std::uint16_t kResolution = 8;
  /// RFC 4821 §7.3 R4821-04: five minutes at least; ten, like the age of a message's estimate.
  static constexpr Duration kRest = 10min;
  static constexpr std::uint8_t kInconclusive = 2;

  /// Begins at `low`, known or believed to pass, towards `high`.
  PathSearch(std::uint16_t low, std::uint16_t high) : low_(std::min(low, high)), high_(high) {}

  [[nodiscard]] std::uint16_t low() const { return low_; }
  /// The size to try next; 0: none now.
  [[nodiscard]] std::uint16_t next_size(Instant now) const {
    if (has_probe_ || (rests_ && now < rests_until_)) return 0;
    if (high_ - low_ < kResolution) return 0;
    // RFC 4821 §7.3: the middle; but first the upper end, if a message named it, or if it is near
    // and no probe of it has been lost.
    const auto middle = static_cast<std::uint16_t>(low_ + (high_ - low_ + 1) / 2);
    const bool is_near = high_ - middle < 2 * kResolution;
    return bound_ == Bound::Named || (bound_ == Bound::Untried && is_near) ? high_ : middle;
  }
  /// A packet of `size` with the data [begin, end) left.
  void on_probe_sent(std::uint16_t size, SeqNum begin, SeqNum end) {
    has_probe_ = true;
    size_ = size;
    begin_ = begin;
    end_ = end;
  }
  [[nodiscard]] bool has_probe() const { return has_probe_; }
  [[nodiscard]] SeqNum probe_begin() const { return begin_; }
  [[nodiscard]] SeqNum probe_end() const { return end_; }

  /// The probe arrived: larger packets pass.
  void on_probe_arrived() {
    has_probe_ = false;
    low_ = std::max(low_, size_);
    may_be_cut_ = false;
  }
  /// The probe alone was lost (RFC 4821 §7.6.2).
  void on_probe_lost() {
    has_probe_ = false;
    if (size_ <= high_) bound_ = Bound::Failed;  // else a message has lowered high_ already
    high_ = std::max(low_, std::min<std::uint16_t>(high_, static_cast<std::uint16_t>(size_ - 1)));
  }
  /// A timeout lost others with it: that says nothing (RFC 4821 §7.6.4), unless it comes again.
  void on_probe_inconclusive() {
    if (!has_probe_) return;
    has_probe_ = false;
    if (++inconclusive_ < kInconclusive) return;
    inconclusive_ = 0;
    on_probe_lost();
  }
  /// A message says that the path takes no more than `size`; a probe that is on its way will be
  /// found lost.
  void lower_to(std::uint16_t size) {
    if (size < high_) bound_ = Bound::Named;
    high_ = std::min(high_, size);
    low_ = std::min(low_, high_);
  }
  /// Packets of `low` vanish as well: begins again from `size` (RFC 4821 §7.7).
  void fall_back(std::uint16_t size) {
    has_probe_ = false;
    bound_ = Bound::Failed;
    high_ = std::max(low_, size);
    low_ = std::min(low_, size);
    rests_ = false;
    rests_until_ = {};
  }
  /// Packets of the least size vanish as well: routers may cut them, until a larger one has
  /// arrived.
  void let_be_cut() { may_be_cut_ = true; }
  [[nodiscard]] bool may_be_cut() const { return may_be_cut_; }
  /// Time passes: a search that has converged begins its rest, or ends it, since what did not pass
  /// may pass now. `limit`: what the device and the peer take.
  void wake(Instant now, std::uint16_t limit) {
    if (!rests_ && high_ - low_ < kResolution) {
      rests_ = true;
      rests_until_ = now + kRest;
    } else if (rests_ && now >= rests_until_) {
      rests_ = false;
      high_ = std::max(low_, limit);
      bound_ = Bound::Untried;
    }
  }

 private:
  enum class Bound : std::uint8_t { Untried, Named, Failed };

  SeqNum begin_;
  SeqNum end_;
  Instant rests_until_{};
  std::uint16_t low_;
  std::uint16_t high_;
  std::uint16_t size_ = 0;
  Bound bound_ = Bound::Untried;
  std::uint8_t inconclusive_ = 0;
  bool has_probe_ = false;
  bool rests_ = false;
  bool may_be_cut_ = false;
};

}  // namespace glasstcp
