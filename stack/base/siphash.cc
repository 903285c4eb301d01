// Four words, an add-rotate-xor round, and the message eight bytes at a time. See siphash.h.
#include "stack/base/siphash.h"

#include <bit>

namespace glasstcp {
namespace {

// Up to eight bytes as a little-endian number.
std::uint64_t little_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
  }
  void compress(std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash_2_4(ByteView bytes, const std::array<std::uint8_t, 16>& key) {
  const std::uint64_t k0 = little_endian(ByteView(key).first(8));
  const std::uint64_t k1 = little_endian(ByteView(key).last(8));
  // The constants spell "somepseudorandomlygeneratedbytes".
  SipState state{k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                 k1 ^ 0x7465646279746573ULL};
  const auto length = static_cast<std::uint64_t>(bytes.size());
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.compress(little_endian(bytes.first(8)));
  state.compress(length << 56 | little_endian(bytes));  // the last word ends in the length
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace glasstcp
