// Characters and small texts of HTTP: the tables of the grammar, comparison without case, numbers.
//
// RFC 9110 §5.6.2 (token), §5.5 (field values), §5.6.3 (whitespace). RFC 9112 §2.2 MUST R9112-01:
// everything here works on bytes; nothing is decoded as text of some alphabet.
//
// Invariants:
//   1. No function reads outside the view it is given, and none allocates.
//
// Next: request_parser.h.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stack/base/bytes.h"

namespace glasstcp::http {

/// The same bytes as characters; borrowed.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
/// The same characters as bytes; borrowed.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

namespace detail {
consteval std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const char ch = static_cast<char>(c);
    table[static_cast<std::size_t>(c)] = c < 128 && (is_alpha(ch) || is_digit(ch));
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kTokenTable = make_token_table();
}  // namespace detail

/// RFC 9110 §5.6.2: a character of a method or a field name.
constexpr bool is_token_char(char c) {
  return detail::kTokenTable[static_cast<unsigned char>(c)];
}

/// Whether `text` is a token: not empty, and token characters only.
constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

/// Equality of ASCII texts without regard to case.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// `text` without spaces and tabs at both ends.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the next element of a comma-separated list off `list`, trimmed; elements may be empty (RFC
/// 9110 §5.6.1.2). Not for lists with quoted strings.
constexpr std::string_view take_list_element(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view element = trim(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return element;
}

/// A number of decimal digits only.
/// RFC 9110 §8.6 MUST R9110-08: digits of any count are read; a value beyond 2^64-1 is an empty
/// answer, never a wrapped one.
inline std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
  if (digits.empty() || !is_digit(digits.front())) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Whether there is no control character other than a tab: no CR, LF, NUL or DEL. Bytes above 127
/// are opaque and allowed.
inline bool has_only_field_characters(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHigh = kOnes * 0x80u;
  const char* p = text.data();
  std::size_t left = text.size();
  const auto slow = [](const char* from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto c = static_cast<unsigned char>(from[i]);
      if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
  };
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    // High bit of each byte below 0x20, or equal to 0x7f: eight characters at once; a suspicion is
    // looked at one by one.
    const std::uint64_t below = (word - kOnes * 0x20u) & ~word & kHigh;
    const std::uint64_t flipped = word ^ (kOnes * 0x7fu);
    const std::uint64_t is_del = (flipped - kOnes) & ~flipped & kHigh;
    if ((below | is_del) != 0 && !slow(p, 8)) return false;
  }
  return slow(p, left);
}

}  // namespace glasstcp::http
