// What people read: the summary of a packet, the explanation of a reason, the narrated line, and
// the recorder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <string>
#include <vector>

#include "stack/base/random.h"
#include "stack/trace/annotator.h"
#include "stack/trace/explain.h"
#include "stack/trace/narrate.h"
#include "stack/trace/packet_summary.h"
#include "stack/trace/reason_class.h"
#include "stack/trace/recorder.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::raw_packet;
using test::RawTcp;
using test::reversed;

const FourTuple kOurs{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                      Port{40000}};
const FourTuple kOurs6{*IpAddress::parse("2001:db8::2"), *IpAddress::parse("2001:db8::1"), Port{80},
                       Port{40000}};
const std::vector<std::uint8_t> kSynOptions = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0,
                                               0, 1, 0, 0,   0, 0, 1, 3,  3, 7};
constexpr std::uint32_t kOurIss = 1'000'000, kTheirIss = 5'000'000;

class Lines : public LineSink {
 public:
  void write(std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

// The sentence of the packet that an annotator hands on.
class Sentence : public AnnotatedSink {
 public:
  explicit Sentence(Language language) : language_(language) {}
  void on_annotated(const AnnotatedPacket& packet) noexcept override {
    TextBuffer out;
    add_sentence(out, packet, language_);
    text = out.view();
  }
  std::string text;

 private:
  Language language_;
};

std::string sentence_of(const PacketSentEvent& event, Language language) {
  Sentence sentence(language);
  Annotator annotator;
  annotator.add(sentence);
  annotator.on_packet_sent(event);
  return sentence.text;
}

std::string sentence_of(const PacketReceivedEvent& event, Language language) {
  Sentence sentence(language);
  Annotator annotator;
  annotator.add(sentence);
  annotator.on_packet_received(event);
  return sentence.text;
}

PacketSentEvent sent(SendReason reason, const ByteView& packet) {
  return {.at = Instant{123us},
          .reason = reason,
          .connection = {3, 1},
          .pieces = std::span(&packet, 1),
          .checksum_partial = false,
          .gso_size = 0,
          .before = nullptr,
          .after = nullptr};
}
PacketReceivedEvent received(Verdict verdict, ByteView packet) {
  return {.at = Instant{1500ms},
          .verdict = verdict,
          .connection = {3, 1},
          .packet = packet,
          .checksum_partial = false,
          .gso_size = 0,
          .before = nullptr,
          .after = nullptr};
}

TEST(PacketSummary, ReadsTcpOverBothIpVersions) {
  for (const FourTuple& tuple : {kOurs, kOurs6}) {
    const auto bytes = raw_packet(
        {.tuple = tuple, .seq = 7, .ack = 9, .flags = 0x12, .options = kSynOptions, .text = 5});
    const PacketSummary s = summarize(bytes);
    ASSERT_TRUE(s.is_tcp());
    EXPECT_EQ(s.source, tuple.local_address);
    EXPECT_EQ(s.destination, tuple.remote_address);
    EXPECT_EQ(s.source_port, Port{80});
    EXPECT_EQ(s.seq.raw(), 7U);
    EXPECT_EQ(s.ack.raw(), 9U);
    EXPECT_TRUE(s.has(PacketSummary::kSyn));
    EXPECT_EQ(s.text_length, 5U);
    EXPECT_EQ(s.segment_length(), 6U) << "SYN counts for one";
    EXPECT_EQ(s.mss, 1460);
    EXPECT_EQ(s.window_scale, 7);
    EXPECT_TRUE(s.sack_permitted);
    EXPECT_EQ(s.ts_val, 1U);
    EXPECT_EQ(s.total_length, bytes.size());
  }
}

TEST(PacketSummary, ReadsAPacketInPieces) {
  const auto bytes = raw_packet({.tuple = kOurs, .seq = 7, .flags = 0x18, .text = 3000});
  const ByteView whole(bytes);
  const std::vector<ByteView> pieces = {whole.first(13), ByteView(), whole.subspan(13, 30),
                                        whole.subspan(43)};
  const PacketSummary s = summarize(pieces);
  ASSERT_TRUE(s.is_tcp());
  EXPECT_EQ(s.text_length, 3000U);
}

// A file that is served from its mapping may be cut at any time; to touch it is then SIGBUS.
TEST(PacketSummary, DoesNotTouchThePayloadOfASegment) {
  void* const cut = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(cut, MAP_FAILED);
  for (const auto& tuple : {kOurs, kOurs6}) {
    const auto bytes = raw_packet({.tuple = tuple, .seq = 7, .flags = 0x18, .text = 1000});
    const ByteView headers = ByteView(bytes).first(bytes.size() - 1000);
    const std::array pieces = {headers, ByteView(static_cast<const std::uint8_t*>(cut), 1000)};
    const PacketSummary s = summarize(pieces);
    ASSERT_TRUE(s.is_tcp());
    EXPECT_EQ(s.text_length, 1000U);
    EXPECT_EQ(s.total_length, bytes.size());
  }
  ::munmap(cut, 4096);
}

TEST(PacketSummary, ReadsBehindExtensionHeadersAndStopsAtFragments) {
  auto bytes = raw_packet({.tuple = kOurs6, .seq = 7, .flags = 0x10});
  const std::vector<std::uint8_t> extension = {6, 0, 1, 4, 0, 0, 0, 0};
  bytes.insert(bytes.begin() + 40, extension.begin(), extension.end());
  bytes[6] = 60;
  bytes[5] = static_cast<std::uint8_t>(bytes[5] + 8);
  EXPECT_TRUE(summarize(bytes).is_tcp());
  bytes[6] = 44;
  EXPECT_EQ(summarize(bytes).kind, PacketSummary::Kind::Fragment);
  auto v4 = raw_packet({.tuple = kOurs});
  v4[6] = 0x20;
  EXPECT_EQ(summarize(v4).kind, PacketSummary::Kind::Fragment);
}

TEST(PacketSummary, SurvivesAnyBytes) {
  SeededRandom random(21);
  const auto good4 = raw_packet({.tuple = kOurs, .options = kSynOptions, .text = 20});
  const auto good6 = raw_packet({.tuple = kOurs6, .options = kSynOptions, .text = 20});
  for (int i = 0; i < 50'000; ++i) {
    std::vector<std::uint8_t> bytes = random.chance(0.5) ? good4 : good6;
    for (std::uint64_t n = random.below(6); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.next());
    }
    bytes.resize(random.below(bytes.size() + 1));
    TextBuffer text;
    AnnotatedPacket packet;
    packet.kind =
        random.chance(0.5) ? AnnotatedPacket::Kind::Sent : AnnotatedPacket::Kind::Received;
    packet.summary = summarize(bytes);
    add_packet(text, packet);
    ASSERT_GT(text.size(), 0U);
  }
}

TEST(TextBuffer, CutsBetweenCharacters) {
  TextBuffer text;
  for (std::size_t i = 0; i < TextBuffer::kCapacity - 1; ++i) text.add("a");
  text.add("挥手");
  EXPECT_EQ(text.size(), TextBuffer::kCapacity - 1);
  text.add("b");
  text.add("more");
  EXPECT_EQ(text.size(), TextBuffer::kCapacity);
  text.end_line();
  EXPECT_EQ(text.view().back(), '\n');
}

TEST(Narrator, TellsAHandshakeWithRelativeNumbers) {
  Lines out;
  Narrator lines(out, Language::English, Instant{});
  Annotator narrator;
  narrator.add(lines);
  const auto syn = raw_packet(
      {.tuple = reversed(kOurs), .seq = kTheirIss, .flags = 0x02, .options = kSynOptions});
  const auto syn_ack = raw_packet({.tuple = kOurs,
                                   .seq = kOurIss,
                                   .ack = kTheirIss + 1,
                                   .flags = 0x12,
                                   .options = kSynOptions});
  const auto ack = raw_packet({.tuple = reversed(kOurs),
                               .seq = kTheirIss + 1,
                               .ack = kOurIss + 1,
                               .flags = 0x10,
                               .text = 12});
  narrator.on_state_changed(
      {Instant{1500ms}, {}, kOurs, State::Listen, State::SynReceived, StateCause::PeerSyn});
  narrator.on_packet_received(received(Verdict::SynAccepted, syn));
  const ByteView view(syn_ack);
  narrator.on_packet_sent(sent(SendReason::SynAck, view));
  narrator.on_packet_received(received(Verdict::HandshakeComplete, ack));
  ASSERT_EQ(out.lines.size(), 4U);
  EXPECT_EQ(out.lines[0],
            "1.500000 [0] 192.0.2.1:40000 IN  SYN seq 0 win 65535 <mss 1460,sackOK,ts,ws 7>  "
            "SynAccepted (RFC 9293 "
            "§3.10.7.2): "
            "a SYN for a listening port: the handshake begins\n");
  EXPECT_EQ(
      out.lines[1],
      "1.500000 [0] :40000     LISTEN -> SYN-RECEIVED: their SYN came, and a SYN-ACK answers it "
      "(peer, inferred: SYN-SENT)\n");
  EXPECT_EQ(out.lines[2],
            "0.000123 [0] :40000 OUT SYN-ACK seq 0 ack 1 win 65535 <mss 1460,sackOK,ts,ws 7>  "
            "SynAck (RFC "
            "9293 §3.5): "
            "acknowledges their SYN (ack = their initial sequence number + 1) and announces our "
            "initial sequence number\n");
  EXPECT_TRUE(out.lines[3].starts_with(
      "1.500000 [0] :40000 IN  ACK seq 1 ack 1 win 65535 len 12  HandshakeComplete"));
}

TEST(Narrator, MarksNumbersThatAreNotRelative) {
  Lines out;
  Narrator lines(out, Language::Chinese, Instant{});
  Annotator narrator;
  narrator.add(lines);
  const auto ack = raw_packet({.tuple = reversed(kOurs), .seq = 77, .ack = 88, .flags = 0x10});
  narrator.on_packet_received(received(Verdict::NoConnection, ack));
  EXPECT_EQ(out.lines.at(0),
            "1.500000 [0] 192.0.2.1:40000 DROP ACK seq raw 77 ack raw 88 win 65535  NoConnection "
            "(RFC 9293 §3.10.7.1): "
            "没有这样的连接，也无人收听\n");
}

TEST(Narrator, ColoursAPacketByItsClassAndMarksIt) {
  Lines out;
  Narrator lines(out, Language::English, Instant{});
  lines.use_colours();
  Annotator narrator;
  narrator.add(lines);
  const auto syn = raw_packet(
      {.tuple = reversed(kOurs), .seq = kTheirIss, .flags = 0x02, .options = kSynOptions});
  narrator.on_state_changed(
      {Instant{1500ms}, {}, kOurs, State::Listen, State::SynReceived, StateCause::PeerSyn});
  narrator.on_packet_received(received(Verdict::SynAccepted, syn));
  const ReasonClassInfo& row = info(ReasonClass::Opening);
  EXPECT_THAT(out.lines.at(0),
              testing::HasSubstr(fmt::format("\x1b[38;5;{}m{} IN  SYN", row.terminal, row.mark)));
  EXPECT_TRUE(out.lines.at(0).ends_with("\x1b[0m\n"));
  EXPECT_EQ(out.lines.at(1).find('\x1b'), std::string::npos) << "states have none";
}

TEST(TextBuffer, KeepsRoomForTheEndOfALine) {
  TextBuffer text;
  while (text.size() < TextBuffer::kCapacity - 1) text.add("a");
  text.end_line("\x1b[0m");
  EXPECT_TRUE(text.view().ends_with("a\x1b[0m\n"));
  EXPECT_EQ(text.size(), TextBuffer::kCapacity + 1);
  TextBuffer wide;
  while (wide.size() < TextBuffer::kCapacity - 2) wide.add("挥");
  wide.end_line("\x1b[0m");
  EXPECT_TRUE(wide.view().ends_with("挥\x1b[0m\n")) << "no half character before it";
}

TEST(Narrator, TellsStatesAndTimers) {
  Lines out;
  Narrator lines(out, Language::English, Instant{});
  Annotator narrator;
  narrator.add(lines);
  narrator.on_state_changed(
      {Instant{1s}, {3, 1}, kOurs, State::TimeWait, State::Closed, StateCause::TwoMsl});
  narrator.on_turn_done(Instant{2s});
  TcbSnapshot tcb;
  tcb.cwnd = 14480, tcb.ssthresh = 0xffffffff, tcb.flight = tcb.pipe = 2896, tcb.rto = 213ms;
  narrator.on_timer_fired({Instant{2s}, {3, 1}, TimerName::Retransmit, &tcb});
  narrator.flush(Instant{2s});
  EXPECT_EQ(out.lines.at(0),
            "2.000000 [0] 192.0.2.1:40000     TIME-WAIT -> CLOSED: 2 MSL have passed\n");
  EXPECT_EQ(out.lines.at(1),
            "2.000000 [-]     retransmission timer expired (Retransmit, RFC 6298 §5): what is "
            "outstanding was not acknowledged in time; cwnd 14480, ssthresh -, flight 2896, rto "
            "213 ms\n");
}

TcbSnapshot established() {
  TcbSnapshot tcb;
  tcb.state = State::Established;
  tcb.snd.iss = SeqNum(kOurIss);
  tcb.snd.una = SeqNum(kOurIss + 14481);
  tcb.rcv.irs = SeqNum(kTheirIss);
  tcb.rcv.nxt = SeqNum(kTheirIss + 100);
  tcb.cwnd = 28960;
  tcb.ssthresh = 0xffffffffU;
  tcb.flight = tcb.pipe = 28960;
  tcb.rto = 213ms;
  return tcb;
}

TEST(Explain, ALossShowsWhatCongestionControlDid) {
  const TcbSnapshot before = established();
  TcbSnapshot after = before;
  after.cwnd = 18824;
  after.ssthresh = 14480;
  const auto packet =
      raw_packet({.tuple = kOurs, .seq = kOurIss + 14481, .flags = 0x10, .text = 1448});
  const ByteView view(packet);
  PacketSentEvent event = sent(SendReason::FastRetransmit, view);
  event.before = &before;
  event.after = &after;
  EXPECT_EQ(sentence_of(event, Language::English),
            "FastRetransmit (RFC 5681 §3.2): third duplicate ACK for 14481; congestion "
            "avoidance; cwnd 28960 -> 18824, ssthresh 14480, flight 28960, rto 213 ms");
  EXPECT_EQ(sentence_of(event, Language::Chinese),
            "FastRetransmit (RFC 5681 §3.2): 收到对 14481 的第三个重复确认；拥塞避免阶段；"
            "cwnd 28960 -> 18824，ssthresh 14480，在途 28960，rto 213 ms");
}

TEST(Explain, ALossFoundByTimeShowsTheTimes) {
  TcbSnapshot before = established();
  before.srtt = 40ms;
  before.reordering_window = 10ms;
  TcbSnapshot after = before;
  after.ssthresh = 14480;
  after.pipe = 23168, after.sacked = 4344, after.lost = 1448;
  const auto packet = raw_packet({.tuple = kOurs, .seq = kOurIss, .flags = 0x10, .text = 1448});
  const ByteView view(packet);
  for (const auto& [reason, end] : {std::pair(SendReason::RackRetransmit, "reo_wnd 10 ms"),
                                    std::pair(SendReason::TailLossProbe, "rto 213 ms")}) {
    PacketSentEvent event = sent(reason, view);
    event.before = &before;
    event.after = &after;
    const std::string text = sentence_of(event, Language::English);
    EXPECT_TRUE(text.ends_with(
        std::string("; cwnd 28960, ssthresh 14480, flight 28960, pipe 23168, sacked 4344, "
                    "lost 1448, srtt 40 ms, ") +
        end))
        << text;
    const std::string chinese = sentence_of(event, Language::Chinese);
    EXPECT_TRUE(chinese.ends_with(
        std::string("；cwnd 28960，ssthresh 14480，在途 28960，pipe 23168，已选择确认 4344，"
                    "丢失 1448，srtt 40 ms，") +
        end))
        << chinese;
  }
}

TEST(Explain, AVerdictShowsWhatSackReportedAndWhatWasFoundLost) {
  const TcbSnapshot before = established();
  TcbSnapshot after = before;
  after.sacked = 4344;
  after.lost = 1448;
  after.ssthresh = 14480;
  after.in_recovery = true;
  const auto packet = raw_packet({.tuple = reversed(kOurs), .flags = 0x10});
  PacketReceivedEvent event = received(Verdict::Accepted, packet);
  event.before = &before;
  event.after = &after;
  const std::string text = sentence_of(event, Language::Chinese);
  EXPECT_TRUE(
      text.ends_with("选择确认又报告了缺口之后的 4344 字节；已选择确认 0 -> 4344，丢失 0 -> 1448，"
                     "ssthresh 14480，快速恢复开始"))
      << text;
}

TEST(Explain, AVerdictShowsWhatChanged) {
  const TcbSnapshot before = established();
  TcbSnapshot after = before;
  after.snd.una = SeqNum(kOurIss + 15929);
  after.cwnd = 30408;
  after.srtt = 1234us;
  after.rto = 200ms;
  const auto packet = raw_packet({.tuple = reversed(kOurs), .ack = kOurIss + 15929, .flags = 0x10});
  PacketReceivedEvent event = received(Verdict::Accepted, packet);
  event.before = &before;
  event.after = &after;
  EXPECT_EQ(sentence_of(event, Language::English),
            "AckOfData (RFC 9293 §3.10.7.4): acknowledges 1448 bytes of ours (14481-15928); "
            "snd.una 14481 -> 15929, cwnd 28960 -> 30408, srtt 1.234 ms, rto 200 ms");
}

TEST(Recorder, KeepsTheLastEventsInOrder) {
  Recorder recorder(4);
  const auto packet = raw_packet({.tuple = kOurs, .seq = 5, .flags = 0x10, .text = 10});
  const ByteView view(packet);
  const TcbSnapshot tcb = established();
  EXPECT_EQ(recorder.size(), 0U);
  for (int i = 0; i < 5; ++i) {
    PacketSentEvent event = sent(SendReason::NewData, view);
    event.after = &tcb;
    recorder.on_packet_sent(event);
  }
  recorder.on_state_changed(
      {Instant{1s}, {3, 1}, kOurs, State::Established, State::FinWait1, StateCause::Close});
  recorder.on_timer_fired({Instant{2s}, {3, 1}, TimerName::DelayedAck, nullptr});
  ASSERT_EQ(recorder.size(), 4U);
  EXPECT_EQ(recorder.total(), 7U);
  EXPECT_EQ(recorder[0].number, 3U);
  EXPECT_EQ(recorder[0].kind, RecordedEvent::Kind::Sent);
  EXPECT_EQ(recorder[0].packet.text_length, 10U);
  EXPECT_TRUE(recorder[0].has_after);
  EXPECT_FALSE(recorder[0].has_before);
  EXPECT_EQ(recorder[0].after.cwnd, 28960U);
  EXPECT_EQ(recorder[0].tuple, kOurs);
  EXPECT_EQ(recorder[2].to, State::FinWait1);
  EXPECT_EQ(recorder[3].timer, TimerName::DelayedAck);
  EXPECT_FALSE(recorder[3].has_after) << "nothing is left of the event that stood there before";
  PacketReceivedEvent event = received(Verdict::AcceptedDuplicate, packet);
  event.before = &tcb;
  recorder.on_packet_received(event);
  EXPECT_EQ(recorder[3].kind, RecordedEvent::Kind::Received);
  EXPECT_EQ(recorder[3].verdict, Verdict::AcceptedDuplicate);
  EXPECT_TRUE(recorder[3].has_before);
  EXPECT_EQ(recorder[3].tuple, reversed(kOurs)) << "as the receiver sees it";
  Recorder none(0);
  none.on_packet_received(received(Verdict::Accepted, packet));
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace glasstcp
