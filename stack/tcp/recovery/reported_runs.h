// Which runs of reported bytes decide what is lost, where RACK is switched off.
//
// RFC 6675 §4 (IsLost): lost is what lies below three runs of reported bytes, or below more than two
// segments' worth of them. So only the highest runs matter: what is reported below the lowest of
// those adds nothing. They are kept here, since a walk down the flight for each ACK would be work
// that a peer may ask for as often as it likes.
//
// Invariants:
//   1. The runs stand from the highest to the lowest; between two of them lies at least one byte.
//   2. Below `bound_`, if there is one, everything is lost; no run ends there.
//
// Next: find_losses.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"

namespace glasstcp {

/// The highest runs of bytes that one connection's peer has reported. 80 bytes.
class ReportedRuns {
 public:
  /// [begin, end) is reported for the first time.
  void add(SeqNum begin, SeqNum end) {
    if (has_bound_ && end <= bound_) return;
    std::size_t at = 0;
    while (at < size_ && runs_[at].begin > end) ++at;
    if (at < size_ && runs_[at].end >= begin) return grow(at, begin, end);
    if (at == kMost) return;
    if (size_ == kMost) --size_;
    for (std::size_t i = size_++; i > at; --i) runs_[i] = runs_[i - 1];
    runs_[at] = {begin, end};
  }

  /// Everything before it is lost, whatever else is reported; empty: nothing is. `una`: before it
  /// all is acknowledged; `mss`: bytes of a segment.
  [[nodiscard]] std::optional<SeqNum> lost_below(SeqNum una, std::uint32_t mss) {
    drop_below(una);
    std::uint32_t above = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      above += static_cast<std::uint32_t>(runs_[i].end - runs_[i].begin);
      if (above <= (kDupThresh - 1) * mss && i + 1 < kDupThresh) continue;
      if (!has_bound_ || runs_[i].begin > bound_) bound_ = runs_[i].begin;
      has_bound_ = true;
      size_ = i + 1;
    }
    return has_bound_ ? std::optional(bound_) : std::nullopt;
  }

  void clear() {
    size_ = 0;
    has_bound_ = false;
  }

 private:
  static constexpr std::uint32_t kDupThresh = 3;
  // Two that are not enough, one that is, four that an ACK reports, and one in reserve.
  static constexpr std::size_t kMost = 8;
  struct Run {
    SeqNum begin;
    SeqNum end;
  };

  // [begin, end) touches the run at `at`, and maybe those below it.
  void grow(std::size_t at, SeqNum begin, SeqNum end) {
    Run& run = runs_[at];
    run.begin = earlier(run.begin, begin);
    run.end = later(run.end, end);
    std::size_t below = at + 1;
    for (; below < size_ && runs_[below].end >= run.begin; ++below)
      run.begin = earlier(run.begin, runs_[below].begin);
    std::size_t to = at + 1;
    while (below < size_) runs_[to++] = runs_[below++];
    size_ = to;
  }

  void drop_below(SeqNum una) {
    if (has_bound_ && bound_ <= una) has_bound_ = false;
    while (size_ > 0 && runs_[size_ - 1].end <= una) --size_;
    if (size_ > 0) runs_[size_ - 1].begin = later(runs_[size_ - 1].begin, una);
  }

  std::array<Run, kMost> runs_{};
  std::size_t size_ = 0;
  SeqNum bound_;
  bool has_bound_ = false;
};

}  // namespace glasstcp
