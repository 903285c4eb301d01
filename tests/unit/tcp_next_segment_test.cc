// NextSegment alone: a transmission control block without a connection, and what is sent next, and
// why.
#include <gtest/gtest.h>

#include <string>

#include "stack/tcp/connection/next_segment.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint16_t kMss = 1000;
constexpr SeqNum kIss(0xfffffeffU);  // the numbers come round
constexpr SeqNum kFirst(kIss + 1);
Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

TcpSetup setup() {
  TcpSetup s;
  s.seed = Seed::from_number(1);
  s.memory = 1 << 20;
  return s;
}

IpConfig host() {
  IpConfig config;
  config.addresses = {*Cidr::parse("192.0.2.1/24")};
  return config;
}

/// A block whose variables a test sets itself: ESTABLISHED, nothing queued, ten segments of window.
struct Block : Tcb {
  explicit Block(TcpContext& context)
      : Tcb(context,
            {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"), Port(80), Port(1234)},
            1, 65535, at(0)) {
    state_ = State::Established;
    snd.iss = kIss;
    snd.una = snd.nxt = snd.up = kFirst;
    tx_.start_at(kFirst);
    receiver_.synchronize(SeqNum(1), 65535);
    size_.set_peer_mss(kMss);
    size_.update(path_facts(at(0)), nullptr);
    offer(10 * kMss);
    recovery_.start(congestion(), snd.una, 10 * kMss);
  }
  ~Block() {
    tx_.clear(context_.tx);
    recovery_.release_flight(context_);
    if (extras_ != kNone) context_.extras.release(extras_);
  }
  // The peer's window.
  void offer(std::uint32_t window) {
    snd.wnd = window;
    size_.on_window(window);
  }
  void queue(std::size_t bytes) {
    const std::string data(bytes, 'x');
    const auto* begin = reinterpret_cast<const std::uint8_t*>(data.data());
    ASSERT_EQ(tx_.append_copy(context_.tx, {begin, bytes}), bytes);
  }
  // `bytes` of what is queued have left.
  void send(std::uint32_t bytes) {
    const NewTransmission sent{snd.nxt + bytes, bytes};
    ASSERT_TRUE(recovery_.acquire_flight(context_, nullptr));
    ASSERT_TRUE(recovery_.add(sender_facts(at(0)), sent));
    snd.nxt = sent.end;
    recovery_.on_sent(sender_facts(at(0)), sent, false, false);
  }
  [[nodiscard]] bool send_syn() {
    const bool added = recovery_.acquire_flight(context_, nullptr) &&
                       recovery_.add(sender_facts(at(0)), {kFirst, 0, true});
    snd.nxt = kFirst;
    return added;
  }
  void lose_everything() {
    ASSERT_TRUE(recovery_.retransmit_all(context_, snd.nxt, SendReason::RetransmitTimeout));
  }
  void owe_ack() { receiver_.demand_ack(SendReason::AckImmediate); }

  using Tcb::intent_;
  using Tcb::keep_alive_;
  using Tcb::pending_reset_;
  using Tcb::persist_;
  using Tcb::snd;
  using Tcb::state_;
};

struct NextSegmentTest : ::testing::Test {
  IpLayer ip{host(), Seed::from_number(1)};
  TcpContext context{setup(), ip, at(0)};
  Block tcb{context};

