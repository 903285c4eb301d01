// Bytes as borrowed ranges, and integers in network byte order inside them.
//
// RFC 791 appendix B: the network order is big-endian. Nothing here owns or allocates memory.
//
// Invariants:
//   1. The load_ and store_ functions do not check the length: their callers have checked it once,
//   at the border.
//
// Next: seq_num.h.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace glasstcp {

/// Borrowed bytes that may be read.
using ByteView = std::span<const std::uint8_t>;
/// Borrowed bytes that may be written.
using ByteSpan = std::span<std::uint8_t>;

namespace detail {
template <typename Integer>
constexpr Integer from_network(Integer value) {
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}
}  // namespace detail

/// Reads 16 bits in network order at `p`, any alignment.
inline std::uint16_t load_be16(const std::uint8_t* p) {
  std::uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return detail::from_network(value);
}
/// Reads 32 bits in network order at `p`, any alignment.
inline std::uint32_t load_be32(const std::uint8_t* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return detail::from_network(value);
}
/// Writes 16 bits in network order at `p`, any alignment.
inline void store_be16(std::uint8_t* p, std::uint16_t value) {
  value = detail::from_network(value);
  std::memcpy(p, &value, sizeof value);
}
/// Writes 32 bits in network order at `p`, any alignment.
inline void store_be32(std::uint8_t* p, std::uint32_t value) {
  value = detail::from_network(value);
  std::memcpy(p, &value, sizeof value);
}

}  // namespace glasstcp
