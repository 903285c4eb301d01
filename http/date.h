// Dates of HTTP: written in one format, read in three, without the C library's calendar or a time
// zone.
//
// RFC 9110 §5.6.7. The wall time is handed in as seconds since 1970 UTC; nothing here asks a clock.
//
// Invariants:
//   1. format_date() writes exactly kDateLength characters for years 0..9999.
//   2. parse_date(format_date(t)) == t.
//
// Leaves out leap seconds: second 60 is read as 59, since time in seconds has no name for it.
// Next: conditional.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace glasstcp::http {

inline constexpr std::size_t kDateLength = 29;
using DateText = std::array<char, kDateLength>;

/// "Sun, 06 Nov 1994 08:49:37 GMT". Times outside the years 0..9999 are written as the nearest of
/// them.
[[nodiscard]] DateText format_date(std::int64_t unix_seconds) noexcept;

/// Seconds since 1970 of a date in any of the three formats; empty when it is none. `now` decides
/// the century of two-digit years (more than 50 years ahead means the past).
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text,
                                                     std::int64_t now) noexcept;

/// "06/Nov/1994:08:49:37 +0000", as the common log format has it.
inline constexpr std::size_t kLogDateLength = 26;
[[nodiscard]] std::array<char, kLogDateLength> format_log_date(std::int64_t unix_seconds) noexcept;

/// "1994-11-06 08:49", for lists.
inline constexpr std::size_t kMinuteLength = 16;
[[nodiscard]] std::array<char, kMinuteLength> format_minute(std::int64_t unix_seconds) noexcept;

}  // namespace glasstcp::http
