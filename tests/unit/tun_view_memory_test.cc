// The live view: what is remembered of connections.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "tests/support/view_packets.h"
#include "tun/view/view_memory.h"

namespace glasstcp {
namespace {

using test::kStart;
using test::packet_of;
using test::tuple_of;

std::vector<std::uint64_t> numbers_of(ViewMemory& memory, std::uint16_t port) {
  std::vector<std::uint64_t> numbers;
  const ViewConnection* const c = memory.find(tuple_of(port));
  for (const ViewRow* row = memory.row(c->first); row != nullptr; row = memory.row(row->next)) {
    numbers.push_back(row->number);
  }
  return numbers;
}

TEST(ViewMemory, KeepsTheFirstRowsAndTheLast) {
  ViewMemory memory(4096);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  const std::uint32_t many = ViewMemory::kMostRowsOfOne + 100;
  for (std::uint32_t i = 1; i < many; ++i) memory.take(packet_of(1, PacketSummary::kAck, kStart));
  const auto numbers = numbers_of(memory, 1);
  ASSERT_EQ(numbers.size(), ViewMemory::kMostRowsOfOne);
  EXPECT_EQ(numbers[0], 0U);
  EXPECT_EQ(numbers[ViewMemory::kFirstRows - 1], ViewMemory::kFirstRows - 1);
  EXPECT_EQ(numbers[ViewMemory::kFirstRows], ViewMemory::kFirstRows + 100);
  EXPECT_EQ(numbers.back(), many - 1);
  EXPECT_EQ(memory.rows(), ViewMemory::kMostRowsOfOne);
}

TEST(ViewMemory, IsBoundedAndWhatHasEndedMakesRoomFirst) {
  ViewMemory memory(256);
  for (std::uint16_t port = 1; port <= 3; ++port) {
    memory.take(packet_of(port, PacketSummary::kSyn, kStart + port * 1ms));
    for (int i = 0; i < 60; ++i) {
      memory.take(packet_of(port, PacketSummary::kAck, kStart + port * 1ms));
    }
  }
  memory.end(*memory.find(tuple_of(2)), kStart + 10ms);
  for (int i = 0; i < 200; ++i) memory.take(packet_of(9, PacketSummary::kAck, kStart + 20ms));
  EXPECT_LE(memory.rows(), 256U);
  EXPECT_TRUE(numbers_of(memory, 2).empty());
  EXPECT_EQ(numbers_of(memory, 1).size(), 61U);
  EXPECT_EQ(numbers_of(memory, 9).back(), 199U) << "the newest is kept";
  // More connections than there are places: what is remembered stays bounded.
  for (std::uint16_t port = 10; port < 20000; ++port) {
    memory.take(packet_of(port, PacketSummary::kSyn, kStart + 1s));
  }
  std::size_t connections = 0;
  memory.for_each([&](const ViewConnection&) { ++connections; });
  EXPECT_LE(connections, ViewMemory::kPlaces);
  EXPECT_LE(memory.rows(), 256U);
}

// "How did this page reach you?": a browser asks for the view on the connection of the page.
TEST(ViewMemory, KeepsHowAPageCameWhenItsConnectionBringsTheViewToo) {
  ViewMemory memory(4096);
  const auto ask = [&memory](std::uint16_t port, std::string_view line) {
    AnnotatedPacket packet = packet_of(port, PacketSummary::kAck, kStart);
    MessagePart part;
    part.label = line;
    packet.messages.add(part);
    memory.take(packet);
  };
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1, 2})
    memory.take(packet_of(port, PacketSummary::kSyn, kStart));
  ask(1, "GET / HTTP/1.1");
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1, 2}) {
    memory.mark_own(tuple_of(port), kStart);
    ask(port, "GET /_glass/ HTTP/1.1");
  }
  const ViewConnection& page = *memory.find(tuple_of(1));
  EXPECT_TRUE(page.is_own && page.brought_page);
  EXPECT_EQ(page.rows, 2U) << "of the page, and none of the view";
  EXPECT_EQ(std::string_view(page.request_text.data(), page.request_size), "GET /");
  const ViewConnection& view = *memory.find(tuple_of(2));
  EXPECT_FALSE(view.brought_page);
  EXPECT_EQ(view.rows, 0U);
}

TEST(ViewMemory, CountsWhatWasSentAgainSinceTheConnectionWasOpened) {
  ViewMemory memory(4096);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  for (const SendReason reason : {SendReason::NewData, SendReason::RackRetransmit,
                                  SendReason::TailLossProbe, SendReason::AckDelayTimer}) {
    AnnotatedPacket packet = packet_of(1, PacketSummary::kAck, kStart);
    packet.kind = AnnotatedPacket::Kind::Sent;
    packet.reason = reason;
    // What the stack counts: in a row, without progress.
    packet.after.emplace().retransmissions = 0;
    memory.take(packet);
  }
  EXPECT_EQ(memory.find(tuple_of(1))->retransmissions, 2U);
}

