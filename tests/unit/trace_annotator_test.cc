// What an annotator makes of events: what a packet did, which messages it carries, where a change
// of state stands, in which state the peer may be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stack/trace/annotator.h"
#include "stack/trace/fields.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::raw_packet;
using test::RawTcp;
using test::reversed;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const FourTuple kOurs{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                      Port{40000}};
constexpr std::uint32_t kOurIss = 1'000'000, kTheirIss = 5'000'000;
constexpr std::uint16_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;

// Keeps of each packet what it did, as one line.
class Lines : public AnnotatedSink {
 public:
  void on_annotated(const AnnotatedPacket& packet) noexcept override {
    TextBuffer text;
    add_fields(text, packet);
    std::string line(text.view());
    lines.push_back(line.substr(0, line.find(" now_ns=")));
    times.push_back(packet.at);
  }
  // The value of a key in the line of a packet; "-": it has none.
  [[nodiscard]] std::string value(std::size_t i, const std::string& key) const {
    const std::string& line = lines.at(i);
    const std::size_t at = line.find(" " + key + "=");
    if (at == std::string::npos) return "-";
    const std::size_t begin = at + key.size() + 2;
    return line.substr(begin, line.find(' ', begin) - begin);
  }
  [[nodiscard]] std::vector<std::string> all(const std::string& key) const {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < lines.size(); ++i) values.push_back(value(i, key));
    return values;
  }
  std::vector<std::string> lines;
  std::vector<Instant> times;
};

class AnnotatorTest : public testing::Test {
 protected:
  AnnotatorTest() {
    annotator_.add(lines_);
    tcb_.state = State::Established;
    tcb_.snd.iss = SeqNum(kOurIss);
    tcb_.rcv.irs = SeqNum(kTheirIss);
    tcb_.snd.una = tcb_.snd.nxt = SeqNum(kOurIss + 1);
    tcb_.rcv.nxt = SeqNum(kTheirIss + 1);
    tcb_.snd.wnd = 64000;
    tcb_.rcv.wnd = 64000;
    tcb_.cwnd = 14480;
    tcb_.ssthresh = 0xffffffffU;
    tcb_.effective_mss = 1448;
  }

  // Of a segment, relative to the first numbers.
  struct Numbers {
    std::uint32_t seq = 0, ack = 0;
    std::uint16_t flags = 0;
    std::size_t length = 0;
  };
  // A segment of theirs with numbers relative to the first ones; afterwards the TCB is `after`.
  void comes(const Numbers& n, TcbSnapshot after, Verdict verdict = Verdict::Accepted) {
    const auto packet = raw_packet({.tuple = reversed(kOurs),
                                    .seq = kTheirIss + n.seq,
                                    .ack = kOurIss + n.ack,
                                    .flags = static_cast<std::uint8_t>(n.flags),
                                    .text = n.length});
    const TcbSnapshot before = tcb_;
    annotator_.on_packet_received({now_, verdict, {3, 1}, packet, false, 0, &before, &after});
    tcb_ = after;
  }
  // One of ours.
  void leaves(SendReason reason, const Numbers& n, TcbSnapshot after) {
    const auto packet = raw_packet({.tuple = kOurs,
                                    .seq = kOurIss + n.seq,
                                    .ack = kTheirIss + n.ack,
                                    .flags = static_cast<std::uint8_t>(n.flags),
                                    .text = n.length});
    const ByteView view(packet);
    const TcbSnapshot before = tcb_;
    annotator_.on_packet_sent(
        {now_, reason, {3, 1}, std::span(&view, 1), false, 0, &before, &after});
    tcb_ = after;
  }
  // New data of ours.
  void sends(std::uint32_t seq, std::size_t length) {
    TcbSnapshot after = tcb_;
    after.snd.nxt = SeqNum(kOurIss + seq) + static_cast<std::uint32_t>(length);
    after.flight = after.pipe = static_cast<std::uint32_t>(after.snd.nxt - after.snd.una);
    leaves(SendReason::NewData, {seq, 1, kAck, length}, after);
  }
  [[nodiscard]] TcbSnapshot acked_to(std::uint32_t ack) const {
    TcbSnapshot after = tcb_;
    after.snd.una = SeqNum(kOurIss + ack);
    after.flight = after.pipe = static_cast<std::uint32_t>(after.snd.nxt - after.snd.una);
    return after;
  }
  [[nodiscard]] TcbSnapshot received_to(std::uint32_t nxt) const {
    TcbSnapshot after = tcb_;
    after.rcv.nxt = SeqNum(kTheirIss + nxt);
    return after;
  }
  void changes(State from, State to, StateCause cause) {
    annotator_.on_state_changed({now_, {3, 1}, kOurs, from, to, cause});
  }
  // A mark of the application, at a number relative to the first.
  void marks_response(MessageMark::Kind kind, std::uint32_t seq, std::string_view label = {},
                      std::uint64_t length = 0) {
    annotator_.on_message(
        {now_,
         {3, 1},
         kOurs,
         {kind, MessageRole::Response, true, SeqNum(kOurIss + seq), length, label}});
  }
  void marks_request(MessageMark::Kind kind, std::uint32_t seq, std::string_view label = {}) {
    annotator_.on_message({now_,
                           {3, 1},
                           kOurs,
                           {kind, MessageRole::Request, false, SeqNum(kTheirIss + seq), 0, label}});
  }

