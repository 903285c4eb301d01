// Hashes that an outsider cannot compute, and the one seed that all secrets of a stack come from.
//
// RFC 9293 §3.4.1 and RFC 6528 (sequence numbers), RFC 6056 (ports), RFC 4987 (SYN cookies), and
// the flow table all need a keyed function of the four-tuple. It is SipHash-2-4 (Aumasson and
// Bernstein 2012), libsodium's or our own (siphash.h).
//
// Invariants:
//   1. Same seed, same label: same key. Same key, same bytes: same hash, on every platform.
//   2. Keys with different labels tell nothing about each other (BLAKE2b, keyed by the seed).
//
// Leaves out: drawing the seed, which is the caller's (the stack asks nobody for randomness).
// Next: random.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"

namespace glasstcp {

using Key128 = std::array<std::uint8_t, 16>;

/// SipHash-2-4 under a secret key.
class KeyedHash {
 public:
  explicit KeyedHash(const Key128& key) : key_(key) {}
  /// Of both addresses and both ports.
  [[nodiscard]] std::uint64_t operator()(const FourTuple& tuple) const;
  [[nodiscard]] std::uint64_t operator()(ByteView bytes) const;

 private:
  Key128 key_;
};

/// The 32 bytes that everything secret or random in a stack comes from.
struct Seed {
  std::array<std::uint8_t, 32> bytes{};
  /// For tests and replays: a seed that anyone can make again, so nothing under it is secret.
  [[nodiscard]] static Seed from_number(std::uint64_t number);
  friend bool operator==(const Seed&, const Seed&) = default;
};

/// A seed that nobody can make who does not have all of the secret, which may be of any length:
/// BLAKE2b of the message, keyed by the secret's digest.
[[nodiscard]] Seed seed_from_secret(ByteView secret, ByteView message);
/// A seed of its own for one part of what comes from another, named by its label.
[[nodiscard]] Seed derive_seed(const Seed& seed, std::string_view label);

/// The key for one use, named by its label ("isn", "flow table").
[[nodiscard]] Key128 derive_key(const Seed& seed, std::string_view label);

}  // namespace glasstcp
