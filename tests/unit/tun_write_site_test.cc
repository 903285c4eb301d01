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
#include "tun/wireshark/wireshark_files.h"
#include "tun/wireshark/write_wireshark_files.h"

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

TEST_F(WriteSite, WritesTheFilesForWiresharkAndOverwritesNothing) {
  ASSERT_TRUE(put_wireshark_files(top_.string()));
  const std::filesystem::path source =
      std::filesystem::path(GLASSTCP_SOURCE_DIR) / "scripts/wireshark";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source)) {
    if (!entry.is_regular_file()) continue;
    ++count;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string wanted{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(content(std::filesystem::relative(entry.path(), source).string()), wanted)
        << entry.path();
  }
  EXPECT_EQ(wireshark_files().size(), count);
  EXPECT_FALSE(put_wireshark_files(top_.string()));
  // The archive holds a name for each, twice: before its content and in its directory.
  const std::string archive(reinterpret_cast<const char*>(wireshark_archive().data()),
                            wireshark_archive().size());
  EXPECT_TRUE(archive.starts_with("PK"));
  for (const http::BuiltinFile& one : wireshark_files()) {
    const std::size_t first = archive.find(one.path);
    ASSERT_NE(first, std::string::npos) << one.path;
    EXPECT_NE(archive.find(one.path, first + 1), std::string::npos) << one.path;
  }
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
