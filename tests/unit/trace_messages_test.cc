// What people read of messages, closes and long runs: the sentence of a packet that carries a part
// of a request or a response, why the server closes, and one line for many alike packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stack/trace/annotator.h"
#include "stack/trace/explain.h"
#include "stack/trace/narrate.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::raw_packet;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t kOurIss = 1'000'000, kTheirIss = 5'000'000;
constexpr std::uint8_t kFin = 1, kPsh = 8, kAck = 16;

FourTuple tuple_of(std::uint16_t port) {
  return {IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80}, Port{port}};
}

class Lines : public LineSink {
 public:
  void write(std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

// A connection whose packets an annotator hands to two narrators, one for each language.
class Told : public testing::Test {
 protected:
  explicit Told(Detail detail = Detail::Every)
      : english_(in_english_, Language::English, Instant{}, detail),
        chinese_(in_chinese_, Language::Chinese, Instant{}, detail) {
    annotator_.add(english_);
    annotator_.add(chinese_);
    tcb_.state = State::Established;
    tcb_.snd.iss = SeqNum(kOurIss);
    tcb_.rcv.irs = SeqNum(kTheirIss);
    tcb_.snd.una = tcb_.snd.nxt = SeqNum(kOurIss + 1);
    tcb_.rcv.nxt = SeqNum(kTheirIss + 1);
    tcb_.snd.wnd = tcb_.rcv.wnd = 64000;
    tcb_.cwnd = 14480;
    tcb_.effective_mss = 1448;
  }
  // The connection is known by its packets, whose lines are not looked at.
  void begin() {
    leaves(SendReason::AckImmediate, 1, 0);
    english_.flush();
    chinese_.flush();
    in_english_.lines.clear();
    in_chinese_.lines.clear();
  }
  void mark(MessageMark::Kind kind, std::uint32_t seq, std::string_view label = {},
            std::uint64_t length = 0) {
    annotator_.on_message(
        {now_,
         {3, 1},
         tuple_of(40000),
         {kind, MessageRole::Response, true, SeqNum(kOurIss + seq), length, label}});
  }
  void leaves(SendReason reason, std::uint32_t seq, std::size_t length, std::uint8_t flags = kAck,
              std::uint16_t port = 40000) {
    const auto packet = raw_packet({.tuple = tuple_of(port),
                                    .seq = kOurIss + seq,
                                    .ack = kTheirIss + 1,
                                    .flags = flags,
                                    .text = length});
    const ByteView view(packet);
    const TcbSnapshot before = tcb_;
    tcb_.snd.nxt = SeqNum(kOurIss + seq) + static_cast<std::uint32_t>(length);
    tcb_.flight = tcb_.pipe = static_cast<std::uint32_t>(tcb_.snd.nxt - tcb_.snd.una);
    annotator_.on_packet_sent(
        {now_, reason, {port, 1}, std::span(&view, 1), false, 0, &before, &tcb_});
  }

  Lines in_english_, in_chinese_;
  Narrator english_, chinese_;
  Annotator annotator_;
  TcbSnapshot tcb_;
  Instant now_{1s};
};

TEST_F(Told, EachPacketSaysWhichPartOfTheResponseItCarries) {
  begin();
  mark(MessageMark::Kind::Begin, 1);
  mark(MessageMark::Kind::Name, 0, "HTTP/1.1 200 OK", 3000);
  mark(MessageMark::Kind::End, 3001);
  for (const std::uint32_t seq : {1U, 1449U}) leaves(SendReason::NewData, seq, 1448);
  leaves(SendReason::NewData, 2897, 104, kAck | kPsh);
  mark(MessageMark::Kind::Begin, 3001);
  mark(MessageMark::Kind::Name, 0, "HTTP/1.1 404 Not Found", 50);
  mark(MessageMark::Kind::End, 3051);
  leaves(SendReason::NewData, 3001, 50, kAck | kPsh);
  const char* const parts[][2] = {
      {"response 1 \"HTTP/1.1 200 OK\" begins: bytes 0-1447 of 3000",
       "响应报文 1 \"HTTP/1.1 200 OK\" 开始：第 0-1447 字节，共 3000 字节"},
      {"response 1 \"HTTP/1.1 200 OK\" continues: bytes 1448-2895 of 3000", "继续：第 1448-2895"},
      {"response 1 \"HTTP/1.1 200 OK\" ends: bytes 2896-2999 of 3000", "结束：第 2896-2999"},
      {"response 2 \"HTTP/1.1 404 Not Found\", whole, 50 bytes", "完整，50 字节"},
  };
  ASSERT_EQ(in_english_.lines.size(), std::size(parts));
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    EXPECT_THAT(in_english_.lines[i], HasSubstr(parts[i][0]));
    EXPECT_THAT(in_chinese_.lines.at(i), HasSubstr(parts[i][1]));
  }
  EXPECT_THAT(in_english_.lines[1], Not(HasSubstr("PSH")));
  EXPECT_THAT(in_english_.lines[2], HasSubstr("PSH"));
}

// A label is what the peer wrote: it neither ends the quotation nor reaches the terminal as a
// control character (CWE-150).
TEST_F(Told, ALabelCannotSpeakToTheTerminal) {
  begin();
  mark(MessageMark::Kind::Begin, 1);
  mark(MessageMark::Kind::Name, 0, "GET /\"\\\x1b[2J\xff", 20);
  leaves(SendReason::NewData, 1, 20);
  ASSERT_EQ(in_english_.lines.size(), 1U);
  EXPECT_THAT(in_english_.lines[0], HasSubstr(R"("GET /\"\\\x1b[2J\xff")"));
  EXPECT_THAT(in_english_.lines[0] + in_chinese_.lines.at(0), Not(HasSubstr("\x1b")));
}

TEST_F(Told, TheFinSaysWhyTheServerCloses) {
  annotator_.on_close({now_, {40000, 1}, tuple_of(40000), {CloseCause::HeaderTimeout, 10s}, 0});
  leaves(SendReason::Fin, 1, 0, kFin | kAck);
  ASSERT_FALSE(in_english_.lines.empty());
  EXPECT_THAT(in_english_.lines.back(),
              HasSubstr("the server closes: no complete request came within 10 s"));
  EXPECT_THAT(in_chinese_.lines.back(), HasSubstr("服务器关闭连接：10 秒内没有收到完整的请求"));
}

TEST_F(Told, ACloseBehindBytesIsToldBeforeItsFin) {
  annotator_.on_close({now_, {40000, 1}, tuple_of(40000), {CloseCause::Idle, 60s}, 5000});
  annotator_.on_turn_done(now_);
  ASSERT_FALSE(in_english_.lines.empty());
  EXPECT_THAT(in_english_.lines.back(), HasSubstr("idle for 60 s without a request"));
  EXPECT_THAT(in_english_.lines.back(), HasSubstr("the FIN waits behind 5000 bytes"));
  EXPECT_THAT(in_chinese_.lines.back(), HasSubstr("FIN 排在 5000 字节待发送的数据之后"));
}

// -- Runs

class ToldInRuns : public Told {
 protected:
  ToldInRuns() : Told(Detail::Folded) {}
};

TEST_F(ToldInRuns, TenSegmentsThatFillTheFirstWindowAreOneLine) {
  for (std::uint32_t i = 0; i < 10; ++i) leaves(SendReason::NewData, 1 + 1448 * i, 1448);
  EXPECT_TRUE(in_english_.lines.empty()) << "the run may go on";
  EXPECT_EQ(english_.next_deadline(), now_ + Narrator::kFoldSilence)
      << "who waits may sleep so long";
  english_.on_time(now_ + Narrator::kFoldSilence);
  EXPECT_EQ(english_.next_deadline(), kNever);
  chinese_.flush();
  ASSERT_EQ(in_english_.lines.size(), 1U);
  EXPECT_THAT(in_english_.lines[0], HasSubstr("10 segments in 0.000 ms, 14480 bytes, seq 1-14480"));
  EXPECT_THAT(in_english_.lines[0], HasSubstr("the whole initial window"));
  EXPECT_THAT(in_chinese_.lines.at(0), HasSubstr("占满整个初始拥塞窗口"));
}

TEST_F(ToldInRuns, WhereAMessageBeginsOrEndsHasALineOfItsOwn) {
  begin();
  mark(MessageMark::Kind::Begin, 1);
  mark(MessageMark::Kind::Name, 0, "HTTP/1.1 200 OK", 7240);
  mark(MessageMark::Kind::End, 7241);
  for (std::uint32_t i = 0; i < 5; ++i) leaves(SendReason::NewData, 1 + 1448 * i, 1448);
  ASSERT_EQ(in_english_.lines.size(), 3U);
  EXPECT_THAT(in_english_.lines[0], HasSubstr("begins"));
  EXPECT_THAT(in_english_.lines[1], HasSubstr("3 segments"));
  EXPECT_THAT(in_english_.lines[2], HasSubstr("ends"));
}

// Of more connections than can wait the one that was silent longest is told.
TEST_F(ToldInRuns, ManyConnectionsWaitForALittle) {
  for (std::uint16_t port = 0; port < 40; ++port) {
    now_ += 1ms;
    tcb_.snd.nxt = SeqNum(kOurIss + 1);
    for (const std::uint32_t seq : {1U, 101U})
      leaves(SendReason::NewData, seq, 100, kAck, static_cast<std::uint16_t>(41000 + port));
  }
  ASSERT_EQ(in_english_.lines.size(), 8U) << "32 may wait";
  EXPECT_THAT(in_english_.lines[0], HasSubstr(":41000"));
  EXPECT_THAT(in_english_.lines[7], HasSubstr(":41007"));
  english_.flush();
  EXPECT_EQ(in_english_.lines.size(), 40U) << "and nothing is forgotten";
}

}  // namespace
}  // namespace glasstcp
