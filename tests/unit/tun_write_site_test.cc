// `glasstcp site DIR`: the built-in page on a disk, to be edited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "http/site/builtin_site.h"
#include "tun/cli/options.h"
#include "tun/site/write_site.h"

namespace glasstcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WriteSite : public ::testing::Test {
 protected:
  ~WriteSite() override { std::filesystem::remove_all(top_); }
  [[nodiscard]] std::string content(const std::string& path) const {
    std::ifstream file(top_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::filesystem::path top_ =
      std::filesystem::path(::testing::TempDir()) /
      (std::string("glasstcp-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(WriteSite, WritesEveryFileIntoAFolderThatItMakes) {
  ASSERT_TRUE(write_builtin_site((top_ / "new").string()));
  for (const http::BuiltinFile& file : http::builtin_site()) {
    const std::string written = content("new/" + std::string(file.path));
    EXPECT_TRUE(
        std::equal(written.begin(), written.end(), file.content.begin(), file.content.end(),
                   [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
        << file.path;
  }
}

TEST_F(WriteSite, OverwritesNothing) {
  std::filesystem::create_directories(top_ / "img");
  std::ofstream(top_ / "img/logo.jpg") << "mine";
  const auto written = write_builtin_site(top_.string());
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().to_string(),
              AllOf(HasSubstr("img/logo.jpg"), HasSubstr("choose another folder")));
  EXPECT_EQ(content("img/logo.jpg"), "mine");
  EXPECT_FALSE(std::filesystem::exists(top_ / "index.html"));
}

TEST_F(WriteSite, NeedsAFolder) {
  const CommandLine line = parse_command_line({"site", "page"});
  ASSERT_TRUE(std::holds_alternative<WriteSiteOptions>(line));
  EXPECT_EQ(std::get<WriteSiteOptions>(line).folder, "page");
  const CommandLine missing = parse_command_line({"site"});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(missing));
  EXPECT_EQ(std::get<ExitNow>(missing).code, kExitWrongUsage);
}

}  // namespace
}  // namespace glasstcp
