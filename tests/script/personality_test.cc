// The table of personalities against its scripts: each row has one that shows it, and that tells
// its ways apart: what one way's lines say fails with the stack of another.
#include "stack/tcp/personality/personality.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/script/runner.h"
#include "tests/script/script_parser.h"
#include "tests/script/ways.h"

namespace glasstcp::test {
namespace {

constexpr const char* kFolder = GLASSTCP_SOURCE_DIR "/tests/script/cases/personality/";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::expected<Script, std::string> script_of(const PersonalityRow& row) {
  return parse_script(text_of(kFolder + std::string(row.name) + ".pkt"));
}

// Whether a stack that behaves as `telling.stack` keeps to the lines of `telling.lines`, over each
// IP version that the script is about.
bool keeps_to(const Script& script, Telling telling) {
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    if (script.setting("ip") == (version == IpVersion::V4 ? "v6" : "v4")) continue;
    telling.version = version;
    if (Runner(told_by(script, telling), World{version, 0, 1}).run()) return false;
  }
  return true;
}

TEST(PersonalityTable, EachRowHasAScriptThatTellsItsWaysApart) {
  for (const PersonalityRow& row : personality_rows()) {
    SCOPED_TRACE(std::string(row.name));
    const auto script = script_of(row);
    ASSERT_TRUE(script) << script.error();
    ASSERT_FALSE(script->events.empty())
        << "tests/script/cases/personality/" << row.name << ".pkt is missing";
    ASSERT_EQ(script->setting("row"), row.name) << "'//: row=' names another row";
    const auto ways = ways_of(*script);
    EXPECT_GE(ways.size(), 2U) << "neither Linux nor BSD do otherwise than TcpConfig by default";
    for (const Personality lines : ways) {
      for (const Personality stack : ways) {
        EXPECT_EQ(keeps_to(*script, {lines, stack}), lines == stack)
            << "lines as " << name_of(lines) << ", stack as " << name_of(stack);
      }
    }
  }
}

TEST(PersonalityTable, EachScriptOfTheFolderHasARow) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_NE(personality_row(entry.path().stem().string()), nullptr) << entry.path();
  }
}

TEST(PersonalityTable, EachRowSaysAll) {
  const std::string rules = text_of(GLASSTCP_SOURCE_DIR "/tests/requirements.tsv") +
                            text_of(GLASSTCP_SOURCE_DIR "/tests/requirements_extra.tsv");
  for (const PersonalityRow& row : personality_rows()) {
    SCOPED_TRACE(std::string(row.name));
    EXPECT_EQ(personality_row(row.name), &row) << "the name stands there twice";
    EXPECT_FALSE(row.section.empty());
    EXPECT_FALSE(row.letter.empty());
    EXPECT_FALSE(row.why.empty());
    if (!row.rule.empty()) {
      EXPECT_NE(rules.find("\n" + std::string(row.rule) + "\t"), std::string::npos)
          << row.rule << " is no id in tests/requirements*.tsv";
    }
    EXPECT_FALSE(does_otherwise(row, Personality::Rfc)) << "Rfc is the default of TcpConfig";
    EXPECT_EQ(does_otherwise(row, Personality::Linux), !row.linux_does.empty());
    EXPECT_EQ(does_otherwise(row, Personality::Bsd), !row.bsd_does.empty());
  }
}

TEST(PersonalityTable, TheWholeIsItsRowsButThoseThatAreAskedFor) {
  for (const Personality personality : {Personality::Rfc, Personality::Linux, Personality::Bsd}) {
    TcpConfig whole, rows;
    adopt_personality(whole, personality);
    for (const PersonalityRow& row : personality_rows()) {
      if (!row.only_if_asked) row.choose(rows, personality);
    }
    EXPECT_EQ(whole, rows);
    EXPECT_EQ(whole == TcpConfig{}, personality == Personality::Rfc);
  }
}

}  // namespace
}  // namespace glasstcp::test
