// The bad link: the grammar of --impair, and that a link does what it was told, again and again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "stack/link/bad_link.h"
#include "stack/wire/checksum.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::Bytes;
using testing::ElementsAre;
using testing::HasSubstr;

ImpairmentPlan plan_of(std::string_view spec) {
  const auto plan = parse_impairment(spec);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error());
  return plan.value_or(ImpairmentPlan{});
}

TEST(Impairment, ReadsEveryWord) {
  const ImpairmentPlan plan = plan_of(
      "loss=2%,burst=0.5%x8,delay=30ms,jitter=5ms,reorder=1%,duplicate=1.5%,corrupt=0.1%,"
      "rate=10mbit,queue=50,drop=out:7,drop=out:3,drop=in:1");
  for (const Impairment* how : {&plan.in, &plan.out}) {
    EXPECT_DOUBLE_EQ(how->loss, 0.02);
    EXPECT_DOUBLE_EQ(how->burst, 0.005);
    EXPECT_DOUBLE_EQ(how->burst_length, 8);
    EXPECT_EQ(how->delay, 30ms);
    EXPECT_EQ(how->jitter, 5ms);
    EXPECT_DOUBLE_EQ(how->reorder, 0.01);
    EXPECT_DOUBLE_EQ(how->duplicate, 0.015);
    EXPECT_DOUBLE_EQ(how->corrupt, 0.001);
    EXPECT_EQ(how->rate, 10'000'000u);
    EXPECT_EQ(how->queue, 50u);
  }
  EXPECT_THAT(plan.out.drop, ElementsAre(3, 7));
  EXPECT_THAT(plan.in.drop, ElementsAre(1));
}

TEST(Impairment, APrefixChoosesTheDirection) {
  const ImpairmentPlan plan =
      plan_of("in:loss=1%,out:loss=3%,out:delay=7us,in:rate=1.5kbit,in:drop=2");
  EXPECT_DOUBLE_EQ(plan.in.loss, 0.01);
  EXPECT_DOUBLE_EQ(plan.out.loss, 0.03);
  EXPECT_EQ(plan.in.delay, 0ms);
  EXPECT_EQ(plan.out.delay, 7us);
  EXPECT_EQ(plan.in.rate, 1500u);
  EXPECT_EQ(plan.out.rate, 0u);
  EXPECT_THAT(plan.in.drop, ElementsAre(2));
  EXPECT_TRUE(plan.out.drop.empty());
}

TEST(Impairment, RefusesInALineThatNamesTheCure) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "is not one of loss=2%"},
      {"loss", "a share like 2%"},
      {"loss=2", "a share like 2%"},
      {"loss=101%", "a share like 2%"},
      {"loss=-1%", "a share like 2%"},
      {"loss=nan%", "a share like 2%"},
      {"loss=%", "a share like 2%"},
      {"burst=1%", "like 0.5%x8"},
      {"burst=1%x0", "like 0.5%x8"},
      {"burst=1%x0ms", "or a time up to 10min like 0.3%x20ms"},
      {"burst=1%x11min", "or a time up to 10min like 0.3%x20ms"},
      {"burst=1%x20m", "or a time"},
      {"burst=x20ms", "like 0.3%x20ms"},
      {"delay=30", "like 30ms"},
      {"delay=1h", "up to 10min"},
      {"jitter=x", "like 5ms"},
      {"rate=10", "like 10mbit"},
      {"rate=0mbit", "like 10mbit"},
      {"rate=10mbps", "like 10mbit"},
      {"queue=0", "from 1 to 1000000"},
      {"queue=1.5", "from 1 to 1000000"},
      {"drop=out:0", "like out:7"},
      {"drop=seven", "like out:7"},
      {"in:drop=out:7", "like out:7"},
      {"loose=2%", "is not one of"},
      {"up:loss=2%", "with the prefix in: or out: in one direction only"},
      {"loss=1%,", "is not one of"},
      {"loss=1%,loss=2%", "was given before"},
      {"loss=1%,in:loss=2%", "was given before"},
      {" loss=1%", "is not one of"},
  };
  for (const auto& [spec, expected] : cases) {
    const auto plan = parse_impairment(spec);
    ASSERT_FALSE(plan.has_value()) << spec;
    EXPECT_THAT(plan.error(), HasSubstr(expected)) << spec;
    EXPECT_EQ(plan.error().find('\n'), std::string::npos);
  }
}

// -- One direction

struct Arrival {
  Instant at;
  Bytes packet;
  friend bool operator==(const Arrival&, const Arrival&) = default;
};

