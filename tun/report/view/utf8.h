// One character of UTF-8 (RFC 3629), checked: no overlong form, no surrogate, nothing beyond
// U+10FFFF.
//
// Used by all that shows bytes of a capture.
#pragma once

#include <cstddef>
#include <string_view>

namespace glasstcp::report {

/// A character; size 0: broken or cut off.
struct Utf8Character {
  char32_t value = 0;
  std::size_t size = 0;  ///< bytes
};

/// The first character of a text that is not empty.
[[nodiscard]] constexpr Utf8Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3fU);
  }
  const bool is_too_long = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (is_too_long || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {value, size};
}

}  // namespace glasstcp::report
