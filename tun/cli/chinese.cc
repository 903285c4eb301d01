// Looking a text up, and laying out a page of help. See chinese.h.
#include "tun/cli/chinese.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "tun/cli/command_words.h"
#include "tun/cli/locale.h"
#include "tun/cli/option_words.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostDepth = 6;  // of texts within texts
constexpr std::size_t kDescriptionsAt = 30;

std::optional<std::string> known(std::string_view text, std::size_t depth);

std::string looked_up(std::string_view text, std::size_t depth) {
  return known(text, depth).value_or(std::string(text));
}

// The next gap of a key: the text before it, and whether it takes only numbers. The key is what
// follows then.
struct Gap {
  std::string_view before;
  bool is_there = false;
  bool is_number = false;
};
Gap next_gap(std::string_view& key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return {std::exchange(key, {}), false, false};
  const std::size_t close = key.find('}', open);
  const Gap gap{key.substr(0, open), true, close > open + 1};
  key.remove_prefix(close + 1);
  return gap;
}

bool fits(const Gap& gap, std::string_view text) {
  return !gap.is_number ||
         (!text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos);
}

// A gap at the beginning or the end of a key holds part of one clause, never "what happened; " or
// "; what to do": by_clauses() takes those apart.
bool goes_beyond_a_clause(std::string_view gap) {
  return gap.find("; ") != std::string_view::npos;
}

// What stands in the gaps of a key; empty: the text is not made by it.
std::optional<std::vector<std::string_view>> gaps_of(std::string_view key, std::string_view text) {
  std::vector<std::string_view> gaps;
  Gap gap = next_gap(key);
  if (!text.starts_with(gap.before)) return std::nullopt;
  text.remove_prefix(gap.before.size());
  while (gap.is_there) {
    const Gap next = next_gap(key);
    const bool is_last = !next.is_there;
    if (is_last && !text.ends_with(next.before)) return std::nullopt;
    const std::size_t end = is_last ? text.size() - next.before.size() : text.find(next.before);
    if (end == std::string_view::npos || !fits(gap, text.substr(0, end))) return std::nullopt;
    const bool is_at_edge =
        (gaps.empty() && gap.before.empty()) || (is_last && next.before.empty());
    if (is_at_edge && goes_beyond_a_clause(text.substr(0, end))) return std::nullopt;
    gaps.push_back(text.substr(0, end));
    text.remove_prefix(end + next.before.size());
    gap = next;
  }
  if (!text.empty()) return std::nullopt;
  return gaps;
}

// Puts the gaps into the Chinese text; those in quotes as they are.
std::string filled(std::string_view chinese, const std::vector<std::string_view>& gaps,
                   std::size_t depth) {
  std::string out;
  std::size_t next = 0;
  while (!chinese.empty()) {
    const std::size_t open = chinese.find('{');
    out += chinese.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = chinese.find('}', open);
    const bool is_numbered = close == open + 2;
    const std::size_t which =
        is_numbered ? static_cast<std::size_t>(chinese[open + 1] - '0') : next++;
    const bool is_quoted = out.ends_with('\'');
    if (which < gaps.size()) {
      out += is_quoted ? std::string(gaps[which]) : looked_up(gaps[which], depth + 1);
    }
    chinese.remove_prefix(close + 1);
  }
  return out;
}

std::optional<std::string> by_row(std::string_view text, std::size_t depth) {
  for (const auto rows : {chinese_messages(), chinese_help()}) {
    for (const Translation& row : rows) {
      if (const auto gaps = gaps_of(row.english, text)) return filled(row.chinese, *gaps, depth);
    }
  }
  return std::nullopt;
}

// "what it does (RFC 6298 §2.4; 200 ms)": the parts are looked up by themselves.
std::optional<std::string> with_parentheses(std::string_view text, std::size_t depth) {
  const std::size_t open = text.rfind(" (");
  if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
  const auto before = known(text.substr(0, open), depth + 1);
  if (!before) return std::nullopt;
  const std::string_view inside = text.substr(open + 2, text.size() - open - 3);
  return *before + "（" + looked_up(inside, depth + 1) + "）";
}

// Some modules speak both languages themselves.
bool is_chinese(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xe3; });
}

// "what happened; what to do", of which one part may be unknown.
std::optional<std::string> by_clauses(std::string_view text, std::size_t depth) {
  const std::size_t at = text.find("; ");
  if (at == std::string_view::npos) return std::nullopt;
  const auto first = known(text.substr(0, at), depth + 1);
  const auto rest = known(text.substr(at + 2), depth + 1);
  if (!first && !rest && !is_chinese(text)) return std::nullopt;
  return first.value_or(std::string(text.substr(0, at))) + "；" +
         rest.value_or(std::string(text.substr(at + 2)));
}

std::optional<std::string> known(std::string_view text, std::size_t depth) {
  if (text.empty() || depth > kMostDepth) return std::nullopt;
  if (auto found = by_row(text, depth)) return found;
  if (auto found = with_parentheses(text, depth)) return found;
  return by_clauses(text, depth);
}

// "  --port N      TCP port to serve on (80)": name and description, where a line has both.
std::pair<std::string, std::string> parted(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) return {line, {}};
  if (begin >= kDescriptionsAt || begin == 0) return {line.substr(0, begin), line.substr(begin)};
  const std::size_t gap = line.find("  ", begin);
  const std::size_t text = gap == std::string::npos ? gap : line.find_first_not_of(' ', gap);
  // A long name leaves one space before its description.
  if (text == std::string::npos && line.size() > kDescriptionsAt &&
      line[kDescriptionsAt - 1] == ' ') {
    return {line.substr(0, kDescriptionsAt), line.substr(kDescriptionsAt)};
  }
  if (text == std::string::npos) return {line, {}};
  return {line.substr(0, text), line.substr(text)};
}

}  // namespace

std::string spoken(std::string message, Language language) {
  if (language == Language::English) return message;
  return looked_up(message, 0);
}

std::string spoken_page(const std::string& page, Language language) {
  if (language == Language::English) return wrapped(page);
  std::string all;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const auto [name, text] = parted(line);
    all += name + looked_up(text, 0) + "\n";
  }
  return wrapped(all);
}

Language language_of(const std::vector<std::string>& arguments) {
  constexpr std::string_view kOption = "--lang";
  std::optional<Language> found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == kOption && i + 1 < arguments.size()) found = parse_language(arguments[i + 1]);
    if (word.starts_with("--lang=")) found = parse_language(word.substr(kOption.size() + 1));
    if (found) return *found;
  }
  return language_of_environment();
}

}  // namespace glasstcp
