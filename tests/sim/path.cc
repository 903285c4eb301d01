// Weather by chance, and the router in it.
#include "tests/sim/path.h"

#include <algorithm>

#include "stack/link/router.h"

namespace glasstcp::sim {
namespace {

constexpr std::uint32_t kAnyMtu = UINT32_MAX;
constexpr std::size_t kV4Header = 20;
constexpr std::size_t kV6Header = 40;
const IpAddress kRouterV4 = IpAddress::v4(203, 0, 113, 1);
const IpAddress kRouterV6 = *IpAddress::parse("2001:db8:ff::1");

// The largest packet that this one becomes on the wire: a GSO packet is cut into segments first.
std::size_t size_on_the_wire(const Bytes& packet, const PacketMeta& meta) {
  if (meta.gso_size == 0) return packet.size();
  const std::size_t ip = packet[0] >> 4 == 6 ? kV6Header : kV4Header;
  const std::size_t tcp = static_cast<std::size_t>(packet.at(ip + 12) >> 4) * 4;
  return std::min(packet.size(), ip + tcp + meta.gso_size);
}

}  // namespace

Weather Weather::by(Dice& dice, Instant start) {
  Weather weather;
  Impairment& how = weather.impairment;
  const auto per_mille = [&dice](std::initializer_list<std::uint64_t> values) {
    return static_cast<double>(dice.pick(values)) / 1000;
  };
  how.delay = std::chrono::microseconds(dice.pick<std::uint64_t>({50, 1000, 10'000, 80'000}));
  if (dice.chance(200)) {
    weather.narrow_from = start + std::chrono::milliseconds(dice.between(1, 8000));
    weather.narrow_mtu = dice.pick<std::uint32_t>({576, 1006, 1280, 1400});
  }
  if (dice.chance(250)) return weather;  // a quarter of all days is fine
  how.jitter = std::chrono::microseconds(dice.pick<std::uint64_t>({0, 100, 5000, 30'000}));
  how.loss = per_mille({0, 5, 20, 80});
  how.burst = per_mille({0, 0, 2, 10});
  how.burst_length = static_cast<double>(dice.between(2, 20));
  how.reorder = per_mille({0, 10, 100, 300});
  how.duplicate = per_mille({0, 10, 50});
  how.corrupt = per_mille({0, 5, 20});
  how.rate = dice.pick<std::uint64_t>({0, 0, 0, 1'000'000, 10'000'000, 100'000'000});
  how.queue = dice.pick<std::uint32_t>({5, 20, 100});
  if (dice.chance(200)) {
    weather.outage_begin = start + std::chrono::milliseconds(dice.between(100, 3000));
    weather.outage_end = weather.outage_begin + std::chrono::milliseconds(dice.between(100, 4000));
  }
  return weather;
}

void Weather::add_silence_and_marks(Dice& dice, Instant start) {
  mark_per_mille = dice.pick<std::uint64_t>({0, 0, 5, 50, 300});
  is_black_hole = dice.chance(150);
  if (!is_black_hole || narrow_mtu != 0) return;
  narrow_from = start + std::chrono::milliseconds(dice.between(0, 4000));
  narrow_mtu = dice.pick<std::uint32_t>({576, 1006, 1280, 1400});
}

std::uint32_t Path::mtu(Instant now, bool v6) const {
  if (now < weather_.narrow_from) return kAnyMtu;
  return v6 ? std::max(weather_.narrow_mtu, 1280U) : weather_.narrow_mtu;
}

std::optional<Bytes> Path::carry(const Bytes& packet, const PacketMeta& meta, Instant now) {
  if (now >= weather_.outage_begin && now < weather_.outage_end) return std::nullopt;
  const std::uint32_t limit = mtu(now, packet[0] >> 4 == 6);
  if (size_on_the_wire(packet, meta) > limit) {
    if (weather_.is_black_hole) return std::nullopt;
    return too_big_message(packet[0] >> 4 == 6 ? kRouterV6 : kRouterV4, packet, limit);
  }
  Bytes marked;
  const bool is_marked = weather_.mark_per_mille > 0 && marks_.chance(weather_.mark_per_mille);
  if (is_marked) {
    marked = packet;
    mark_congestion(marked);
  }
  const ByteView piece(is_marked ? marked : packet);
  link_.carry(std::span(&piece, 1), meta, now);
  return std::nullopt;
}

void Path::heal() {
  weather_.outage_begin = weather_.outage_end = kNever;
  link_.heal();
}

}  // namespace glasstcp::sim
