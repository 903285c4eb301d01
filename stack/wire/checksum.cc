// The inner loop works on 32-bit halves of 64-bit loads, in four independent sums that a compiler
// can vectorise.
#include "stack/wire/checksum.h"

namespace glasstcp {
namespace {

std::uint64_t load_native64(const std::uint8_t* p) {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// RFC 1071 §2(B): the sum does not care about byte order, as long as all words have the same; the
// result is swapped.
constexpr std::uint16_t fold_native(std::uint64_t sum) {
  sum = (sum & 0xffffffffU) + (sum >> 32);
  sum = (sum & 0xffffffffU) + (sum >> 32);
  return detail::from_network(fold(static_cast<std::uint32_t>(sum)));
}

}  // namespace

std::uint32_t add_to_checksum(std::uint32_t sum, ByteView bytes) {
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  // Each lane takes in at most 2^32 numbers below 2^32 before it could overflow: no packet is that
  // long.
  std::uint64_t lanes[4] = {};
  for (; left >= 32; p += 32, left -= 32) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t word = load_native64(p + 8 * i);
      lanes[i] += (word & 0xffffffffU) + (word >> 32);
    }
  }
  std::uint64_t total = lanes[0] + lanes[1] + lanes[2] + lanes[3];
  for (; left >= 8; p += 8, left -= 8) {
    const std::uint64_t word = load_native64(p);
    total += (word & 0xffffffffU) + (word >> 32);
  }
  // The tail in fixed steps: a memcpy of variable length would be a call.
  if ((left & 4) != 0) {
    std::uint32_t word;
    std::memcpy(&word, p, sizeof word);
    total += word;
    p += 4;
  }
  if ((left & 2) != 0) {
    std::uint16_t word;
    std::memcpy(&word, p, sizeof word);
    total += word;
    p += 2;
  }
  if ((left & 1) != 0) {
    const std::uint8_t padded[2] = {*p, 0};  // zero padding at the end (RFC 1071 §1)
    std::uint16_t word;
    std::memcpy(&word, padded, sizeof word);
    total += word;
  }
  return add_word_to_checksum(sum, fold_native(total));
}

std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::uint32_t length) {
  // Protocol and length stand in different places for the two versions; a sum does not notice. A
  // length beyond 65535 counts with its upper half too (RFC 8200 §8.1 has 32 bits for it; for an
  // IPv4 GSO packet the kernel does the same).
  std::uint32_t sum = std::uint32_t{protocol} + (length >> 16) + (length & 0xffffU);
  for (const IpAddress* address : {&source, &destination}) {
    const std::uint8_t* p = address->storage().data();
    if (address->is_v4()) {
      sum += std::uint32_t{load_be16(p + 12)} + load_be16(p + 14);
      continue;
    }
    for (std::size_t i = 0; i < 16; i += 2) sum += load_be16(p + i);
  }
  return sum;
}

void ChecksumAccumulator::add(ByteView bytes) {
  if (bytes.empty()) return;
  if (odd_) {
    sum_ = add_word_to_checksum(sum_, bytes.front());
    bytes = bytes.subspan(1);
    odd_ = false;
  }
  sum_ = add_to_checksum(sum_, bytes);
  odd_ = bytes.size() % 2 != 0;
}

}  // namespace glasstcp
