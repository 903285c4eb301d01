// The IPv6 header, its fragment header, and the options inside hop-by-hop and destination headers.
//
// RFC 8200 §3, §4.2, §4.5; RFC 8504 §5.3 (bounds on options). The walk over the chain of headers is
// in ../ip/extension_headers.h; the writer of the fixed header is write_ip_header (ip_header.h).
//
// Invariants:
//   1. An Ipv6View exists only over bytes whose version and lengths were found right.
//   2. Its bytes are exactly the packet: what the link padded is cut off.
//
// Next: icmpv4.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/trace/verdict.h"
#include "stack/wire/ip_header.h"

namespace glasstcp {

/// A packet whose fixed header was checked. Borrows the packet.
class Ipv6View {
 public:
  /// Checks version and lengths. `is_gso`: the device merged segments, so a payload length
  /// of 0 means "all of the bytes". Verdicts: TruncatedPacket, BadIpVersion.
  [[nodiscard]] static std::expected<Ipv6View, Verdict> parse(ByteView packet, bool is_gso);

  [[nodiscard]] std::uint8_t traffic_class() const {
    return static_cast<std::uint8_t>(load_be16(bytes_.data()) >> 4);
  }
  [[nodiscard]] std::uint32_t flow_label() const { return load_be32(bytes_.data()) & 0xfffffU; }
  [[nodiscard]] std::uint8_t next_header() const { return bytes_[6]; }
  [[nodiscard]] std::uint8_t hop_limit() const { return bytes_[7]; }
  [[nodiscard]] IpAddress source() const { return IpAddress::v6(bytes_.data() + 8); }
  [[nodiscard]] IpAddress destination() const { return IpAddress::v6(bytes_.data() + 24); }
  [[nodiscard]] ByteView payload() const { return bytes_.subspan(kIpv6HeaderSize); }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  explicit Ipv6View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// The fragment header (RFC 8200 §4.5).
struct Ipv6FragmentHeader {
  static constexpr std::size_t kSize = 8;
  std::uint8_t next_header = 0;
  std::uint16_t offset = 0;  ///< bytes, a multiple of 8
  bool more_fragments = false;
  std::uint32_t identification = 0;
};

/// Reads a fragment header; `bytes` holds at least kSize.
[[nodiscard]] Ipv6FragmentHeader read_ipv6_fragment_header(ByteView bytes);
/// Writes a fragment header; `out` has room for kSize.
void write_ipv6_fragment_header(ByteSpan out, const Ipv6FragmentHeader& header);

/// What the destination has to do about an option that it does not know (RFC 8200 §4.2: the top two
/// bits of its type).
enum class UnknownOptionAction : std::uint8_t {
  Skip = 0,
  Discard = 1,
  DiscardAndReport = 2,
  DiscardAndReportUnicast = 3
};

/// What a walk over the options of one header found.
struct Ipv6OptionsResult {
  enum class Kind : std::uint8_t { Fine, Malformed, TooMany, Unknown };
  Kind kind = Kind::Fine;
  UnknownOptionAction action = UnknownOptionAction::Skip;  ///< if Unknown: never Skip
  std::uint16_t offset = 0;  ///< of the option concerned, from the start of the header
};

/// Walks the options of a hop-by-hop or destination options header, given whole (`header` begins
/// with its next-header byte). `is_gso`: a jumbo payload option is what the kernel puts
/// before segments that it merged.
[[nodiscard]] Ipv6OptionsResult check_ipv6_options(ByteView header, bool is_gso);

}  // namespace glasstcp
