// Every packet script under cases/ as GoogleTest tests: six worlds each, IPv4 and IPv6 with initial
// numbers near 0, 2^31 and 2^32, so that every script also tests the arithmetic modulo 2^32 (RFC
// 9293 §3.4).
//
// A test is called FOLDER.NAME_WORLD, e.g. `--gtest_filter='ack.delayed_ack_timer_*'`. With the
// folder GLASSTCP_SCRIPT_CAPTURES in the environment each writes FOLDER.NAME_WORLD.pcapng there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/script/runner.h"
#include "tests/script/script_parser.h"
#include "tests/script/ways.h"

namespace glasstcp::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// A script is performed in a fresh stack each time; COVERS ids become properties of the test.
class ScriptTest : public ::testing::Test {
 public:
  ScriptTest(fs::path file, const World& world, Personality way)
      : file_(std::move(file)), world_(world), way_(way) {}

  void TestBody() override {
    auto script = parse_script(text_of(file_));
    ASSERT_TRUE(script) << file_ << ": " << script.error();
    for (const std::string& id : script->covers) RecordProperty(id, "covered");
    Runner runner(told_by(*script, {.lines = way_, .stack = way_, .version = world_.version}),
                  world_, capture());
    const auto failure = runner.run();
    if (failure)
      ADD_FAILURE() << file_.parent_path().filename() / file_.filename() << ", " << *failure;
  }

 private:
  // The file for it, or empty.
  static std::string capture() {
    const char* const folder = std::getenv("GLASSTCP_SCRIPT_CAPTURES");
    if (folder == nullptr || *folder == '\0') return {};
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    return fs::path(folder) /
           (std::string(test->test_suite_name()) + '.' + test->name() + ".pcapng");
  }

  fs::path file_;
  World world_;
  Personality way_;
};

// The initial numbers lie so close below the edge that a few hundred bytes cross it.
constexpr std::pair<std::uint32_t, std::uint32_t> kInitialNumbers[] = {
    {0, 1}, {0x7fffff00U, 0x7ffffe80U}, {0xffffff00U, 0xfffffe80U}};

void register_script(const fs::path& file) {
  const std::string suite = file.parent_path().filename().string();
  // A script about something that only one IP version has says so: "//: ip=v4".
  const auto script = parse_script(text_of(file));
  const std::string only = script ? script->setting("ip") : "";
  const auto ways = script ? ways_of(*script) : std::vector{Personality::Rfc};
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    if (only == (version == IpVersion::V4 ? "v6" : "v4")) continue;
    for (const auto& [ours, peers] : kInitialNumbers) {
      const World world{version, ours, peers};
      for (const Personality way : ways) {
        const std::string as = ways.size() > 1 ? "_as_" + std::string(name_of(way)) : "";
        const std::string name = file.stem().string() + as + '_' + world.name();
        ::testing::RegisterTest(
            suite.c_str(), name.c_str(), nullptr, nullptr, file.c_str(), 1,
            [file, world, way]() -> ::testing::Test* { return new ScriptTest(file, world, way); });
      }
    }
  }
}

bool register_all() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(GLASSTCP_SOURCE_DIR "/tests/script/cases")) {
    if (entry.path().extension() == ".pkt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::ranges::for_each(files, register_script);
  return true;
}

[[maybe_unused]] const bool kRegistered = register_all();

}  // namespace
}  // namespace glasstcp::test
