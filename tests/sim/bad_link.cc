// The fate of each packet is thrown when it enters the link.
#include "tests/sim/bad_link.h"

namespace glasstcp::sim {

Weather Weather::by(Dice& dice, Instant start, bool offload) {
  Weather weather;
  weather.delay = std::chrono::microseconds(dice.pick<std::uint64_t>({50, 1000, 10'000, 80'000}));
  if (dice.chance(250)) return weather;  // a quarter of all days is fine
  weather.jitter = std::chrono::microseconds(dice.pick<std::uint64_t>({0, 100, 5000, 30'000}));
  weather.loss = dice.pick<std::uint64_t>({0, 5, 20, 80});
  weather.reorder = dice.pick<std::uint64_t>({0, 10, 100});
  weather.duplicate = dice.pick<std::uint64_t>({0, 10, 50});
  // With offload the checksum is not in the packet yet: nothing could notice.
  weather.corrupt = offload ? 0 : dice.pick<std::uint64_t>({0, 5, 20});
  if (dice.chance(200)) {
    weather.outage_begin = start + std::chrono::milliseconds(dice.between(100, 3000));
    weather.outage_end = weather.outage_begin + std::chrono::milliseconds(dice.between(100, 4000));
  }
  return weather;
}

void BadLink::carry(Bytes packet, const PacketMeta& meta, Instant now) {
  const bool is_out = now >= weather_.outage_begin && now < weather_.outage_end;
  if (is_out || dice_.chance(weather_.loss)) return;
  Instant arrival = now + weather_.delay;
  if (weather_.jitter.count() > 0) {
    arrival += Duration(dice_.between(0, static_cast<std::uint64_t>(weather_.jitter.count())));
  }
  if (dice_.chance(weather_.reorder)) arrival += 2 * weather_.delay;
  if (dice_.chance(weather_.duplicate)) {
    const auto lag = dice_.between(0, static_cast<std::uint64_t>(3 * weather_.delay.count()));
    enqueue(packet, meta, arrival + Duration(lag));
  }
  if (dice_.chance(weather_.corrupt)) corrupt(packet);
  enqueue(std::move(packet), meta, arrival);
}

void BadLink::corrupt(Bytes& packet) {
  // No checksum covers the first 8 bytes of an IPv6 header.
  const std::size_t first = (packet[0] >> 4) == 6 ? 8 : 0;
  const std::size_t bit = dice_.between(8 * first, 8 * packet.size() - 1);
  packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ (1U << (bit % 8)));
}

void BadLink::enqueue(Bytes packet, const PacketMeta& meta, Instant arrival) {
  parcels_.push({arrival, count_++, std::move(packet), meta});
}

Instant BadLink::next_arrival() const {
  return parcels_.empty() ? kNever : parcels_.top().arrival;
}

Parcel BadLink::take() {
  Parcel parcel = parcels_.top();
  parcels_.pop();
  return parcel;
}

void BadLink::heal() {
  Weather fine;
  fine.delay = weather_.delay;
  weather_ = fine;
}

}  // namespace glasstcp::sim
