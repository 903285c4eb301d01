// The arithmetic of Linux's TSO autosizing. See linux_tso_autosize.h.
#include "stack/tcp/personality/linux_tso_autosize.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::uint64_t kMicroseconds = 1'000'000;
constexpr unsigned kRateShift = 10;  // a 1024th of a second's bytes
constexpr unsigned kShortShift = 9;  // each 512 us of round trip halve what a short path adds
constexpr std::uint64_t kMost = 65536;

}  // namespace

std::uint32_t linux_tso_bytes(const LinuxTsoFacts& facts) {
  const auto srtt = static_cast<std::uint64_t>(std::max<std::int64_t>(to_us(facts.srtt), 1));
  // Twice the window per round trip in slow start, 1.2 times afterwards.
  const std::uint64_t percent = facts.cwnd < facts.ssthresh / 2 ? 200 : 120;
  std::uint64_t bytes = facts.cwnd * percent / 100 * kMicroseconds / srtt >> kRateShift;
  const auto least = facts.min_rtt ? static_cast<std::uint64_t>(to_us(*facts.min_rtt)) : srtt;
  if (const std::uint64_t shift = least >> kShortShift; shift < 32) bytes += kMost >> shift;
  const std::uint64_t segments = std::max<std::uint64_t>(bytes / facts.mss, facts.least_segments);
  const std::uint64_t half = std::max<std::uint64_t>(facts.cwnd / 2 / facts.mss, 1);
  return static_cast<std::uint32_t>(std::min({segments, half, kMost / facts.mss + 1})) * facts.mss;
}

}  // namespace glasstcp
