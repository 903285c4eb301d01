// New Reno's window, proportional rate reduction, and the episodes of recovery, in numbers.
#include <gtest/gtest.h>

#include "stack/tcp/congestion/new_reno.h"
#include "stack/tcp/recovery/recovery_episode.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;
constexpr SeqNum kUna(0xffffff00U);

struct NewRenoTest : ::testing::Test {
  NewReno reno;
  CongestionState state;
  CongestionModel model;
  void SetUp() override { reno.start({state, model}, 10 * kMss); }
  void acked(std::uint32_t bytes, bool window_was_limit = true, bool in_recovery = false) {
    AckFacts facts;
    facts.acked = bytes;
    facts.mss = facts.most_per_ack = kMss;
    facts.window_was_limit = window_was_limit;
    facts.in_recovery = in_recovery;
    reno.on_ack({state, model}, facts);
  }
  LossFacts flight(std::uint32_t segments) const {
    LossFacts facts;
    facts.flight = segments * kMss;
    facts.mss = kMss;
    return facts;
  }
};

TEST_F(NewRenoTest, SlowStartGrowsByWhatIsAcknowledged) {
  COVERS("R5681-04", "R5681-05", "MUST-19");
  EXPECT_EQ(state.ssthresh, kNoThreshold);
  acked(kMss);
  EXPECT_EQ(state.cwnd, 11 * kMss);
  acked(kMss, false);  // the application had nothing to send: the window proves nothing
  EXPECT_EQ(state.cwnd, 11 * kMss);
  acked(3 * kMss);  // one ACK for three segments still grows it by one
  EXPECT_EQ(state.cwnd, 12 * kMss);
}

TEST_F(NewRenoTest, CongestionAvoidanceGrowsOneSegmentPerWindow) {
  COVERS("R5681-06");
  state.ssthresh = 10 * kMss;
  for (int i = 0; i < 9; ++i) acked(kMss);
  EXPECT_EQ(state.cwnd, 10 * kMss);
  acked(kMss);
  EXPECT_EQ(state.cwnd, 11 * kMss);
}

TEST_F(NewRenoTest, RecoveryIsNotItsBusiness) {
  acked(kMss, true, true);
  EXPECT_EQ(state.cwnd, 10 * kMss);
}

TEST_F(NewRenoTest, ALossHalvesTheFlightButLeavesTwoSegments) {
  COVERS("R5681-07");
  reno.on_congestion({state, model}, flight(10));
  EXPECT_EQ(state.ssthresh, 5 * kMss);
  reno.on_congestion({state, model}, flight(1));
  EXPECT_EQ(state.ssthresh, 2 * kMss);
}

TEST_F(NewRenoTest, ATimeoutCollapsesTheWindowAndLowersTheThresholdOnce) {
  COVERS("R5681-07", "R5681-08");
  reno.on_timeout({state, model}, flight(10), true);
  EXPECT_EQ(state.cwnd, kMss);
  EXPECT_EQ(state.ssthresh, 5 * kMss);
  reno.on_timeout({state, model}, flight(1), false);  // again for the same segment
  EXPECT_EQ(state.ssthresh, 5 * kMss);
}

TEST_F(NewRenoTest, IdlenessReturnsToTheRestartWindowButNeverRaisesIt) {
  COVERS("R5681-13");
  state.cwnd = 50 * kMss;
  reno.on_idle({state, model}, 10 * kMss, Instant());
  EXPECT_EQ(state.cwnd, 10 * kMss);
  state.cwnd = 3 * kMss;
  reno.on_idle({state, model}, 10 * kMss, Instant());
  EXPECT_EQ(state.cwnd, 3 * kMss);
}

TEST_F(NewRenoTest, WhatWasAcknowledgedOfALargeWindowDoesNotCountForTheRestartWindow) {
  COVERS("R5681-06", "R5681-13");
  state.cwnd = 50 * kMss;
  state.ssthresh = 10 * kMss;
  for (int i = 0; i < 49; ++i) acked(kMss);
  EXPECT_EQ(state.cwnd, 50 * kMss);
  reno.on_idle({state, model}, 10 * kMss, Instant());
  for (int i = 0; i < 10; ++i) acked(kMss);
  EXPECT_EQ(state.cwnd, 11 * kMss) << "one segment in a round trip, not one with each ACK";
}

