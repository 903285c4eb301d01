// A GSO packet cut here is what a network card would make of it, byte by byte where it matters.
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "stack/wire/checksum.h"
#include "tests/support/packet_bytes.h"
#include "tun/device/packet_shape.h"

namespace glasstcp {
namespace {

using test::Bytes;

constexpr std::uint32_t kSeq = 0xfffff000;  // the number wraps within the packet

class PacketShapeTest : public testing::TestWithParam<bool> {
 protected:
  PacketShapeTest() : text_(2500), v6_(GetParam()) {
    std::iota(text_.begin(), text_.end(), std::uint8_t{0});
    packet_.is_v6 = v6_;
    packet_.checksum_start = v6_ ? 40 : 20;
    packet_.checksum_offset = 16;
    packet_.header_length = static_cast<std::uint16_t>(packet_.checksum_start + 32);
    packet_.transport_header_end = packet_.header_length;
    packet_.checksum_partial = true;
    packet_.gso_size = 1000;
    packet_.payload[0] = text_;
    packet_.payload_slices = 1;
    packet_.payload_length = 2500;
    std::uint8_t* const ip = packet_.header.data();
    if (v6_) {
      ip[0] = 0x60;
      ip[6] = 6;
      ip[7] = 64;
      for (std::size_t i = 8; i < 40; ++i) ip[i] = static_cast<std::uint8_t>(i);
    } else {
      ip[0] = 0x45;
      store_be16(ip + 4, 0xffff);
      ip[8] = 64;
      ip[9] = 6;
      for (std::size_t i = 12; i < 20; ++i) ip[i] = static_cast<std::uint8_t>(i);
    }
    std::uint8_t* const tcp = ip + packet_.checksum_start;
    store_be32(tcp + 4, kSeq);
    tcp[12] = 0x80;
    tcp[13] = 0x80 | 0x40 | 0x10 | 0x08 | 0x01;  // CWR ECE ACK PSH FIN
    for (std::size_t i = 20; i < 32; ++i) tcp[i] = 1;
  }

  [[nodiscard]] Bytes flat(const OutPacket& piece) const {
    Bytes all(piece.header.begin(), piece.header.begin() + piece.header_length);
    for (std::size_t i = 0; i < piece.payload_slices; ++i) {
      all.insert(all.end(), piece.payload[i].begin(), piece.payload[i].end());
    }
    return all;
  }
  [[nodiscard]] const std::uint8_t* tcp(const OutPacket& piece) const {
    return piece.header.data() + piece.checksum_start;
  }
  // The sum over pseudo-header and segment: right if it folds to 0xffff.
  [[nodiscard]] bool is_whole(const OutPacket& piece) const {
    const Bytes all = flat(piece);
    const ByteView view(all);
    const ByteView segment = view.subspan(piece.checksum_start);
    std::uint32_t sum = add_to_checksum(6, v6_ ? view.subspan(8, 32) : view.subspan(12, 8));
    sum = add_word_to_checksum(sum, static_cast<std::uint32_t>(segment.size()));
    return is_checksum_right(add_word_to_checksum(sum, add_to_checksum(0, segment)));
  }
  void expect_lengths(const OutPacket& piece) const {
    const std::uint8_t* const ip = piece.header.data();
    if (v6_) {
      EXPECT_EQ(load_be16(ip + 4), piece.size() - 40);
    } else {
      EXPECT_EQ(load_be16(ip + 2), piece.size());
      EXPECT_TRUE(is_checksum_right(add_to_checksum(0, {ip, 20})));
    }
  }

  Bytes text_;
  bool v6_;
  OutPacket packet_;
};

TEST_P(PacketShapeTest, IsCutIntoSegmentsWithTheirOwnHeaders) {
  const std::uint8_t flags[] = {0x80 | 0x40 | 0x10, 0x40 | 0x10, 0x40 | 0x10 | 0x08 | 0x01};
  for (const PacketShape shape : {PacketShape::PartialChecksum, PacketShape::Plain}) {
    Bytes together;
    for (std::uint32_t i = 0; i < 3; ++i) {
      const OutPacket piece = piece_of(packet_, i * 1000, shape);
      EXPECT_EQ(shape_of(piece), shape);
      EXPECT_EQ(piece.payload_length, i == 2 ? 500u : 1000u);
      EXPECT_EQ(load_be32(tcp(piece) + 4), kSeq + i * 1000);
      EXPECT_EQ(tcp(piece)[13], flags[i]) << i;
      if (!v6_) {
        EXPECT_EQ(load_be16(piece.header.data() + 4), static_cast<std::uint16_t>(0xffff + i));
      }
      expect_lengths(piece);
      if (shape == PacketShape::Plain) {
        EXPECT_TRUE(is_whole(piece)) << i;
      }
      together.insert(together.end(), piece.payload[0].begin(), piece.payload[0].end());
    }
    EXPECT_EQ(together, text_);
  }
}

TEST_P(PacketShapeTest, APartialChecksumIsCompletedToTheSameAsAWholeOne) {
  const OutPacket partial = piece_of(packet_, 1000, PacketShape::PartialChecksum);
  EXPECT_TRUE(partial.checksum_partial);
  const OutPacket whole = piece_of(partial, 0, PacketShape::Plain);
  EXPECT_EQ(shape_of(whole), PacketShape::Plain);
  EXPECT_TRUE(is_whole(whole));
}

TEST_P(PacketShapeTest, TheRestOfAGsoPacketIsOneToo) {
  const OutPacket rest = piece_of(packet_, 1000, PacketShape::Gso);
  EXPECT_EQ(rest.payload_length, 1500u);
  EXPECT_EQ(rest.gso_size, 1000);
  EXPECT_EQ(tcp(rest)[13], 0x40 | 0x10 | 0x08 | 0x01);
  expect_lengths(rest);
  const OutPacket last = piece_of(packet_, 2000, PacketShape::Gso);
  EXPECT_EQ(shape_of(last), PacketShape::PartialChecksum) << "one segment is none";
}

TEST_P(PacketShapeTest, WhatIsPlainComesBackWhole) {
  packet_.gso_size = 0;
  packet_.checksum_partial = false;
  const OutPacket piece = piece_of(packet_, 0, PacketShape::Plain);
  EXPECT_EQ(flat(piece), flat(packet_));
}

INSTANTIATE_TEST_SUITE_P(BothVersions, PacketShapeTest, testing::Bool(),
                         [](const auto& version) { return version.param ? "Ipv6" : "Ipv4"; });

}  // namespace
}  // namespace glasstcp