// A packet without checksums that carries its number.
Bytes numbered(std::uint32_t number, std::size_t size = 40) {
  Bytes packet(size);
  store_be32(packet.data(), number);
  return packet;
}

std::uint32_t number_of(const Arrival& arrival) {
  return load_be32(arrival.packet.data());
}

void carry(BadLink& link, const Bytes& packet, Instant now) {
  // In two pieces, as the stack sends.
  const ByteView all(packet);
  const std::array<ByteView, 2> pieces{all.first(4), all.subspan(4)};
  link.carry(pieces, {}, now);
}

std::vector<Arrival> drain(BadLink& link) {
  std::vector<Arrival> arrivals;
  while (link.next_arrival() != kNever) {
    arrivals.push_back({link.front().arrival, link.front().packet});
    link.pop();
  }
  return arrivals;
}

BadLink link_of(std::string_view words, std::uint64_t seed = 1) {
  return {plan_of(words).out, SeededRandom(seed)};
}

// Packets 1..count, one each `gap`.
std::vector<Arrival> run(BadLink& link, std::uint32_t count, Duration gap = 1ms) {
  for (std::uint32_t i = 1; i <= count; ++i) carry(link, numbered(i), Instant(i * gap));
  return drain(link);
}

TEST(BadLink, AnUnimpairedOneDeliversAtOnceAndInOrder) {
  BadLink link({}, SeededRandom(1));
  const auto arrivals = run(link, 100);
  ASSERT_EQ(arrivals.size(), 100u);
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(arrivals[i], (Arrival{Instant((i + 1) * 1ms), numbered(i + 1)}));
  }
}

TEST(BadLink, TheSameSeedGivesTheSameFates) {
  constexpr auto kAll =
      "loss=10%,burst=1%x4,delay=30ms,jitter=5ms,reorder=5%,duplicate=5%,corrupt=5%,rate=1mbit,"
      "queue=20";
  BadLink a = link_of(kAll, 7);
  BadLink b = link_of(kAll, 7);
  BadLink c = link_of(kAll, 8);
  const auto first = run(a, 3000, 100us);
  EXPECT_EQ(first, run(b, 3000, 100us));
  EXPECT_NE(first, run(c, 3000, 100us));
}

TEST(BadLink, WhatIsLostDoesNotDependOnTheOtherWords) {
  BadLink plain = link_of("loss=10%");
  BadLink rich = link_of("loss=10%,delay=3ms,jitter=1ms,duplicate=20%,corrupt=10%,reorder=10%");
  const auto fates = [](BadLink& link) {
    std::vector<Fate> all;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      const Bytes packet = numbered(i);
      const ByteView piece(packet);
      all.push_back(link.carry(std::span(&piece, 1), {}, Instant(i * 1ms)));
    }
    return all;
  };
  EXPECT_EQ(fates(plain), fates(rich));
}

TEST(BadLink, RatesAreWhatWasAskedFor) {
  constexpr std::uint32_t kCount = 200'000;
  BadLink link = link_of("loss=2%,duplicate=1%,reorder=3%");
  run(link, kCount);
  const LinkCounters& c = link.counters();
  EXPECT_EQ(c.entered, kCount);
  const auto expect_share = [](std::uint64_t count, double of, double share) {
    const double deviation = std::sqrt(of * share * (1 - share));
    EXPECT_NEAR(static_cast<double>(count), of * share, 5 * deviation);
  };
  expect_share(c.lost, kCount, 0.02);
  expect_share(c.duplicated, kCount * 0.98, 0.01);
  expect_share(c.reordered, kCount * 0.98, 0.03);
}

TEST(BadLink, BurstsHaveTheirLength) {
  constexpr std::uint32_t kCount = 400'000;
  BadLink link = link_of("burst=0.5%x8");
  std::uint32_t bursts = 0;
  std::uint32_t lost = 0;
  bool before = false;
  for (std::uint32_t i = 1; i <= kCount; ++i) {
    const bool is_lost = link.next_fate(Instant{}) == Fate::LostInBurst;
    carry(link, numbered(i), Instant{});
    bursts += is_lost && !before;
    lost += is_lost;
    before = is_lost;
    if (!is_lost) link.pop();
  }
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 8, 0.5);
  EXPECT_NEAR(static_cast<double>(bursts) / (kCount - lost), 0.005, 0.0006);
}

