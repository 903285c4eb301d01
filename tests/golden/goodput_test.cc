// The goodput table: what each algorithm makes of each kind of link, compared with the reviewed
// table beside this file. A change that moves a cell shows in its diff.
//
// To take new numbers over: scripts/goodput.
#include "tests/golden/goodput.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace glasstcp::test {
namespace {

constexpr CongestionAlgorithm kAlgorithms[] = {
    CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr};
constexpr int kRtts[] = {1, 20, 100, 300};        // milliseconds
constexpr double kLosses[] = {0, 0.1, 1, 3, 10};  // per cent
constexpr double kReorders[] = {0, 1, 5, 10, 30};

constexpr const char* kHead =
    "Goodput over a link of 20 Mbit/s with a drop-tail queue of one bandwidth-delay product (at\n"
    "least ten packets): the text that arrived in the first 30 s of a download, handshake and "
    "slow\n"
    "start included, in per cent of what full packets would have brought. Virtual time; one seed.\n"
    "A packet that is reordered arrives up to half a round trip late (at least 1 ms).\n"
    "\n";

std::string row(std::string_view what, double per_cent, int rtt) {
  std::string line = fmt::format("{:<8} {:>5} %  {:>4} ms ", what, per_cent, rtt);
  for (const CongestionAlgorithm algorithm : kAlgorithms) {
    GoodputCell cell;
    cell.algorithm = algorithm;
    cell.rtt = std::chrono::milliseconds(rtt);
    (what == "loss" ? cell.loss : cell.reorder) = per_cent / 100;
    const std::uint32_t tenths = goodput(cell);
    line += fmt::format(" {:>4}.{}", tenths / 10, tenths % 10);
  }
  return line + "\n";
}

std::string table() {
  std::string text = kHead;
  text += fmt::format("{:<8} {:>7}  {:>7}   {:>5}  {:>5} {:>6}\n", "link", "", "RTT", "reno",
                      "cubic", "bbr");
  for (const double loss : kLosses) {
    for (const int rtt : kRtts) text += row("loss", loss, rtt);
  }
  for (const double reorder : kReorders) {
    for (const int rtt : {20, 100}) text += row("reorder", reorder, rtt);
  }
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
