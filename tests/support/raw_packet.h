// Packets typed by hand for tests that must not depend on the wire layer: raw IP bytes from a few
// fields.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"

namespace glasstcp::test {

/// What a raw TCP packet is made from. Checksums are left zero.
struct RawTcp {
  FourTuple tuple;  ///< local is the source
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 65535;
  std::vector<std::uint8_t> options{};  ///< a multiple of 4 bytes
  std::size_t text = 0;                 ///< bytes of 'x'
};

/// The whole IP packet of either version.
inline std::vector<std::uint8_t> raw_packet(const RawTcp& t) {
  const bool v4 = t.tuple.local_address.is_v4();
  const std::size_t ip = v4 ? 20 : 40;
  const std::size_t tcp = 20 + t.options.size();
  std::vector<std::uint8_t> p(ip + tcp + t.text, 0);
  const ByteView source = t.tuple.local_address.bytes();
  const ByteView destination = t.tuple.remote_address.bytes();
  if (v4) {
    p[0] = 0x45, p[8] = 64, p[9] = 6;
    store_be16(&p[2], static_cast<std::uint16_t>(p.size()));
  } else {
    p[0] = 0x60, p[6] = 6, p[7] = 64;
    store_be16(&p[4], static_cast<std::uint16_t>(p.size() - 40));
  }
  std::memcpy(&p[v4 ? 12 : 8], source.data(), source.size());
  std::memcpy(&p[v4 ? 16 : 24], destination.data(), destination.size());
  std::uint8_t* h = p.data() + ip;
  store_be16(h, number(t.tuple.local_port));
  store_be16(h + 2, number(t.tuple.remote_port));
  store_be32(h + 4, t.seq);
  store_be32(h + 8, t.ack);
  h[12] = static_cast<std::uint8_t>(tcp / 4 * 16);
  h[13] = t.flags;
  store_be16(h + 14, t.window);
  if (!t.options.empty()) std::memcpy(h + 20, t.options.data(), t.options.size());
  for (std::size_t i = ip + tcp; i < p.size(); ++i) p[i] = 'x';
  return p;
}

/// The same tuple seen from the other end.
inline FourTuple reversed(const FourTuple& t) {
  return {t.remote_address, t.local_address, t.remote_port, t.local_port};
}

}  // namespace glasstcp::test