// Twenty segments in flight, the first is lost, the threshold is ten: for every two that are
// delivered one may leave.
TEST(ProportionalRateReduction, SendsOneForTwoDeliveredWhenTheWindowIsHalved) {
  COVERS("R6937-01", "R6937-03", "R9937-01");
  Prr prr;
  prr.start(20 * kMss);
  std::uint32_t in_flight = 19 * kMss;
  std::uint32_t sent = 0;
  for (int delivered = 1; delivered <= 18; ++delivered) {
    in_flight -= kMss;
    const std::uint32_t cwnd = prr.on_ack({kMss, in_flight, 10 * kMss, kMss, false});
    const std::uint32_t room = (cwnd - in_flight) / kMss * kMss;
    // The fast retransmit goes whatever the proportion says.
    EXPECT_TRUE(delivered > 1 || room == kMss);
    prr.on_sent(room);
    sent += room;
    in_flight += room;
  }
  EXPECT_EQ(sent, 9 * kMss);
  EXPECT_EQ(in_flight, 10 * kMss);
}

TEST(ProportionalRateReduction, BelowTheThresholdASafeAckLetsOneSegmentMoreGo) {
  COVERS("R6937-02", "R9937-02");
  Prr prr;
  prr.start(20 * kMss);
  EXPECT_EQ(prr.on_ack({kMss, 2 * kMss, 10 * kMss, kMss, false}), 3 * kMss);
  prr.on_sent(kMss);
  EXPECT_EQ(prr.on_ack({kMss, 2 * kMss, 10 * kMss, kMss, true}), 4 * kMss);
  prr.on_sent(2 * kMss);
  EXPECT_EQ(prr.on_ack({8 * kMss, 9 * kMss, 10 * kMss, kMss, true}), 10 * kMss);  // never beyond
}

struct RecoveryTest : ::testing::Test {
  RecoveryEpisode recovery;
  CongestionState state{10 * kMss, kNoThreshold, 0};
  EpisodeFacts episode(std::uint32_t una, std::uint32_t nxt) const {
    EpisodeFacts facts;
    facts.now = Instant(1s);
    facts.una = kUna + una;
    facts.nxt = kUna + nxt;
    facts.recover_fs = nxt - una;
    facts.before = state;
    return facts;
  }
};

TEST_F(RecoveryTest, LastsUntilWhatWasSentBeforeItIsAcknowledged) {
  COVERS("R6582-02", "R6675-05");
  recovery.start(RecoveryPhase::FastRecovery, episode(0, 10 * kMss));
  EXPECT_TRUE(recovery.is_active());
  EXPECT_EQ(recovery.recover(), kUna + 10 * kMss);
  recovery.finish(true);
  EXPECT_EQ(recovery.phase(), RecoveryPhase::Open);
}

TEST_F(RecoveryTest, OnlyTheFirstPartialAckRestartsTheTimer) {
  COVERS("R6582-01");
  recovery.start(RecoveryPhase::FastRecovery, episode(0, 10 * kMss));
  recovery.on_partial_ack();
  EXPECT_TRUE(recovery.may_restart_timer());
  recovery.on_partial_ack();
  EXPECT_FALSE(recovery.may_restart_timer());
}

TEST_F(RecoveryTest, DuplicatesStandForOneSegmentEachAndForNoMoreThanThereIs) {
  COVERS("R9937-04");
  EXPECT_EQ(recovery.on_duplicate(kMss, 2500), kMss);
  EXPECT_EQ(recovery.on_duplicate(kMss, 2500), kMss);
  EXPECT_EQ(recovery.on_duplicate(kMss, 2500), 500U);
  EXPECT_EQ(recovery.on_duplicate(kMss, 2500), 0U);
  recovery.start(RecoveryPhase::FastRecovery, episode(0, 4 * kMss));
  EXPECT_EQ(recovery.on_advance(kUna + 2 * kMss, 2 * kMss, kMss),
            kMss);  // the hole; the other was reported
  EXPECT_EQ(recovery.assumed_delivered(), 1500U);
}

