// Numbers and times as a scenario writes them: "20000", "64K", "1460*3+100", "$rtt*2 + 5ms" once
// its variables stand there as text.
//
// Sums of products, from left to right; "/" divides and drops the remainder.
//
// Invariants:
//   1. Whole numbers alone: every platform computes the same.
//   2. What overflows, is negative or mixes times with numbers is refused.
//
// Next: scenario_reader.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stack/base/time.h"

namespace glasstcp::lab {

/// A number of bytes, packets, ...; empty: it is none.
[[nodiscard]] std::optional<std::uint64_t> evaluate_number(std::string_view text);
/// A length of time; each needs a unit, and may have three digits behind a point. Empty: it is
/// none.
[[nodiscard]] std::optional<Duration> evaluate_time(std::string_view text);
/// "17ms", "250us", "3s": what evaluate_time reads as the same.
[[nodiscard]] std::string time_text(Duration time);

}  // namespace glasstcp::lab
