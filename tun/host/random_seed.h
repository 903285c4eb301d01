// The seed of a stack: drawn from the kernel, unless the user gave one.
//
// Invariants:
//   1. Without a number, all 32 bytes are random: keys that nobody can guess stand on it.
//
// Next: ../stack/base/keyed_hash.h.
#pragma once

#include <sys/random.h>

#include <cstdint>
#include <expected>
#include <optional>

#include "stack/base/keyed_hash.h"
#include "tun/host/failure.h"

namespace glasstcp {

[[nodiscard]] inline std::expected<Seed, Failure> draw_seed(std::optional<std::uint64_t> number) {
  if (number) return Seed::from_number(*number);
  Seed seed;
  if (::getrandom(seed.bytes.data(), seed.bytes.size(), 0) !=
      static_cast<ssize_t>(seed.bytes.size())) {
    return std::unexpected(Failure{"the kernel gives no random numbers", {}});
  }
  return seed;
}

}  // namespace glasstcp
