// See book.h.
#include "tests/support/book.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "stack/socket/settings.h"
#include "stack/tcp/personality/personality.h"

namespace glasstcp::test {
namespace {

constexpr const char* kBook = GLASSTCP_SOURCE_DIR "/stack/README.md";

std::string read_book() {
  std::ifstream file(kBook);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Where the first table behind the heading begins and ends.
std::pair<std::size_t, std::size_t> table_behind(const std::string& book,
                                                 const std::string& heading) {
  const std::size_t section = book.find("\n" + heading + "\n");
  if (section == std::string::npos) return {0, 0};
  const std::size_t begin = book.find("\n|", section) + 1;
  std::size_t end = begin;
  while (end < book.size() && book[end] == '|') end = book.find('\n', end) + 1;
  return {begin, end};
}

// Which of the ways is ours; the letter says it where neither is.
std::string shown(std::string_view does) {
  return does.empty() ? "as we do" : std::string(does);
}

}  // namespace

std::string personality_table() {
  std::string table =
      "| row | RFC | the letter, and we | Linux | BSD | why otherwise |\n"
      "|---|---|---|---|---|---|\n";
  for (const PersonalityRow& row : personality_rows()) {
    std::string section(row.section);
    if (!row.rule.empty()) section += " (" + std::string(row.rule) + ")";
    table += "| `" + std::string(row.name) + "` | " + section + " | " + std::string(row.letter) +
             " | " + shown(row.linux_does) + " | " + shown(row.bsd_does) + " | " +
             std::string(row.why) + " |\n";
  }
  return table;
}

std::string settings_table() {
  const auto code = [](std::string_view text) {
    return text.empty() ? std::string() : "`" + std::string(text) + "`";
  };
  const StackConfig defaults;
  std::string table =
      "| setting | default | what it does | RFC | C ABI | socket option | command line |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Setting& s : settings()) {
    table += "| `" + std::string(s.name) + "` | " + text_of(s, s.read(defaults)) + " | " +
             std::string(s.what) + " | " + std::string(s.rule) + " | " + code(s.member) + " | " +
             std::string(s.socket_option) + " | " + code(s.option) + " |\n";
  }
  return table;
}

void expect_in_book(const std::string& heading, const std::string& table) {
  std::string book = read_book();
  const auto [begin, end] = table_behind(book, heading);
  ASSERT_LT(begin, end) << "stack/README.md has no table behind '" << heading << "'";
  if (std::getenv("GLASSTCP_GOLDEN_UPDATE") != nullptr) {
    book.replace(begin, end - begin, table);
    std::ofstream(kBook) << book;
    return;
  }
  EXPECT_EQ(book.substr(begin, end - begin), table)
      << "the table in stack/README.md is older than the code: scripts/tables writes it";
}

}  // namespace glasstcp::test
