// The Internet checksum against the slowest possible one.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "stack/wire/checksum.h"
#include "tests/support/covers.h"
#include "tests/support/libtins_peer.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::operator+;

// RFC 1071 §1, one byte after the other.
std::uint16_t obvious(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(~sum);
}

TEST(Checksum, OfTheExampleInRfc1071) {
  const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(fold(add_to_checksum(0, bytes)), 0xddf2);
  EXPECT_EQ(checksum_of(add_to_checksum(0, bytes)), 0x220d);
}

TEST(Checksum, AgreesWithTheObviousOneAtEveryLengthAndAlignment) {
  const Bytes bytes = test::pattern(400);
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t length = 0; length + begin <= 300; ++length) {
      const Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                        bytes.begin() + static_cast<std::ptrdiff_t>(begin + length));
      const ByteView view = ByteView(bytes).subspan(begin, length);
      ASSERT_EQ(checksum_of(add_to_checksum(0, view)), obvious(piece)) << begin << " " << length;
    }
  }
}

TEST(Checksum, LosesNoCarryInTheLongestGsoPacket) {
  const Bytes ones(256 * 1024, 0xff);
  EXPECT_EQ(fold(add_to_checksum(0, ones)), 0xffff);
  EXPECT_EQ(fold(add_to_checksum(0xffffffffU, ones)), 0xffff);
  EXPECT_EQ(checksum_of(add_to_checksum(0, test::pattern(256 * 1024 - 1))),
            obvious(test::pattern(256 * 1024 - 1)));
}

TEST(Checksum, InPiecesOfAnyLengthsIsThatOfTheWhole) {
  SeededRandom random(3);
  const Bytes bytes = test::pattern(2000);
  for (int round = 0; round < 200; ++round) {
    ChecksumAccumulator sum;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t n = std::min<std::size_t>(random.below(60), bytes.size() - at);
      sum.add(ByteView(bytes).subspan(at, n));
      at += n;
    }
    ASSERT_EQ(sum.finish(), obvious(bytes));
  }
}

TEST(Checksum, PseudoHeaderMakesWhatLibtinsWroteAddUp) {
  COVERS("R8200-14", "MUST-3");
  for (const std::size_t length : {0U, 1U, 7U, 1000U, 1001U}) {
    auto v4 = test::peer_v4() / test::syn_to_80() / Tins::RawPDU(test::pattern(length));
    const Bytes four = test::encode(v4);
    std::uint32_t sum = pseudo_header_sum(IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2),
                                          6, static_cast<std::uint32_t>(20 + length));
    EXPECT_TRUE(is_checksum_right(add_to_checksum(sum, ByteView(four).subspan(20))));

    auto v6 = test::peer_v6() / test::syn_to_80() / Tins::RawPDU(test::pattern(length));
    const Bytes six = test::encode(v6);
    sum = pseudo_header_sum(*IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8::2"), 6,
                            static_cast<std::uint32_t>(20 + length));
    EXPECT_TRUE(is_checksum_right(add_to_checksum(sum, ByteView(six).subspan(40))));
  }
}

}  // namespace
}  // namespace glasstcp
