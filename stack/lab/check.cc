// See check.h.
#include "stack/lab/check.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace glasstcp::lab {
namespace {

std::optional<std::string_view> value_of_key(std::string_view fields, std::string_view key) {
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find(' '), fields.size());
    const std::string_view one = fields.substr(0, end);
    if (one.size() > key.size() && one.starts_with(key) && one[key.size()] == '=') {
      return one.substr(key.size() + 1);
    }
    fields.remove_prefix(std::min(end + 1, fields.size()));
  }
  return std::nullopt;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

bool is_counted(std::string_view value, std::string_view wanted) {
  if (!value.starts_with(wanted)) return false;
  value.remove_prefix(wanted.size());
  return value.find_first_not_of("0123456789") == std::string_view::npos;
}

// "a,b,c" has b.
bool has_element(std::string_view list, std::string_view wanted) {
  while (true) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view one = list.substr(0, end);
    const bool is_name = !wanted.empty() && wanted.find_first_of("0123456789") != 0;
    if (one == wanted || (is_name && is_counted(one, wanted))) return true;
    if (end == list.size()) return false;
    list.remove_prefix(end + 1);
  }
}

bool fits(const Line& line, const Expectation& expectation) {
  return line.side == expectation.side &&
         std::ranges::all_of(expectation.terms, [&line](const std::string& term) {
           return has_term(line.fields, term);
         });
}

std::string told(const Expectation& expectation) {
  std::string text = "line " + std::to_string(expectation.line) + ": " +
                     (expectation.never ? "never " : "expect ") +
                     std::string(name_of(expectation.side));
  for (const std::string& term : expectation.terms) text += ' ' + term;
  return text;
}

}  // namespace

bool has_term(std::string_view fields, std::string_view term) {
  const std::size_t at = term.find_first_of("=<>");
  if (at == std::string_view::npos) return false;
  const auto value = value_of_key(fields, term.substr(0, at));
  if (!value) return false;
  const std::string_view wanted = term.substr(at + 1);
  if (term[at] == '=') return *value == wanted || has_element(*value, wanted);
  const auto have = whole(*value), limit = whole(wanted);
  if (!have || !limit) return false;
  return term[at] == '<' ? *have < *limit : *have > *limit;
}

std::vector<std::string> unmet_expectations(const Scenario& scenario,
                                            const std::vector<Line>& lines) {
  std::vector<std::string> unmet;
  auto at = lines.begin();
  for (const Expectation& expectation : scenario.expectations) {
    const auto is_it = [&](const Line& line) { return fits(line, expectation); };
    if (expectation.never) {
      if (std::ranges::any_of(lines, is_it)) unmet.push_back(told(expectation));
      continue;
    }
    const auto found = std::find_if(at, lines.end(), is_it);
    if (found == lines.end()) {
      unmet.push_back(told(expectation));
    } else {
      at = found + 1;
    }
  }
  return unmet;
}

}  // namespace glasstcp::lab
