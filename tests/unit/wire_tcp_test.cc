// The TCP header and its options: ours read by libtins, those of libtins read by us.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "tests/support/covers.h"
#include "tests/support/libtins_peer.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::operator+;

constexpr OptionLayout kLayouts[] = {OptionLayout::Linux, OptionLayout::Bsd};

Bytes written(const TcpOptions& options, OptionLayout layout = OptionLayout::Linux) {
  Bytes bytes(TcpOptions::kMaxBytes, 0xee);
  bytes.resize(write_tcp_options(bytes, options, layout));
  return bytes;
}

// A segment of ours with these options, as libtins understands it.
Tins::TCP read_by_libtins(const Bytes& options) {
  Bytes bytes(20);
  write_tcp_header(bytes, {.header_length = static_cast<std::uint8_t>(20 + options.size())});
  bytes = bytes + options;
  return {bytes.data(), static_cast<std::uint32_t>(bytes.size())};
}

TcpOptions options_of_a_syn() {
  TcpOptions options;
  options.mss = 1460;
  options.window_scale = 9;
  options.sack_permitted = true;
  options.timestamps = TimestampsOption{TsVal{0x01020304}, TsVal{0xa0b0c0d0}};
  return options;
}

TEST(TcpHeader, IsReadByLibtinsAsItWasMeant) {
  Bytes bytes(24);
  write_tcp_header(bytes, {.source = Port{80},
                           .destination = Port{54321},
                           .seq = SeqNum(0xfffffff0),
                           .ack = SeqNum(0x80000001),
                           .flags = {TcpFlags::kAck | TcpFlags::kPsh | TcpFlags::kEce},
                           .window = 65535,
                           .urgent = 77,
                           .header_length = 24});
  const Tins::TCP tcp(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  EXPECT_EQ(tcp.sport(), 80);
  EXPECT_EQ(tcp.dport(), 54321);
  EXPECT_EQ(tcp.seq(), 0xfffffff0U);
  EXPECT_EQ(tcp.ack_seq(), 0x80000001U);
  EXPECT_EQ(tcp.flags(), Tins::TCP::ACK | Tins::TCP::PSH | Tins::TCP::ECE);
  EXPECT_EQ(tcp.window(), 65535);
  EXPECT_EQ(tcp.urg_ptr(), 77);
  EXPECT_EQ(tcp.data_offset(), 6);
  EXPECT_EQ(tcp.checksum(), 0);
}

TEST(TcpHeader, ReadsEveryFlagThatLibtinsWrote) {
  COVERS("MUST-1");
  for (std::uint16_t bits = 0; bits < 256; ++bits) {
    Tins::TCP tcp(1, 65535);
    tcp.flags(bits);
    tcp.window(0xfffe);  // unsigned: not -2
    tcp.seq(bits);
    const Bytes bytes = tcp.serialize();
    const auto view = TcpView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->header().flags.bits, bits);
    EXPECT_EQ(view->header().window, 0xfffeU);
    EXPECT_EQ(number(view->header().source), 65535);
    EXPECT_EQ(view->header().seq, SeqNum(bits));
  }
}

TEST(TcpHeader, TheAccurateEcnBitIsTheNinth) {
  Bytes bytes(20);
  write_tcp_header(bytes, {.flags = {TcpFlags::kAe | TcpFlags::kSyn}});
  EXPECT_EQ(bytes[12], 0x51);
  const auto view = TcpView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->header().flags.has(TcpFlags::kAe));
  EXPECT_TRUE(view->header().flags.syn());
}

TEST(TcpHeader, ADataOffsetMustLieBetweenTwentyAndTheEnd) {
  Bytes bytes(40);
  for (std::uint8_t words = 0; words < 16; ++words) {
    bytes[12] = static_cast<std::uint8_t>(words << 4);
    const auto view = TcpView::parse(bytes);
    ASSERT_EQ(view.has_value(), words >= 5 && words <= 10) << int{words};
    if (!view) {
      EXPECT_EQ(view.error(), Verdict::BadTcpHeader);
      continue;
    }
    EXPECT_EQ(view->options().size(), words * 4U - 20U);
    EXPECT_EQ(view->payload().size(), 40U - words * 4U);
  }
  for (std::size_t length = 0; length < 20; ++length) {
    EXPECT_FALSE(TcpView::parse(ByteView(bytes).first(length)));
  }
}

