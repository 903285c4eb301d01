// The goodput table: what each algorithm makes of each kind of link, compared with the reviewed
// table beside this file. A change that moves a cell shows in its diff.
//
// To take new numbers over: scripts/goodput.
#include "tests/golden/goodput.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <vector>

namespace glasstcp::test {
namespace {

constexpr CongestionAlgorithm kAlgorithms[] = {
    CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr};
constexpr int kRtts[] = {1, 20, 100, 300};        // milliseconds
constexpr double kLosses[] = {0, 0.1, 1, 3, 10};  // per cent
constexpr double kReorders[] = {0, 1, 5, 10, 30};

constexpr std::size_t kSeeds = 5;  // odd, so that one of them is the median

constexpr const char* kHead =
    "Goodput over a link of 20 Mbit/s with a drop-tail queue of one bandwidth-delay product (at\n"
    "least ten packets): the data that arrived in the first 30 s of a download, handshake and "
    "slow\n"
    "start included, in per cent of what full packets would have brought. Virtual time. Where one\n"
    "seed says little, the median of five, and in brackets the lowest and the highest of them.\n"
    "A packet that is reordered arrives up to half a round trip late (at least 1 ms).\n"
    "\n";

// One seed is enough where all seeds are within a point of each other.
std::size_t seeds_of(const GoodputCell& cell) {
  const bool is_short = cell.rtt < 20ms && cell.loss <= 0.01;
  const bool is_regular = cell.rtt <= 20ms && cell.loss == 0 && cell.reorder <= 0.05;
  const bool is_certain = cell.loss == 0 && cell.reorder == 0;
  return is_short || is_regular || is_certain ? 1 : kSeeds;
}

std::string per_cent_of(std::uint32_t tenths) {
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

std::string text_of(const GoodputCell& cell) {
  std::vector<std::uint32_t> results;
  for (std::uint64_t seed = 1; seed <= seeds_of(cell); ++seed) {
    results.push_back(goodput(cell, seed));
  }
  std::ranges::sort(results);
  const std::string median = per_cent_of(results[results.size() / 2]);
  if (results.size() == 1) return fmt::format("  {:>5} {:<11}", median, "");
  const std::string range =
      fmt::format("({}-{})", per_cent_of(results.front()), per_cent_of(results.back()));
  return fmt::format("  {:>5} {:<11}", median, range);
}

std::string row(std::string_view what, double per_cent, int rtt) {
  std::string line = fmt::format("{:<8} {:>5} %  {:>4} ms", what, per_cent, rtt);
  for (const CongestionAlgorithm algorithm : kAlgorithms) {
    GoodputCell cell;
    cell.algorithm = algorithm;
    cell.rtt = std::chrono::milliseconds(rtt);
    (what == "loss" ? cell.loss : cell.reorder) = per_cent / 100;
    line += text_of(cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// The rows are made at once, on every core, and stand in their order.
std::string table() {
  std::vector<std::future<std::string>> rows;
  const auto add = [&rows](std::string_view what, double per_cent, int rtt) {
    rows.push_back(std::async(std::launch::async, row, what, per_cent, rtt));
  };
  for (const double loss : kLosses) {
    for (const int rtt : kRtts) add("loss", loss, rtt);
  }
  for (const double reorder : kReorders) {
    for (const int rtt : {20, 100}) add("reorder", reorder, rtt);
  }
  std::string text = kHead;
  text += fmt::format("{:<15}  {:>7}  {:>5} {:<11}  {:>5} {:<11}  {:>5}\n", "link", "RTT", "reno",
                      "", "cubic", "", "bbr");
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
