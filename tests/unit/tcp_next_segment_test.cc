// NextSegment alone: a transmission control block without a connection, and what is sent next, and
// why.
#include <gtest/gtest.h>

#include <string>

#include "stack/tcp/connection/next_segment.h"
#include "tests/support/covers.h"
#include "tests/support/tcb_block.h"

namespace glasstcp::test {
namespace {

struct NextSegmentTest : ::testing::Test {
  TcbHost host;
  Block tcb{host.context};

  [[nodiscard]] std::optional<SendDecision> next() const {
    return NextSegment(tcb).decide(Instant(1ms));
  }
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
}  // namespace glasstcp::test
