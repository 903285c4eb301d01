// LossRecovery alone, without a connection: what it answers to ACKs and timers, and what becomes of
// the window.
#include <gtest/gtest.h>

#include "stack/tcp/recovery/loss_recovery.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint16_t kMss = 1000;
constexpr SeqNum kIss(0xfffffeffU);  // the numbers come round
Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

struct LossRecoveryTest : ::testing::Test {
  RecoveryContext context{TcpConfig{}, 256, at(0)};
  NewReno reno{false};
  Timestamps timestamps;
  SendVariables snd;
  LossRecovery recovery{context.default_settings.rto};
  std::optional<TimerName> armed;
  int now = 0;

  void SetUp() override {
    snd.iss = kIss;
    snd.una = snd.nxt = kIss + 1;
    snd.wnd = 1'000'000;
    recovery.start(reno, snd.una, 10 * kMss);
  }
  void TearDown() override { recovery.release_flight(context); }

  SenderFacts facts() {
    SenderFacts s{context, reno, snd, timestamps, context.default_settings};
    s.now = at(now);
    s.mss = s.full_segment = kMss;
    s.max_payload = kMss;
    s.sack = s.is_synchronized = true;
    s.armed_timer = armed;
    return s;
  }
  // Where segment `n` begins, of those that were sent first.
  static SeqNum begin(std::uint32_t n) { return kIss + 1 + n * kMss; }
  void send(int segments) {
    for (int i = 0; i < segments; ++i) {
      const NewTransmission sent{snd.nxt + kMss, kMss};
      ASSERT_TRUE(recovery.acquire_flight(context, nullptr));
      ASSERT_TRUE(recovery.add(facts(), sent));
      snd.nxt = sent.end;
      if (const auto timer = recovery.on_sent(facts(), sent, false, false)) armed = timer->name;
    }
  }
  // An ACK of everything before segment `n`, which reports [from, to) by SACK.
  AckOutcome ack(std::uint32_t n, std::uint32_t from = 0, std::uint32_t to = 0) {
    return acknowledge(n, from, to, facts());
  }
  AckOutcome acknowledge(std::uint32_t n, std::uint32_t from, std::uint32_t to, SenderFacts s) {
    Segment seg;
    seg.ack = begin(n);
    seg.wnd = 10'000;
    if (to > from) seg.options.sack[seg.options.sack_count++] = {begin(from), begin(to)};
    const SeqNum prior = snd.una;
    snd.una = later(snd.una, seg.ack);
    const AckOutcome outcome = recovery.on_ack(s, seg, prior);
    if (outcome.restarts_timers) armed.reset();
    if (outcome.timer) armed = outcome.timer->name;
    return outcome;
  }
};

TEST_F(LossRecoveryTest, WhatIsAcknowledgedLeavesNothingBehind) {
  send(3);
  EXPECT_EQ(recovery.pipe(context, snd), 3U * kMss);
  EXPECT_TRUE(recovery.has_flight());
  now = 100;
  const AckOutcome outcome = ack(3);
  EXPECT_EQ(outcome.rtt, 100ms);
  EXPECT_TRUE(outcome.restarts_timers);
  EXPECT_FALSE(outcome.timer) << "nothing is outstanding";
  EXPECT_FALSE(recovery.has_flight()) << "no loss was seen that is worth remembering";
}

TEST_F(LossRecoveryTest, ProgressRestartsTheTimerAndARepetitionDoesNotProlongIt) {
  COVERS("R6298-10");
  send(4);
  now = 100;
  EXPECT_TRUE(ack(2).restarts_timers);
  armed = TimerName::Retransmit;
  now = 150;
  const AckOutcome again = ack(2);
  EXPECT_FALSE(again.restarts_timers);
  EXPECT_FALSE(again.timer);
}

