// Which numbers of a stream have been on the wire: what comes again is then known to come again,
// whether the first was taken or not.
//
// RFC 9293 §3.4 (numbers on a circle), RFC 2018 §3 (why there are gaps).
//
// Invariants:
//   1. Ranges are in order, do not touch, and lie above the floor; all below the floor was seen.
//   2. One range too many is forgotten: then less is known, never too much.
//
// Next: connection_memory.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"

namespace glasstcp {

/// One direction of one connection.
class SeenRanges {
 public:
  /// A stream begins: nothing from `first` on was seen.
  void begin_at(SeqNum first) {
    floor_ = end_ = first;
    count_ = 0;
  }
  /// Behind the highest number that was sent; empty before begin_at().
  [[nodiscard]] std::optional<SeqNum> end() const { return end_; }
  /// Their sender had come as far as `seq`, though what lies before need not have been seen: an ACK
  /// without data has the number of what follows.
  void note_sent_up_to(SeqNum seq) { end_ = end_ ? later(*end_, seq) : seq; }
  /// Numbers of [begin, end) that were seen before; from now on all of them are.
  std::uint32_t add(SeqNum begin, SeqNum end) {
    if (!floor_) floor_ = begin;
    note_sent_up_to(end);
    std::uint32_t seen = begin < *floor_ ? size_of(begin, earlier(end, *floor_)) : 0;
    begin = later(begin, *floor_);
    if (!(begin < end)) return seen;
    Range joined{begin, end};
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const Range range = ranges_[i];
      if (range.end < begin || end < range.begin) {
        ranges_[kept++] = range;
        continue;
      }
      seen += size_of(later(range.begin, begin), earlier(range.end, end));
      joined = {earlier(joined.begin, range.begin), later(joined.end, range.end)};
    }
    count_ = kept;
    insert(joined);
    return seen;
  }

 private:
  static constexpr std::size_t kMost = 16;
  struct Range {
    SeqNum begin, end;
  };

  static std::uint32_t size_of(SeqNum begin, SeqNum end) {
    return begin < end ? static_cast<std::uint32_t>(end - begin) : 0;
  }
  void insert(Range range) {
    if (range.begin == *floor_) {
      floor_ = range.end;
      return;
    }
    if (count_ == kMost) return;
    std::size_t at = count_++;
    for (; at > 0 && range.end < ranges_[at - 1].begin; --at) ranges_[at] = ranges_[at - 1];
    ranges_[at] = range;
  }

  std::optional<SeqNum> floor_;
  std::optional<SeqNum> end_;  // known also where a range is forgotten or was not seen
  std::array<Range, kMost> ranges_{};
  std::size_t count_ = 0;
};

}  // namespace glasstcp