TEST_F(RecoveryTest, AfterATimeoutDuplicatesSayNothingUntilItIsPassed) {
  COVERS("R6675-07");
  recovery.on_timeout(episode(0, 10 * kMss), false, true);
  EXPECT_FALSE(recovery.may_count_duplicates(kUna + 5 * kMss, kUna + 10 * kMss));
  EXPECT_TRUE(
      recovery.may_count_duplicates(kUna + 5 * kMss, kUna + 12 * kMss));  // F-RTO's new data
  recovery.finish(false);
  EXPECT_FALSE(recovery.may_count_duplicates(kUna + 10 * kMss, kUna + 12 * kMss));
  EXPECT_TRUE(recovery.may_count_duplicates(kUna + 10 * kMss + 1, kUna + 12 * kMss));
}

TEST_F(RecoveryTest, WhatFRtoSentStaysDeliveredWhileTheLostIsFilled) {
  COVERS("R5682-01");
  recovery.on_timeout(episode(0, 10 * kMss), true, true);
  recovery.expect_new_data(kUna + 10 * kMss);
  const std::uint32_t most = recovery.most_assumed(kUna + 12 * kMss, 3 * kMss);
  EXPECT_EQ(most, 2 * kMss);  // of it, and of nothing else
  EXPECT_EQ(recovery.on_duplicate(kMss, most), kMss);
  EXPECT_EQ(recovery.on_advance(kUna + 2 * kMss, kMss, kMss), kMss);
  EXPECT_EQ(recovery.assumed_delivered(), kMss);
}

TEST_F(RecoveryTest, WhatWasPassedStaysPassedWhenNumbersWrap) {
  COVERS("R6675-07");
  recovery.on_timeout(episode(0, 10 * kMss), false, true);
  recovery.finish(false);
  const SeqNum passed = kUna + 11 * kMss;
  recovery.on_advance(passed, kMss, kMss);
  const SeqNum much_later = passed + (1U << 31);
  EXPECT_TRUE(recovery.may_count_duplicates(much_later, much_later + kMss));
}

TEST_F(RecoveryTest, AMistakeIsTakenBackOnce) {
  recovery.start(RecoveryPhase::FastRecovery, episode(0, 10 * kMss));
  state = {4 * kMss, 5 * kMss, 0};
  recovery.on_retransmitted(kUna, kUna + 2 * kMss, TsVal{7000});
  recovery.on_duplicate_report({kUna, kUna + kMss});
  EXPECT_FALSE(recovery.all_were_duplicates());
  recovery.on_duplicate_report({kUna + kMss, kUna + 2 * kMss});
  EXPECT_TRUE(recovery.all_were_duplicates());
  recovery.undo(state);
  EXPECT_EQ(state.cwnd, 10 * kMss);
  EXPECT_EQ(state.ssthresh, kNoThreshold);
  EXPECT_FALSE(recovery.all_were_duplicates());
}

TEST_F(RecoveryTest, AnEchoFromBeforeTheRetransmissionWasCausedByTheOriginal) {
  recovery.on_timeout(episode(0, kMss), true, true);
  recovery.on_retransmitted(kUna, kUna + kMss, TsVal{7000});
  EXPECT_TRUE(recovery.is_answer_to_an_original(TsVal{6999}));
  EXPECT_FALSE(recovery.is_answer_to_an_original(TsVal{7000}));
}

TEST_F(RecoveryTest, ALostRetransmissionIsASecondSignOnlyIfItLeftAfterTheFirst) {
  COVERS("R8985-14", "R5681-15");
  recovery.start(RecoveryPhase::FastRecovery, episode(0, 10 * kMss));
  EXPECT_FALSE(recovery.was_sent_in_episode(Instant(1s) - 1ns));
  EXPECT_TRUE(recovery.was_sent_in_episode(Instant(1s))) << "it answered the reduction at once";
}

}  // namespace
}  // namespace glasstcp
