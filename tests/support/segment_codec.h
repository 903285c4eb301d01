// Segments to bytes and back by libtins: the peer's encoder, and the judge of every packet that we
// emit.
//
// RFC 9293 §3.1, RFC 791, RFC 8200, RFC 1071. libtins cannot share our bugs; it verifies no checksums, so that is done
// here with the slowest possible sum.
//
// Invariants:
//   1. encode() makes a packet with right lengths and checksums, unless RawParts asks for something
//   else.
//   2. judge() accepts a packet only if libtins and a second reading here agree on every field,
//   both checksums are
//      right, and libtins writes the same bytes back.
//
// Next: ../script/runner.h.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "stack/base/bytes.h"
#include "tests/support/segment.h"

namespace glasstcp::test {

/// Deviations from a well-formed packet, for the tests that need them.
struct RawParts {
  /// these very bytes (a multiple of 4, at most 40) instead of the segment's options
  std::optional<Bytes> options;
  bool corrupt_checksum = false;
};

/// The IP packet that carries the segment.
[[nodiscard]] Bytes encode(const Datagram& datagram, const RawParts& raw = {});

/// An ICMP or ICMPv6 error. `type` and `code` as on the wire; `word` is the second 32-bit word
/// (MTU, pointer); `quoted` is the packet it complains about: its headers and 8 bytes of text are
/// quoted.
struct IcmpError {
  IpAddress source;
  IpAddress destination;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t word = 0;
  Bytes quoted;
};
[[nodiscard]] Bytes encode(const IcmpError& error);

/// What a judge may be told not to insist on.
struct Leniency {
  bool partial_checksum = false;  ///< the device would complete the transport checksum
};

/// Reads one IPv4 or IPv6 packet that holds a TCP segment; the error says what is wrong with it.
[[nodiscard]] std::expected<Datagram, std::string> judge(ByteView packet, Leniency leniency = {});

/// RFC 1071's sum over the bytes, starting from `sum`; not inverted.
[[nodiscard]] std::uint32_t obvious_sum(ByteView bytes, std::uint32_t sum = 0);
/// Folded and inverted: what is in a checksum field. Zero over bytes that hold a right one.
[[nodiscard]] std::uint16_t obvious_checksum(std::uint32_t sum);
/// The sum of RFC 9293 §3.1's (or RFC 8200 §8.1's) pseudo-header.
[[nodiscard]] std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol, std::size_t length);

}  // namespace glasstcp::test
