// A TCP segment as a plain value, for tests: what a script says, what a judge read, what an encoder
// writes.
//
// RFC 9293 §3.1. Slow and obvious on purpose, and independent of stack/wire: two readers that share code share bugs.
// Numbers are absolute, as they stand in the header. Options keep the order of the wire.
//
// Invariants:
//   1. An Option of kind 0 (end of list) or 1 (no-operation) has no data and no length byte.
//
// Next: segment_codec.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stack/base/addresses.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp::test {

/// One TCP option: `data` is what follows the length byte.
struct Option {
  std::uint8_t kind = 0;
  Bytes data;
  friend bool operator==(const Option&, const Option&) = default;
};

inline constexpr std::uint8_t kOptionEnd = 0, kOptionNop = 1, kOptionMss = 2, kOptionScale = 3,
                              kOptionSackPermitted = 4, kOptionSack = 5, kOptionTimestamps = 8,
                              kOptionUserTimeout = 28, kOptionFastOpen = 34, kOptionEcn0 = 172,
                              kOptionEcn1 = 174, kOptionExperiment = 254;

/// A segment; flags are TcpFlags::bits.
struct Segment {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;
  std::uint16_t window = 0;
  std::uint16_t urgent = 0;
  std::vector<Option> options;
  Bytes payload;

  /// The first option of that kind, or null. Borrowed.
  [[nodiscard]] const Option* find(std::uint8_t kind) const;
};

/// A segment in its IP packet.
struct Datagram {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;
  Segment segment;
};

/// What absolute numbers are shown relative to, as a packet script does: our and the peer's initial
/// numbers.
struct Origin {
  std::uint32_t seq = 0;        ///< subtracted from the segment's sequence numbers
  std::uint32_t ack = 0;        ///< subtracted from the ACK field; for a SACK block too
  std::uint32_t timestamp = 0;  ///< subtracted from the TS value
  std::uint32_t echo = 0;       ///< subtracted from the TS echo, unless it is zero
};

/// The flags in packetdrill's letters: S F R P . E W A U, in this order; "." is ACK.
[[nodiscard]] std::string flags_text(std::uint16_t flags);
/// The options in packetdrill's words, e.g. "mss 1460,nop,wscale 7"; numbers relative to `origin`.
[[nodiscard]] std::string options_text(const std::vector<Option>& options, const Origin& origin);
/// The whole segment in script notation, e.g. "P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 1 ecr
/// 2>".
[[nodiscard]] std::string segment_text(const Segment& segment, const Origin& origin);

/// Byte `offset` of the stream that flows in a direction (`salt` differs per direction): each byte
/// of a test's data can be checked alone, wherever it appears.
[[nodiscard]] constexpr std::uint8_t pattern_byte(std::uint64_t offset, std::uint64_t salt) {
  const std::uint64_t mixed = (offset + 1) * 0x9e3779b97f4a7c15ULL + salt * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint8_t>(mixed >> 56);
}
/// `length` bytes of that stream from `offset` on.
[[nodiscard]] Bytes pattern_bytes(std::uint64_t offset, std::size_t length, std::uint64_t salt);

}  // namespace glasstcp::test
