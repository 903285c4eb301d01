// Ladders as people see them: golden files of two scenarios in both languages, and rows that are
// all as wide. GLASSTCP_WRITE_GOLDEN=1 writes the files anew.
#include "stack/lab/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
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

// Where the last state of a row with an arrow begins; none: it is another row.
std::optional<std::size_t> column_of_last_state(const std::string& line, bool ascii) {
  bool has_tip = false;
  for (const std::string_view tip : {"▶", "◀", "✗"}) has_tip |= line.contains(tip);
  if (ascii) has_tip = line.contains("--");
  std::size_t last = 0;
  for (int i = 0; i < kStateCount; ++i) {
    const std::size_t at = line.rfind(name_of(static_cast<State>(i)));
    if (at != std::string::npos) last = std::max(last, at);
  }
  if (!has_tip || last < 30) return std::nullopt;
  return columns_of(line.substr(0, last));
}

// A row with an arrow has a state at each end: both begin in the same columns in every row of every
// scenario, in both languages.
TEST(LabLadder, RowsWithArrowsHaveEqualColumns) {
  for (const CatalogueEntry& entry : catalogue()) {
    for (const Language language : {Language::English, Language::Chinese}) {
      for (const bool ascii : {false, true}) {
        LadderOptions look;
        look.language = language;
        look.ascii = ascii;
        std::istringstream lines(drawn(entry.name, look));
        int arrows = 0;
        for (std::string line; std::getline(lines, line);) {
          if (line.starts_with("         ")) continue;  // words, or a packet that was lost
          const auto column = column_of_last_state(line, ascii);
          if (!column) continue;
          ++arrows;
          EXPECT_EQ(*column, 59U) << entry.name << ": " << line;
        }
        EXPECT_GT(arrows, 5) << entry.name;
      }
    }
  }
}

// A flood is a few rows, and what it did to no connection stands in no connection's state.
TEST(LabLadder, AFloodIsFolded) {
  LadderOptions look;
  const std::string folded = drawn("syn-flood", look);
  EXPECT_THAT(folded, testing::HasSubstr("more packets like this one"));
  EXPECT_LT(std::ranges::count(folded, '\n'), 90);
  EXPECT_THAT(folded, testing::HasSubstr("──SYN seq=0─────────────────────────▶ LISTEN"));
  look.folds = false;
  EXPECT_GT(std::ranges::count(drawn("syn-flood", look), '\n'), 150);
  look.language = Language::Chinese;
  look.folds = true;
  EXPECT_THAT(drawn("syn-flood", look), testing::HasSubstr("同样的分组还有 "));
}

// What a scenario is about is not folded away: the mark, and the answer to it.
TEST(LabLadder, AMarkIsShown) {
  const std::string text = drawn("ecn", {});
  EXPECT_THAT(text, testing::HasSubstr("a router marks it: congestion experienced (CE)"));
  EXPECT_THAT(text, testing::HasSubstr("ACK-CWR seq="));
}

// The column of the end whose view it is has its times in order, in every scenario; what never came
// has none there.
TEST(LabLadder, LinesAreInTheOrderOfTime) {
  LadderOptions look;
  for (const CatalogueEntry& entry : catalogue()) {
    const bool is_client = read_scenario(entry.text, {.name = entry.name})->view == Side::Client;
    std::istringstream lines(drawn(entry.name, look));
    std::string last;
    for (std::string line; std::getline(lines, line);) {
      if (!line.contains("▶") && !line.contains("◀")) continue;
      const std::string time = is_client ? line.substr(0, 7) : line.substr(line.size() - 7);
      if (time.find_first_not_of(" .0123456789") != std::string::npos || !time.contains('.')) {
        continue;
      }
      EXPECT_LE(last, time) << entry.name << ": " << line;
      last = time;
    }
    EXPECT_NE(last, "") << entry.name;
  }
}

// What follows `mark` in a text.
std::string behind(const std::string& text, std::string_view mark, std::size_t size = 400) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? std::string() : text.substr(at + mark.size(), size);
}

// As in the server's capture: the retransmission stands behind the third duplicate, before the
// fourth, which says that it had left before.
TEST(LabLadder, ARowSaysWhatItCrosses) {
  LadderOptions look;
  std::string text = drawn("three-duplicate-acks", look);
  const std::size_t third = text.find("server: 3rd duplicate ACK");
  const std::size_t again = text.find("server: FastRetransmit");
  const std::size_t fourth = text.find("duplicates 4]");
  EXPECT_TRUE(third < again && again < fourth) << third << ' ' << again << ' ' << fourth;
  constexpr std::string_view kWords = "had come: they cross";
  EXPECT_THAT(text.substr(again, 500), testing::HasSubstr(kWords));
  EXPECT_THAT(behind(drawn("simultaneous-close", look), "server: Fin"),
              testing::HasSubstr("before 1 of the packets above had come"));
  EXPECT_THAT(drawn("four-way-close", look), testing::Not(testing::HasSubstr(kWords)));
  look.language = Language::Chinese;
  EXPECT_THAT(drawn("three-duplicate-acks", look), testing::HasSubstr("尚在途中"));
}

// Each name is explained where it is first seen, not where it is folded away.
TEST(LabLadder, NoNameIsFoldedAwayWithItsExplanation) {
  for (const CatalogueEntry& entry : catalogue()) {
    const std::string text = drawn(entry.name, {});
    for (const std::string_view name : {"NewData", "AckImmediate", "AckEverySecondSegment",
                                        "AckDelayTimer", "AcceptedOutOfOrder", "RackRetransmit"}) {
      const std::size_t at = text.find(": " + std::string(name));
      if (at == std::string::npos) continue;
      EXPECT_EQ(text[at + 2 + name.size()], ':') << entry.name << ": " << text.substr(at, 60);
    }
  }
}

// What is folded has the time at each end in that end's column.
TEST(LabLadder, AFoldHasTheTimesOfBothEnds) {
  std::istringstream lines(drawn("sack-holes", {}));
  int folds = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.contains("⋮")) continue;
    ++folds;
    // Words that are too long leave no place for it.
    if (line.ends_with(')') && columns_of(line) > 71) continue;
    ASSERT_EQ(columns_of(line), 79U) << line;
    EXPECT_NE(line.substr(0, 7), line.substr(line.size() - 7)) << line;
  }
  EXPECT_GT(folds, 1);
}

// Each write stands where its bytes were handed to TCP: what the first one sent leaves before the
// second.
TEST(LabLadder, AWriteStandsWhereItIsDone) {
  const std::string text = drawn("byte-stream", {});
  std::size_t at = 0;
  for (const std::string_view step :
       {"client: the application writes", "PSH-ACK seq=1 ack=1", "client: the application writes",
        "client: the application writes", "PSH-ACK seq="}) {
    at = text.find(step, at);
    ASSERT_NE(at, std::string::npos) << step;
    ++at;
  }
}

// A host that has forgotten everything is CLOSED, whatever it was before.
TEST(LabLadder, ARestartedHostIsClosed) {
  const std::string text = drawn("half-open", {});
  const std::size_t restart = text.find("the host restarts");
  ASSERT_NE(restart, std::string::npos);
  EXPECT_THAT(text.substr(restart), testing::HasSubstr("▶ CLOSED "));
  EXPECT_THAT(text.substr(restart), testing::Not(testing::HasSubstr("▶ ESTABLISHED")));
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
