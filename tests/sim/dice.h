// Seeded chance for simulations: the same seed throws the same numbers on every machine
// (SplitMix64).
//
// Invariants:
//   1. No std::distribution: their results differ between standard libraries.
//
// Next: path.h.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

namespace glasstcp::sim {

/// A stream of numbers from one seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  /// A number in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + next() % (high - low + 1);
  }
  /// True in `per_mille` of 1000 throws.
  bool chance(std::uint64_t per_mille) { return next() % 1000 < per_mille; }
  /// One of the values, all alike likely.
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[next() % values.size()];
  }
  template <typename T, std::size_t N>
  T pick(const std::array<T, N>& values) {
    return values[next() % N];
  }
  /// A seed for an independent stream.
  Dice fork() { return Dice(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace glasstcp::sim
