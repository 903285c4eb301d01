// Reassembly: fragments in any order become a datagram; tricks with them become nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "stack/base/random.h"
#include "stack/ip/reassembly.h"
#include "tests/support/covers.h"
#include "tests/support/libtins_ip_fixture.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::IpPeer;
using test::Sent;
using test::operator+;

// A TCP segment of the peer, in fragments.
std::vector<Bytes> segment_v4(std::size_t length, std::size_t size,
                              std::uint16_t identification = 9) {
  auto packet = test::peer_v4() / test::syn_to_80() / Tins::RawPDU(test::pattern(length));
  return test::fragments_v4(test::encode(packet), size, identification);
}
std::vector<Bytes> segment_v6(std::size_t length, std::size_t size,
                              std::uint32_t identification = 9) {
  auto packet = test::peer_v6() / test::syn_to_80() / Tins::RawPDU(test::pattern(length));
  return test::fragments_v6(test::encode(packet), size, identification);
}

TEST(Reassembly, InAnyOrderGivesTheSegmentThatWasCut) {
  COVERS("R791-02", "R1122-16", "R8200-13");
  SeededRandom random(5);
  IpPeer peer;
  for (std::uint16_t round = 0; round < 200; ++round) {
    const std::size_t length = 2000 + random.below(20000);
    std::vector<Bytes> fragments =
        round % 2 == 0 ? segment_v4(length, 1480, round) : segment_v6(length, 1448, round);
    for (std::size_t i = fragments.size() - 1; i > 0; --i)
      std::swap(fragments[i], fragments[random.below(i + 1)]);
    for (std::size_t i = 0; i + 1 < fragments.size(); ++i)
      ASSERT_EQ(peer.receive(fragments[i]), Verdict::FragmentKept);
    const IpLayer::Input input = peer.input(fragments.back());
    const auto* datagram = std::get_if<IpDatagram>(&input);
    ASSERT_NE(datagram, nullptr);
    EXPECT_EQ(datagram->payload.size(), length + 20);
    EXPECT_TRUE(verify_transport_checksum(*datagram));
    // What may be quoted later is a well-formed packet too.
    EXPECT_EQ(test::judge_ip_packet(Bytes(datagram->packet.begin(), datagram->packet.end())), "");
  }
}

TEST(Reassembly, TwoDatagramsDoNotMix) {
  COVERS("R791-02");
  IpPeer peer;
  const auto one = segment_v4(2000, 1480, 1);
  const auto two = segment_v4(2000, 1480, 2);
  EXPECT_EQ(peer.receive(one[0]), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(two[1]), Verdict::FragmentKept);
  // The same identification, from someone else and for another protocol.
  Bytes other = one[1];
  other[15] = 99;
  test::fix_header_checksum(other);
  EXPECT_EQ(peer.receive(other), Verdict::FragmentKept);
  Bytes icmp = one[1];
  icmp[9] = 1;
  test::fix_header_checksum(icmp);
  EXPECT_EQ(peer.receive(icmp), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(one[1]), Verdict::Accepted);
  EXPECT_EQ(peer.receive(two[0]), Verdict::Accepted);
}

TEST(Reassembly, AnExactDuplicateIsHarmless) {
  COVERS("R8200-09");
  IpPeer peer;
  for (const auto& fragments : {segment_v4(3000, 1480), segment_v6(3000, 1448)}) {
    EXPECT_EQ(peer.receive(fragments[0]), Verdict::FragmentKept);
    EXPECT_EQ(peer.receive(fragments[0]), Verdict::FragmentKept);
    EXPECT_EQ(peer.receive(fragments[2]), Verdict::FragmentKept);
    EXPECT_EQ(peer.receive(fragments[2]), Verdict::FragmentKept);
    EXPECT_EQ(peer.receive(fragments[1]), Verdict::Accepted);
  }
}

TEST(Reassembly, AnyOtherOverlapEndsTheDatagram) {
  COVERS("R8200-09", "R791-02");
  IpPeer peer;
  const auto six = segment_v6(4000, 1440);
  // The same place with other bytes.
  Bytes altered = six[0];
  altered.back() ^= 1;
  EXPECT_EQ(peer.receive(six[0]), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(altered), Verdict::FragmentOverlap);
  // And what is still to come is dropped as well, until its time is over.
  EXPECT_EQ(peer.receive(six[1]), Verdict::FragmentOverlap);
  EXPECT_EQ(peer.receive(six[2]), Verdict::FragmentOverlap);
  EXPECT_EQ(peer.receive(six[0]), Verdict::FragmentOverlap);
  peer.wait(61s);
  EXPECT_TRUE(peer.sent().empty()) << "silently";

  const auto four = segment_v4(4000, 1440, 1);
  const auto shifted = segment_v4(4000, 1000, 1);
  EXPECT_EQ(peer.receive(four[0]), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(shifted[1]), Verdict::FragmentOverlap);
  EXPECT_EQ(peer.receive(four[1]), Verdict::FragmentKept)
      << "a new datagram, which never becomes whole";
  EXPECT_EQ(peer.receive(four[2]), Verdict::FragmentKept);
}

