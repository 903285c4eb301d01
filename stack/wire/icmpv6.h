// ICMPv6: a view that is checked once, and a writer.
//
// RFC 4443 (messages), RFC 2710 / 3810 (MLD) and RFC 4861 (neighbour discovery) for the types that
// we only recognise: a TUN device has no link layer, so there is nothing to discover and no group
// to join.
//
// Invariants:
//   1. An Icmpv6View exists only over a message of at least 8 bytes whose checksum was found right.
//   2. The writer fills in the checksum, pseudo-header included.
//
// Next: tcp_options.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/base/addresses.h"
#include "stack/wire/icmpv4.h"

namespace glasstcp {

/// Message types (RFC 4443 §2.1): below 128 errors, from 128 on information.
struct Icmpv6Type {
  static constexpr std::uint8_t kDestinationUnreachable = 1, kPacketTooBig = 2, kTimeExceeded = 3,
                                kParameterProblem = 4, kEchoRequest = 128, kEchoReply = 129,
                                kMldQuery = 130, kMldDone = 132, kRouterSolicitation = 133,
                                kRedirect = 137, kMldV2Report = 143;
};

/// Codes of destination unreachable (RFC 4443 §3.1), time exceeded (§3.3) and parameter problem
/// (§3.4; RFC 7112).
struct Icmpv6Code {
  static constexpr std::uint8_t kNoRoute = 0, kProhibited = 1, kBeyondScope = 2, kAddress = 3,
                                kPort = 4, kPolicy = 5, kRejectRoute = 6;
  static constexpr std::uint8_t kReassemblyTime = 1;
  static constexpr std::uint8_t kErroneousField = 0, kUnknownNextHeader = 1, kUnknownOption = 2,
                                kIncompleteChain = 3;
};

/// The addresses that an ICMPv6 checksum covers.
struct AddressPair {
  const IpAddress& source;
  const IpAddress& destination;
};

/// A message whose form and checksum were checked. Borrows the packet.
class Icmpv6View {
 public:
  /// Verdicts: BadIcmpMessage (too short), BadIcmpChecksum.
  [[nodiscard]] static std::expected<Icmpv6View, Verdict> parse(ByteView message,
                                                                AddressPair addresses);

  [[nodiscard]] std::uint8_t type() const { return bytes_[0]; }
  [[nodiscard]] std::uint8_t code() const { return bytes_[1]; }
  /// Bytes 4 to 7: identifier and sequence number, MTU, pointer, or unused.
  [[nodiscard]] std::uint32_t rest() const { return load_be32(bytes_.data() + 4); }
  [[nodiscard]] ByteView body() const { return bytes_.subspan(kIcmpHeaderSize); }
  [[nodiscard]] bool is_error() const { return type() < 128; }
  /// Multicast listener and neighbour discovery, which a TUN device has no use for.
  [[nodiscard]] bool is_link_housekeeping() const {
    return (type() >= Icmpv6Type::kMldQuery && type() <= Icmpv6Type::kRedirect) ||
           type() == Icmpv6Type::kMldV2Report;
  }

 private:
  explicit Icmpv6View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// Writes the 8 bytes before a body that already stands behind them in `message`, and the checksum
/// over both and the pseudo-header of `addresses`.
void write_icmpv6_header(ByteSpan message, const IcmpHeader& header, AddressPair addresses);

}  // namespace glasstcp
