// The Internet checksum: the ones' complement sum that IPv4, ICMP, UDP and TCP all share.
//
// RFC 1071 (computing it), RFC 9293 §3.1 and RFC 8200 §8.1 (the pseudo-headers).
// Three steps: add pieces into a 32-bit partial sum, fold it to 16 bits, complement it. A header
// stores the complement; a device that completes a partial checksum (virtio NEEDS_CSUM) wants the
// folded sum of the pseudo-header, *not* complemented.
//
// Invariants:
//   1. Sums are numbers in host order of 16-bit words in network order: store the result with
//   store_be16.
//   2. A block that contains its own right checksum folds to 0xffff.
//
// Next: ip_header.h.
#pragma once

#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"

namespace glasstcp {

/// Adds `bytes` (any length; an odd last byte counts as if a zero followed) to a partial sum. Only
/// the last piece of a message may be odd: use ChecksumAccumulator otherwise. Never overflows:
/// carries are added back in (RFC 1071 §2).
[[nodiscard]] std::uint32_t add_to_checksum(std::uint32_t sum, ByteView bytes);

/// Adds a number to a partial sum without losing a carry.
[[nodiscard]] constexpr std::uint32_t add_word_to_checksum(std::uint32_t sum, std::uint32_t word) {
  const std::uint64_t wide = std::uint64_t{sum} + word;
  return static_cast<std::uint32_t>(wide) + static_cast<std::uint32_t>(wide >> 32);
}

/// The partial sum folded to 16 bits, not complemented.
[[nodiscard]] constexpr std::uint16_t fold(std::uint32_t sum) {
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// What goes into a checksum field: the complement of the folded sum.
[[nodiscard]] constexpr std::uint16_t checksum_of(std::uint32_t sum) {
  return static_cast<std::uint16_t>(~fold(sum));
}

/// Whether a block whose sum is `sum`, its checksum field included, is intact.
[[nodiscard]] constexpr bool is_checksum_right(std::uint32_t sum) {
  return fold(sum) == 0xffffU;
}

/// The partial sum of the pseudo-header of TCP, UDP or ICMPv6 (RFC 9293 §3.1, RFC 8200 §8.1). Both
/// addresses have one version. `length` is that of the transport header and data, in bytes.
[[nodiscard]] std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol, std::uint32_t length);

/// The checksum of a message given in pieces of any lengths, odd ones too.
class ChecksumAccumulator {
 public:
  /// Starts from a partial sum, such as that of a pseudo-header.
  explicit ChecksumAccumulator(std::uint32_t initial_sum = 0) : sum_(initial_sum) {}

  /// Adds the next bytes of the message.
  void add(ByteView bytes);
  /// The value for the checksum field: the complement of all that was added.
  [[nodiscard]] std::uint16_t finish() const { return checksum_of(sum_); }
  /// The partial sum so far.
  [[nodiscard]] std::uint32_t sum() const { return sum_; }

 private:
  std::uint32_t sum_;
  bool odd_ = false;  // an odd number of bytes so far: the next byte is the low half of a word
};

}  // namespace glasstcp
