// The ten bytes before each packet of a TUN device, in both directions.
#include <gtest/gtest.h>

#include "tun/device/virtio_header.h"

namespace glasstcp {
namespace {

TEST(VirtioHeader, APlainPacketHasTenZeroBytes) {
  OutPacket packet{};
  packet.header_length = 40;
  EXPECT_EQ(encode_virtio_header(packet), VirtioHeader{});
}

TEST(VirtioHeader, APartialChecksumSaysWhereItStartsAndWhereItGoes) {
  OutPacket packet{};
  packet.checksum_partial = true;
  packet.checksum_start = 20;
  packet.checksum_offset = 16;
  EXPECT_EQ(encode_virtio_header(packet), (VirtioHeader{1, 0, 0, 0, 0, 0, 20, 0, 16, 0}));
}

TEST(VirtioHeader, AGsoPacketSaysHowToCutItInLittleEndian) {
  OutPacket packet{};
  packet.checksum_partial = true;
  packet.checksum_start = 20;
  packet.checksum_offset = 16;
  packet.gso_size = 1448;  // 0x05a8
  packet.transport_header_end = 52;
  EXPECT_EQ(encode_virtio_header(packet), (VirtioHeader{1, 1, 52, 0, 0xa8, 0x05, 20, 0, 16, 0}));
}

TEST(VirtioHeader, AGsoPacketOfIpv6IsNamedSo) {
  OutPacket packet{};
  packet.checksum_partial = true;
  packet.checksum_start = 40;
  packet.checksum_offset = 16;
  packet.gso_size = 1428;  // 0x0594
  packet.transport_header_end = 72;
  packet.is_v6 = true;
  EXPECT_EQ(encode_virtio_header(packet), (VirtioHeader{1, 4, 72, 0, 0x94, 0x05, 40, 0, 16, 0}));
}

TEST(VirtioHeader, ReadsThatTheChecksumIsPartial) {
  const VirtioHeader header{1, 0, 0, 0, 0, 0, 20, 0, 16, 0};
  const PacketMeta meta = decode_virtio_header(header.data());
  EXPECT_TRUE(meta.checksum_partial);
  EXPECT_FALSE(meta.checksum_valid);
  EXPECT_EQ(meta.gso_size, 0);
}

TEST(VirtioHeader, ReadsThatTheChecksumWasVerified) {
  const VirtioHeader header{2, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const PacketMeta meta = decode_virtio_header(header.data());
  EXPECT_FALSE(meta.checksum_partial);
  EXPECT_TRUE(meta.checksum_valid);
}

TEST(VirtioHeader, ReadsTheSegmentSizeOfMergedTcpAlsoWithEcn) {
  for (const int type : {1, 4, 1 | 0x80, 4 | 0x80}) {
    const VirtioHeader header{1, static_cast<std::uint8_t>(type), 52, 0, 0xa8, 0x05, 20, 0, 16, 0};
    EXPECT_EQ(decode_virtio_header(header.data()).gso_size, 1448) << type;
  }
}

TEST(VirtioHeader, BelievesNoSegmentSizeOfWhatIsNotMergedTcp) {
  for (const int type : {0, 2, 3, 5, 0x7f, 0xff}) {
    const VirtioHeader header{
        0, static_cast<std::uint8_t>(type), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    EXPECT_EQ(decode_virtio_header(header.data()).gso_size, 0) << type;
  }
}

}  // namespace
}  // namespace glasstcp