TEST(Reassembly, ADatagramHasOneEnd) {
  COVERS("R8200-09");
  const Bytes data = test::pattern(64);
  const auto piece = [&data](std::uint16_t offset, bool more, std::uint32_t id) {
    return test::fragment_v6(6, static_cast<std::uint16_t>(offset | (more ? 1 : 0)), id, data);
  };
  IpPeer peer;
  EXPECT_EQ(peer.receive(piece(640, false, 1)), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(piece(1280, false, 1)), Verdict::FragmentOverlap) << "a second end";
  EXPECT_EQ(peer.receive(piece(640, false, 2)), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(piece(1280, true, 2)), Verdict::FragmentOverlap) << "beyond the end";
  EXPECT_EQ(peer.receive(piece(1280, true, 3)), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(piece(640, false, 3)), Verdict::FragmentOverlap)
      << "an end before what came";
}

TEST(Reassembly, AnAtomicFragmentIsAPacketOfItsOwn) {
  COVERS("R8200-10");
  IpPeer peer;
  const auto cut = segment_v6(2000, 1448, 77);
  EXPECT_EQ(peer.receive(cut[0]), Verdict::FragmentKept);
  auto packet = test::peer_v6() / test::syn_to_80();
  const Bytes syn = test::encode(packet);
  const Bytes atomic = test::fragment_v6(6, 0, 77, Bytes(syn.begin() + 40, syn.end()));
  EXPECT_EQ(peer.receive(atomic), Verdict::Accepted);
  EXPECT_EQ(peer.receive(cut[1]), Verdict::Accepted)
      << "the other one with this identification is untouched";
}

TEST(Reassembly, TakesAMinuteAtMostAndThenSaysSo) {
  COVERS("R1122-17", "R8200-06");
  IpPeer peer;
  const auto four = segment_v4(3000, 1480);
  const auto six = segment_v6(3000, 1448);
  peer.receive(four[0]);
  peer.wait(30s);
  peer.receive(four[1]);  // does not prolong it
  peer.receive(six[0]);
  EXPECT_EQ(peer.layer().next_deadline(), Instant{} + 60s);
  peer.wait(30s - 1ns);
  EXPECT_TRUE(peer.sent().empty());
  peer.wait(1ns);
  Sent answer = peer.sent_one();
  EXPECT_EQ(answer.reason, SendReason::IcmpTimeExceeded);
  EXPECT_EQ(answer.bytes[20], 11);
  EXPECT_EQ(answer.bytes[21], 1);
  EXPECT_TRUE(std::equal(answer.bytes.begin() + 28, answer.bytes.end(), four[0].begin()))
      << "the first fragment is quoted";
  EXPECT_EQ(peer.layer().next_deadline(), Instant{} + 90s);
  peer.wait(30s);
  answer = peer.sent_one();
  EXPECT_EQ(answer.bytes[40], 3);
  EXPECT_EQ(answer.bytes[41], 1);
  EXPECT_TRUE(std::equal(answer.bytes.begin() + 48, answer.bytes.end(), six[0].begin()));
  EXPECT_EQ(peer.layer().next_deadline(), kNever);
  EXPECT_EQ(peer.layer().reassembly_timeouts(), 2U);
}

TEST(Reassembly, WithoutTheFirstFragmentThereIsNothingToSay) {
  COVERS("R1122-17", "R8200-06", "R1122-10");
  IpPeer peer;
  peer.receive(segment_v4(3000, 1480)[1]);
  peer.receive(segment_v6(3000, 1448)[1]);
  peer.wait(60s);
  EXPECT_TRUE(peer.sent().empty());
  EXPECT_EQ(peer.layer().reassembly_timeouts(), 2U);
}

TEST(Reassembly, AFragmentThatComesTooLateDoesNotHelp) {
  IpPeer peer;
  const auto fragments = segment_v4(2000, 1480);
  EXPECT_EQ(peer.receive(fragments[0]), Verdict::FragmentKept);
  peer.wait(60s);
  EXPECT_EQ(peer.receive(fragments[1]), Verdict::FragmentKept) << "it begins a new one";
}

