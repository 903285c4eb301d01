// SipHash-2-4, of our own: what KeyedHash is made of where there is no libsodium (GLASSTCP_SODIUM).
//
// Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. Tests hold it against
// libsodium's.
//
// Next: blake2b.h.
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/bytes.h"

namespace glasstcp {

/// The hash of `bytes`, of any length, under a secret key.
[[nodiscard]] std::uint64_t siphash_2_4(ByteView bytes, const std::array<std::uint8_t, 16>& key);

}  // namespace glasstcp
