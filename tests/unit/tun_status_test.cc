// What a server says of itself, as text and as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tun/control/status.h"

namespace glasstcp {
namespace {

using testing::HasSubstr;
using testing::Not;

Status example() {
  StatusSection counters{"sent", {"sent packets", "发送的分组"}};
  counters.add("SynAck", {"SynAck", "SynAck"}, std::uint64_t{12}, {"answers", "应答"});
  counters.add("Fin", {"Fin", "Fin"}, std::uint64_t{0}, {"closes", "关闭"});
  StatusSection options{"options", {"options", "选项"}, false};
  options.add("--site", {"--site", "--site"}, std::string("a \"b\"\\\n"));
  options.add("--recent", {"--recent", "--recent"}, std::uint64_t{0});
  return {{counters, options, StatusSection{"lost", {"lost", "丢失"}}}};
}

TEST(Status, TextHasWhatHappenedAlone) {
  const std::string text = text_of(example(), Language::English);
  EXPECT_THAT(text, HasSubstr("sent packets\n            12  SynAck: answers\n\noptions\n"));
  EXPECT_THAT(text, Not(HasSubstr("Fin")));
  EXPECT_THAT(text, HasSubstr("0  --recent\n")) << "that is no counter";
  EXPECT_THAT(text, HasSubstr("\nlost\n  none\n"));
  const std::string chinese = text_of(example(), Language::Chinese);
  EXPECT_THAT(chinese, HasSubstr("发送的分组\n            12  SynAck: 应答\n"));
  EXPECT_THAT(chinese, HasSubstr("丢失\n  无\n"));
}

TEST(Status, JsonHasAllAndIsWellFormed) {
  EXPECT_EQ(json_of(example()),
            "{\n"
            "  \"sent\": {\n"
            "    \"SynAck\": 12,\n"
            "    \"Fin\": 0\n"
            "  },\n"
            "  \"options\": {\n"
            "    \"--site\": \"a \\\"b\\\"\\\\\\u000a\",\n"
            "    \"--recent\": 0\n"
            "  },\n"
            "  \"lost\": {\n"
            "  }\n"
            "}\n");
}

}  // namespace
}  // namespace glasstcp
