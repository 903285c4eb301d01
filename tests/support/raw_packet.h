// TCP segments typed by hand, and read back field by field, for tests that must not depend on the
// wire layer.
//
// RFC 9293 §3.1. Where checksums matter, segment_codec.h has libtins write and judge the packet.
//
// Invariants:
//   1. Nothing here uses our own wire layer, so that a mistake there cannot hide behind itself.
//
// Next: segment.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp::test {

/// The flags of a segment: the thirteenth byte of its header, and AE as the lowest bit of the
/// twelfth.
inline constexpr std::uint16_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32,
                               kEce = 64, kCwr = 128, kAe = 256;

/// What a raw TCP packet is made from. Checksums are left zero.
struct RawTcp {
  FourTuple tuple;  ///< local is the source
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  std::uint8_t ecn = 0;  ///< the two lowest bits of the traffic class
  Bytes options{};       ///< a multiple of 4 bytes
  std::size_t text = 0;  ///< bytes of `fill`
  std::uint8_t fill = 'x';
};

/// Writes the whole IP packet of either version into `p`, whose memory is used again. Gives the
/// segment's data, to be written over.
inline ByteSpan write_raw_packet(const RawTcp& t, Bytes& p) {
  const bool v4 = t.tuple.local_address.is_v4();
  const std::size_t ip = v4 ? 20 : 40;
  const std::size_t tcp = 20 + t.options.size();
  p.assign(ip + tcp, 0);
  p.resize(ip + tcp + t.text, t.fill);
  const ByteView source = t.tuple.local_address.bytes();
  const ByteView destination = t.tuple.remote_address.bytes();
  if (v4) {
    p[0] = 0x45, p[1] = t.ecn, p[8] = 64, p[9] = 6;
    store_be16(&p[2], static_cast<std::uint16_t>(p.size()));
  } else {
    p[0] = 0x60, p[1] = static_cast<std::uint8_t>(t.ecn << 4), p[6] = 6, p[7] = 64;
    store_be16(&p[4], static_cast<std::uint16_t>(p.size() - 40));
  }
  std::memcpy(&p[v4 ? 12 : 8], source.data(), source.size());
  std::memcpy(&p[v4 ? 16 : 24], destination.data(), destination.size());
  std::uint8_t* h = p.data() + ip;
  store_be16(h, number(t.tuple.local_port));
  store_be16(h + 2, number(t.tuple.remote_port));
  store_be32(h + 4, t.seq);
  store_be32(h + 8, t.ack);
  h[12] = static_cast<std::uint8_t>(tcp / 4 * 16 + t.flags / 256);
  h[13] = static_cast<std::uint8_t>(t.flags);
  store_be16(h + 14, t.window);
  store_be16(h + 18, t.urgent);
  std::copy(t.options.begin(), t.options.end(), h + 20);
  return ByteSpan(p).subspan(ip + tcp);
}

/// The whole IP packet.
inline Bytes raw_packet(const RawTcp& t) {
  Bytes p;
  write_raw_packet(t, p);
  return p;
}

/// The same tuple seen from the other end.
inline FourTuple reversed(const FourTuple& t) {
  return {t.remote_address, t.local_address, t.remote_port, t.local_port};
}

/// What a test looks at in a segment that the stack sent.
struct SentTcp {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;
  std::uint16_t window = 0;  ///< as in the header
  std::uint32_t text = 0;    ///< bytes
  ByteView options{};        ///< borrowed from the packet

  [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
};

/// Reads a TCP packet of the stack, of either IP version and without IP options.
inline SentTcp read_sent(const OutPacket& out) {
  const std::size_t ip = out.header[0] >> 4 == 4 ? 20 : 40;
  const std::uint8_t* h = out.header.data() + ip;
  return {.seq = load_be32(h + 4),
          .ack = load_be32(h + 8),
          .flags = static_cast<std::uint16_t>((h[12] & 1) << 8 | h[13]),
          .window = load_be16(h + 14),
          .text = out.payload_length,
          .options = ByteView(h + 20, out.header_length - ip - 20)};
}

}  // namespace glasstcp::test