TEST(TcpOptions, OfASynAreReadByLibtinsInBothLayouts) {
  COVERS("MUST-4", "MUST-14", "MUST-68");
  for (const OptionLayout layout : kLayouts) {
    const Bytes bytes = written(options_of_a_syn(), layout);
    EXPECT_EQ(bytes.size(), 20U);
    const Tins::TCP tcp = read_by_libtins(bytes);
    EXPECT_EQ(tcp.mss(), 1460);
    EXPECT_EQ(tcp.winscale(), 9);
    EXPECT_TRUE(tcp.has_sack_permitted());
    EXPECT_EQ(tcp.timestamp().first, 0x01020304U);
    EXPECT_EQ(tcp.timestamp().second, 0xa0b0c0d0U);
  }
}

TEST(TcpOptions, OfASynStandInTheOrderOfTheirSystem) {
  EXPECT_EQ(written(options_of_a_syn(), OptionLayout::Linux),
            (Bytes{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0, 1, 3, 3, 9}));
  EXPECT_EQ(written(options_of_a_syn(), OptionLayout::Bsd),
            (Bytes{2, 4, 5, 0xb4, 1, 3, 3, 9, 4, 2, 8, 10, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0}));
}

TEST(TcpOptions, AfterTheHandshakeTimestampsAndSackAreAligned) {
  COVERS("R2018-03", "MUST-65");
  TcpOptions options;
  options.timestamps = TimestampsOption{TsVal{1}, TsVal{2}};
  EXPECT_EQ(written(options), (Bytes{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}));
  options.sack_count = 4;
  for (std::uint32_t i = 0; i < 4; ++i) options.sack[i] = {SeqNum(100 * i), SeqNum(100 * i + 50)};
  const Bytes bytes = written(options);
  EXPECT_EQ(bytes.size(), 40U);
  // Three blocks fit beside timestamps, the first ones; four fit alone.
  const std::vector<std::uint32_t> three = {0, 50, 100, 150, 200, 250};
  EXPECT_EQ(read_by_libtins(bytes).sack(), three);
  options.timestamps.reset();
  EXPECT_EQ(read_by_libtins(written(options)).sack().size(), 8U);
}

TEST(TcpOptions, EveryCombinationIsReadBackByBothReaders) {
  COVERS("MUST-69", "R2018-02");
  for (const OptionLayout layout : kLayouts) {
    for (unsigned mask = 0; mask < 128; ++mask) {
      TcpOptions options;
      if (mask & 1) options.mss = 536;
      if (mask & 2) options.window_scale = 14;
      options.sack_permitted = (mask & 4) != 0;
      if (mask & 8) options.timestamps = TimestampsOption{TsVal{5}, TsVal{6}};
      if (mask & 16) options.user_timeout = 0x8005;
      options.fast_open = (mask & 32) != 0;
      options.sack_count = (mask & 64) != 0 ? 1 : 0;
      options.sack[0] = {SeqNum(0xfffffffe), SeqNum(2)};
      const Bytes bytes = written(options, layout);
      ASSERT_EQ(bytes.size() % 4, 0U);
      ASSERT_LE(bytes.size(), 40U);
      const auto back = read_tcp_options(bytes);
      ASSERT_TRUE(back) << mask;
      EXPECT_EQ(back->mss, options.mss);
      EXPECT_EQ(back->window_scale, options.window_scale);
      EXPECT_EQ(back->sack_permitted, options.sack_permitted);
      EXPECT_EQ(back->timestamps.has_value(), options.timestamps.has_value());
      EXPECT_EQ(back->user_timeout, options.user_timeout);
      EXPECT_EQ(back->fast_open, options.fast_open);
      if (back->sack_count == 1) {
        EXPECT_EQ(back->sack[0], options.sack[0]);
      }
      const Tins::TCP tcp = read_by_libtins(bytes);
      EXPECT_EQ(tcp.search_option(Tins::TCP::MSS) != nullptr, options.mss.has_value());
      EXPECT_EQ(tcp.search_option(Tins::TCP::SACK) != nullptr, back->sack_count == 1);
    }
  }
}

TEST(TcpOptions, PaddingIsAnEndOfListAndZeros) {
  COVERS("MUST-69");
  TcpOptions options;
  options.accurate_ecn = AccurateEcnOption{};
  options.accurate_ecn->fields = 1;
  options.accurate_ecn->ect0_bytes = 0x010203;
  const Bytes bytes = written(options);
  EXPECT_EQ(bytes, (Bytes{172, 5, 1, 2, 3, 0, 0, 0}));
}