TEST(BadLink, ABurstMayLastATimeInsteadOfPackets) {
  const ImpairmentPlan plan = plan_of("out:burst=0.3%x20ms");
  EXPECT_DOUBLE_EQ(plan.out.burst, 0.003);
  EXPECT_EQ(plan.out.burst_time, 20ms);
  EXPECT_EQ(plan.in.burst_time, 0ms);

  BadLink link = link_of("burst=0.5%x20ms");
  Instant began{};
  Duration longest{};
  std::uint32_t bursts = 0;
  std::uint32_t lost = 0;
  std::uint32_t entered = 0;
  bool before = false;
  for (std::uint32_t i = 1; i <= 400'000; ++i) {
    const Instant now(i * 1ms);
    const bool is_lost = link.next_fate(now) == Fate::LostInBurst;
    if (is_lost && !before) {
      began = now;
      ++bursts;
    }
    if (is_lost) longest = std::max(longest, now - began);
    carry(link, numbered(i), now);
    lost += is_lost;
    entered += !is_lost;
    before = is_lost;
    while (link.next_arrival() <= now) link.pop();
  }
  // A packet each millisecond: twenty are lost in each, unless two follow on each other.
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 20, 0.5);
  EXPECT_NEAR(static_cast<double>(bursts) / entered, 0.005, 0.0008);
  EXPECT_GE(longest, 19ms);
}

// A sender in backoff sends a packet now and then: a burst of so many packets holds it for all of
// them, a fade of so much time does not.
TEST(BadLink, ABurstOfATimeEndsForASenderThatWaits) {
  BadLink link = link_of("burst=100%x20ms");
  EXPECT_EQ(link.next_fate(Instant(0ms)), Fate::LostInBurst);
  carry(link, numbered(1), Instant(0ms));
  Impairment how = link.impairment();
  how.burst = 1e-9;
  link.change(how);
  EXPECT_EQ(link.next_fate(Instant(20ms) - 1ns), Fate::LostInBurst);
  EXPECT_EQ(link.next_fate(Instant(20ms)), Fate::Carried);
  carry(link, numbered(2), Instant(5ms));
  EXPECT_EQ(link.next_fate(Instant(20ms)), Fate::Carried) << "a packet in it does not prolong it";
  link.heal();
  EXPECT_EQ(link.next_fate(Instant(6ms)), Fate::Carried);
}

TEST(BadLink, NextFateForetellsWhatCarryDoes) {
  BadLink link = link_of("loss=20%,burst=2%x3,rate=1mbit,queue=5,drop=out:11");
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    const Instant now(i * 300us);
    const Fate foretold = link.next_fate(now);
    const Bytes packet = numbered(i);
    const ByteView piece(packet);
    ASSERT_EQ(link.carry(std::span(&piece, 1), {}, now), foretold) << i;
    ASSERT_TRUE(i != 11 || foretold == Fate::DroppedByNumber);
    while (link.next_arrival() <= now) link.pop();
  }
}

TEST(BadLink, DropsExactlyTheNumbersThatItIsTold) {
  BadLink link = link_of("drop=out:7,drop=out:2");
  const auto arrivals = run(link, 8);
  std::vector<std::uint32_t> numbers;
  for (const Arrival& a : arrivals) numbers.push_back(number_of(a));
  EXPECT_THAT(numbers, ElementsAre(1, 3, 4, 5, 6, 8));
}

TEST(BadLink, DelaysVaryByTheJitterAndKeepTheOrder) {
  BadLink link = link_of("delay=30ms,jitter=5ms");
  const auto arrivals = run(link, 5000, 20ms);  // far apart: none has to wait for the one ahead
  Duration least = 1h;
  Duration most{};
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    ASSERT_EQ(number_of(arrivals[i]), i + 1);
    const Duration delay = arrivals[i].at - Instant((i + 1) * 20ms);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 25ms);
  EXPECT_LT(least, 25100us);
  EXPECT_LE(most, 35ms);
  EXPECT_GT(most, 34900us);
  BadLink dense = link_of("delay=30ms,jitter=5ms");
  const auto close = run(dense, 5000, 10us);
  for (std::size_t i = 0; i < close.size(); ++i) ASSERT_EQ(number_of(close[i]), i + 1);
}

TEST(BadLink, JitterBeyondTheDelayIsNoTimeTravel) {
  BadLink link = link_of("delay=1ms,jitter=10ms");
  const auto arrivals = run(link, 1000, 50ms);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    ASSERT_GE(arrivals[i].at, Instant((i + 1) * 50ms));
  }
}

