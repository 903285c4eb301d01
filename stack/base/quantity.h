// Sizes and durations as people write them on a command line: 512M, 30s, 50us.
//
// Invariants:
//   1. What is not wholly a quantity is refused; nothing overflows silently.
//
// Next: ../../tun/cli/options.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stack/base/time.h"

namespace glasstcp {

/// Bytes: a whole number with an optional K, M, G or T (powers of 1024), then optional B or iB.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// A length of time: a whole number with an optional us, ms, s, min or h; a bare number counts
/// `unit`.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, Duration unit);

}  // namespace glasstcp