TEST(TcpOptions, WhatLibtinsWroteIsReadOnAnySegmentAtAnyAlignment) {
  COVERS("MUST-5", "MUST-64", "MUST-4", "R7323-06");
  for (int nops = 0; nops < 8; ++nops) {
    Tins::TCP tcp(80, 1000);
    tcp.flags(Tins::TCP::ACK);
    for (int i = 0; i < nops; ++i) tcp.add_option(Tins::TCP::option(Tins::TCP::NOP));
    tcp.mss(1400);
    tcp.winscale(15);  // out of range: handed up as it is
    tcp.timestamp(0xfffffff0, 3);
    const Bytes bytes = tcp.serialize();
    const auto view = TcpView::parse(bytes);
    ASSERT_TRUE(view);
    const auto options = read_tcp_options(view->options());
    ASSERT_TRUE(options) << nops;
    EXPECT_EQ(options->mss, 1400);
    EXPECT_EQ(options->window_scale, 15);
    EXPECT_EQ(raw(options->timestamps->val), 0xfffffff0U);
    EXPECT_EQ(raw(options->timestamps->ecr), 3U);
  }
}

TEST(TcpOptions, UnknownOnesAreSteppedOverByTheirLength) {
  COVERS("MUST-6", "MUST-68", "R5482-01");
  const Bytes bytes = {253, 5, 2, 4, 5, 77, 2, 2, 4, 1, 0, 0};
  const auto options = read_tcp_options(bytes);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->mss, 256)
      << "the bytes inside the unknown option look like another one, and are not";
}

TEST(TcpOptions, BadLengthsHurtNobody) {
  COVERS("MUST-7");
  const Bytes bad[] = {
      {2, 0, 5, 0xb4},           // MSS of length 0
      {2, 1, 5, 0xb4},           // 1
      {2, 3, 5, 0xb4},           // not what an MSS has
      {2, 5, 5, 0xb4},           // past the end
      {1, 1, 1, 2},              // no length at all
      {3, 2, 0, 0},              // window scale without a value
      {3, 4, 0, 0},              //
      {4, 3, 0, 0},              // SACK-permitted with one
      {5, 2, 0, 0},              // no block
      {5, 6, 0, 0, 0, 0, 0, 0},  // half a block
      {8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
      {1, 1, 8, 11, 0, 0, 0, 0, 0, 0, 0, 0},
      {28, 3, 0, 0},
      {77, 0, 0, 0},
      {77, 255, 0, 0},
  };
  for (const Bytes& bytes : bad) {
    const auto options = read_tcp_options(bytes);
    ASSERT_FALSE(options) << testing::PrintToString(bytes);
    EXPECT_EQ(options.error(), Verdict::BadTcpOption);
  }
}

TEST(TcpOptions, NothingIsReadBehindTheEndOfTheList) {
  COVERS("MUST-4", "MUST-69");
  const Bytes bytes = {1, 0, 2, 0, 2, 4, 5, 0xb4};
  const auto options = read_tcp_options(bytes);
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->mss);
}

TEST(TcpOptions, AFastOpenCookieOfTheWrongLengthIsNoCookie) {
  COVERS("R7413-02");
  for (std::uint8_t length = 0; length <= 20; ++length) {
    Bytes bytes = {34, static_cast<std::uint8_t>(length + 2)};
    bytes = bytes + test::pattern(length);
    const auto options = read_tcp_options(bytes);
    ASSERT_TRUE(options);
    const bool fits = length == 0 || (length >= 4 && length <= 16 && length % 2 == 0);
    EXPECT_EQ(options->fast_open, fits) << int{length};
    EXPECT_EQ(options->fast_open_cookie.size(), fits ? length : 0U);
  }
}

TEST(TcpOptions, AnyBytesAreSurvived) {
  COVERS("MUST-7");
  SeededRandom random(11);
  for (int round = 0; round < 200'000; ++round) {
    Bytes bytes(random.below(11) * 4);
    random.fill(bytes);
    for (std::uint8_t& byte : bytes) {
      if (random.chance(0.5)) byte = static_cast<std::uint8_t>(random.below(12));
    }
    const auto options = read_tcp_options(bytes);
    if (options) {
      ASSERT_LE(options->sack_count, TcpOptions::kMaxSackBlocks);
    }
  }
}

}  // namespace
}  // namespace glasstcp
