// What stands before the IP header: the link layer's header, by LINKTYPE.
//
// Ethernet with VLAN tags (IEEE 802.1Q and 802.1ad), Linux cooked captures of both versions, raw
// IP, and the headers of BSD's loopback, whose address families differ between systems: 2 is IPv4,
// and 10, 24, 28 and 30 are the IPv6 of Linux, NetBSD and OpenBSD, FreeBSD, and macOS.
//
// Next: frame_parser.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/bytes.h"

namespace glasstcp::report {

/// What the link layer carries.
struct LinkPayload {
  enum class Kind : std::uint8_t {
    Ip,           ///< `packet` begins with an IP header
    Other,        ///< ARP and others
    TooShort,     ///< cut within the header
    UnknownType,  ///< of link
  };
  Kind kind = Kind::Other;
  ByteView packet;
};

/// Takes the header off a frame. 0 NULL, 1 Ethernet, 12 14 101 raw IP, 108 LOOP, 113 SLL, 228 IPv4,
/// 229 IPv6, 276 SLL2.
[[nodiscard]] LinkPayload take_link_header(std::uint16_t link_type, ByteView frame);

}  // namespace glasstcp::report
