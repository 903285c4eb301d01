// RFC 7693 §3: blocks of 128 bytes, twelve rounds of eight mixings. See blake2b.h.
#include "stack/base/blake2b.h"

#include <algorithm>
#include <array>

#include "stack/base/assert.h"

namespace glasstcp {
namespace {

constexpr std::size_t kBlock = 128, kRounds = 12;

// §2.6: the fractions of the square roots of the first eight primes.
constexpr std::array<std::uint64_t, 8> kInitial = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL};

// §2.7: the order of the message's words; rounds ten and eleven repeat the first two.
constexpr std::uint8_t kOrder[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                         {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                         {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                         {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                         {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                         {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                         {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                         {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                         {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                         {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

std::uint64_t word_at(const std::uint8_t* p) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) value = value << 8 | p[i - 1];
  return value;
}

// §3.1.
void mix(std::uint64_t& a, std::uint64_t& b, std::uint64_t& c, std::uint64_t& d,
         std::array<std::uint64_t, 2> words) {
  a += b + words[0];
  d = std::rotr(d ^ a, 32);
  c += d;
  b = std::rotr(b ^ c, 24);
  a += b + words[1];
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 63);
}

class Blake2b {
 public:
  Blake2b(std::size_t digest_length, std::size_t key_length) : h_(kInitial) {
    // §2.5: the parameter block says both lengths, and that there is one leaf and no tree.
    h_[0] ^= 0x01010000ULL ^ std::uint64_t{key_length} << 8 ^ digest_length;
  }

  // §3.2. `counted`: bytes of input up to the end of this block.
  void compress(const std::array<std::uint8_t, kBlock>& block, std::uint64_t counted, bool last) {
    std::array<std::uint64_t, 16> v;
    std::copy(h_.begin(), h_.end(), v.begin());
    std::copy(kInitial.begin(), kInitial.end(), v.begin() + 8);
    v[12] ^= counted;
    if (last) v[14] = ~v[14];
    const auto word = [&block](std::uint8_t i) { return word_at(&block[std::size_t{i} * 8]); };
    for (std::size_t round = 0; round < kRounds; ++round) {
      const std::uint8_t* const order = kOrder[round % 10];
      for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t shift = i < 4 ? 0 : 1;  // columns, then diagonals
        mix(v[i % 4], v[4 + (i + shift) % 4], v[8 + (i + 2 * shift) % 4],
            v[12 + (i + 3 * shift) % 4], {word(order[2 * i]), word(order[2 * i + 1])});
      }
    }
    for (std::size_t i = 0; i < 8; ++i) h_[i] ^= v[i] ^ v[i + 8];
  }
  void write(ByteSpan out) const {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(h_[i / 8] >> 8 * (i % 8));
    }
  }

 private:
  std::array<std::uint64_t, 8> h_;
};

}  // namespace

// §3.3: a key is a block of its own, in front. The last block is filled up with zeros.
void blake2b(ByteSpan out, ByteView key, ByteView message) {
  STACK_ASSERT(!out.empty() && out.size() <= 64 && key.size() <= 64);
  Blake2b state(out.size(), key.size());
  std::array<std::uint8_t, kBlock> block{};
  std::uint64_t counted = 0;
  if (!key.empty()) {
    std::ranges::copy(key, block.begin());
    counted = kBlock;
    state.compress(block, counted, message.empty());
  }
  while (!message.empty() || counted == 0) {
    const std::size_t n = std::min(message.size(), kBlock);
    block.fill(0);
    std::ranges::copy(message.first(n), block.begin());
    message = message.subspan(n);
    counted += n;
    state.compress(block, counted, message.empty());
    if (message.empty()) break;
  }
  state.write(out);
}

}  // namespace glasstcp
