// Whether HTML, XML or JSON is well-formed, and what it consists of: for tests of what writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glasstcp::test {

/// What a checked text consists of; `error` says what is wrong, empty: nothing.
struct Markup {
  std::vector<std::string> tags;  ///< "<p>", "</p>" ..., names with attributes, in order
  std::string text;               ///< between the tags, as it stands there
  std::string error;
};

/// Reads HTML or XML strictly: every element is closed in order (HTML's void elements are known),
/// attributes are quoted, every "<" and "&" is part of a tag or an entity.
[[nodiscard]] Markup read_markup(std::string_view text);

/// What is wrong with a JSON text (RFC 8259); empty: nothing.
[[nodiscard]] std::string json_error(std::string_view text);

}  // namespace glasstcp::test
