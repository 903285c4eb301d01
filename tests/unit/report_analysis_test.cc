// What `report` finds in a conversation: numbers, states of both ends, what each segment is, the
// close, resets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/talk_capture.h"
#include "tun/report/analyze.h"
#include "tun/report/figures.h"

namespace glasstcp::report {
namespace {

using test::Talk;
using testing::Contains;
using testing::ElementsAre;

constexpr std::uint16_t kData = kAck | kPsh, kFinAck = kFin | kAck;

const Connection& only(const Capture& capture) {
  EXPECT_EQ(capture.connections.size(), 1U);
  return capture.connections.at(0);
}

const Finding* find(const Capture& capture, FindingKind kind) {
  for (const Finding& one : capture.findings) {
    if (one.kind == kind) return &one;
  }
  return nullptr;
}

State client_after(const Connection& c, std::size_t i) {
  return c.frames.at(i).after_of(Side::Client).state;
}
State server_after(const Connection& c, std::size_t i) {
  return c.frames.at(i).after_of(Side::Server).state;
}

TEST(ReportAnalysis, ReadsAHandshake) {
  const Capture capture =
      Talk()
          .client({.seq = 0, .flags = kSyn, .options = {2, 4, 5, 0xb4, 3, 3, 7, 1, 4, 2, 1, 1}})
          .server(
              {.seq = 0, .ack = 1, .flags = kSyn | kAck, .options = {2, 4, 5, 0x78, 3, 3, 9, 1}})
          .client({.seq = 1, .ack = 1, .window = 100})
          .read();
  const Connection& c = only(capture);
  const End& client = c.end(Side::Client);
  EXPECT_EQ(client.isn, Talk::kClientIsn);
  EXPECT_EQ(client.mss, 1460);
  EXPECT_EQ(client.scale, 7);
  EXPECT_TRUE(client.sack_permitted);
  EXPECT_FALSE(client.timestamps);
  EXPECT_EQ(c.end(Side::Server).scale, 9);
  EXPECT_FALSE(c.end(Side::Server).sack_permitted);
  EXPECT_TRUE(c.roles_are_shown);
  EXPECT_EQ(c.frames[0].window, 60000U) << "a SYN's window is not scaled";
  EXPECT_EQ(c.frames[2].window, 12800U);
  EXPECT_EQ(c.frames[0].next_seq(), 1);
  EXPECT_EQ(c.frames[1].raw_next_seq(), Talk::kServerIsn + 1);
  EXPECT_EQ(c.frames[1].acks_frame, 1U);
  EXPECT_EQ(c.frames[2].rtt_ns, 1'000'000);
  EXPECT_EQ(options_of(capture, c.frames[0]).size(), 6U);
  EXPECT_EQ(client_after(c, 0), State::SynSent);
  EXPECT_EQ(server_after(c, 0), State::SynReceived);
  EXPECT_EQ(c.frames[0].after_of(Side::Server).certainty, Certainty::Inferred);
  EXPECT_EQ(c.frames[1].after_of(Side::Server).certainty, Certainty::Shown);
  EXPECT_EQ(client_after(c, 1), State::Established);
  EXPECT_EQ(server_after(c, 2), State::Established);
  const Finding* const why = find(capture, FindingKind::WhyThreeHandshakes);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(why->frame(Role::Ack), 3U);
  EXPECT_EQ(why->value(ValueName::ServerIsn)->number, Talk::kServerIsn);
}

TEST(ReportAnalysis, ClosesInFour) {
  const Capture capture = Talk()
                              .handshake()
                              .client({.seq = 1, .ack = 1, .flags = kFinAck})
                              .server({.seq = 1, .ack = 2})
                              .server({.seq = 1, .ack = 2, .flags = kFinAck})
                              .client({.seq = 2, .ack = 2})
                              .read();
  const Connection& c = only(capture);
  EXPECT_EQ(c.close.ending, Ending::Closed);
  EXPECT_EQ(c.close.segments, 4);
  EXPECT_EQ(c.close.first, Side::Client);
  EXPECT_EQ(c.close.time_wait, Side::Client);
  EXPECT_TRUE(c.is_complete);
  EXPECT_TRUE(c.is_idle);
  EXPECT_EQ(client_after(c, 3), State::FinWait1);
  EXPECT_EQ(server_after(c, 3), State::CloseWait);
  EXPECT_EQ(client_after(c, 4), State::FinWait2);
  EXPECT_EQ(server_after(c, 5), State::LastAck);
  EXPECT_EQ(client_after(c, 5), State::TimeWait);
  EXPECT_EQ(server_after(c, 6), State::Closed);
  EXPECT_TRUE(find(capture, FindingKind::WhyFourCloses)->is_shown);
  EXPECT_FALSE(find(capture, FindingKind::WhyThreeCloses)->is_shown);
  EXPECT_EQ(find(capture, FindingKind::WhyTwoMsl)->frame(Role::LastAck), 7U);
}

TEST(ReportAnalysis, ClosesInThreeWithTheServerFirst) {
  const Capture capture = Talk()
                              .handshake()
                              .server({.seq = 1, .ack = 1, .flags = kFinAck})
                              .client({.seq = 1, .ack = 2, .flags = kFinAck})
                              .server({.seq = 2, .ack = 2})
                              .read();
  const Connection& c = only(capture);
  EXPECT_EQ(c.close.segments, 3);
  EXPECT_EQ(c.close.time_wait, Side::Server);
  EXPECT_EQ(client_after(c, 4), State::LastAck);
  EXPECT_EQ(server_after(c, 4), State::TimeWait);
  EXPECT_FALSE(find(capture, FindingKind::WhyFourCloses)->is_shown);
}

TEST(ReportAnalysis, KnowsFinsThatCrossed) {
  const Capture capture = Talk()
                              .handshake()
                              .client({.seq = 1, .ack = 1, .flags = kFinAck})
                              .server({.seq = 1, .ack = 1, .flags = kFinAck})
                              .client({.seq = 2, .ack = 2})
                              .server({.seq = 2, .ack = 2})
                              .read();
  const Connection& c = only(capture);
  EXPECT_TRUE(c.close.is_simultaneous);
  EXPECT_EQ(server_after(c, 4), State::FinWait1);
  EXPECT_EQ(client_after(c, 4), State::Closing);
  EXPECT_EQ(client_after(c, 6), State::TimeWait);
  EXPECT_EQ(server_after(c, 6), State::TimeWait);
  EXPECT_FALSE(c.close.time_wait);
}

TEST(ReportAnalysis, DoubtsWhatCameTwice) {
  const Capture capture = Talk()
                              .handshake()
                              .client({.seq = 1, .ack = 1, .flags = kFinAck})
                              .wait(300'000'000)
                              .client({.seq = 1, .ack = 1, .flags = kFinAck})
                              .read();
  const EndState& server = only(capture).frames[4].before_of(Side::Server);
  EXPECT_EQ(server.certainty, Certainty::Either);
  EXPECT_EQ(server.state, State::CloseWait);
  EXPECT_EQ(server.other, State::Established);
  EXPECT_EQ(only(capture).close.ending, Ending::HalfClosed);
}

TEST(ReportAnalysis, NamesRepetitionsAsWiresharkDoes) {
  const std::string full(1000, 'x');
  Talk talk;
  talk.handshake().client({.seq = 1, .ack = 1, .flags = kData, .data = "ask"});
  talk.server({.seq = 1, .ack = 4, .data = full});                       // 5
  talk.server({.seq = 2001, .ack = 4, .data = full});                    // 6: a gap before it
  talk.client({.seq = 4, .ack = 1001});                                  // 7
  talk.client({.seq = 4, .ack = 1001}).client({.seq = 4, .ack = 1001});  // 8, 9: duplicates
  talk.server({.seq = 1001, .ack = 4, .data = full});                    // 10: fast
  talk.client({.seq = 4, .ack = 3001});                                  // 11
  talk.wait(500'000'000).server({.seq = 2001, .ack = 4, .data = full});  // 12: spurious
  const Capture capture = talk.read();
  const auto& frames = only(capture).frames;
  EXPECT_TRUE(frames[5].is(Event::LostBefore));
  EXPECT_FALSE(frames[6].is(Event::DuplicateAck));
  EXPECT_EQ(frames[7].duplicate_ack, 1);
  EXPECT_EQ(frames[8].duplicate_ack, 2);
  EXPECT_TRUE(frames[9].is(Event::FastRetransmission));
  EXPECT_TRUE(frames[9].is(Event::Retransmission));
  EXPECT_EQ(frames[10].newly_acked, 2000U);
  EXPECT_TRUE(frames[11].is(Event::SpuriousRetransmission));
  EXPECT_EQ(only(capture).end(Side::Server).bytes, 3000U);
  EXPECT_EQ(only(capture).end(Side::Server).bytes_sent, 4000U);
  EXPECT_EQ(only(capture).end(Side::Server).missing, 0U);
  const Figures figures = figures_of(capture, only(capture), Side::Server);
  EXPECT_EQ(figures.segments.size(), 5U) << "SYN and four of data";
  EXPECT_TRUE(figures.segments[3].is_retransmission);
  EXPECT_EQ(figures.acknowledged.back().value, 3001);
}

TEST(ReportAnalysis, KnowsTheWindowsEvents) {
  Talk talk;
  talk.handshake().client({.seq = 1, .ack = 1, .flags = kData, .data = "ask", .window = 4});
  talk.server({.seq = 1, .ack = 4, .data = "full"});   // 5
  talk.client({.seq = 4, .ack = 5, .window = 0});      // 6
  talk.server({.seq = 5, .ack = 4, .data = "p"});      // 7: probe
  talk.client({.seq = 4, .ack = 5, .window = 0});      // 8: its answer
  talk.client({.seq = 4, .ack = 5, .window = 60000});  // 9
  talk.server({.seq = 4, .ack = 4});                   // 10: keep-alive
  talk.client({.seq = 4, .ack = 5, .window = 60000});  // 11
  const Capture capture = talk.read();
  const auto& frames = only(capture).frames;
  EXPECT_TRUE(frames[4].is(Event::FillsWindow));
  EXPECT_TRUE(frames[5].is(Event::ZeroWindow));
  EXPECT_TRUE(frames[6].is(Event::ZeroWindowProbe));
  EXPECT_TRUE(frames[7].is(Event::ZeroWindowProbeAck));
  EXPECT_TRUE(frames[8].is(Event::WindowUpdate));
  EXPECT_TRUE(frames[9].is(Event::KeepAlive));
  EXPECT_TRUE(frames[10].is(Event::KeepAliveAck));
  const Finding* const why = find(capture, FindingKind::WhyWindowUpdate);
  ASSERT_TRUE(why->is_shown);
  EXPECT_EQ(why->frame(Role::Update), 9U);
  EXPECT_EQ(why->frame(Role::Closed), 8U);
  EXPECT_EQ(why->value(ValueName::WindowAfter)->number, 60000);
  EXPECT_EQ(why->value(ValueName::BehindLastData)->number, 1);
}

TEST(ReportAnalysis, RefusedIsAPortWithoutListener) {
  const Capture capture = Talk()
                              .client({.seq = 0, .flags = kSyn})
                              .server({.seq = 0, .ack = 1, .flags = kRst | kAck})
                              .read();
  const Connection& c = only(capture);
  EXPECT_EQ(c.close.ending, Ending::Refused);
  ASSERT_EQ(c.resets.size(), 1U);
  EXPECT_THAT(c.resets[0].causes, ElementsAre(ResetCause::PortClosed));
  EXPECT_EQ(c.resets[0].answers, 1U);
  EXPECT_EQ(c.frames[0].before_of(Side::Server).state, State::Closed);
  EXPECT_EQ(client_after(c, 1), State::Closed);
}

// A process that is gone: its system answers the late FIN.
TEST(ReportAnalysis, AResetThatAnswersALateFin) {
  const Capture capture = Talk()
                              .handshake()
                              .client({.seq = 1, .ack = 1, .flags = kFinAck})
                              .server({.seq = 1, .ack = 2})
                              .server({.seq = 1, .ack = 2, .flags = kFinAck})
                              .client({.seq = 2, .flags = kRst})
                              .read();
  const Connection& c = only(capture);
  EXPECT_EQ(c.close.ending, Ending::Reset);
  ASSERT_EQ(c.resets.size(), 1U);
  EXPECT_FALSE(c.resets[0].is_certain);
  EXPECT_THAT(c.resets[0].causes, ElementsAre(ResetCause::AnswersLateFin));
  EXPECT_FALSE(c.close.time_wait);
}

TEST(ReportAnalysis, AResetWithDataUnread) {
  const Capture capture = Talk()
                              .handshake()
                              .client({.seq = 1, .ack = 1, .flags = kData, .data = "ask"})
                              .server({.seq = 1, .ack = 4, .data = "a long answer"})
                              .client({.seq = 4, .ack = 1, .flags = kRst | kAck})
                              .read();
  const Connection& c = only(capture);
  ASSERT_EQ(c.resets.size(), 1U);
  EXPECT_EQ(c.resets[0].unread_at_most, 13U);
  EXPECT_THAT(c.resets[0].causes, Contains(ResetCause::UnreadData));
  EXPECT_THAT(c.resets[0].causes, Contains(ResetCause::Aborted));
}

TEST(ReportAnalysis, BeginsInTheMiddle) {
  const Capture capture =
      Talk()
          .server(
              {.seq = 9001, .ack = 301, .data = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"})
          .client({.seq = 301, .ack = 9043})
          .read();
  const Connection& c = only(capture);
  EXPECT_FALSE(c.roles_are_shown);
  EXPECT_FALSE(c.knows_scales());
  EXPECT_FALSE(c.is_complete);
  EXPECT_EQ(c.frames[0].seq, 1) << "as Wireshark counts without a SYN";
  EXPECT_EQ(c.frames[0].from, Side::Server);
  EXPECT_FALSE(c.end(Side::Server).isn_is_shown);
  EXPECT_EQ(c.messages.size(), 1U);
  EXPECT_FALSE(find(capture, FindingKind::WhyThreeHandshakes)->is_shown);
}

TEST(ReportAnalysis, NumbersThatWrapGoOn) {
  Talk talk;
  const std::uint32_t far = 0xffffff00U;
  talk.client({.seq = far, .ack = 1, .data = std::string(200, 'a')});
  talk.client({.seq = far + 200, .ack = 1, .data = std::string(200, 'b')});
  talk.server({.seq = 1, .ack = far + 400});
  const Capture capture = talk.read();
  const Connection& c = only(capture);
  EXPECT_EQ(c.frames[1].seq, 201);
  EXPECT_EQ(c.frames[1].next_seq(), 401);
  EXPECT_EQ(c.frames[2].ack, 401);
}

TEST(ReportAnalysis, PortsThatAreUsedAgainAreAnotherConnection) {
  Talk talk;
  talk.handshake()
      .client({.seq = 1, .ack = 1, .flags = kFinAck})
      .server({.seq = 1, .ack = 2, .flags = kFinAck})
      .client({.seq = 2, .ack = 2});
  talk.client({.seq = 90000, .flags = kSyn});
  const Capture capture = talk.read();
  ASSERT_EQ(capture.connections.size(), 2U);
  EXPECT_TRUE(capture.connections[1].frames[0].is(Event::PortsReused));
  EXPECT_EQ(capture.connections[1].stream, 1U);
}

TEST(ReportAnalysis, SegmentsAboveTheMssAreTheCardsDoing) {
  const std::string large(5000, 'x');
  const Capture capture = Talk().handshake().server({.seq = 1, .ack = 1, .data = large}).read();
  EXPECT_TRUE(only(capture).frames[3].is(Event::Offloaded));
}

}  // namespace
}  // namespace glasstcp::report
