// SegmentSize alone: MSS and window, messages, black holes and probes, without a connection.
//
// RFC 9293 §3.7.1, §3.8.6.2.1, RFC 5927 §7.2, RFC 4821 §7. The conversations are in
// tests/script/cases/path_mtu and .../window.
#include <gtest/gtest.h>

#include "stack/tcp/send/segment_size.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

using Escape = BlackHoleEscape::Kind;

PathFacts ethernet() {
  PathFacts facts;
  facts.has_timestamps = true;
  facts.path_mss = 1460;
  return facts;
}
SegmentSize on_ethernet() {
  SegmentSize size;
  size.set_peer_mss(1460);
  size.update(ethernet(), nullptr);
  return size;
}
// A message about a packet of 1500 bytes.
TooBigFacts too_big(std::uint16_t mtu) {
  TooBigFacts facts;
  facts.path = ethernet();
  facts.named = facts.estimate = mtu;
  facts.headers = facts.path.overhead();
  facts.makes_progress = true;
  return facts;
}

TEST(SegmentSize, IsTheSmallestThatAnybodyNamesLessTheOptions) {
  COVERS("MUST-16");
  SegmentSize size = on_ethernet();
  EXPECT_EQ(size.mss(), 1448);
  PathFacts facts = ethernet();
  facts.chosen_mss = 1000;
  size.update(facts, nullptr);
  EXPECT_EQ(size.mss(), 988);
  size.set_peer_mss(536);
  size.update(facts, nullptr);
  EXPECT_EQ(size.mss(), 524);
}

TEST(SegmentSize, TheLargestWindowBoundsASegmentToItsHalf) {
  COVERS("MUST-38");
  SegmentSize size = on_ethernet();
  EXPECT_EQ(size.full(), 1448);  // no window is known
  size.on_window(500);
  EXPECT_EQ(size.full(), 500);
  size.on_window(2000);
  EXPECT_EQ(size.full(), 1000);
  size.on_window(100);  // smaller again: it stays
  EXPECT_EQ(size.full(), 1000);
  size.on_window(65535U << 14);
  EXPECT_EQ(size.max_window(), 65535U << 14);
  EXPECT_EQ(size.full(), 1448);
  EXPECT_EQ(size.full_beside(28), 1420U);
}

TEST(SegmentSize, AChangeSaysWhatItMeansForWhatIsUnderWay) {
  SegmentSize size = on_ethernet();
  PathFacts facts = ethernet();
  EXPECT_EQ(size.update(facts, nullptr), SizeChange::None);
  facts.path_mss = 1360;
  EXPECT_EQ(size.update(facts, nullptr), SizeChange::TooBig);
  facts.path_mss = 1460;
  EXPECT_EQ(size.update(facts, nullptr), SizeChange::None);
  facts.may_be_cut = true;  // it left with "don't fragment"
  EXPECT_EQ(size.update(facts, nullptr), SizeChange::TooBig);
  EXPECT_EQ(size.update(facts, nullptr), SizeChange::None);
}

TEST(SegmentSize, AMessageWaitsWhilePacketsOfThatSizeArrive) {
  COVERS("R5927-03");
  SegmentSize size = on_ethernet();
  EXPECT_EQ(size.on_packet_too_big(too_big(1500), nullptr), TooBigResponse::Ignore);
  EXPECT_EQ(size.on_packet_too_big(too_big(1400), nullptr), TooBigResponse::Apply);
  size.on_acked(100000);
  EXPECT_EQ(size.on_packet_too_big(too_big(1400), nullptr), TooBigResponse::Wait);
  TooBigFacts stopped = too_big(1400);
  stopped.makes_progress = false;
  EXPECT_EQ(size.on_packet_too_big(stopped, nullptr), TooBigResponse::Apply);
}

TEST(SegmentSize, AMessageAboutTheProbeLeavesTheRestAlone) {
  COVERS("R8899-02");
  SegmentSize size = on_ethernet();
  PathSearch search(1280, 1500);
  search.on_probe_sent(1500, SeqNum(1000), SeqNum(2448));
  TooBigFacts facts = too_big(1400);
  facts.makes_progress = false;
  facts.quoted_seq = SeqNum(1000);
  EXPECT_EQ(size.on_packet_too_big(facts, &search), TooBigResponse::Wait);
  facts.quoted_seq = SeqNum(2448);
  EXPECT_EQ(size.on_packet_too_big(facts, &search), TooBigResponse::Apply);
}

TEST(SegmentSize, EveryThirdTimeoutSuspectsTheSize) {
  COVERS("R4821-03");
  const SegmentSize size = on_ethernet();
  const auto escape = [&](std::uint32_t packet, std::uint32_t timeouts) {
    return size.escape_black_hole(ethernet(), {packet, timeouts}, nullptr);
  };
  EXPECT_EQ(escape(1500, 1).kind, Escape::None);
  EXPECT_EQ(escape(1500, 3).kind, Escape::Smaller);
  EXPECT_EQ(escape(1500, 3).size, 1260);
  EXPECT_EQ(escape(1200, 3).kind, Escape::None);  // passes nearly everywhere
  EXPECT_EQ(escape(1200, 6).size, 576);
  EXPECT_EQ(escape(576, 3).kind, Escape::None);
  EXPECT_EQ(escape(576, 6).kind, Escape::LetBeCut);
  EXPECT_EQ(escape(68, 6).kind, Escape::None);  // every path takes it
}

TEST(SegmentSize, SmallPacketsFromTheBeginningAreNotSuspected) {
  SegmentSize size = on_ethernet();
  PathFacts facts = ethernet();
  facts.path_mss = 1220;
  size.update(facts, nullptr);
  EXPECT_EQ(size.escape_black_hole(facts, {1260, 6}, nullptr).kind, Escape::None);
  facts.version = IpVersion::V6;
  EXPECT_EQ(size.escape_black_hole(facts, {576, 6}, nullptr).kind, Escape::None);
}

TEST(SegmentSize, AProbeLeavesWhereItsLossWouldBeSeen) {
  COVERS("R4821-01", "R8899-01");
  SegmentSize size = on_ethernet();
  const PathSearch search(1260, 1500);
  size.update(ethernet(), &search);
  EXPECT_EQ(size.mss(), 1208);
  size.on_window(65535);
  ProbeFacts facts;
  facts.headers = ethernet().overhead();
  facts.full = 1208;
  facts.unsent = 10000;
  facts.usable = 10000;
  facts.cwnd = facts.cwnd_space = 10000;
  const std::uint32_t payload = size.probe_payload(search, facts, Instant{});
  EXPECT_EQ(payload, search.next_size(Instant{}) - facts.headers);
  facts.unsent = payload + 3 * facts.full;  // too little behind it
  EXPECT_EQ(size.probe_payload(search, facts, Instant{}), 0U);
}

}  // namespace
}  // namespace glasstcp
