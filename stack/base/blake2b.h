// BLAKE2b of our own: what keys are derived with where there is no libsodium (GLASSTCP_SODIUM).
//
// RFC 7693. Tests hold it against the RFC's self-test and libsodium's.
//
// Next: keyed_hash.h.
#pragma once

#include "stack/base/bytes.h"

namespace glasstcp {

/// Fills `out` (1 to 64 bytes) with the digest of that length of `message`, under `key` (at most 64
/// bytes; empty: without one).
void blake2b(ByteSpan out, ByteView key, ByteView message);

}  // namespace glasstcp
