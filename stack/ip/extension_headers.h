// The chain of IPv6 extension headers: one walk, in order, with a bound.
//
// RFC 8200 §4 (order, options, routing header, fragment header), RFC 8504 §5.2-5.3 (what a host may
// refuse). The walk ends at the transport's header, at a fragment header of a packet that is not
// whole, or at a fault; then the result says which report, if any, the RFC asks for.
//
// Invariants:
//   1. At most kMaxExtensionHeaders headers are looked at, and never a byte outside the packet.
//
// Next: reassembly.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/wire/icmpv4.h"
#include "stack/wire/ipv6.h"

namespace glasstcp {

/// RFC 8504 §5.3 R8504-02: no sender has a use for more headers than RFC 8200 §4.1 lists.
inline constexpr int kMaxExtensionHeaders = 8;

/// Where the walk ended.
struct HeaderChain {
  /// Accepted: `protocol` and `payload_at` (or `fragment`) are valid
  Verdict verdict = Verdict::Accepted;
  std::uint8_t protocol = 0;  ///< the first header that is not an extension header
  /// where it begins; for a fragment, where the fragment's bytes begin
  std::uint16_t payload_at = 0;
  /// where the field stands that names `protocol`, or the fragment header
  std::uint16_t next_header_at = 0;
  std::optional<Ipv6FragmentHeader> fragment;  ///< set if the packet is part of a larger one
  std::optional<IcmpHeader> report;            ///< the parameter problem that the RFC asks for
  bool report_even_to_group = false;           ///< RFC 4443 §2.4(e.3): its second exception
};

/// What the walk has to know.
struct ChainContext {
  /// segments merged by the device: a jumbo payload option is the kernel's
  bool is_gso = false;
  bool is_reassembled = false;  ///< a second fragment header is then a fault
};

/// Walks the headers after the fixed one.
[[nodiscard]] HeaderChain walk_extension_headers(const Ipv6View& packet, ChainContext context);

/// Where the upper-layer header begins, found without judging anything on the way.
struct UpperLayer {
  std::uint8_t protocol = 0;
  std::size_t at = 0;                   ///< offset within the bytes given
  bool is_in_another_fragment = false;  ///< this one is not the first: the rest is data
  bool is_complete = false;  ///< the bytes reach to the end of the chain and hold the first bytes
                             ///< of its last header
};

/// Steps over the extension headers in `bytes`, of which the first has the type `next`. Used to see
/// what a packet is about (an ICMP error gets no answer) and whether a first fragment holds its
/// whole chain (RFC 8200 §4.5).
[[nodiscard]] UpperLayer find_upper_layer(std::uint8_t next, ByteView bytes);

}  // namespace glasstcp
