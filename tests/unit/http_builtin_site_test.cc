// The built-in page: complete, and the same bytes as in the source tree.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "http/site/builtin_site.h"

namespace glasstcp::http {
namespace {

const std::filesystem::path kFolder = GLASSTCP_SOURCE_DIR "/http/site/www";

std::string text_of(const BuiltinFile& file) {
  return {file.content.begin(), file.content.end()};
}

TEST(BuiltinSite, HoldsExactlyTheFilesOfTheFolder) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string path = entry.path().lexically_relative(kFolder).generic_string();
    const auto found = std::ranges::find(builtin_site(), path, &BuiltinFile::path);
    ASSERT_NE(found, builtin_site().end()) << path;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string wanted{std::istreambuf_iterator<char>(in), {}};
    EXPECT_TRUE(text_of(*found) == wanted)
        << path << ": rebuild, or the table names the wrong bytes";
  }
  EXPECT_EQ(files, builtin_site().size());
}

// A capture of the page is to show many full segments, as in the lab reports that it re-creates.
TEST(BuiltinSite, HasThePicturesAndTheMusicOfTheLab) {
  const auto size_of = [](std::string_view path) {
    return std::ranges::find(builtin_site(), path, &BuiltinFile::path)->content.size();
  };
  EXPECT_GT(size_of("img/logo.jpg"), 2 * 65'475u);
  EXPECT_LT(size_of("img/logo.jpg"), 145'000u);
  EXPECT_GT(size_of("img/idol.mp3"), 3'300'000u);
  EXPECT_LT(size_of("img/idol.mp3"), 3'500'000u);
}

// Everything that the pages request or lead to lies beside them: no address of another host, no
// script or style of its own file.
TEST(BuiltinSite, ThePagesNameNoOtherHost) {
  for (const BuiltinFile& file : builtin_site()) {
    if (!file.path.ends_with(".html")) continue;
    const std::string page = text_of(file);
    for (const std::string_view scheme :
         {"http://", "https://", "src=\"//", "href=\"//", "@import"}) {
      EXPECT_EQ(page.find(scheme), std::string::npos) << file.path << ": " << scheme;
    }
  }
}

TEST(BuiltinSite, ThePageNamesEveryOtherFile) {
  const std::string page = text_of(builtin_site().front());
  for (const BuiltinFile& file : builtin_site().subspan(1)) {
    EXPECT_NE(page.find(file.path), std::string::npos) << file.path;
  }
}

}  // namespace
}  // namespace glasstcp::http