// A segment that left before the RST came is observed when it was written, and that may be later.
TEST(ViewMemory, WhatIsObservedAfterTheEndChangesNothingOfIt) {
  ViewMemory memory(4096);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  memory.take(packet_of(1, PacketSummary::kAck, kStart));
  AnnotatedPacket reset;
  reset.at = kStart + 1ms;
  reset.tuple = tuple_of(1);
  reset.steps.add({State::Established, State::Closed, StateCause::PeerReset});
  memory.take(reset);
  AnnotatedPacket late = packet_of(1, PacketSummary::kAck, kStart + 1ms);
  late.kind = AnnotatedPacket::Kind::Sent;
  late.after.emplace().state = State::Established;
  late.after->flight = 13'000;
  memory.take(late);
  const ViewConnection& c = *memory.find(tuple_of(1));
  EXPECT_TRUE(c.has_ended());
  EXPECT_EQ(c.state, State::Closed);
  EXPECT_EQ(c.flight, 0U);
  EXPECT_EQ(c.last_step.cause, StateCause::PeerReset);
  EXPECT_EQ(c.rows, 4U) << "the packet itself is kept";
}

TEST(ViewMemory, AConnectionThatLosesItsRowsIsToldAnew) {
  ViewMemory memory(ViewMemory::kRowsOfChunk);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  memory.end(*memory.find(tuple_of(1)), kStart);
  const std::uint32_t before = memory.find(tuple_of(1))->version;
  for (std::uint16_t i = 0; i < 2 * ViewMemory::kRowsOfChunk; ++i) {
    memory.take(packet_of(2, PacketSummary::kAck, kStart + 1s));
  }
  EXPECT_EQ(memory.find(tuple_of(1))->rows, 0U);
  EXPECT_GT(memory.find(tuple_of(1))->version, before) << "its row says how many are kept";
}

TEST(ViewMemory, WithoutRoomNothingIsKept) {
  ViewMemory memory(0);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  EXPECT_EQ(memory.find(tuple_of(1))->rows, 0U);
}

TEST(ViewMemory, ANewSynBetweenTheSameEndsIsAnotherConnection) {
  ViewMemory memory(256);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  const std::uint64_t first = memory.find(tuple_of(1))->id;
  memory.take(packet_of(1, PacketSummary::kSyn, kStart + 1ms));  // again: the same stream
  EXPECT_EQ(memory.find(tuple_of(1))->id, first);
  AnnotatedPacket again = packet_of(1, PacketSummary::kSyn, kStart + 2s);
  again.stream = 77;
  memory.take(again);
  EXPECT_NE(memory.find(tuple_of(1))->id, first);
  EXPECT_TRUE(memory.by_id(first)->has_ended());
}

TEST(ViewMemory, WhatIsForNobodyIsNoConnection) {
  ViewMemory memory(256);
  AnnotatedPacket dropped = packet_of(1, PacketSummary::kSyn, kStart);
  dropped.kind = AnnotatedPacket::Kind::Dropped;
  dropped.verdict = Verdict::SynDropped;
  memory.take(dropped);
  AnnotatedPacket reset = packet_of(2, PacketSummary::kRst, kStart);
  reset.kind = AnnotatedPacket::Kind::Sent;
  memory.take(reset);
  EXPECT_EQ(memory.find(tuple_of(1)), nullptr);
  EXPECT_EQ(memory.find(tuple_of(2)), nullptr);
}

TEST(ViewMemory, OwnConnectionsHaveNoRowsUnlessSomebodyAsksForThem) {
  ViewMemory memory(256);
  memory.take(packet_of(1, PacketSummary::kSyn, kStart));
  memory.mark_own(tuple_of(1), kStart);
  memory.take(packet_of(1, PacketSummary::kAck, kStart));
  EXPECT_TRUE(numbers_of(memory, 1).empty());
  memory.keep_own(true);
  memory.take(packet_of(1, PacketSummary::kAck, kStart));
  EXPECT_EQ(numbers_of(memory, 1).size(), 1U);
}

TEST(ViewMemory, RowsKeepTheirOrderWhereTheirMemoryGoes) {
  ViewMemory memory(4096);
  for (std::uint16_t port = 1; port <= 20; ++port)
    memory.take(packet_of(port, PacketSummary::kSyn, kStart + port * 1ms));
  for (int i = 0; i < 100; ++i) {
    for (std::uint16_t port = 1; port <= 20; ++port)
      memory.take(packet_of(port, PacketSummary::kAck, kStart + port * 1ms));
  }
  for (std::uint16_t port = 1; port < 20; ++port) memory.end(*memory.find(tuple_of(port)), kStart);
  memory.set_most_rows(5 * ViewMemory::kRowsOfChunk + 7);
  EXPECT_EQ(memory.room(), 5 * ViewMemory::kRowsOfChunk);
  EXPECT_LE(memory.rows(), memory.room());
  const auto numbers = numbers_of(memory, 20);
  ASSERT_EQ(numbers.size(), 101U);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i);
  for (int i = 0; i < 1000; ++i) memory.take(packet_of(20, PacketSummary::kAck, kStart + 1s));
  EXPECT_LE(memory.room(), 5 * ViewMemory::kRowsOfChunk);
  EXPECT_EQ(numbers_of(memory, 20).back(), 1100U);
  EXPECT_TRUE(std::ranges::is_sorted(numbers_of(memory, 20)));
}

}  // namespace
}  // namespace glasstcp
