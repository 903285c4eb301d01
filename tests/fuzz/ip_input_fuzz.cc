// libFuzzer: any sequence of packets through the IP layer, with time passing between them.
//
// The input is a list of packets: two bytes of length, one byte of flags (offload, time), then the
// packet. A checksum is a wall that no mutation climbs, so that of an IPv4 header and of an ICMP
// message is made right, and so are addresses, unless a flag says not.
//
// Inputs have at most 3000 bytes.
#include <cstdint>
#include <cstdlib>

#include "stack/ip/ip_layer.h"
#include "tests/fuzz/support/byte_source.h"
#include "tests/fuzz/support/peer_packets.h"

namespace {

using namespace glasstcp;

void drain(IpLayer& layer, Instant now) {
  OutPacket out;
  for (int i = 0; i < 64 && layer.transmit(now, out); ++i) {
    // Whatever was provoked: a packet of ours has a right length and our own source.
    const bool is_v4 = !out.is_v6;
    const std::size_t length =
        is_v4 ? load_be16(out.header.data() + 2) : load_be16(out.header.data() + 4) + 40U;
    const IpAddress source =
        is_v4 ? IpAddress::v4(out.header.data() + 12) : IpAddress::v6(out.header.data() + 8);
    if (length != out.size() || !layer.is_own(source)) std::abort();
  }
}

constexpr std::uint8_t kRawHeader = 32, kRawMessage = 64, kRawAddresses = 128;  // flags

// Makes right what of a packet a sender would have made right.
void finish(test::Bytes& p, std::uint8_t flags) {
  if (p.size() < 40 || (flags & kRawHeader) != 0) return;
  const bool is_v4 = p[0] >> 4 != 6;
  if (is_v4) p[0] = static_cast<std::uint8_t>(0x40 | std::max(p[0] & 15, 5));
  store_be16(&p[is_v4 ? 2 : 4], static_cast<std::uint16_t>(p.size() - (is_v4 ? 0 : 40)));
  if ((flags & kRawAddresses) == 0) {
    const IpAddress ours = is_v4 ? IpAddress::v4(192, 0, 2, 2) : *IpAddress::parse("2001:db8::2");
    const IpAddress theirs = is_v4 ? IpAddress::v4(192, 0, 2, 7) : *IpAddress::parse("2001:db8::7");
    std::ranges::copy(theirs.bytes(), p.begin() + (is_v4 ? 12 : 8));
    std::ranges::copy(ours.bytes(), p.begin() + (is_v4 ? 16 : 24));
  }
  const std::size_t header = is_v4 ? (p[0] & 15U) * 4U : 40;
  const bool is_icmp = p[is_v4 ? 9 : 6] == (is_v4 ? 1 : 58);
  if (is_icmp && (flags & kRawMessage) == 0 && p.size() >= header + 8) {
    std::uint32_t sum = 0;
    if (!is_v4) sum = fuzz::plain_sum(ByteView(p).subspan(8, 32), 58U + load_be16(&p[4]));
    store_be16(&p[header + 2], 0);
    sum = fuzz::plain_sum(ByteView(p).subspan(header), sum);
    store_be16(&p[header + 2], static_cast<std::uint16_t>(~fuzz::folded(sum)));
  }
  fuzz::finish_ipv4(p);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  IpConfig config;
  config.addresses = {{IpAddress::v4(192, 0, 2, 2), 24}, *Cidr::parse("2001:db8::2/64")};
  config.reassembly_bytes = 96 * 1024;  // a whole datagram of the largest size fits, and an answer
  config.outbox_bytes = 72 * 1024;
  test::Bytes packet;
  IpLayer layer(config, Seed::from_number(1));
  Instant now{};
  ByteView left(data, size);
  while (left.size() >= 3) {
    const std::size_t length = std::min<std::size_t>(load_be16(left.data()), left.size() - 3);
    const std::uint8_t flags = left[2];
    const PacketMeta meta{.checksum_partial = (flags & 1) != 0,
                          .checksum_valid = (flags & 2) != 0,
                          .gso_size = static_cast<std::uint16_t>((flags & 4) != 0 ? 1448 : 0)};
    packet.assign(left.begin() + 3, left.begin() + 3 + static_cast<std::ptrdiff_t>(length));
    finish(packet, flags);
    const IpLayer::Input input = layer.receive(packet, meta, now);
    if (const auto* datagram = std::get_if<IpDatagram>(&input))
      static_cast<void>(verify_transport_checksum(*datagram));
    if (const auto* signal = std::get_if<IcmpSignal>(&input)) {
      layer.path_mtu().on_packet_too_big(signal->tuple.remote_address, signal->packet_too_big(),
                                         now);
    }
    if ((flags & 8) == 0) drain(layer, now);
    if ((flags & 16) != 0) {
      now += 20s;
      layer.advance(now);
    }
    left = left.subspan(3 + length);
  }
  drain(layer, now);
  return 0;
}
