// The goodput table: what each algorithm makes of each kind of link, compared with the reviewed
// table beside this file. A change that moves a cell shows in its diff.
//
// To take new numbers over: scripts/goodput.
#include "tests/golden/goodput.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <vector>

namespace glasstcp::test {
namespace {

constexpr int kRtts[] = {1, 20, 100, 300};        // milliseconds
constexpr double kLosses[] = {0, 0.1, 1, 3, 10};  // per cent
constexpr double kReorders[] = {0, 1, 5, 10, 30};

constexpr const char* kHead =
    "Goodput over a link of 20 Mbit/s with a drop-tail queue of one bandwidth-delay product (at\n"
    "least ten packets): the data that arrived in the first 30 s of a download, handshake and "
    "slow\n"
    "start included, in per cent of what full packets would have brought. Virtual time. Where one\n"
    "seed says little, the median of five, and in brackets the lowest and the highest of them.\n"
    "A packet that is reordered arrives up to half a round trip late (at least 1 ms).\n"
    "\n";

// The rows are made at once, on every core, and stand in their order.
std::string table() {
  std::vector<std::future<std::string>> rows;
  const auto add = [&rows](std::string_view what, double per_cent, int rtt) {
    rows.push_back(std::async(std::launch::async, goodput_row, what, per_cent, rtt));
  };
  for (const double loss : kLosses) {
    for (const int rtt : kRtts) add("loss", loss, rtt);
  }
  for (const double reorder : kReorders) {
    for (const int rtt : {20, 100}) add("reorder", reorder, rtt);
  }
  std::string text = kHead;
  std::string head = fmt::format("{:<15}  {:>7}", "link", "RTT");
  for (const std::string_view name : kCongestionNames)
    head += fmt::format("  {:>5} {:<11}", name, "");
  text += head.substr(0, head.find_last_not_of(' ') + 1) + "\n";
  for (std::future<std::string>& line : rows) text += line.get();
  return text;
}

TEST(Goodput, TheTableIsTheReviewedOne) {
  const std::string path = GLASSTCP_SOURCE_DIR "/tests/golden/goodput.txt";
  const std::string now = table();
  if (std::getenv("GLASSTCP_GOLDEN_UPDATE") != nullptr) std::ofstream(path) << now;
  std::ifstream file(path);
  std::stringstream reviewed;
  reviewed << file.rdbuf();
  EXPECT_EQ(reviewed.str(), now)
      << "if this is what was meant: scripts/goodput, and review the diff";
}

}  // namespace
}  // namespace glasstcp::test
