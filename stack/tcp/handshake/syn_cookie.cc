// The coding of SYN cookies. See syn_cookie.h.
#include "stack/tcp/handshake/syn_cookie.h"

#include <algorithm>
#include <array>

namespace glasstcp {
namespace {

// RFC 4987 §3.6 R4987-05: what is kept of the MSS: the largest of these that is not above it.
constexpr std::array<std::uint16_t, 8> kClasses = {64, 536, 1220, 1360, 1400, 1440, 1460, 8960};
constexpr unsigned kTagBits = 29;
constexpr std::uint32_t kTagMask = (1U << kTagBits) - 1;
constexpr Duration kTick = 60s;

// In the timestamp: four bits of window scale, one for SACK.
constexpr std::uint32_t kScaleMask = 15, kNoScale = 15, kSackBit = 16, kOptionMask = 31;

std::uint64_t tick_of(Instant now) {
  return static_cast<std::uint64_t>(now.time_since_epoch() / kTick);
}

}  // namespace

SeqNum SynCookies::cookie(const FourTuple& tuple, SeqNum irs, std::uint32_t mss_class,
                          std::uint64_t time) const {
  std::array<std::uint8_t, 24> bytes{};
  const std::uint64_t whose = hash_(tuple);
  const std::array<std::uint32_t, 6> words = {
      static_cast<std::uint32_t>(whose >> 32), static_cast<std::uint32_t>(whose), irs.raw(),
      static_cast<std::uint32_t>(time >> 32),  static_cast<std::uint32_t>(time),  mss_class};
  for (std::size_t i = 0; i < words.size(); ++i) store_be32(bytes.data() + 4 * i, words[i]);
  const auto tag = static_cast<std::uint32_t>(hash_(ByteView(bytes))) & kTagMask;
  return SeqNum((mss_class << kTagBits) | tag);
}

SeqNum SynCookies::make(const FourTuple& tuple, SeqNum irs, std::uint16_t peer_mss,
                        Instant now) const {
  std::uint32_t mss_class = 0;
  while (mss_class + 1 < kClasses.size() && kClasses[mss_class + 1] <= peer_mss) ++mss_class;
  return cookie(tuple, irs, mss_class, tick_of(now));
}

// RFC 4987 §3.6 R4987-05: by the keyed hash, for this tick and the one before.
std::optional<std::uint16_t> SynCookies::check(const FourTuple& tuple, SeqNum irs, SeqNum iss,
                                               Instant now) const {
  const std::uint32_t mss_class = iss.raw() >> kTagBits;
  const std::uint64_t tick = tick_of(now);
  const bool is_new = cookie(tuple, irs, mss_class, tick) == iss;
  const bool is_good = is_new || (tick > 0 && cookie(tuple, irs, mss_class, tick - 1) == iss);
  return is_good ? std::optional(kClasses[mss_class]) : std::nullopt;
}

std::uint32_t SynCookies::stamp(std::uint32_t clock, const SynCookieOptions& options) {
  std::uint32_t bits = std::min<std::uint32_t>(options.window_scale.value_or(kNoScale), kNoScale);
  if (options.sack) bits |= kSackBit;
  const std::uint32_t coded = (clock & ~kOptionMask) | bits;
  const bool is_ahead = bits > (clock & kOptionMask);
  return is_ahead ? coded - (kOptionMask + 1) : coded;
}

SynCookieOptions SynCookies::options_in(std::uint32_t echoed) {
  SynCookieOptions options;
  const std::uint32_t scale = echoed & kScaleMask;
  if (scale != kNoScale) options.window_scale = static_cast<std::uint8_t>(scale);
  options.sack = (echoed & kSackBit) != 0;
  return options;
}

}  // namespace glasstcp