  Annotator annotator_;
  Lines lines_;
  TcbSnapshot tcb_;
  Instant now_{1s};
};

TEST_F(AnnotatorTest, AnAckIsNamedByWhatItAcknowledges) {
  sends(1, 1448);
  sends(1449, 1448);
  sends(2897, 1448);
  comes({1, 1449, kAck, 0}, acked_to(1449));
  for (int i = 0; i < 3; ++i) comes({1, 1449, kAck, 0}, tcb_);
  leaves(SendReason::FastRetransmit, {1449, 1, kAck, 1448}, tcb_);
  comes({1, 4345, kAck, 0}, acked_to(4345));
  EXPECT_THAT(lines_.all("event"), ElementsAre("SlowStart", "SlowStart", "SlowStart", "AckOfData",
                                               "DuplicateAck1", "DuplicateAck2", "DuplicateAck3",
                                               "Retransmission,SlowStart", "AckOfRetransmission"));
}

TEST_F(AnnotatorTest, AnAckThatWasOvertakenIsOld) {
  sends(1, 1448);
  sends(1449, 1448);
  comes({1, 2897, kAck, 0}, acked_to(2897));
  comes({1, 1449, kAck, 0}, tcb_);
  EXPECT_THAT(lines_.all("event"), ElementsAre("SlowStart", "SlowStart", "AckOfData", "OldAck"));
}

TEST_F(AnnotatorTest, AWindowUpdateIsNoDuplicateAck) {
  sends(1, 1448);
  TcbSnapshot after = tcb_;
  after.snd.wnd = 32000;
  comes({1, 1, kAck, 0}, after);
  after.snd.wnd = 0;
  comes({1, 1, kAck, 0}, after);
  after.snd.wnd = 9000;
  comes({1, 1, kAck, 0}, after);
  EXPECT_THAT(lines_.all("event"),
              ElementsAre("SlowStart", "WindowUpdate", "WindowClosed", "WindowOpened"));
}

TEST_F(AnnotatorTest, DataIsNamedByWhereItLies) {
  comes({1, 1, kAck, 100}, received_to(101));
  comes({201, 1, kAck, 100}, tcb_, Verdict::AcceptedOutOfOrder);
  comes({101, 1, kAck, 100}, received_to(301));
  comes({101, 1, kAck, 100}, tcb_, Verdict::AcceptedDuplicate);
  comes({300, 1, kAck, 0}, tcb_, Verdict::OutsideWindow);
  tcb_.rcv.wnd = 0;
  comes({301, 1, kAck, 1}, tcb_, Verdict::OutsideWindow);
  EXPECT_THAT(lines_.all("event"),
              ElementsAre("DataInOrder", "DataOutOfOrder", "DataFillsGap", "DataDuplicate",
                          "PeerKeepAlive", "PeerWindowProbe"));
}

