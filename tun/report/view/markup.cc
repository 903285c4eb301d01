// Escaping, in one place.
#include "tun/report/view/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "stack/base/markup.h"
#include "tun/report/view/utf8.h"

namespace glasstcp::report {
namespace {

constexpr char kCode = '\x01', kStrong = '\x02', kFrame = '\x03', kEnd = '\x04';

// Controls, separators of lines, and what turns the direction of text or is not seen.
bool is_hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
         (c & 0xfffeU) == 0xfffe || c >= 0xe0000;
}

// Whether the text is a character of which only the beginning is there.
bool is_cut_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return lead >= 0xc2 && lead <= 0xf4 && text.size() < size;
}

std::string made_visible(std::string_view value, std::size_t most, bool keeps_lines) {
  std::string out;
  const bool is_cut = value.size() > most;
  std::string_view rest = value.substr(0, most);
  while (!rest.empty()) {
    const Utf8Character c = first_character(rest);
    if (keeps_lines && rest.starts_with("\r\n")) {
      // The line feed comes next.
    } else if (keeps_lines && (rest[0] == '\n' || rest[0] == '\t')) {
      out += rest[0];
    } else if (c.size == 0 && is_cut && is_cut_character(rest)) {
      break;  // cut within a character
    } else if (c.size == 0 || (is_hidden(c.value) && c.size == 1)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(rest[0]));
    } else if (is_hidden(c.value)) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<unsigned>(c.value));
    } else {
      out += rest.substr(0, c.size);
    }
    rest.remove_prefix(std::max<std::size_t>(c.size, 1));
  }
  if (is_cut) out += "…";
  return out;
}

std::string span(char mark, std::string_view text) {
  std::string out(1, mark);
  return out.append(text) += kEnd;
}

// The tags of a form, by which marked text is written.
struct Form {
  std::string_view code, code_end, strong, strong_end, frame, frame_end;
};

template <typename Escape>
std::string written(std::string_view marked, const Form& form, Escape escape) {
  std::string out;
  std::vector<std::string_view> open;
  for (const char c : marked) {
    switch (c) {
      case kCode:
        out += form.code;
        open.push_back(form.code_end);
        break;
      case kStrong:
        out += form.strong;
        open.push_back(form.strong_end);
        break;
      case kFrame:
        out += form.frame;
        open.push_back(form.frame_end);
        break;
      case kEnd:
        if (open.empty()) break;
        out += open.back();
        open.pop_back();
        break;
      default:
        escape(out, c, !open.empty() && !form.code.empty() && open.back() == form.code_end);
    }
  }
  for (; !open.empty(); open.pop_back()) out += open.back();
  return out;
}

void escape_xml(std::string& out, char c) {
  const std::string_view entity = entity_of(c);
  if (!entity.empty()) {
    out += entity;
  } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
    out += c;
  }
}

// Code spans of Markdown stay literal, so a backquote in one is replaced by one that looks alike.
void escape_markdown(std::string& out, char c, bool is_code) {
  if (is_code && c == '`') {
    out += "ˋ";
  } else if (is_code && c == '|') {
    out += "\\|";  // in a table it would end the cell, code or not
  } else if (c == '\n') {
    out += ' ';
  } else if (!is_code && std::string_view("\\`*_{}[]<>#|~&!").find(c) != std::string_view::npos) {
    out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) >= 0x20) {
    out += c;
  }
}

}  // namespace

std::string visible(std::string_view value, std::size_t most) {
  return made_visible(value, most, false);
}
std::string visible_lines(std::string_view value, std::size_t most) {
  return made_visible(value, most, true);
}

bool is_text(std::string_view value) {
  std::size_t hidden = 0;
  const std::size_t size = value.size();
  while (!value.empty()) {
    const Utf8Character c = first_character(value);
    if (c.size == 0) return value.size() < size && is_cut_character(value);
    const bool is_space = c.value == '\n' || c.value == '\r' || c.value == '\t';
    hidden += is_hidden(c.value) && !is_space ? 1 : 0;
    value.remove_prefix(c.size);
  }
  return hidden * 50 <= size;
}

std::string code(std::string_view value) {
  return span(kCode, visible(value));
}
std::string strong(std::string_view text) {
  return span(kStrong, text);
}
std::string frame(std::uint32_t number) {
  return number == 0 ? "–" : span(kFrame, fmt::format("{}", number));
}

std::string to_html(std::string_view marked) {
  static constexpr Form kForm = {
      "<code>", "</code>", "<strong>", "</strong>", "<b class=\"frame\">", "</b>"};
  return written(marked, kForm, [](std::string& out, char c, bool) { escape_xml(out, c); });
}
std::string to_markdown(std::string_view marked) {
  static constexpr Form kForm = {"`", "`", "**", "**", "**", "**"};
  return written(marked, kForm, escape_markdown);
}
std::string to_plain(std::string_view marked) {
  return written(marked, Form{}, [](std::string& out, char c, bool) {
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
  });
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) escape_xml(out, c);
  return out;
}

}  // namespace glasstcp::report
