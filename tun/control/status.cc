// See status.h.
#include "tun/control/status.h"

#include <fmt/format.h>

#include <algorithm>

namespace glasstcp {
namespace {

const std::uint64_t* number_in(const StatusRow& row) {
  return std::get_if<std::uint64_t>(&row.value);
}

bool is_shown(const StatusSection& section, const StatusRow& row) {
  const std::uint64_t* const number = number_in(row);
  return !section.is_counters || number == nullptr || *number > 0;
}

// RFC 8259 §7. Bytes that are no UTF-8 are the caller's fault: none of our texts has any.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string line_of(const StatusRow& row, Language language) {
  const std::string_view label = row.label.in(language);
  const std::string_view note = row.note.in(language);
  if (const std::uint64_t* const number = number_in(row)) {
    if (note.empty()) return fmt::format("{:>14}  {}\n", *number, label);
    return fmt::format("{:>14}  {}: {}\n", *number, label, note);
  }
  return fmt::format("  {}: {}\n", label, std::get<std::string>(row.value));
}

}  // namespace

std::string text_of(const Status& status, Language language) {
  std::string out;
  for (const StatusSection& section : status.sections) {
    out += out.empty() ? "" : "\n";
    out += fmt::format("{}\n", section.title.in(language));
    bool is_empty = true;
    for (const StatusRow& row : section.rows) {
      if (!is_shown(section, row)) continue;
      is_empty = false;
      out += line_of(row, language);
    }
    if (is_empty) out += language == Language::Chinese ? "  无\n" : "  none\n";
  }
  return out;
}

std::string json_of(const Status& status) {
  std::string out = "{";
  for (const StatusSection& section : status.sections) {
    out += fmt::format("{}\n  {}: {{", out.size() > 1 ? "," : "", quoted(section.key));
    std::string_view comma;
    for (const StatusRow& row : section.rows) {
      const std::uint64_t* const number = number_in(row);
      const std::string value =
          number != nullptr ? fmt::format("{}", *number) : quoted(std::get<std::string>(row.value));
      out += fmt::format("{}\n    {}: {}", comma, quoted(row.key), value);
      comma = ",";
    }
    out += "\n  }";
  }
  return out + "\n}\n";
}

}  // namespace glasstcp
