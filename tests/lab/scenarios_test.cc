// Every scenario shows what it says that it shows, for many seeds; tells it in both languages, in
// lines that fit a terminal; and is the same whenever it is run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "stack/lab/catalogue.h"
#include "stack/lab/check.h"
#include "stack/lab/display_text.h"
#include "stack/lab/lab.h"
#include "stack/lab/scenario_reader.h"
#include "stack/lab/telling.h"
#include "tests/support/glossary_terms.h"

namespace glasstcp::lab {
namespace {

constexpr std::uint64_t kSeeds = 20;

std::string name_of_test(const testing::TestParamInfo<CatalogueEntry>& info) {
  std::string name(info.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
}

class EachScenario : public testing::TestWithParam<CatalogueEntry> {
 protected:
  static Scenario read(std::uint64_t seed, std::span<const Override> overrides = {}) {
    const auto scenario = read_scenario(
        GetParam().text, {.name = GetParam().name, .seed = seed, .overrides = overrides});
    EXPECT_TRUE(scenario.has_value())
        << "line " << scenario.error().line << ": " << scenario.error().message;
    return scenario.value_or(Scenario{});
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST_P(EachScenario, ShowsWhatItSaysForEverySeed) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario scenario = read(seed);
    Lab lab(scenario, {});
    EXPECT_NE(lab.run(), Ending::TooLong) << "seed " << seed;
    EXPECT_THAT(unmet_expectations(scenario, lab.journal().lines()), testing::IsEmpty())
        << "seed " << seed;
    EXPECT_FALSE(scenario.expectations.empty());
  }
}

TEST_P(EachScenario, TellsAllPartsOfItsStoryInBothLanguages) {
  const Scenario scenario = read(0);
  for (const Language language : {Language::English, Language::Chinese}) {
    const Story& story = scenario.story(language);
    for (const std::string& part :
         {story.title, story.question, story.predict, story.happened, story.see, story.change}) {
      EXPECT_FALSE(part.empty());
    }
    EXPECT_THAT(story.happened, testing::HasSubstr("RFC"));
  }
  EXPECT_FALSE(scenario.filter.empty());
  EXPECT_NE(std::ranges::find(chapters(), scenario.chapter, &Chapter::key), chapters().end());
}

// The command of "change it" is one that this scenario takes, and it does change something.
TEST_P(EachScenario, ItsChangeCanBeMade) {
  const Scenario scenario = read(0);
  ASSERT_TRUE(scenario.command.starts_with(std::string(GetParam().name) + " --set "))
      << scenario.command;
  std::vector<Override> overrides;
  constexpr std::string_view kSet = " --set ";
  for (std::size_t at = 0; (at = scenario.command.find(kSet, at)) != std::string::npos;) {
    at += kSet.size();
    const std::string one = scenario.command.substr(at, scenario.command.find(' ', at) - at);
    overrides.push_back({one.substr(0, one.find('=')), one.substr(one.find('=') + 1)});
  }
  const Scenario changed = read(0, overrides);
  Lab before(scenario, {}), after(changed, {});
  before.run();
  EXPECT_NE(after.run(), Ending::TooLong);
  const LadderOptions look;
  EXPECT_NE(ladder(scenario, before.journal(), look), ladder(changed, after.journal(), look));
}

TEST_P(EachScenario, FitsATerminalInBothLanguages) {
  for (const Language language : {Language::English, Language::Chinese}) {
    const Scenario scenario = read(1);
    LabOptions options;
    options.language = language;
    Lab lab(scenario, options);
    lab.run();
    LadderOptions look;
    look.language = language;
    for (const bool ascii : {false, true}) {
      look.ascii = ascii;
      const std::string page = tell(scenario, lab.journal(), look, {});
      for (const std::string& line : lines_of(page)) {
        const bool is_to_be_copied = line.starts_with("    ");
        EXPECT_TRUE(is_to_be_copied || columns_of(line) <= 79) << line;
      }
      if (ascii && language == Language::English) {
        EXPECT_TRUE(std::ranges::all_of(page, [](char c) { return c > 0; }));
      }
      if (language == Language::Chinese) test::expect_chinese_marks("page", page);
    }
  }
}

class Bytes final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  std::vector<std::uint8_t> bytes;
};

TEST_P(EachScenario, WritesTheSameCaptureAgain) {
  const Scenario scenario = read(5);
  std::array<Bytes, 2> first, second;
  for (auto* captures : {&first, &second}) {
    LabOptions options;
    options.captures = {&(*captures)[0], &(*captures)[1]};
    Lab lab(scenario, options);
    lab.run();
  }
  EXPECT_FALSE(first[0].bytes.empty());
  EXPECT_EQ(first[0].bytes, second[0].bytes);
  EXPECT_EQ(first[1].bytes, second[1].bytes);
}

std::string text_of_file(const std::string& name) {
  std::ifstream file(std::string(GLASSTCP_SOURCE_DIR "/") + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The plan of an afternoon names every scenario, in the order of `lab list`.
TEST(LabCourse, IsAsTheReadmeHasIt) {
  const std::string readme = text_of_file("stack/lab/README.md");
  for (const Chapter& chapter : chapters()) {
    std::string names;
    for (const CatalogueEntry& entry : catalogue()) {
      const auto scenario = read_scenario(entry.text, {.name = entry.name});
      ASSERT_TRUE(scenario.has_value());
      if (scenario->chapter != chapter.key) continue;
      names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    const std::string row = "| " + std::string(chapter.key) + " | ";
    const std::size_t at = readme.find(row);
    ASSERT_NE(at, std::string::npos) << row;
    std::string said =
        readme.substr(at + row.size(), readme.find(" |", at + row.size()) - at - row.size());
    std::erase(said, '*');
    EXPECT_EQ(said, names);
  }
}

TEST(LabCourse, BothReadmesSayHowManyScenariosThereAre) {
  const std::string count = std::to_string(catalogue().size());
  EXPECT_THAT(text_of_file("README.md"), testing::HasSubstr("# " + count + " scenarios:"));
  EXPECT_THAT(text_of_file(".github/README.zh.md"), testing::HasSubstr("# " + count + " 个场景："));
}

INSTANTIATE_TEST_SUITE_P(Lab, EachScenario,
                         testing::ValuesIn(catalogue().begin(), catalogue().end()), name_of_test);

}  // namespace
}  // namespace glasstcp::lab
