// Whether lines on a terminal are coloured.
//
// no-color.org (NO_COLOR).
//
// Next: watching_options.h.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace glasstcp {

/// What --color says.
enum class ColourChoice : std::uint8_t {
  Auto,  ///< on a terminal that can, unless NO_COLOR is set
  Always,
  Never,
};

[[nodiscard]] inline std::optional<ColourChoice> parse_colour_choice(const std::string& text) {
  if (text == "auto") return ColourChoice::Auto;
  if (text == "always") return ColourChoice::Always;
  if (text == "never") return ColourChoice::Never;
  return std::nullopt;
}

/// Whether what is written to `descriptor` is to have colours.
[[nodiscard]] inline bool has_colours(ColourChoice choice, int descriptor) {
  if (choice != ColourChoice::Auto) return choice == ColourChoice::Always;
  const char* const unwanted = std::getenv("NO_COLOR");
  if (unwanted != nullptr && *unwanted != '\0') return false;
  const char* const terminal = std::getenv("TERM");
  const bool is_able = terminal != nullptr && std::string_view(terminal) != "dumb";
  return is_able && ::isatty(descriptor) == 1;
}

}  // namespace glasstcp
