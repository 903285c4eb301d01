// SipHash-2-4 and keyed BLAKE2b: the only place where the stack calls libsodium. Where there is
// none (GLASSTCP_SODIUM is off), siphash.h and blake2b.h say the same.
#include "stack/base/keyed_hash.h"

#include "stack/base/assert.h"

#ifdef GLASSTCP_OWN_HASHES
#include "stack/base/blake2b.h"
#include "stack/base/siphash.h"
#else
#include <sodium/crypto_generichash.h>
#include <sodium/crypto_shorthash.h>
#endif

namespace glasstcp {
namespace {

#ifdef GLASSTCP_OWN_HASHES
std::uint64_t siphash(ByteView bytes, const Key128& key) {
  return siphash_2_4(bytes, key);
}

// `key` may be empty.
void keyed_digest(ByteSpan out, ByteView key, ByteView message) {
  blake2b(out, key, message);
}
#else
// SipHash's eight bytes are a little-endian number.
std::uint64_t siphash(ByteView bytes, const Key128& key) {
  static_assert(crypto_shorthash_KEYBYTES == sizeof(Key128));
  std::uint8_t out[crypto_shorthash_BYTES];
  crypto_shorthash(out, bytes.data(), bytes.size(), key.data());
  std::uint64_t value;
  static_assert(sizeof value == sizeof out);
  std::memcpy(&value, out, sizeof value);
  return std::endian::native == std::endian::little ? value : std::byteswap(value);
}

// BLAKE2b of a message; `key` may be empty.
void keyed_digest(ByteSpan out, ByteView key, ByteView message) {
  const int failed = crypto_generichash(out.data(), out.size(), message.data(), message.size(),
                                        key.data(), key.size());
  STACK_ASSERT(failed == 0);
}
#endif

ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

// 12 bytes for IPv4 and 36 for IPv6: the length, which SipHash takes in, keeps the two apart.
std::uint64_t KeyedHash::operator()(const FourTuple& tuple) const {
  std::uint8_t bytes[36];
  const ByteView local = tuple.local_address.bytes();
  const std::size_t n = local.size();
  std::memcpy(bytes, local.data(), n);
  std::memcpy(bytes + n, tuple.remote_address.storage().data() + (16 - n), n);
  store_be16(bytes + 2 * n, number(tuple.local_port));
  store_be16(bytes + 2 * n + 2, number(tuple.remote_port));
  return siphash(ByteView(bytes, 2 * n + 4), key_);
}

std::uint64_t KeyedHash::operator()(ByteView bytes) const {
  return siphash(bytes, key_);
}

Seed Seed::from_number(std::uint64_t number) {
  std::array<std::uint8_t, 32> key{};
  store_be32(key.data(), static_cast<std::uint32_t>(number >> 32));
  store_be32(key.data() + 4, static_cast<std::uint32_t>(number));
  Seed seed;
  keyed_digest(seed.bytes, key, bytes_of("glasstcp seed from number"));
  return seed;
}

Seed seed_from_secret(ByteView secret, ByteView message) {
  std::array<std::uint8_t, 32> key;
  keyed_digest(key, {}, secret);
  Seed seed;
  keyed_digest(seed.bytes, key, message);
  return seed;
}

Seed derive_seed(const Seed& seed, std::string_view label) {
  Seed own;
  keyed_digest(own.bytes, seed.bytes, bytes_of(label));
  return own;
}

Key128 derive_key(const Seed& seed, std::string_view label) {
  Key128 key;
  keyed_digest(key, seed.bytes, bytes_of(label));
  return key;
}

}  // namespace glasstcp
