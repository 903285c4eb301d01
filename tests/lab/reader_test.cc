// The text of a scenario: what is read, and which line is told to be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "stack/lab/check.h"
#include "stack/lab/display_text.h"
#include "stack/lab/expression.h"
#include "stack/lab/scenario_reader.h"

namespace glasstcp::lab {
namespace {

using testing::HasSubstr;

ReadError error_of(std::string_view text, std::span<const Override> overrides = {}) {
  const auto scenario = read_scenario(text, {.overrides = overrides});
  return scenario ? ReadError{0, "none"} : scenario.error();
}

TEST(ScenarioReader, NamesTheLineThatIsWrong) {
  struct Case {
    std::string_view text;
    std::uint32_t line;
    std::string_view message;
  };
  for (const Case& c : std::vector<Case>{
           {"\n\nnonsense 1", 3, "begins no line"},
           {"at 0ms clinet connect", 1, "'clinet' is not client or server"},
           {"at 5 client connect", 1, "a time like 20ms"},
           {"at 0ms client dance", 1, "nothing that an application does"},
           {"at 0ms client congestion vegas", 1, "'vegas' is not reno, cubic or bbr"},
           {"on client arrived client close", 1, "is no event"},
           {"# fine\nset both sock=on", 2, "'sock' is no setting"},
           {"set both sack=perhaps", 1, "'perhaps' is not"},
           {"link both delay=5", 1, "delay="},
           {"lose client dta 1", 1, "no kind of packet"},
           {"lose client data", 1, "which one?"},
           {"delay client data 1", 1, "how long?"},
           {"at 0ms client write 5 bytes", 1, "'bytes' is too much"},
           {"at 0ms client write \"open", 1, "quotation mark"},
           {"link both delay=$rtt", 1, "nothing is called $rtt"},
           {"choose a 5ms..1ms", 1, "the lower one first"},
           {"watch client mood", 1, "cannot be watched"},
           {"expect client Syn", 1, "Keys"},
           {"at 0ms client/0 connect", 1, "a connection from 1 to 64"},
           {"at 0ms client/65 connect", 1, "a connection from 1 to 64"},
           {"at 0ms client write 0", 1, "from 1 to 64M"},
           {"at 0ms client receives forged fin", 1, "'forged rst beyond N'"},
           {"set nobody sack=on", 1, "'nobody' is not client, server or both"},
           {"choose way left | ", 1, "one word each"},
           {"choose way left right", 1, "one word each"},
           {"let half left", 1, "is no number and no time"},
           {"at 0ms client connect\nset both min_rto=90s", 0, "is above"},
           {"[en]\nqestion: why", 2, "a story has"},
       }) {
    const ReadError error = error_of(c.text);
    EXPECT_EQ(error.line, c.line) << c.text;
    EXPECT_THAT(error.message, HasSubstr(c.message)) << c.text;
  }
}

TEST(ScenarioReader, RefusesAnOverrideThatIsNothing) {
  const Override wrong[] = {{"colour", "red"}};
  EXPECT_THAT(error_of("at 0ms client connect", wrong).message,
              HasSubstr("nothing that can be set"));
  const Override value[] = {{"client.sack", "7"}};
  EXPECT_THAT(error_of("at 0ms client connect", value).message, HasSubstr("'7' is not"));
}

TEST(ScenarioReader, OverridesReplaceWhatTheTextSays) {
  const Override all[] = {{"bytes", "77"}, {"client.sack", "off"}, {"link.delay", "9ms"}};
  const auto scenario = read_scenario(
      "choose bytes 1..5\nlink both delay=1ms\nset both sack=on\nat 0ms client write $bytes",
      {.overrides = all});
  ASSERT_TRUE(scenario.has_value());
  EXPECT_EQ(scenario->statements[0].action.amount, 77U);
  EXPECT_FALSE(scenario->configs[0].tcp.use_sack);
  EXPECT_TRUE(scenario->configs[1].tcp.use_sack);
  EXPECT_EQ(scenario->paths[0].impairment.delay, 9ms);
  EXPECT_EQ(scenario->paths[1].impairment.delay, 9ms);
}

TEST(ScenarioReader, AnEditIsALineAboutPackets) {
  for (const std::string line : {"loose client packet 3", "5"}) {
    const auto scenario = read_scenario("at 0ms client connect", {.edits = std::span(&line, 1)});
    ASSERT_FALSE(scenario.has_value());
    EXPECT_EQ(scenario.error().line, 0U) << "it is no line of the text";
    EXPECT_THAT(scenario.error().message, HasSubstr("is no line like 'lose client packet 3'"));
  }
}

TEST(ScenarioReader, ATimeMayBeComputed) {
  const auto scenario = read_scenario("let wait 2*20ms\nat $wait client connect", {});
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
  EXPECT_EQ(scenario->statements[0].delay, 40ms);
}

TEST(ScenarioReader, TheSeedChoosesWithinTheBounds) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto scenario = read_scenario("choose n 3..6\nat 0ms client write $n", {.seed = seed});
    ASSERT_TRUE(scenario.has_value());
    seen.insert(scenario->statements[0].action.amount);
  }
  EXPECT_THAT(seen, testing::ElementsAre(3, 4, 5, 6));
}

