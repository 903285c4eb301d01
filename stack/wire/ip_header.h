// What both versions of IP have in common: the protocol numbers, and one writer for the header of
// either.
//
// RFC 791 §3.1, RFC 8200 §3, RFC 2474 / 3168 (traffic class), RFC 6437 (flow label), RFC 6864
// (identification). The writer is on the path of every packet, hence inline.
//
// Invariants:
//   1. A header written here has no options and no extension headers; an IPv4 checksum is filled
//   in.
//   2. Source and destination have the same version.
//
// Next: ipv4.h.
#pragma once

#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"

namespace glasstcp {

/// Protocol numbers, which are also next-header values (IANA "Assigned Internet Protocol Numbers").
struct IpProtocol {
  static constexpr std::uint8_t kHopByHop = 0, kIcmpV4 = 1, kIgmp = 2, kTcp = 6, kUdp = 17,
                                kRouting = 43, kFragment = 44, kIcmpV6 = 58, kNoNextHeader = 59,
                                kDestinationOptions = 60;
};

inline constexpr std::size_t kIpv4HeaderSize = 20;
inline constexpr std::size_t kIpv6HeaderSize = 40;
/// The largest IPv4 datagram, and the largest IPv6 payload (RFC 791 §3.1, RFC 8200 §3).
inline constexpr std::uint32_t kMaxIpLength = 65535;

/// The two ECN bits of the traffic class (RFC 3168 §5).
struct EcnCodepoint {
  static constexpr std::uint8_t kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3, kMask = 3;
};

/// What the writer needs to know. Fields of the other version are ignored.
struct IpHeaderFields {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;  ///< next header, for IPv6
  /// DSCP (upper six bits) and ECN (lower two). RFC 1122 §3.2.1.6 R1122-06: whatever the transport
  /// sets, zero by default.
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;  ///< time to live, for IPv4
  bool dont_fragment = true;    ///< IPv4
  bool more_fragments = false;  ///< IPv4
  /// IPv4; RFC 6864 §4.1: any value where the packet cannot be fragmented
  std::uint16_t identification = 0;
  std::uint16_t fragment_offset = 0;  ///< IPv4, bytes, a multiple of 8
  std::uint32_t flow_label = 0;       ///< IPv6, 20 bits
};

/// Bytes of a header without options: 20 or 40.
[[nodiscard]] constexpr std::size_t ip_header_size(IpVersion version) {
  return version == IpVersion::V4 ? kIpv4HeaderSize : kIpv6HeaderSize;
}

namespace detail {

inline void write_ipv4_header(std::uint8_t* p, const IpHeaderFields& f,
                              std::uint32_t payload_length) {
  const std::uint32_t length = payload_length + static_cast<std::uint32_t>(kIpv4HeaderSize);
  const std::uint32_t flags = (f.dont_fragment ? 0x4000U : 0U) | (f.more_fragments ? 0x2000U : 0U);
  const std::uint32_t first =
      0x45000000U | (std::uint32_t{f.traffic_class} << 16) | (length > kMaxIpLength ? 0U : length);
  const std::uint32_t second =
      (std::uint32_t{f.identification} << 16) | flags | (f.fragment_offset / 8U);
  const std::uint32_t third =
      (std::uint32_t{f.hop_limit} << 24) | (std::uint32_t{f.protocol} << 16);
  const std::uint32_t source = f.source.v4_number();
  const std::uint32_t destination = f.destination.v4_number();
  // RFC 791 §3.1: the header checksum; five numbers of 32 bits cannot overflow 64, and fold to the
  // same as ten of 16.
  const std::uint64_t wide = std::uint64_t{first} + second + third + source + destination;
  const std::uint32_t sum = add_word_to_checksum(static_cast<std::uint32_t>(wide),
                                                 static_cast<std::uint32_t>(wide >> 32));
  store_be32(p, first);
  store_be32(p + 4, second);
  store_be32(p + 8, third | checksum_of(sum));
  store_be32(p + 12, source);
  store_be32(p + 16, destination);
}

inline void write_ipv6_header(std::uint8_t* p, const IpHeaderFields& f,
                              std::uint32_t payload_length) {
  store_be32(p, 0x60000000U | (std::uint32_t{f.traffic_class} << 20) | (f.flow_label & 0xfffffU));
  store_be16(p + 4, payload_length > kMaxIpLength ? std::uint16_t{0}
                                                  : static_cast<std::uint16_t>(payload_length));
  p[6] = f.protocol;
  p[7] = f.hop_limit;
  std::memcpy(p + 8, f.source.storage().data(), 16);
  std::memcpy(p + 24, f.destination.storage().data(), 16);
}

}  // namespace detail

/// Writes a header of the version of `fields.source` into `out`, which has room for
/// ip_header_size(). `payload_length` is what follows the header, in bytes; when it does not fit
/// the length field, that field is 0 (a GSO packet that the device cuts up).
inline void write_ip_header(ByteSpan out, const IpHeaderFields& fields,
                            std::uint32_t payload_length) {
  if (fields.source.is_v4()) {
    detail::write_ipv4_header(out.data(), fields, payload_length);
  } else {
    detail::write_ipv6_header(out.data(), fields, payload_length);
  }
}

}  // namespace glasstcp