TEST_F(AnnotatorTest, WhatLeavesFillsTheWindowOrTheCongestionWindow) {
  tcb_.snd.wnd = 2896;
  tcb_.unsent = 10'000;
  sends(1, 1448);
  sends(1449, 1448);
  tcb_.snd.wnd = 64'000;
  tcb_.cwnd = 4344;
  tcb_.ssthresh = 2000;
  sends(2897, 1448);
  EXPECT_THAT(lines_.all("event"),
              ElementsAre("SlowStart", "PeerWindowFull,SlowStart", "CwndFull,CongestionAvoidance"));
}

TEST_F(AnnotatorTest, AResponseSaysWhichOfItsBytesASegmentCarries) {
  comes({1, 1, kAck, 0}, tcb_);
  marks_response(MessageMark::Kind::Begin, 1);
  marks_response(MessageMark::Kind::Name, 0, "HTTP/1.1 200 OK", 3000);
  marks_response(MessageMark::Kind::End, 3001);
  marks_response(MessageMark::Kind::Begin, 3001);
  sends(1, 1448);
  sends(1449, 1448);
  sends(2897, 1448);
  EXPECT_THAT(lines_.all("message"),
              ElementsAre("-", "response:1@0-1447/3000", "response:1@1448-2895/3000",
                          "response:1@2896-2999/3000,response:2@0-1343/?"));
}

// The marks of a request are made when the application has read it.
TEST_F(AnnotatorTest, ARequestIsKnownAfterTheApplicationHadItsTurn) {
  Annotator waiting({.wait = true, .wait_written = true});
  Lines lines;
  waiting.add(lines);
  const auto packet = raw_packet({.tuple = reversed(kOurs),
                                  .seq = kTheirIss + 1,
                                  .ack = kOurIss + 1,
                                  .flags = 24,
                                  .text = 40});
  const TcbSnapshot before = tcb_;
  const TcbSnapshot after = received_to(41);
  waiting.on_read(Instant{1002ms});
  waiting.on_packet_received(
      {Instant{1s}, Verdict::Accepted, {3, 1}, packet, false, 0, &before, &after});
  EXPECT_TRUE(lines.lines.empty());
  MessageMark begin;
  begin.seq = SeqNum(kTheirIss + 1);
  waiting.on_message({now_, {3, 1}, kOurs, begin});
  MessageMark mark;
  mark.kind = MessageMark::Kind::Name;
  mark.label = "GET / HTTP/1.1";
  waiting.on_message({now_, {3, 1}, kOurs, mark});
  mark.kind = MessageMark::Kind::End;
  mark.seq = SeqNum(kTheirIss + 41);
  waiting.on_message({now_, {3, 1}, kOurs, mark});
  waiting.on_application_done();
  EXPECT_THAT(lines.all("message"), ElementsAre("request:1@0-39/40"));
  EXPECT_EQ(lines.times.at(0), Instant{1002ms}) << "when read() returned it";
}

TEST_F(AnnotatorTest, APacketLeavesWhenTheDeviceTookIt) {
  Annotator waiting({.wait = true, .wait_written = true});
  Lines lines;
  waiting.add(lines);
  const auto packet = raw_packet({.tuple = kOurs, .seq = kOurIss + 1, .flags = 16});
  const ByteView view(packet);
  const auto make = [&] {
    waiting.on_packet_sent(
        {now_, SendReason::AckImmediate, {}, std::span(&view, 1), false, 0, nullptr, nullptr});
  };
  make();
  EXPECT_TRUE(lines.lines.empty());
  waiting.on_written(Instant{1003ms});
  make();
  waiting.on_not_written();
  EXPECT_THAT(lines.all("dir"), ElementsAre("out", "lost-out"));
  EXPECT_EQ(lines.times.at(0), Instant{1003ms});
}

