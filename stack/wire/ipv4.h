// The IPv4 header: a view that is checked once, and a walk over its options.
//
// RFC 791 §3.1, RFC 1122 §3.2.1. The writer is write_ip_header (ip_header.h).
//
// Invariants:
//   1. An Ipv4View exists only over bytes whose version, lengths and header checksum were found
//   right.
//   2. Its bytes are exactly the datagram: what the link padded is cut off.
//
// Next: ipv6.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/trace/verdict.h"
#include "stack/wire/ip_header.h"

namespace glasstcp {

/// A datagram whose header was checked. Borrows the packet.
class Ipv4View {
 public:
  /// Checks version, lengths and checksum. `is_gso`: the device merged segments, so a total
  /// length of 0 means "all of the bytes". Verdicts: TruncatedPacket, BadIpVersion,
  /// BadIpHeaderLength, BadIpChecksum.
  [[nodiscard]] static std::expected<Ipv4View, Verdict> parse(ByteView packet, bool is_gso);

  [[nodiscard]] std::size_t header_length() const { return (bytes_[0] & 0x0fU) * 4U; }
  [[nodiscard]] std::uint8_t traffic_class() const { return bytes_[1]; }
  [[nodiscard]] std::uint16_t identification() const { return load_be16(bytes_.data() + 4); }
  [[nodiscard]] bool dont_fragment() const { return (bytes_[6] & 0x40U) != 0; }
  [[nodiscard]] bool more_fragments() const { return (bytes_[6] & 0x20U) != 0; }
  /// Bytes before this fragment in the original datagram: a multiple of 8, up to 65528.
  [[nodiscard]] std::uint32_t fragment_offset() const {
    return (load_be16(bytes_.data() + 6) & 0x1fffU) * 8U;
  }
  /// RFC 6864 §4: an atomic datagram is whole, and its identification means nothing... unless it is
  /// a fragment.
  [[nodiscard]] bool is_fragment() const { return (load_be16(bytes_.data() + 6) & 0x3fffU) != 0; }
  [[nodiscard]] std::uint8_t hop_limit() const { return bytes_[8]; }
  [[nodiscard]] std::uint8_t protocol() const { return bytes_[9]; }
  [[nodiscard]] std::uint32_t destination_number() const { return load_be32(bytes_.data() + 16); }
  [[nodiscard]] IpAddress source() const { return IpAddress::v4(bytes_.data() + 12); }
  [[nodiscard]] IpAddress destination() const { return IpAddress::v4(bytes_.data() + 16); }
  [[nodiscard]] ByteView options() const {
    return bytes_.subspan(kIpv4HeaderSize, header_length() - kIpv4HeaderSize);
  }
  [[nodiscard]] ByteView payload() const { return bytes_.subspan(header_length()); }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  explicit Ipv4View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// What a walk over IPv4 options found.
struct Ipv4OptionsResult {
  Verdict verdict = Verdict::Accepted;  ///< Accepted, BadIpOption or SourceRouted
  std::uint8_t bad_offset = 0;          ///< where in the header the trouble begins, if BadIpOption
};

/// Walks the options of a header (the bytes after the fixed 20): unknown ones are skipped by their
/// length.
[[nodiscard]] Ipv4OptionsResult check_ipv4_options(ByteView options);

}  // namespace glasstcp
