// Sizes and limits of what a stack's connections share. See stack_context.h.
#include "stack/tcp/connection/stack_context.h"

#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {

// RFC 7323 §2.3: the least shift whose windows reach the whole buffer.
std::uint8_t shift_for(const TcpConfig& config) {
  // RFC 7323 §2.3 R7323-06: never above 14.
  // A unit is at most half of the smallest buffer, or the field could say 0 for ever.
  const std::uint32_t buffer = std::min(config.initial_receive_buffer, config.receive_buffer);
  if (config.window_scale) {
    std::uint8_t forced = std::min<std::uint8_t>(*config.window_scale, 14);
    while (forced > 0 && (2U << forced) > buffer) --forced;
    return forced;
  }
  std::uint8_t shift = 0;
  while (shift < 14 && (65535U << shift) < config.receive_buffer) ++shift;
  return shift;
}

std::uint32_t count_for(std::uint64_t memory, std::uint64_t each) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(memory / each, 1024, 1U << 24));
}

}  // namespace

TcpContext::TcpContext(const TcpSetup& setup, IpLayer& ip_layer, Instant start)
    : RecoveryContext(setup.config, count_for(setup.memory, 256), start),
      limits(setup.limits),
      rcv_shift(shift_for(config)),
      ip(ip_layer),
      isn(setup.seed, config.fixed_iss),
      syn_cookies(setup.seed),
      fast_open_keys(setup.seed, FastOpenKeys::kPeriod),
      fast_open_cache(FastOpenCache::kMostServers),
      budget(setup.memory, least_buffer()),
      blocks(count_for(setup.memory, BlockPool::kBlockSize)),
      copied_blocks(count_for(setup.memory / 4, BlockPool::kBlockSize)),
      tx(count_for(setup.memory, 256), copied_blocks),
      receive(config, budget, count_for(setup.memory, BlockPool::kBlockSize), blocks),
      extras(config.max_connections),
      ecn(config.max_connections),
      wheel(start),
      half_open_wheel(start) {}

TcpContext::~TcpContext() = default;

std::uint16_t TcpContext::send_mss(const IpAddress& remote, Instant now) const {
  const std::uint32_t headers = header_bytes(remote.version());
  const std::uint32_t mtu = ip.path_mtu().lookup(remote, now);
  return static_cast<std::uint16_t>(std::max<std::uint32_t>(mtu, headers + 64) - headers);
}

std::uint16_t TcpContext::offered_mss(IpVersion version) const {
  if (config.mss != 0) return config.mss;
  // RFC 8200 §8.3 R8200-15: 60 bytes of headers on IPv6.
  return static_cast<std::uint16_t>(ip.config().mtu - (version == IpVersion::V4 ? 40 : 60));
}

std::uint32_t TcpContext::least_buffer() const {
  // The least window worth opening a connection for; two units, or its field could say 0 for ever.
  const std::uint32_t least = std::max<std::uint32_t>(4096, 2U << rcv_shift);
  return std::min({least, config.initial_receive_buffer, config.receive_buffer});
}

std::uint32_t TcpContext::next_buffer() const {
  constexpr std::uint64_t kShares = 16384;
  const std::uint64_t free = std::min(budget.available(), 2 * budget.available_beyond());
  const std::uint64_t share = std::max<std::uint64_t>(free / kShares, least_buffer());
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>({share, config.initial_receive_buffer, config.receive_buffer}));
}

std::uint32_t TcpContext::timestamp_offset(const FourTuple& tuple, Instant now) const {
  if (!config.fixed_timestamp) return isn.timestamp_offset(tuple);
  // Scripts want the clock to read a known value at the time zero of their own clock.
  static_cast<void>(now);
  return *config.fixed_timestamp;
}

std::uint16_t TcpContext::offered_mss(const IpAddress& remote, Instant now) const {
  const std::uint16_t own = offered_mss(remote.version());
  const bool follows = config.offered_mss == OfferedMss::Path ||
                       (config.offered_mss == OfferedMss::PathV6 && !remote.is_v4());
  return follows ? std::min(own, send_mss(remote, now)) : own;
}

bool TcpContext::is_hard(const IcmpSignal& signal) const {
  switch (config.icmp_aborts) {
    case IcmpAborts::None:
      return false;
    case IcmpAborts::Rfc:
      return signal.is_hard();
    case IcmpAborts::Prohibited:
      return signal.is_hard() || signal.kind == IcmpSignal::Kind::AdminProhibited;
  }
  return false;
}

}  // namespace glasstcp
