// The packet that was refused is kept whole, even if its payload vanishes afterwards or before.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tun/loop/hold_buffer.h"

namespace glasstcp {
namespace {

OutPacket packet_with(std::initializer_list<ByteView> slices) {
  OutPacket packet{};
  packet.header_length = 40;
  packet.header[0] = 0x45;
  for (const ByteView slice : slices) {
    packet.payload[packet.payload_slices++] = slice;
    packet.payload_length += static_cast<std::uint32_t>(slice.size());
  }
  return packet;
}

TEST(HoldBuffer, KeepsACopyOfAllSlices) {
  std::vector<std::uint8_t> first(3000, 1);
  std::vector<std::uint8_t> second(5, 2);
  HoldBuffer hold;
  ASSERT_TRUE(hold.hold(packet_with({first, second})));
  std::fill(first.begin(), first.end(), std::uint8_t{9});
  const OutPacket& kept = hold.packet();
  ASSERT_EQ(kept.payload_slices, 1);
  ASSERT_EQ(kept.payload[0].size(), 3005u);
  EXPECT_EQ(kept.payload[0][0], 1);
  EXPECT_EQ(kept.payload[0][3004], 2);
  EXPECT_EQ(kept.header[0], 0x45);
  EXPECT_TRUE(hold.is_holding());
  hold.release();
  EXPECT_FALSE(hold.is_holding());
}

TEST(HoldBuffer, KeepsAPacketWithoutPayload) {
  HoldBuffer hold;
  ASSERT_TRUE(hold.hold(packet_with({})));
  EXPECT_EQ(hold.packet().payload_slices, 0);
  EXPECT_EQ(hold.packet().header_length, 40);
}

TEST(HoldBuffer, PayloadOfATruncatedMappingIsLostWithoutACrash) {
  const int file = ::memfd_create("mapped", MFD_CLOEXEC);
  ASSERT_EQ(::ftruncate(file, 65536), 0);
  void* const map = ::mmap(nullptr, 65536, PROT_READ, MAP_SHARED, file, 0);
  ASSERT_NE(map, MAP_FAILED);
  ASSERT_EQ(::ftruncate(file, 0), 0);
  HoldBuffer hold;
  EXPECT_FALSE(hold.hold(packet_with({{static_cast<const std::uint8_t*>(map), 65536}})));
  EXPECT_FALSE(hold.is_holding());
  ::munmap(map, 65536);
  ::close(file);
}

}  // namespace
}  // namespace glasstcp
