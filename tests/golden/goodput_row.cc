// The cells of a row, each of one seed or of several. See goodput.h.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tests/golden/goodput.h"

namespace glasstcp::test {
namespace {

constexpr std::size_t kSeeds = 5;  // odd, so that one of them is the median

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

}  // namespace

std::string goodput_row(std::string_view what, double per_cent, int rtt) {
  std::string line = fmt::format("{:<8} {:>5} %  {:>4} ms", what, per_cent, rtt);
  for (const CongestionAlgorithm algorithm : kCongestionAlgorithms) {
    GoodputCell cell;
    cell.algorithm = algorithm;
    cell.rtt = std::chrono::milliseconds(rtt);
    (what == "loss" ? cell.loss : cell.reorder) = per_cent / 100;
    line += text_of(cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace glasstcp::test
