// Packets of connections as the live view is handed them.
#pragma once

#include "stack/trace/annotated_packet.h"

namespace glasstcp::test {

inline constexpr Instant kStart{1s};

inline FourTuple tuple_of(std::uint16_t port) {
  return {IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80}, Port{port}};
}

inline AnnotatedPacket packet_of(std::uint16_t port, std::uint16_t flags, Instant at) {
  AnnotatedPacket packet;
  packet.kind = AnnotatedPacket::Kind::Received;
  packet.verdict = flags == PacketSummary::kSyn ? Verdict::SynAccepted : Verdict::Accepted;
  packet.at = packet.now = at;
  packet.tuple = tuple_of(port);
  packet.summary.kind = PacketSummary::Kind::Tcp;
  packet.summary.flags = flags;
  packet.stream = port;
  packet.state = flags == PacketSummary::kSyn ? State::SynReceived : State::Established;
  return packet;
}

}  // namespace glasstcp::test
