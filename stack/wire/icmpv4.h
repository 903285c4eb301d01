// ICMP for IPv4: a view that is checked once, and writers.
//
// RFC 792, RFC 1122 §3.2.2, RFC 1191 §4 (the next-hop MTU in "fragmentation needed").
//
// Invariants:
//   1. An Icmpv4View exists only over a message of at least 8 bytes whose checksum was found right.
//   2. The writers fill in the checksum.
//
// Next: icmpv6.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/base/bytes.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// Message types (RFC 792).
struct Icmpv4Type {
  static constexpr std::uint8_t kEchoReply = 0, kDestinationUnreachable = 3, kSourceQuench = 4,
                                kRedirect = 5, kEchoRequest = 8, kTimeExceeded = 11,
                                kParameterProblem = 12;
};

/// Codes of destination unreachable (RFC 792, RFC 1122 §3.2.2.1), and the one of time exceeded that
/// a host sends.
struct Icmpv4Code {
  static constexpr std::uint8_t kNet = 0, kHost = 1, kProtocol = 2, kPort = 3,
                                kFragmentationNeeded = 4, kSourceRouteFailed = 5, kNetUnknown = 6,
                                kHostUnknown = 7, kNetProhibited = 9, kHostProhibited = 10,
                                kNetForService = 11, kHostForService = 12,
                                kCommunicationProhibited = 13;
  static constexpr std::uint8_t kReassemblyTime = 1;
};

inline constexpr std::size_t kIcmpHeaderSize = 8;

/// A message whose form and checksum were checked. Borrows the packet.
class Icmpv4View {
 public:
  /// Verdicts: BadIcmpMessage (too short), BadIcmpChecksum.
  [[nodiscard]] static std::expected<Icmpv4View, Verdict> parse(ByteView message);

  [[nodiscard]] std::uint8_t type() const { return bytes_[0]; }
  [[nodiscard]] std::uint8_t code() const { return bytes_[1]; }
  /// Bytes 4 to 7: identifier and sequence number, pointer, or unused.
  [[nodiscard]] std::uint32_t rest() const { return load_be32(bytes_.data() + 4); }
  /// RFC 1191 §4: the next-hop MTU of "fragmentation needed"; 0 when a router does not know of it.
  [[nodiscard]] std::uint16_t next_hop_mtu() const { return load_be16(bytes_.data() + 6); }
  /// After the 8 bytes: echo data, or the quoted packet.
  [[nodiscard]] ByteView body() const { return bytes_.subspan(kIcmpHeaderSize); }
  /// Whether the message tells of an error, so that no error may be sent about it.
  [[nodiscard]] bool is_error() const { return is_icmpv4_error(type()); }

  /// RFC 1122 §3.2.2: the types that are errors, source quench and redirect included.
  [[nodiscard]] static constexpr bool is_icmpv4_error(std::uint8_t type) {
    return type == Icmpv4Type::kDestinationUnreachable || type == Icmpv4Type::kSourceQuench ||
           type == Icmpv4Type::kRedirect || type == Icmpv4Type::kTimeExceeded ||
           type == Icmpv4Type::kParameterProblem;
  }

 private:
  explicit Icmpv4View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// The 8 bytes of an ICMP header of either version, checksum apart.
struct IcmpHeader {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;
};

/// Writes the 8 bytes before a body that already stands behind them in `message`, and the checksum
/// over both.
void write_icmpv4_header(ByteSpan message, const IcmpHeader& header);

}  // namespace glasstcp
