// From values to the bytes of a packet: IP header, TCP header, options, checksum (complete, or
// partial, for the device to complete).
//
// RFC 9293 §3.1 (MUST-2: every segment has a checksum), RFC 6437 (flow label), RFC 6864
// (identification).
//
// Invariants:
//   1. The checksum is complete, or marked partial where the device said that it completes it.
//
// Next: ../demux/half_open.h.
#pragma once

#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/wire/packet.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// What the IP layer and the device need to know about a segment. TcpContext::frame() fills in what
/// is the same for all segments of a stack.
struct SegmentFrame {
  const FourTuple* tuple = nullptr;
  std::uint64_t hash = 0;  ///< of the tuple: the flow label comes from it
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool may_fragment = false;
  OptionLayout option_layout = OptionLayout::Linux;
  bool checksum_offload = false;     ///< the device completes the checksum
  std::uint16_t identification = 0;  ///< if it may be fragmented
  /// bytes of data of one segment; more in `out` makes a GSO packet. 0: it is one, as it is
  std::uint32_t segment_payload = 0;

  /// How many segments of the wire `payload` bytes leave in.
  [[nodiscard]] std::uint32_t segments(std::uint32_t payload) const {
    if (segment_payload == 0 || payload <= segment_payload) return 1;
    return (payload + segment_payload - 1) / segment_payload;
  }
};

/// Writes the headers in front of the payload that is in `out` already. Fills everything but
/// reason and connection.
void write_segment(const SegmentFrame& frame, TcpHeader header, const TcpOptions& options,
                   OutPacket& out);

}  // namespace glasstcp
