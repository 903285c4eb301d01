// One IP packet, parsed by libtins, as plain values. libtins is seen in frame_parser.cc alone.
//
// Next: fragments.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "tun/report/model.h"

namespace glasstcp::report {

/// A TCP segment.
struct Segment {
  Endpoint source;
  Endpoint destination;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;
  std::uint16_t window = 0;
  std::uint8_t ip_header = 0;
  std::uint8_t tcp_header = 0;
  std::uint8_t hop_limit = 0;
  std::uint32_t length = 0;  ///< of the payload, as the IP header says
  ByteView payload;          ///< what the file holds of it
  ByteView options;          ///< of the TCP header, as they are
};

/// Parses a packet that is no fragment. `wire_length`: bytes of the packet on the wire, for headers
/// whose length is 0 (the network card was to cut it). Else: why it is in no connection.
[[nodiscard]] std::expected<Segment, Unused> parse_packet(ByteView packet,
                                                          std::uint32_t wire_length);

}  // namespace glasstcp::report