  [[nodiscard]] std::optional<SendDecision> next() const { return NextSegment(tcb).decide(at(1)); }
  // The reason, the bytes and the flags of what is next; "nothing".
  [[nodiscard]] std::string next_in_words() const {
    const auto d = next();
    if (!d) return "nothing";
    std::string flags;
    if (d->flags.syn()) flags += 'S';
    if (d->flags.fin()) flags += 'F';
    if (d->flags.rst()) flags += 'R';
    if (d->flags.has(TcpFlags::kPsh)) flags += 'P';
    if (d->flags.ack()) flags += 'A';
    if (d->flags.urg()) flags += 'U';
    return std::string(name_of(d->reason)) + " " + std::to_string(d->length) + " " + flags;
  }
};

TEST_F(NextSegmentTest, NothingWaitsAndNothingIsOwed) {
  EXPECT_EQ(next_in_words(), "nothing");
  tcb.owe_ack();
  EXPECT_EQ(next_in_words(), "AckImmediate 0 A");
}

TEST_F(NextSegmentTest, DataTakesTheAckAlongAndTheLastByteIsPushed) {
  COVERS("MUST-61");
  tcb.owe_ack();
  tcb.queue(2500);
  EXPECT_EQ(next_in_words(), "NewData 1000 A");
  tcb.send(1000);
  EXPECT_EQ(next()->seq, kFirst + 1000);
  tcb.send(1000);
  EXPECT_EQ(next_in_words(), "AckImmediate 0 A") << "the rest waits for Nagle, the ACK does not";
  tcb.intent_.set_nagle(false);
  EXPECT_EQ(next_in_words(), "NewData 500 PA");
}

TEST_F(NextSegmentTest, ThePeersWindowMayBePulledBack) {
  COVERS("MUST-34", "SHLD-15");
  tcb.queue(5000);
  tcb.send(3000);
  tcb.offer(2000);  // behind what has left already
  EXPECT_EQ(next_in_words(), "nothing");
  tcb.offer(4000);
  EXPECT_EQ(next_in_words(), "NewData 1000 A");
}

TEST_F(NextSegmentTest, WhatIsLostGoesBeforeNewData) {
  tcb.queue(3000);
  tcb.send(2000);
  EXPECT_EQ(next()->seq, kFirst + 2000);
  tcb.lose_everything();
  ASSERT_EQ(next_in_words(), "RetransmitTimeout 1000 A");
  EXPECT_EQ(next()->seq, kFirst);
  EXPECT_EQ(next()->kind, SendDecision::Kind::Retransmission);
}

TEST_F(NextSegmentTest, WhatIsLostBeyondAShrunkenWindowWaits) {
  tcb.queue(2000);
  tcb.send(2000);
  tcb.lose_everything();
  tcb.offer(0);
  EXPECT_EQ(next_in_words(), "nothing");
}

TEST_F(NextSegmentTest, AFinRidesOnTheLastDataAndGoesAloneBehindIt) {
  tcb.queue(500);
  tcb.intent_.queue_fin();
  EXPECT_EQ(next_in_words(), "NewDataFin 500 FPA");
  tcb.send(500);
  EXPECT_EQ(next_in_words(), "Fin 0 FA");
  tcb.snd.nxt += 1;
  EXPECT_EQ(next_in_words(), "nothing");
}

TEST_F(NextSegmentTest, AClosedWindowIsProbedByOneOctetOnceTheTimerSaysSo) {
  COVERS("MUST-36");
  tcb.queue(500);
  tcb.offer(0);
  EXPECT_EQ(next_in_words(), "nothing");
  tcb.persist_.on_timer();
  EXPECT_EQ(next_in_words(), "ZeroWindowProbe 1 A");
  EXPECT_EQ(next()->seq, kFirst);
}

TEST_F(NextSegmentTest, AKeepAliveHasAnOldNumberAndNoData) {
  COVERS("SHLD-12");
  tcb.keep_alive_.set(true);
  ASSERT_TRUE(tcb.keep_alive_.on_timer(9));
  EXPECT_EQ(next_in_words(), "KeepAlive 0 A");
  EXPECT_EQ(next()->seq, kFirst - 1);
}

TEST_F(NextSegmentTest, AResetGoesBeforeEverything) {
  tcb.queue(500);
  tcb.owe_ack();
  tcb.state_ = State::Closed;
  tcb.pending_reset_ = SendReason::RstAborted;
  EXPECT_EQ(next_in_words(), "RstAborted 0 RA");
}

TEST_F(NextSegmentTest, ASynLeavesOnceAndAgainOnlyWhenItIsLost) {
  tcb.state_ = State::SynSent;
  tcb.snd.una = tcb.snd.nxt = kIss;
  EXPECT_EQ(next_in_words(), "Syn 0 S");
  ASSERT_TRUE(tcb.send_syn());
  EXPECT_EQ(next_in_words(), "nothing");
  tcb.lose_everything();
  EXPECT_EQ(next_in_words(), "SynRetransmit 0 S");
}

}  // namespace
}  // namespace glasstcp
