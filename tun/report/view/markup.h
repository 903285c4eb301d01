// Text of the report: sentences with marked spans, values of the capture made harmless, and the
// three forms in which they are shown.
//
// A sentence may hold spans (code, strong, a frame's number). Their marks are control characters,
// which `visible` takes out of every value of the capture, so no value can make a span.
//
// Invariants:
//   1. What to_html and to_markdown return has balanced marks, whatever the input is.
//   2. No control character, no character that turns the direction of text, and no broken UTF-8 of
//      the capture reaches an output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace glasstcp::report {

/// A value of the capture, to be read: control characters, broken UTF-8 and characters that turn
/// the direction of text become \xNN or \u{N}. At most `most` bytes of the value; "…" tells that
/// there are more.
[[nodiscard]] std::string visible(std::string_view value, std::size_t most = 400);
/// The same for the text of a body: line feeds and tabs stay, CR before LF goes.
[[nodiscard]] std::string visible_lines(std::string_view value, std::size_t most);
/// Whether a body is text: valid UTF-8 (cut characters at its end count as valid), few controls.
[[nodiscard]] bool is_text(std::string_view value);

/// A span of code; the value is made visible.
[[nodiscard]] std::string code(std::string_view value);
/// A span that is stressed. The text may hold no other span.
[[nodiscard]] std::string strong(std::string_view text);
/// A frame's number, as a span; "–" for 0.
[[nodiscard]] std::string frame(std::uint32_t number);

/// Marked text as HTML: escaped, spans as <code>, <strong> and <b class="frame">.
[[nodiscard]] std::string to_html(std::string_view marked);
/// Marked text as Markdown (CommonMark): punctuation escaped, spans as ` and **.
[[nodiscard]] std::string to_markdown(std::string_view marked);
/// Marked text without its marks.
[[nodiscard]] std::string to_plain(std::string_view marked);

/// Text for XML and HTML, also in attributes: & < > " ' escaped, control characters dropped but
/// line feeds and tabs.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace glasstcp::report
