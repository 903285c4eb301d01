// See csv.h.
#include "tun/lab/csv.h"

#include <algorithm>
#include <array>

namespace glasstcp {
namespace {

// What spreadsheets take for the begin of a formula is text behind an apostrophe; in some languages
// they take the wide forms, too.
std::string harmless(std::string_view cell) {
  constexpr std::string_view kFormula = "=+-@\t\r\n";
  constexpr std::array<std::string_view, 4> kWide = {"＝", "＋", "－", "＠"};
  std::string text;
  const bool is_formula =
      (!cell.empty() && kFormula.find(cell.front()) != std::string_view::npos) ||
      std::ranges::any_of(kWide, [cell](std::string_view sign) { return cell.starts_with(sign); });
  if (is_formula) text = '\'';
  for (const char c : cell) {
    if (c != '\0') text += c;
  }
  return text;
}

}  // namespace

void CsvWriter::add_row(const std::vector<std::string>& cells) {
  bool is_first = true;
  for (const std::string& one : cells) {
    if (!is_first) text_ += ',';
    is_first = false;
    const std::string cell = harmless(one);
    // Where ';' separates cells, too, it must not begin another one.
    if (cell.find_first_of(",;\t\"\r\n") == std::string::npos) {
      text_ += cell;
      continue;
    }
    text_ += '"';
    for (const char c : cell) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
  }
  text_ += "\r\n";
}

std::vector<CsvRow> read_csv(std::string_view text, char separator) {
  std::vector<CsvRow> rows;
  CsvRow row{1, {}};
  std::string cell;
  bool quoted = false, has_any = false;
  std::size_t line = 1;
  const auto end_row = [&] {
    row.cells.push_back(std::move(cell));
    cell.clear();
    if (has_any) rows.push_back(std::move(row));
    row = {line, {}};
    has_any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '\n') {
      end_row();
    } else if (c == separator) {
      row.cells.push_back(std::move(cell));
      cell.clear();
    } else if (c == '"' && cell.empty()) {
      quoted = has_any = true;
    } else {
      has_any = has_any || (c != ' ' && c != '\t');
      cell += c;
    }
  }
  end_row();
  return rows;
}

}  // namespace glasstcp
