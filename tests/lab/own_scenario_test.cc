// A scenario of one's own: deeds and events that no built-in one has, and what its author is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/lab/lab.h"
#include "stack/lab/row_json.h"
#include "stack/lab/scenario_reader.h"
#include "stack/lab/telling.h"

namespace glasstcp::lab {
namespace {

using testing::HasSubstr;

std::string told(std::string_view text, const LadderOptions& look,
                 const std::vector<std::string>& unmet = {}) {
  const auto scenario = read_scenario(text, {.name = "own"});
  EXPECT_TRUE(scenario.has_value()) << scenario.error().message;
  LabOptions options;
  options.language = look.language;
  Lab lab(*scenario, options);
  lab.run();
  return tell(*scenario, lab.journal(), look, unmet);
}

constexpr std::string_view kStopped =
    "at 0ms server listen\n"
    "at 10ms server stop-listening\n"
    "at 20ms client connect\n"
    "on client failed client/2 connect to 81\n"
    "until 1s\n";

TEST(OwnScenario, AServerMayStopListening) {
  const std::string text = told(kStopped, {});
  EXPECT_THAT(text, HasSubstr("the application stops listening"));
  const std::size_t reset = text.find("RST");
  ASSERT_NE(reset, std::string::npos);
  EXPECT_NE(text.find("SYN", reset + 10), std::string::npos) << "the client learns it, and goes on";
  LadderOptions chinese;
  chinese.language = Language::Chinese;
  EXPECT_THAT(told(kStopped, chinese), HasSubstr("应用程序停止收听"));
}

TEST(OwnScenario, ItsAuthorIsToldWhatItDoesNotShow) {
  LadderOptions look;
  look.paint = Paint::Terminal;
  const std::string text = told(kStopped, look, {"line 6: expect client reason=SynRetransmit"});
  const std::string heading = "\x1b[1m" + std::string(headings(Language::English).not_shown);
  const std::size_t at = text.find(heading);
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(text.substr(at), HasSubstr("line 6: expect client reason=SynRetransmit"));
}

TEST(OwnScenario, TextMayHaveTabsAndLineFeeds) {
  const auto scenario = read_scenario("at 0ms client write \"a\\tb\\r\\n\"", {});
  ASSERT_TRUE(scenario.has_value());
  EXPECT_EQ(scenario->statements[0].action.text, "a\tb\r\n");
}

// -- What a page reads

TEST(RowJson, ARowWithoutAPacketIsItsText) {
  Row row;
  row.kind = Row::Kind::Action;
  row.text = "the application says \"hello\x1b\"";
  Json json;
  write_row(json, row, {}, 7, kStart);
  EXPECT_THAT(json.text(), HasSubstr(R"("text":"the application says \"hello\u001b\"")"));
  EXPECT_THAT(json.text(), HasSubstr(R"("i":7)"));
  EXPECT_THAT(json.text(), testing::Not(HasSubstr("flags")));
}

TEST(RowJson, SackBlocksAreTheirEnds) {
  Row row;
  row.kind = Row::Kind::Packet;
  row.summary.sack_count = 2;
  row.summary.sack[0] = {SeqNum(100), SeqNum(200)};
  row.summary.sack[1] = {SeqNum(300), SeqNum(400)};
  Json json;
  write_row(json, row, {}, 0, kStart);
  EXPECT_THAT(json.text(), HasSubstr("\"sacks\":[100,200,300,400]"));
}

TEST(RowJson, OfWhatIsOnTheWayOnlyWhatIsKnownIsTold) {
  std::vector<OutstandingRange> ranges(4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    ranges[i].begin = SeqNum(10 * i);
    ranges[i].end = SeqNum(10 * i + 10);
  }
  ranges[1].state = SegmentState::Delivered;
  ranges[2].state = SegmentState::Lost;
  ranges[3].retransmitted = true;
  EXPECT_EQ(marks_text(ranges), "[10,20,1,20,30,2,30,40,0]");
  EXPECT_EQ(marks_text({}), "[]");
  std::vector<OutstandingRange> many(100, ranges[1]);
  EXPECT_EQ(std::ranges::count(marks_text(many), ','), 3 * 64 - 1) << "64 at most";
}

}  // namespace
}  // namespace glasstcp::lab
