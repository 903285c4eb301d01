// See display_text.h.
#include "stack/lab/display_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace glasstcp::lab {
namespace {

struct Range {
  std::uint32_t first, last;
};
// UAX #11: W and F, as far as texts of a lab may have them.
constexpr std::array<Range, 14> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0x9fff},
                                          {0xa000, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1f64f},
                                          {0x1f900, 0x1f9ff},
                                          {0x20000, 0x3fffd}}};

struct Character {
  std::string_view bytes;
  std::uint32_t code = 0;

  [[nodiscard]] bool is_wide() const {
    return std::ranges::any_of(
        kWide, [this](Range range) { return code >= range.first && code <= range.last; });
  }
  [[nodiscard]] bool is_combining() const { return code >= 0x300 && code <= 0x36f; }
  [[nodiscard]] std::size_t columns() const { return is_combining() ? 0 : is_wide() ? 2 : 1; }
};

// The first character; broken UTF-8 counts byte by byte.
Character first_of(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size == 1 || size > text.size()) return {text.substr(0, 1), lead};
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i)
    code = code << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3fU);
  return {text.substr(0, size), code};
}

// Marks that do not begin a line, and marks that do not end one.
bool clings_to_the_left(std::string_view character) {
  constexpr std::array<std::string_view, 10> kMarks = {"，", "。", "；", "：", "、",
                                                       "）", "”",  "？", "！", "》"};
  return std::ranges::find(kMarks, character) != kMarks.end();
}
bool clings_to_the_right(std::string_view character) {
  return character == "（" || character == "“" || character == "《";
}

// The last place where a line of so many columns may end; 0: nowhere.
std::size_t break_of(std::string_view text, std::size_t columns) {
  std::size_t width = 0, best = 0, at = 0;
  bool was_wide = false, was_opening = false;
  while (at < text.size()) {
    const Character c = first_of(text.substr(at));
    const bool may_break = c.code == ' ' || ((c.is_wide() || was_wide) && !was_opening &&
                                             !clings_to_the_left(c.bytes));
    if (may_break && at > 0) best = at;
    width += c.columns();
    if (width > columns) return best;
    was_wide = c.is_wide();
    was_opening = clings_to_the_right(c.bytes);
    at += c.bytes.size();
  }
  return text.size();
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character c = first_of(text);
    columns += c.columns();
    text.remove_prefix(c.bytes.size());
  }
  return columns;
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t taken = columns_of(text);
  return std::string(text) + std::string(taken < columns ? columns - taken : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t columns) {
  const std::size_t taken = columns_of(text);
  return std::string(taken < columns ? columns - taken : 0, ' ') + std::string(text);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = break_of(text, columns);
    if (end == 0) end = std::min(text.size(), std::max(text.find(' '), columns));
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

}  // namespace glasstcp::lab
