// UTF-8 as files of teachers and students have it, or do not.
//
// Next: student_list.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace glasstcp {

/// The character at `at`, which is moved behind it; empty: it is no UTF-8 (`at` moves by one byte).
[[nodiscard]] std::optional<char32_t> next_character(std::string_view text, std::size_t& at);
[[nodiscard]] bool is_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t character);

/// The text of a file without its byte order mark, UTF-16 (which has one) as UTF-8, and lines that
/// end in a line feed alone. Other bytes stay as they are.
[[nodiscard]] std::string text_of_file(std::string_view bytes);

/// The text if it is UTF-8; else taken for GB18030, as Windows in China saves it; what is neither
/// becomes U+FFFD.
[[nodiscard]] std::string as_utf8(std::string text);

/// Without spaces, tabs and ideographic spaces at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace glasstcp