TEST(Reassembly, FragmentsOfTheWrongFormAreRefused) {
  COVERS("R8200-07", "R8200-08", "R8200-11", "R4443-08");
  struct Row {
    const char* what;
    Bytes packet;
    int code;  // of the parameter problem; -1: none
    std::uint32_t pointer;
  };
  const Row rows[] = {
      {"not a multiple of 8", test::fragment_v6(6, 1, 1, test::pattern(63)), 0, 4},
      {"past 65535", test::fragment_v6(6, 65528, 1, test::pattern(8)), 0, 42},
      {"no data", test::fragment_v6(6, 9, 1, {}), -1, 0},
      {"a TCP header cut in two", test::fragment_v6(6, 1, 1, test::pattern(16)), 3, 0},
      {"half an options header", test::fragment_v6(60, 1, 1, Bytes{6, 9, 1, 4, 0, 0, 0, 0}), 3, 0},
  };
  for (const Row& row : rows) {
    IpPeer peer;
    EXPECT_EQ(peer.receive(row.packet), Verdict::BadFragment) << row.what;
    const std::vector<Sent> sent = peer.sent();
    ASSERT_EQ(sent.size(), row.code < 0 ? 0U : 1U) << row.what;
    if (row.code < 0) continue;
    EXPECT_EQ(sent[0].bytes[40], 4) << row.what;
    EXPECT_EQ(sent[0].bytes[41], row.code) << row.what;
    EXPECT_EQ(load_be32(sent[0].bytes.data() + 44), row.pointer) << row.what;
  }
}

TEST(Reassembly, Ipv4FragmentsOfTheWrongFormAreDroppedInSilence) {
  COVERS("R791-02", "R1122-10");
  IpPeer peer;
  const auto with = [](std::size_t length, std::uint16_t offset_field, std::uint8_t protocol) {
    auto raw = test::peer_v4() / Tins::RawPDU(test::pattern(length));
    Bytes bytes = test::encode(raw);
    store_be16(bytes.data() + 6, offset_field);
    bytes[9] = protocol;
    test::fix_header_checksum(bytes);
    return bytes;
  };
  EXPECT_EQ(peer.receive(with(20, 0x2000, 1)), Verdict::BadFragment) << "not a multiple of 8";
  EXPECT_EQ(peer.receive(with(0, 0x2000, 1)), Verdict::BadFragment) << "nothing in it";
  EXPECT_EQ(peer.receive(with(8, 0x1fff, 1)), Verdict::BadFragment) << "past 65535";
  EXPECT_EQ(peer.receive(with(16, 0x2000, 6)), Verdict::BadFragment)
      << "a TCP header cut in two (RFC 1858)";
  EXPECT_EQ(peer.receive(with(16, 0x0001, 6)), Verdict::BadFragment)
      << "its second half (RFC 3128)";
  EXPECT_EQ(peer.receive(with(16, 0x2000, 1)), Verdict::FragmentKept);
  EXPECT_TRUE(peer.sent().empty());
}

TEST(Reassembly, ACongestionMarkSurvives) {
  COVERS("R3168-11");
  struct Row {
    std::uint8_t first, second;
    int whole;  // -1: the datagram is dropped
  };
  for (const Row& row : {Row{2, 3, 3}, Row{3, 1, 3}, Row{2, 2, 2}, Row{1, 1, 1}, Row{1, 2, 2},
                         Row{0, 0, 0}, Row{0, 2, 0}, Row{0, 3, -1}, Row{3, 0, -1}}) {
    IpPeer peer;
    auto four = segment_v4(2000, 1480);
    four[0][1] = static_cast<std::uint8_t>(0xb8 | row.first);
    four[1][1] = static_cast<std::uint8_t>(0xb8 | row.second);
    auto six = segment_v6(2000, 1448);
    six[0][1] = static_cast<std::uint8_t>(row.first << 4);
    six[1][1] = static_cast<std::uint8_t>(row.second << 4);
    for (auto* fragments : {&four, &six}) {
      for (Bytes& f : *fragments) {
        if (fragments == &four) test::fix_header_checksum(f);
      }
      peer.receive((*fragments)[0]);
      const IpLayer::Input input = peer.input((*fragments)[1]);
      if (row.whole < 0) {
        EXPECT_EQ(std::get<Verdict>(input), Verdict::BadFragment);
        continue;
      }
      ASSERT_TRUE(std::holds_alternative<IpDatagram>(input));
      EXPECT_EQ(std::get<IpDatagram>(input).traffic_class & 3, row.whole);
    }
  }
}