// RFC 9293 §3.3.2: who closes second may put FIN and the ACK of theirs into one segment.
TEST_F(AnnotatorTest, AFinMayAlsoBeTheAckOfTheirs) {
  sends(1, 100);
  comes({1, 101, kAck, 0}, acked_to(101));
  TcbSnapshot after = received_to(2);
  after.state = State::CloseWait;
  changes(State::Established, State::CloseWait, StateCause::PeerFin);
  comes({1, 101, kFin | kAck, 0}, after);
  changes(State::CloseWait, State::LastAck, StateCause::Close);
  after = tcb_;
  after.state = State::LastAck;
  after.snd.nxt = after.snd.nxt + 1;
  leaves(SendReason::Fin, {101, 2, kFin | kAck, 0}, after);
  after = acked_to(102);
  after.state = State::Closed;
  changes(State::LastAck, State::Closed, StateCause::AckOfFin);
  comes({2, 102, kAck, 0}, after);
  EXPECT_THAT(lines_.all("event"),
              ElementsAre("SlowStart", "AckOfData", "PeerFin", "FinAcknowledgesFin", "AckOfFin"));
  EXPECT_THAT(lines_.all("states"), ElementsAre("-", "-", "ESTABLISHED>CLOSE-WAIT",
                                                "CLOSE-WAIT>LAST-ACK", "LAST-ACK>CLOSED"));
  EXPECT_THAT(lines_.all("cause"), ElementsAre("-", "-", "PeerFin", "Close", "AckOfFin"));
  EXPECT_THAT(lines_.all("peer"),
              ElementsAre("-", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-1|TIME-WAIT", "TIME-WAIT"));
}

// RFC 9293 enters FIN-WAIT-1 when CLOSE is called; the FIN may have to wait behind data.
TEST_F(AnnotatorTest, FinWait1StandsWithTheFin) {
  comes({1, 1, kAck, 10}, received_to(11));
  annotator_.on_close({now_, {3, 1}, kOurs, {CloseCause::Idle, 10s}, 1448});
  changes(State::Established, State::FinWait1, StateCause::Close);
  tcb_.state = State::FinWait1;
  sends(1, 1448);
  annotator_.on_turn_done(now_);
  TcbSnapshot after = tcb_;
  after.snd.nxt = after.snd.nxt + 1;
  leaves(SendReason::Fin, {1449, 11, kFin | kAck, 0}, after);
  EXPECT_THAT(lines_.all("dir"), ElementsAre("in", "none", "out", "out"));
  EXPECT_THAT(lines_.all("states"), ElementsAre("-", "-", "-", "ESTABLISHED>FIN-WAIT-1"));
}

TEST_F(AnnotatorTest, WhatHappensWithoutAPacketIsToldByItself) {
  changes(State::TimeWait, State::Closed, StateCause::TwoMsl);
  annotator_.on_turn_done(now_);
  EXPECT_THAT(lines_.all("dir"), ElementsAre("none"));
  EXPECT_THAT(lines_.all("states"), ElementsAre("TIME-WAIT>CLOSED"));
  EXPECT_THAT(lines_.all("cause"), ElementsAre("TwoMsl"));
}

TEST_F(AnnotatorTest, StreamsAreCountedAsWiresharkDoes) {
  FourTuple other = kOurs;
  other.remote_port = Port{40001};
  for (const auto& [tuple, seq] :
       {std::pair(kOurs, 1U), std::pair(other, 1U), std::pair(kOurs, 1U), std::pair(kOurs, 900U)}) {
    const auto syn = raw_packet({.tuple = reversed(tuple), .seq = seq, .flags = kSyn});
    annotator_.on_packet_received(
        {now_, Verdict::SynAccepted, {}, syn, false, 0, nullptr, nullptr});
  }
  EXPECT_THAT(lines_.all("stream"), ElementsAre("0", "1", "0", "2"));
}

TEST_F(AnnotatorTest, AResetEndsWhatIsKnownOfThePeer) {
  comes({1, 1, kAck, 10}, received_to(11));
  TcbSnapshot after = tcb_;
  after.state = State::Closed;
  changes(State::Established, State::Closed, StateCause::PeerReset);
  comes({11, 1, kRst, 0}, after, Verdict::ResetAccepted);
  EXPECT_THAT(lines_.all("event"), ElementsAre("DataInOrder", "PeerReset"));
  EXPECT_EQ(lines_.value(1, "peer"), "CLOSED");
}

// A label is the peer's text: it is in no line for programs.
TEST_F(AnnotatorTest, ThePeersTextStaysOutOfTheFields) {
  comes({1, 1, kAck | kPsh, 40}, received_to(41));
  marks_request(MessageMark::Kind::Begin, 41);
  marks_request(MessageMark::Kind::Name, 0, "GET /\x1b[2J\" reason=Syn");
  comes({41, 1, kAck | kPsh, 40}, received_to(81));
  EXPECT_THAT(lines_.lines.at(1), Not(HasSubstr("GET")));
  EXPECT_EQ(lines_.value(1, "message"), "request:1@0-39/?");
}

// Each change of state waits for its packet; where no packet comes, the oldest is told by itself.
TEST_F(AnnotatorTest, WhatWaitsForAPacketIsBounded) {
  for (int i = 0; i < 65; ++i) changes(State::FinWait1, State::FinWait2, StateCause::AckOfFin);
  EXPECT_EQ(lines_.lines.size(), 1U);
  annotator_.on_turn_done(now_);
  EXPECT_EQ(lines_.lines.size(), 65U) << "and none is lost";
}

TEST_F(AnnotatorTest, AfterAGapNothingIsCalledARepetition) {
  comes({1, 1, kAck, 0}, tcb_);
  leaves(SendReason::AckImmediate, {1, 1, kAck, 0}, tcb_);
  leaves(SendReason::AckImmediate, {1, 1, kAck, 0}, tcb_);
  annotator_.note_gap();
  leaves(SendReason::AckImmediate, {1, 1, kAck, 0}, tcb_);
  const auto events = lines_.all("event");
  EXPECT_THAT(events.at(2), StartsWith("DuplicateAckSent")) << "the number was acknowledged before";
  EXPECT_THAT(events.at(3), Not(StartsWith("DuplicateAckSent")))
      << "what passed unseen may have changed it";
}

// What leaves may lie in a file that is cut meanwhile: then its headers alone are told.
TEST_F(AnnotatorTest, WhatCannotBeReadIsTheHeadersAlone) {
  struct Copier : PacketCopier {
    ByteView copy(std::span<const ByteView> pieces) noexcept override {
      if (!can_read) return {};
      for (const ByteView piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
      return bytes;
    }
    bool can_read = true;
    std::vector<std::uint8_t> bytes;
  } copier;
  struct Sizes : AnnotatedSink {
    void on_annotated(const AnnotatedPacket& packet) noexcept override {
      sizes.push_back(packet.pieces.size() == 1 ? packet.pieces[0].size() : 0);
    }
    std::vector<std::size_t> sizes;
  } sink;
  Annotator waiting({.wait = true, .wait_written = true});
  waiting.add(sink);
  waiting.set_copier(copier);
  const auto packet = raw_packet({.tuple = kOurs, .seq = kOurIss + 1, .flags = kAck, .text = 500});
  const ByteView pieces[] = {ByteView(packet).first(packet.size() - 500),
                             ByteView(packet).last(500)};
  for (const bool can_read : {true, false}) {
    copier.can_read = can_read;
    waiting.on_packet_sent({now_, SendReason::NewData, {3, 1}, pieces, false, 0, &tcb_, &tcb_});
    waiting.on_written(now_);
  }
  EXPECT_THAT(sink.sizes, ElementsAre(packet.size(), packet.size() - 500));
}

// RFC 9293 §3.9.1.2 (PSH): where a message ends the peer's application shall have it.
TEST_F(AnnotatorTest, APushSaysWhetherItEndsAMessage) {
  comes({1, 1, kAck, 0}, tcb_);
  marks_response(MessageMark::Kind::Begin, 1);
  marks_response(MessageMark::Kind::End, 101);
  TcbSnapshot after = tcb_;
  after.snd.nxt = SeqNum(kOurIss + 101);
  leaves(SendReason::NewData, {1, 1, kAck | kPsh, 100}, after);
  EXPECT_THAT(lines_.value(1, "event"), HasSubstr("PushEndOfMessage"));
}

}  // namespace
}  // namespace glasstcp