TEST(BadLink, ReordersOnlyByHoldingBack) {
  BadLink link = link_of("delay=10ms,reorder=10%");
  const auto arrivals = run(link, 2000, 1ms);
  ASSERT_EQ(arrivals.size(), 2000u);
  std::uint32_t overtaken = 0;
  std::uint32_t highest = 0;
  for (const Arrival& a : arrivals) {
    const Duration delay = a.at - Instant(number_of(a) * 1ms);
    ASSERT_GE(delay, 10ms);
    ASSERT_LE(delay, 20ms);
    overtaken += number_of(a) < highest;
    highest = std::max(highest, number_of(a));
  }
  EXPECT_GT(overtaken, 100u);
  EXPECT_LT(overtaken, 300u);
}

TEST(BadLink, ABottleneckSpacesPacketsAndItsQueueIsBounded) {
  // 1000 bytes at 8 Mbit/s: one each millisecond.
  BadLink link = link_of("rate=8mbit,queue=10,delay=5ms");
  for (std::uint32_t i = 1; i <= 30; ++i) carry(link, numbered(i, 1000), Instant{});
  const auto arrivals = drain(link);
  ASSERT_EQ(arrivals.size(), 10u);
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(number_of(arrivals[i]), i + 1);
    EXPECT_EQ(arrivals[i].at, Instant((i + 1) * 1ms + 5ms));
  }
  EXPECT_EQ(link.counters().lost, 20u);
  EXPECT_EQ(link.next_fate(Instant(999us)), Fate::QueueFull);
  EXPECT_EQ(link.next_fate(Instant(1ms)), Fate::Carried);  // the first has left
}

TEST(BadLink, KeepsNoMoreBytesThanItsLimit) {
  BadLink link = link_of("delay=10min");
  const Bytes large(65535);
  const ByteView piece(large);
  Fate fate = Fate::Carried;
  std::size_t carried = 0;
  for (; fate == Fate::Carried && carried < 10'000; ++carried) {
    fate = link.carry(std::span(&piece, 1), {}, Instant{});
  }
  EXPECT_EQ(fate, Fate::LinkFull);
  EXPECT_LE((carried - 1) * large.size(), BadLink::kMostBytes + large.size());
}

TEST(BadLink, AHealedOneDeliversAllOnceInOrder) {
  BadLink link = link_of(
      "loss=50%,burst=5%x50ms,delay=10ms,jitter=9ms,reorder=50%,duplicate=50%,corrupt=50%,"
      "rate=100kbit,queue=3,drop=out:600");
  for (std::uint32_t i = 1; i <= 500; ++i) carry(link, numbered(i), Instant(i * 1ms));
  link.heal();
  for (std::uint32_t i = 501; i <= 1000; ++i) carry(link, numbered(i), Instant(i * 1ms));
  std::vector<std::uint32_t> after;
  for (const Arrival& a : drain(link)) {
    if (number_of(a) > 500 && number_of(a) <= 1000) after.push_back(number_of(a));
  }
  ASSERT_EQ(after.size(), 500u);
  for (std::uint32_t i = 0; i < 500; ++i) EXPECT_EQ(after[i], 501 + i);
}

TEST(BadLink, KeepsWhatIsKnownOfAPacket) {
  BadLink link({}, SeededRandom(1));
  const Bytes packet = numbered(1);
  const ByteView piece(packet);
  link.carry(std::span(&piece, 1), {true, true, 1448}, Instant{});
  EXPECT_TRUE(link.front().meta.checksum_partial);
  EXPECT_TRUE(link.front().meta.checksum_valid);
  EXPECT_EQ(link.front().meta.gso_size, 1448);
}

// -- Corruption

Bytes segment(const char* from, const char* to) {
  const FourTuple tuple{*IpAddress::parse(from), *IpAddress::parse(to), Port{1234}, Port{80}};
  Bytes packet = test::raw_packet({.tuple = tuple, .flags = 0x10, .text = 101});
  const std::size_t header = packet[0] >> 4 == 4 ? 20 : 40;
  if (header == 20)
    store_be16(&packet[10], checksum_of(add_to_checksum(0, ByteView(packet).first(20))));
  const std::uint32_t pseudo =
      pseudo_header_sum(tuple.local_address, tuple.remote_address, 6,
                        static_cast<std::uint32_t>(packet.size() - header));
  store_be16(&packet[header + 16],
             checksum_of(add_to_checksum(pseudo, ByteView(packet).subspan(header))));
  return packet;
}