TEST(Reassembly, ThePiecesBeforeTheFragmentHeaderStay) {
  COVERS("R8200-02");
  IpPeer peer;
  auto packet = test::peer_v6() / test::syn_to_80() / Tins::RawPDU(test::pattern(2000));
  const Bytes whole = test::encode(packet);
  const Bytes options = {44, 0, 1, 4, 0, 0, 0, 0};
  const auto cut = test::fragments_v6(whole, 1440, 5);
  Verdict last = Verdict::Accepted;
  for (const Bytes& fragment : cut) {
    last = peer.receive(test::raw_v6(60, options + Bytes(fragment.begin() + 40, fragment.end())));
  }
  EXPECT_EQ(last, Verdict::Accepted);
}

TEST(Reassembly, AFragmentHeaderInsideAReassembledPacketIsRefused) {
  IpPeer peer;
  auto packet = test::peer_v6() / test::syn_to_80();
  const Bytes syn = test::encode(packet);
  const Bytes inner = Bytes{6, 0, 0, 0, 0, 0, 0, 1} + Bytes(syn.begin() + 40, syn.end()) + Bytes(4);
  EXPECT_EQ(peer.receive(test::fragment_v6(44, 1, 3, inner)), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(test::fragment_v6(44, 32, 3, test::pattern(9))),
            Verdict::BadExtensionHeader);
}

TEST(Reassembly, TheDeviceCannotVouchForPartsOfADatagram) {
  IpPeer peer;
  auto fragments = segment_v4(2000, 1480);
  fragments[1].back() ^= 1;
  const PacketMeta meta{.checksum_partial = true, .checksum_valid = true, .gso_size = 100};
  peer.input(fragments[0], meta);
  const auto datagram = std::get<IpDatagram>(peer.input(fragments[1], meta));
  EXPECT_FALSE(verify_transport_checksum(datagram));
}

// ---- Limits ----

// `host` in place of the peer's own last byte.
Bytes from_host(Bytes fragment, std::uint8_t host) {
  const bool is_v4 = fragment[0] >> 4 == 4;
  fragment[is_v4 ? 15 : 23] = host;
  if (is_v4) test::fix_header_checksum(fragment);
  return fragment;
}
// The same in another /64.
Bytes from_network(Bytes fragment, std::uint8_t network) {
  fragment[15] = network;
  return fragment;
}

// 64 first fragments of four sources blocked all others for a minute.
TEST(ReassemblyShares, WhoLeavesDatagramsUnfinishedHurtsItself) {
  IpPeer peer;
  int whole = 0;
  std::vector<Bytes> honest;
  for (std::uint16_t i = 0; i < 2000; ++i) {
    const Bytes fragment = segment_v4(2000, 1480, i)[0];
    EXPECT_EQ(peer.receive(from_host(fragment, static_cast<std::uint8_t>(10 + i % 4))),
              Verdict::FragmentKept);
    // An honest source beside them, whose second fragment is late: by up to 50 of theirs.
    if (i % 100 == 10) {
      honest = segment_v4(2000, 1480, i);
      EXPECT_EQ(peer.receive(from_host(honest[0], 99)), Verdict::FragmentKept);
    }
    if (i % 100 == 60) whole += peer.receive(from_host(honest[1], 99)) == Verdict::Accepted ? 1 : 0;
  }
  EXPECT_EQ(whole, 20);
}

// The same over IPv6, where the attacker has as many addresses of one /64 as datagrams.
TEST(ReassemblyShares, AnIpv6SourceIsItsWholeNetwork) {
  IpPeer peer;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Bytes fragment = segment_v6(2000, 1448, i)[0];
    EXPECT_EQ(peer.receive(from_host(fragment, static_cast<std::uint8_t>(100 + i))),
              Verdict::FragmentKept);
  }
  const auto late = segment_v6(2000, 1448, 7);
  EXPECT_EQ(peer.receive(from_network(late[0], 9)), Verdict::FragmentKept);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Bytes fragment = segment_v6(2000, 1448, 200 + i)[0];
    EXPECT_EQ(peer.receive(from_host(fragment, static_cast<std::uint8_t>(100 + i))),
              Verdict::FragmentKept);
  }
  EXPECT_EQ(peer.receive(from_network(late[1], 9)), Verdict::Accepted);
}

// One alone may have all of the table; the oldest datagram goes for the newest.
TEST(ReassemblyShares, WithoutOthersOneSourceHasAll) {
  IpPeer peer;
  for (std::uint16_t i = 0; i < 65; ++i)
    EXPECT_EQ(peer.receive(segment_v4(2000, 1480, i)[0]), Verdict::FragmentKept);
  EXPECT_EQ(peer.receive(segment_v4(2000, 1480, 1)[1]), Verdict::Accepted);
  EXPECT_EQ(peer.receive(segment_v4(2000, 1480, 0)[1]), Verdict::FragmentKept) << "it was evicted";
}

