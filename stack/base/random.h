// Random numbers that can be repeated: xoshiro256** from a seed, the same numbers on every
// platform.
//
// Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021). For simulation,
// jitter and choices that need no secrecy: who sees enough numbers can foretell the rest. What must
// stay secret uses keyed_hash.h.
//
// Invariants:
//   1. The state is never all zero.
//   2. below() and between() are unbiased.
//
// Leaves out: std:: distributions, whose results differ between libraries.
// Next: ring.h.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "stack/base/assert.h"
#include "stack/base/bytes.h"
#include "stack/base/keyed_hash.h"

namespace glasstcp {

/// A deterministic stream of random numbers.
class SeededRandom {
 public:
  /// From a number: for tests and simulations.
  explicit SeededRandom(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = splitmix(seed);
  }
  /// From a stack's seed; streams with different labels are independent.
  SeededRandom(const Seed& seed, std::string_view label)
      : SeededRandom(KeyedHash(derive_key(seed, label))(ByteView(seed.bytes))) {}

  /// 64 random bits.
  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// 0 .. n-1; n is not 0.
  std::uint64_t below(std::uint64_t n) {
    STACK_ASSERT(n != 0);
    const std::uint64_t surplus =
        (0 - n) % n;  // 2^64 mod n: numbers below it would favour small results
    std::uint64_t number = next();
    while (number < surplus) number = next();
    return number % n;
  }
  /// a .. b, both included; a <= b.
  std::uint64_t between(std::uint64_t a, std::uint64_t b) {
    STACK_ASSERT(a <= b);
    return b - a == ~std::uint64_t{0} ? next() : a + below(b - a + 1);
  }
  /// True with probability p (0 or less: never; 1 or more: always). Uses one number whatever p is.
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }
  /// Random bytes.
  void fill(ByteSpan out) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i, word >>= 8) {
      if (i % 8 == 0) word = next();
      out[i] = static_cast<std::uint8_t>(word);
    }
  }

 private:
  // Steele, Lea, Flood (2014): spreads a seed over the state, so that near seeds give far streams.
  static std::uint64_t splitmix(std::uint64_t& seed) {
    std::uint64_t z = seed += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  std::array<std::uint64_t, 4> state_;
};

}  // namespace glasstcp