bool is_intact(const Bytes& packet) {
  const ByteView all(packet);
  const bool v4 = packet[0] >> 4 == 4;
  const std::size_t header = v4 ? 20 : 40;
  if (v4 && !is_checksum_right(add_to_checksum(0, all.first(20)))) return false;
  const IpAddress from = v4 ? IpAddress::v4(&packet[12]) : IpAddress::v6(&packet[8]);
  const IpAddress to = v4 ? IpAddress::v4(&packet[16]) : IpAddress::v6(&packet[24]);
  const auto length = static_cast<std::uint32_t>(packet.size() - header);
  return is_checksum_right(
      add_to_checksum(pseudo_header_sum(from, to, 6, length), all.subspan(header)));
}

std::uint32_t bits_that_differ(const Bytes& a, const Bytes& b) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    count += static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(a[i] ^ b[i])));
  }
  return count;
}

TEST(BadLink, CorruptionIsOneBitThatAChecksumCatchesWhereverItFalls) {
  for (const Bytes& packet :
       {segment("192.0.2.1", "192.0.2.2"), segment("2001:db8::1", "2001:db8::2")}) {
    ASSERT_TRUE(is_intact(packet));
    for (std::uint64_t choice = 0; choice < 8 * packet.size(); ++choice) {
      Bytes hurt = packet;
      ASSERT_TRUE(flip_covered_bit(hurt, {}, choice));
      ASSERT_EQ(bits_that_differ(packet, hurt), 1u) << choice;
      ASSERT_FALSE(is_intact(hurt)) << choice;
    }
  }
}

TEST(BadLink, NothingIsCorruptedThatNobodyWouldNotice) {
  const PacketMeta partial{true, false, 0};
  Bytes v6 = segment("2001:db8::1", "2001:db8::2");
  EXPECT_FALSE(flip_covered_bit(v6, partial, 999));
  Bytes v4 = segment("192.0.2.1", "192.0.2.2");
  const Bytes before = v4;
  ASSERT_TRUE(flip_covered_bit(v4, partial, 999));  // its header has a checksum of its own
  EXPECT_NE(Bytes(v4.begin(), v4.begin() + 20), Bytes(before.begin(), before.begin() + 20));
  Bytes udp = segment("192.0.2.1", "192.0.2.2");
  udp[9] = 17;
  for (std::uint64_t choice = 0; choice < 2000; ++choice) {
    Bytes hurt = udp;
    ASSERT_TRUE(flip_covered_bit(hurt, {}, choice));
    ASSERT_TRUE(std::equal(hurt.begin() + 20, hurt.end(), udp.begin() + 20));
  }
  Bytes shred(10, 0x45);
  EXPECT_FALSE(flip_covered_bit(shred, {}, 5));
}

TEST(BadLink, WhatWasVerifiedIsNoLongerTrustedOnceCorrupted) {
  BadLink link = link_of("corrupt=100%");
  const Bytes packet = segment("192.0.2.1", "192.0.2.2");
  const ByteView piece(packet);
  link.carry(std::span(&piece, 1), {false, true, 0}, Instant{});
  EXPECT_EQ(bits_that_differ(packet, link.front().packet), 1u);
  EXPECT_FALSE(link.front().meta.checksum_valid);
  EXPECT_EQ(link.counters().corrupted, 1u);
}

// A reader of the capture is told by which word the link lost a packet, or that it is its own
// limit.
TEST(BadLink, EachLossHasItsWords) {
  for (const Fate fate : {Fate::DroppedByNumber, Fate::LostInBurst, Fate::LostAtRandom,
                          Fate::QueueFull, Fate::LinkFull}) {
    for (const Language language : {Language::English, Language::Chinese}) {
      EXPECT_FALSE(why_lost(fate, language).empty()) << static_cast<int>(fate);
    }
  }
  EXPECT_TRUE(why_lost(Fate::LostInBurst, Language::English).starts_with("burst=:"));
  EXPECT_FALSE(why_lost(Fate::LinkFull, Language::English).contains('=')) << "no word of the user";
  EXPECT_TRUE(why_lost(Fate::Carried, Language::English).empty());
}

TEST(Impairment, IsWrittenAsItIsRead) {
  for (const char* spec : {"rate=1500bit", "rate=64kbit", "rate=10mbit", "loss=1%,delay=7us"}) {
    const std::string text = spec_of(plan_of(spec).in);
    EXPECT_EQ(text, spec);
    EXPECT_EQ(spec_of(plan_of(text).in), text);
  }
}

}  // namespace
}  // namespace glasstcp