// Behind a masquerade many have one address: one of them who leaves datagrams unfinished does not
// make all of them the source that holds most.
TEST(ReassemblyShares, WhatComesFromAMasqueradeIsNotCountedTogether) {
  for (const bool is_shared : {false, true}) {
    IpConfig config = test::both_versions();
    if (is_shared) config.shared_sources = {IpAddress::v4(192, 0, 2, 50)};
    IpPeer peer(config);
    std::vector<Bytes> theirs;
    for (std::uint16_t i = 0; i < 40; ++i) {
      theirs = segment_v4(2000, 1480, i);
      EXPECT_EQ(peer.receive(from_host(theirs[0], 50)), Verdict::FragmentKept);
    }
    // Another host leaves 30 unfinished, and 24 of them must go.
    for (std::uint16_t i = 0; i < 48; ++i)
      EXPECT_EQ(peer.receive(from_host(segment_v4(2000, 1480, i)[0], 60)), Verdict::FragmentKept);
    EXPECT_EQ(peer.layer().reassembly_evictions(), 24U);
    const Bytes first = segment_v4(2000, 1480, 0)[1];
    EXPECT_EQ(peer.receive(from_host(first, 50)),
              is_shared ? Verdict::Accepted : Verdict::FragmentKept)
        << "the oldest of 40 that have one address";
  }
}

TEST(ReassemblyLimitsHold, OnBytes) {
  Reassembler reassembler({.bytes = 64 * 1024, .datagrams = 64});
  const std::size_t all = reassembler.free_chunks();
  EXPECT_EQ(all, 32U);
  const Bytes header(20, 0x45);
  const Bytes data = test::pattern(8192);
  int seconds = 0;
  const auto add = [&](std::uint32_t id, std::uint32_t offset) {
    Fragment fragment;
    fragment.key.identification = id;
    fragment.header = header;
    fragment.offset = offset;
    fragment.more_fragments = true;
    fragment.data = data;
    return reassembler.add(fragment, Instant{} + seconds++ * 1s).verdict;
  };
  for (std::uint32_t id = 0; id < 8; ++id) EXPECT_EQ(add(id, 0), Verdict::FragmentKept);
  EXPECT_EQ(reassembler.free_chunks(), 0U);
  EXPECT_EQ(add(0, 8192), Verdict::FragmentKept);
  EXPECT_EQ(reassembler.evicted(), 1U) << "the oldest of the others gave its room";
  EXPECT_EQ(reassembler.free_chunks(), 0U);
  EXPECT_EQ(add(1, 8192), Verdict::FragmentKept) << "anew, and now the first one goes";
  EXPECT_EQ(reassembler.evicted(), 2U);
  EXPECT_EQ(reassembler.free_chunks(), 4U);
  while (reassembler.expire(Instant{} + 90s)) {
  }
  EXPECT_EQ(reassembler.free_chunks(), all);
}

TEST(ReassemblyLimitsHold, OnFragmentsOfOneDatagram) {
  Reassembler reassembler({});
  const Bytes header(20, 0x45);
  const Bytes data = test::pattern(8);
  Verdict verdict = Verdict::FragmentKept;
  std::uint32_t count = 0;
  for (; verdict == Verdict::FragmentKept; ++count) {
    Fragment fragment;
    fragment.header = header;
    fragment.offset = count * 16;
    fragment.more_fragments = true;
    fragment.data = data;
    verdict = reassembler.add(fragment, Instant{}).verdict;
  }
  EXPECT_EQ(count, Reassembler::kMaxFragments + 1);
  EXPECT_EQ(verdict, Verdict::FragmentTableFull);
}

// RFC 8200 §4.5 R8200-06: the minute has passed, whether or not the timer was looked at.
TEST(Reassembly, ADatagramWhoseTimeIsOverTakesNothingMore) {
  COVERS("R8200-06");
  Reassembler reassembler({});
  const Bytes header(20, 0x45);
  const Bytes data = test::pattern(8);
  Fragment fragment;
  fragment.header = header;
  fragment.more_fragments = true;
  fragment.data = data;
  EXPECT_EQ(reassembler.add(fragment, Instant{}).verdict, Verdict::FragmentKept);
  fragment.offset = 8;
  EXPECT_EQ(reassembler.add(fragment, Instant{} + 60s).verdict, Verdict::ReassemblyTimeout);
}

}  // namespace
}  // namespace glasstcp
