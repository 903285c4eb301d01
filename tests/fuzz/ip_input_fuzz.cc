// libFuzzer: any sequence of packets through the IP layer, with time passing between them.
//
// The input is a list of packets: two bytes of length, one byte of flags (offload, time), then the
// packet.
#include <cstdint>
#include <cstdlib>

#include "stack/ip/ip_layer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  IpConfig config;
  config.addresses = {{IpAddress::v4(192, 0, 2, 2), 24}, *Cidr::parse("2001:db8::2/64")};
  config.reassembly_bytes = 128 * 1024;
  config.outbox_bytes = 128 * 1024;
  config.path_mtu_entries = 16;
  IpLayer layer(config, Seed::from_number(1));
  Instant now{};
  ByteView left(data, size);
  while (left.size() >= 3) {
    const std::size_t length = std::min<std::size_t>(load_be16(left.data()), left.size() - 3);
    const std::uint8_t flags = left[2];
    const PacketMeta meta{.checksum_partial = (flags & 1) != 0,
                          .checksum_valid = (flags & 2) != 0,
                          .gso_size = static_cast<std::uint16_t>((flags & 4) != 0 ? 1448 : 0)};
    const IpLayer::Input input = layer.receive(left.subspan(3, length), meta, now);
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