TEST(LabExpression, ComputesWithWholeNumbersAlone) {
  EXPECT_EQ(evaluate_number("1460*3+100"), 4480U);
  EXPECT_EQ(evaluate_number("100+2*3-6"), 100U);
  EXPECT_EQ(evaluate_number("7/2"), 3U);
  EXPECT_EQ(evaluate_number("64K"), 65536U);
  EXPECT_EQ(evaluate_number("5-6"), std::nullopt);
  EXPECT_EQ(evaluate_number("5/0"), std::nullopt);
  EXPECT_EQ(evaluate_number(""), std::nullopt);
  EXPECT_EQ(evaluate_number("5ms"), std::nullopt);
  EXPECT_EQ(evaluate_number("99999999999*99999999999"), std::nullopt);
  EXPECT_EQ(evaluate_time("17ms*2+500us"), Duration(34'500us));
  EXPECT_EQ(evaluate_time("12.5ms"), Duration(12'500us));
  EXPECT_EQ(evaluate_time("1.001s*2"), Duration(2'002ms));
  EXPECT_EQ(evaluate_time("0.0001s"), std::nullopt);
  EXPECT_EQ(evaluate_time(".5s"), std::nullopt);
  EXPECT_EQ(evaluate_time("5.s"), std::nullopt);
  EXPECT_EQ(evaluate_time("5"), std::nullopt);
  EXPECT_EQ(evaluate_time("5ms*5ms"), std::nullopt);
  EXPECT_EQ(time_text(1500us), "1500us");
  EXPECT_EQ(time_text(2s), "2s");
}

TEST(LabTerms, FindValuesInALine) {
  const std::string line = "glasstcp/1: dir=in event=DuplicateAck3,SackReport seq=1449 flight=20";
  EXPECT_TRUE(has_term(line, "dir=in"));
  EXPECT_TRUE(has_term(line, "event=DuplicateAck3"));
  EXPECT_TRUE(has_term(line, "event=DuplicateAck"));
  EXPECT_TRUE(has_term(line, "event=SackReport"));
  EXPECT_FALSE(has_term(line, "event=Sack"));
  EXPECT_FALSE(has_term(line, "event=DuplicateAck2"));
  EXPECT_FALSE(has_term(line, "seq=14"));
  EXPECT_TRUE(has_term(line, "flight>19"));
  EXPECT_FALSE(has_term(line, "flight<20"));
  EXPECT_FALSE(has_term(line, "ack=1"));
}

TEST(DisplayText, CountsColumnsByEastAsianWidth) {
  EXPECT_EQ(columns_of("SYN"), 3U);
  EXPECT_EQ(columns_of("三次握手"), 8U);
  EXPECT_EQ(columns_of("─▶§"), 3U);
  EXPECT_EQ(columns_of("，"), 2U);
  EXPECT_EQ(padded("客户端", 8), "客户端  ");
  EXPECT_EQ(padded_left("s", 3), "  s");
}

TEST(DisplayText, BreaksLinesWhereNoMarkWouldBeginOne) {
  for (const std::string& line : wrapped("确认对方的数据，并通告窗口。然后（见图）等待。", 9)) {
    EXPECT_LE(columns_of(line), 10U) << line;
    for (const std::string_view mark : {"，", "。", "）"}) EXPECT_FALSE(line.starts_with(mark));
    EXPECT_FALSE(line.ends_with("（"));
  }
  EXPECT_THAT(wrapped("one two three", 7), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("averylongwordindeed", 5), testing::SizeIs(testing::Ge(1)));
}

}  // namespace
}  // namespace glasstcp::lab
