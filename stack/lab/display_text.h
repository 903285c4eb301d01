// Text for terminals: how many columns it takes, and where its lines are broken.
//
// Unicode Standard Annex #11 (East Asian Width): wide and fullwidth characters take two columns;
// ambiguous ones (arrows, box drawings) one, as terminals with UTF-8 have it.
//
// Next: ladder.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace glasstcp::lab {

/// Columns of a text without control characters, in UTF-8.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// The text with spaces behind (or before) it, so that it takes so many columns; never cut.
[[nodiscard]] std::string padded(std::string_view text, std::size_t columns);
[[nodiscard]] std::string padded_left(std::string_view text, std::size_t columns);
/// Lines of at most so many columns: broken at spaces, and beside wide characters where no mark
/// would begin a line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace glasstcp::lab
