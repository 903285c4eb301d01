// What a character with a meaning in HTML and XML is written as, for pages, lists and figures.
//
// Next: message_mark.h.
#pragma once

#include <string_view>

namespace glasstcp {

/// The entity that stands for `c` between tags and between quotes; empty: it stands for itself.
[[nodiscard]] constexpr std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace glasstcp
