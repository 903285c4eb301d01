// Ladders as people see them: golden files of two scenarios in both languages, and rows that are
// all as wide. GLASSTCP_WRITE_GOLDEN=1 writes the files anew.
#include "stack/lab/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "stack/lab/catalogue.h"
#include "stack/lab/display_text.h"
#include "stack/lab/lab.h"
#include "stack/lab/scenario_reader.h"

namespace glasstcp::lab {
namespace {

std::string drawn(std::string_view name, const LadderOptions& look) {
  const auto scenario = read_scenario(scenario_named(name)->text, {.name = name, .seed = 4});
  LabOptions options;
  options.language = look.language;
  Lab lab(*scenario, options);
  lab.run();
  return ladder(*scenario, lab.journal(), look);
}

void expect_golden(const std::string& file, const std::string& text) {
  std::string path = GLASSTCP_SOURCE_DIR "/tests/golden/lab/";
  path += file;
  if (std::getenv("GLASSTCP_WRITE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream golden(path);
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(golden), {})) << path;
}

TEST(LabLadder, IsAsTheGoldenFilesHaveIt) {
  LadderOptions english, chinese, plain;
  chinese.language = Language::Chinese;
  plain.ascii = true;
  expect_golden("lost-syn.en.txt", drawn("lost-syn", english));
  expect_golden("lost-syn.zh.txt", drawn("lost-syn", chinese));
  expect_golden("lost-syn.ascii.txt", drawn("lost-syn", plain));
  expect_golden("sack-holes.en.txt", drawn("sack-holes", english));
  expect_golden("sack-holes.zh.txt", drawn("sack-holes", chinese));
}

// A row with an arrow has a state at each end: both begin in the same columns in every row.
TEST(LabLadder, RowsWithArrowsHaveEqualColumns) {
  for (const Language language : {Language::English, Language::Chinese}) {
    for (const bool ascii : {false, true}) {
      LadderOptions look;
      look.language = language;
      look.ascii = ascii;
      std::istringstream lines(drawn("three-duplicate-acks", look));
      int arrows = 0;
      for (std::string line; std::getline(lines, line);) {
        const bool is_arrow = line.size() > 20 && line.find("ESTABLISHED") == 8 &&
                              line.find("ESTABLISHED", 20) != std::string::npos;
        if (!is_arrow) continue;
        ++arrows;
        EXPECT_EQ(columns_of(line.substr(0, line.find("ESTABLISHED", 20))), 59U) << line;
      }
      EXPECT_GT(arrows, 15);
    }
  }
}

TEST(LabLadder, ColoursChangeNothingElse) {
  LadderOptions look;
  const std::string plain = drawn("lost-syn", look);
  look.paint = Paint::Terminal;
  std::string coloured = drawn("lost-syn", look);
  EXPECT_NE(coloured, plain);
  for (std::size_t at = 0; (at = coloured.find("\x1b[")) != std::string::npos;) {
    coloured.erase(at, coloured.find('m', at) + 1 - at);
  }
  EXPECT_EQ(coloured, plain);
}

TEST(LabLadder, TextForHtmlIsEscaped) {
  EXPECT_EQ(html_escaped("<a href=\"x\">'&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  LadderOptions look;
  look.paint = Paint::Html;
  const std::string page = drawn("lost-syn", look);
  EXPECT_THAT(page, testing::HasSubstr("<span class=\"c-opening\">"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("<mss")));
}

}  // namespace
}  // namespace glasstcp::lab
