// A field that whoever runs the server adds to every answer: "Name: value", checked.
//
// RFC 9110 §5.1 (names), §5.5 (values); RFC 9112 §6 (framing).
//
// Invariants:
//   1. What is accepted is exactly one field line: no CR, LF or NUL.
//   2. Fields that frame the message, or that the server writes itself, are refused.
//
// Next: site.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace glasstcp::http {

/// Bytes of all extra fields together.
inline constexpr std::size_t kMostExtraBytes = 8192;

/// The field line of "Name: value", with its end; else what is wrong with it, as the rest of a
/// sentence that begins with the text.
[[nodiscard]] std::expected<std::string, std::string> extra_field_line(std::string_view text);

/// Whether `lines` (field lines with their ends) hold a field `name`.
[[nodiscard]] bool has_field_line(std::string_view lines, std::string_view name) noexcept;

}  // namespace glasstcp::http