TEST_F(LossRecoveryTest, ALossBeginsAnEpisodeThatEndsAtTheThreshold) {
  COVERS("R5681-12", "R8985-05");
  send(10);
  now = 100;
  const AckOutcome outcome = ack(0, 1, 5);
  EXPECT_TRUE(outcome.restarts_timers);
  EXPECT_EQ(outcome.timer->name, TimerName::Retransmit);
  EXPECT_EQ(recovery.episode(context).phase(), RecoveryPhase::FastRecovery);
  EXPECT_EQ(recovery.ssthresh(), 5U * kMss);
  EXPECT_EQ(recovery.retransmit_reason(), SendReason::RackRetransmit);
  const std::uint32_t lost = recovery.queue(context).first_lost();
  ASSERT_NE(lost, kNone);
  EXPECT_EQ(context.sent[lost].begin, begin(0));
  recovery.on_retransmitted(facts(), {lost, kMss, SendReason::RackRetransmit});
  EXPECT_EQ(recovery.queue(context).first_lost(), kNone);
  now = 200;
  ack(10);
  EXPECT_EQ(recovery.episode(context).phase(), RecoveryPhase::Open);
  EXPECT_EQ(recovery.cwnd() / kMss, 5U);
}

TEST_F(LossRecoveryTest, AnMtuProbeThatAloneIsLostIsNoSignOfCongestion) {
  COVERS("R4821-02");
  send(10);
  now = 100;
  SenderFacts s = facts();
  s.mtu_probe_begin = begin(0);
  s.mtu_probe_end = begin(1);
  EXPECT_EQ(acknowledge(0, 1, 5, s).mtu_probe, MtuProbeResult::Lost);
  EXPECT_EQ(recovery.ssthresh(), kNoThreshold);
  EXPECT_EQ(recovery.retransmit_reason(), SendReason::MtuRetransmit);
}

TEST_F(LossRecoveryTest, ALossBesideAnMtuProbeSaysNothingOfTheProbe) {
  send(10);
  now = 100;
  SenderFacts s = facts();
  s.mtu_probe_begin = begin(7);
  s.mtu_probe_end = begin(8);
  EXPECT_EQ(acknowledge(0, 1, 5, s).mtu_probe, MtuProbeResult::Inconclusive);
  EXPECT_EQ(recovery.ssthresh(), 5U * kMss);
}

TEST_F(LossRecoveryTest, ATimeoutSendsTheFirstSegmentWhateverTheWindowSays) {
  COVERS("R6298-11");
  send(10);
  const Duration before = recovery.rto(context.default_settings.rto);
  now = 2000;
  recovery.on_timeout(facts(), true, SendReason::RetransmitTimeout);
  EXPECT_EQ(recovery.rto(context.default_settings.rto), 2 * before);
  EXPECT_EQ(recovery.episode(context).phase(), RecoveryPhase::Timeout);
  EXPECT_EQ(recovery.ssthresh(), 5U * kMss);
  EXPECT_TRUE(recovery.ignores_cwnd());
  const std::uint32_t lost = recovery.queue(context).first_lost();
  recovery.on_retransmitted(facts(), {lost, kMss, SendReason::RetransmitTimeout});
  EXPECT_FALSE(recovery.ignores_cwnd()) << "this once";
  EXPECT_EQ(recovery.retransmit_reason(), SendReason::RetransmitAfterTimeout);
}

TEST_F(LossRecoveryTest, WithoutProgressATimerRunsAllTheSame) {
  COVERS("R8985-07");
  send(2);
  EXPECT_EQ(armed, TimerName::TailLossProbe);
  recovery.on_tail_probe_timer(facts());
  EXPECT_TRUE(recovery.owes_tail_probe(context));
  armed.reset();
  EXPECT_EQ(recovery.loss_timer(facts()).name, TimerName::Retransmit) << "the timeout is next";
}

TEST_F(LossRecoveryTest, WhatGoesAgainForANewPathIsNoSignOfCongestion) {
  EXPECT_FALSE(recovery.retransmit_all(context, snd.nxt, SendReason::MtuRetransmit));
  send(3);
  EXPECT_TRUE(recovery.retransmit_all(context, snd.nxt, SendReason::MtuRetransmit));
  EXPECT_EQ(recovery.queue(context).lost_bytes(), 3U * kMss);
  EXPECT_EQ(recovery.cwnd(), 10U * kMss);
  EXPECT_EQ(recovery.ssthresh(), kNoThreshold);
}

}  // namespace
}  // namespace glasstcp
