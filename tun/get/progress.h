// The progress bar of a download: a line that is drawn again and again.
//
// Invariants:
//   1. Drawn at most every kPeriod, and once at the end.
//   2. What a line says is a pure function of numbers; it never exceeds `columns`.
//
// Next: fetch.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stack/base/time.h"

namespace glasstcp {

/// What a line of progress is made of.
struct ProgressNumbers {
  std::uint64_t received = 0;          ///< bytes
  std::optional<std::uint64_t> total;  ///< bytes; empty: the server does not say
  Duration elapsed{};
  std::size_t columns = 80;
};

/// " 45% [=====>      ] 45.0 MB of 100 MB  12.3 MB/s  0:04 left"
[[nodiscard]] std::string progress_line(const ProgressNumbers& numbers);

/// Draws it on stderr.
class ProgressBar {
 public:
  static constexpr Duration kPeriod = 200ms;

  void begin(std::optional<std::uint64_t> total, Instant now) {
    total_ = total;
    start_ = now;
    next_ = now;
  }
  /// Draws if it is time.
  void update(std::uint64_t received, Instant now);
  /// Draws for the last time, and ends the line.
  void end(std::uint64_t received, Instant now);
  /// When update() draws next; kNever when it has not begun.
  [[nodiscard]] Instant next() const { return next_; }

 private:
  void draw(std::uint64_t received, Instant now, const char* behind);

  std::optional<std::uint64_t> total_;
  Instant start_{};
  Instant next_ = kNever;
};

}  // namespace glasstcp
