// How large Linux makes a superpacket: what its pacing rate sends in about a millisecond, more on a
// path that is so short that this costs nothing, and never more than half of the congestion window.
// Only for stacks that are to behave as Linux does (TcpConfig::push_superpackets).
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {

constexpr std::uint64_t kMicroseconds = 1'000'000;
constexpr unsigned kRateShift = 10;  // a 1024th of a second's bytes
constexpr unsigned kShortShift = 9;  // each 512 us of round trip halve what a short path adds
constexpr std::uint64_t kMost = 65536;

}  // namespace

std::uint32_t Connection::linux_superpacket(std::uint32_t mss) const {
  const auto srtt =
      static_cast<std::uint64_t>(std::max<std::int64_t>(to_us(recovery_.rtt().srtt()), 1));
  // Twice the window per round trip in slow start, 1.2 times afterwards.
  const std::uint64_t percent = recovery_.cwnd() < recovery_.ssthresh() / 2 ? 200 : 120;
  std::uint64_t bytes = recovery_.cwnd() * percent / 100 * kMicroseconds / srtt >> kRateShift;
  const ConnectionStatistics* s = statistics();
  const auto least =
      s != nullptr && s->min_rtt ? static_cast<std::uint64_t>(to_us(*s->min_rtt)) : srtt;
  if (const std::uint64_t shift = least >> kShortShift; shift < 32) bytes += kMost >> shift;
  const std::uint64_t segments =
      std::max<std::uint64_t>(bytes / mss, context_.config.least_superpacket);
  const std::uint64_t half = std::max<std::uint64_t>(recovery_.cwnd() / 2 / mss, 1);
  return static_cast<std::uint32_t>(std::min({segments, half, kMost / mss + 1})) * mss;
}

}  // namespace glasstcp
