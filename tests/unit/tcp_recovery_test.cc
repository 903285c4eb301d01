// New Reno in numbers: slow start, congestion avoidance, fast retransmit, fast recovery, timeouts,
// idle restart.
#include <gtest/gtest.h>

#include "stack/tcp/new_reno.h"
#include "stack/tcp/recovery.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;
constexpr SeqNum kUna(0xffffff00U);

struct RecoveryTest : ::testing::Test {
  NewReno reno;
  CongestionState state;
  Recovery recovery;
  void SetUp() override {
    reno.start(state, 10 * kMss);
    recovery.start(kUna);
  }
  FlightFacts flight(std::uint32_t from, std::uint32_t to) const {
    return {kUna + from, kUna + to, kMss};
  }
  RecoveryAction duplicate(const FlightFacts& facts) {
    return recovery.on_duplicate(state, reno, facts);
  }
};

TEST_F(RecoveryTest, SlowStartGrowsByWhatIsAcknowledged) {
  COVERS("R5681-04", "R5681-05", "MUST-19");
  EXPECT_EQ(state.ssthresh, kNoThreshold);
  reno.on_ack(state, {kMss, kMss, kMss, true});
  EXPECT_EQ(state.cwnd, 11 * kMss);
  reno.on_ack(state, {kMss, kMss,
                      false});  // the application had nothing to send: the window proves nothing
  EXPECT_EQ(state.cwnd, 11 * kMss);
  reno.on_ack(state,
              {3 * kMss, kMss, kMss, true});  // one ACK for three segments still grows it by one
  EXPECT_EQ(state.cwnd, 12 * kMss);
}

TEST_F(RecoveryTest, CongestionAvoidanceGrowsOneSegmentPerWindow) {
  COVERS("R5681-06");
  state.ssthresh = 10 * kMss;
  for (int i = 0; i < 9; ++i) reno.on_ack(state, {kMss, kMss, kMss, true});
  EXPECT_EQ(state.cwnd, 10 * kMss);
  reno.on_ack(state, {kMss, kMss, kMss, true});
  EXPECT_EQ(state.cwnd, 11 * kMss);
}

TEST_F(RecoveryTest, TheThirdDuplicateRetransmitsAndHalves) {
  COVERS("R5681-09", "R5681-10", "R5681-12", "R5681-07", "R6582-02");
  const FlightFacts facts = flight(0, 10 * kMss);
  EXPECT_EQ(duplicate(facts), RecoveryAction::SendNewSegment);
  EXPECT_EQ(recovery.limited_transmit(kMss), kMss);
  EXPECT_EQ(duplicate(facts), RecoveryAction::SendNewSegment);
  EXPECT_EQ(recovery.limited_transmit(kMss), 2 * kMss);
  EXPECT_EQ(state.cwnd, 10 * kMss);  // limited transmit does not change it
  EXPECT_EQ(duplicate(facts), RecoveryAction::RetransmitFirst);
  EXPECT_EQ(state.ssthresh, 5 * kMss);
  EXPECT_EQ(state.cwnd, 8 * kMss);
  EXPECT_EQ(recovery.limited_transmit(kMss), 0U);
  EXPECT_EQ(duplicate(facts), RecoveryAction::SendNewSegment);
  EXPECT_EQ(state.cwnd, 9 * kMss);
}

TEST_F(RecoveryTest, APartialAcknowledgmentShowsTheNextHole) {
  COVERS("R6582-01");
  const FlightFacts facts = flight(0, 10 * kMss);
  for (int i = 0; i < 3; ++i) duplicate(facts);
  EXPECT_EQ(recovery.on_advance(state, kUna + 4 * kMss, 4 * kMss, flight(4 * kMss, 10 * kMss)),
            RecoveryAction::RetransmitNextHole);
  EXPECT_TRUE(recovery.is_active());
  EXPECT_EQ(state.cwnd, 5 * kMss);  // 8 - 4 + 1
  EXPECT_TRUE(recovery.may_restart_timer());
  recovery.on_advance(state, kUna + 5 * kMss, kMss, flight(5 * kMss, 10 * kMss));
  EXPECT_FALSE(recovery.may_restart_timer());
}

TEST_F(RecoveryTest, AFullAcknowledgmentEndsItWithoutABurst) {
  COVERS("R6582-02", "R5681-12");
  const FlightFacts facts = flight(0, 10 * kMss);
  for (int i = 0; i < 8; ++i) duplicate(facts);
  EXPECT_EQ(recovery.on_advance(state, kUna + 10 * kMss, 10 * kMss, flight(10 * kMss, 11 * kMss)),
            RecoveryAction::Leave);
  EXPECT_EQ(state.cwnd, 2 * kMss);  // one segment is outstanding: no burst of five
  EXPECT_FALSE(recovery.is_active());
}

TEST_F(RecoveryTest, ATimeoutCollapsesTheWindowAndForbidsFastRetransmitUntilItIsPassed) {
  COVERS("R5681-07", "R5681-08");
  reno.on_timeout(state, 10 * kMss, kMss, true);
  recovery.on_timeout(kUna + 10 * kMss);
  EXPECT_EQ(state.cwnd, kMss);
  EXPECT_EQ(state.ssthresh, 5 * kMss);
  reno.on_timeout(state, kMss, kMss, false);  // again for the same segment: the threshold stays
  EXPECT_EQ(state.ssthresh, 5 * kMss);
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(duplicate(flight(0, 10 * kMss)), RecoveryAction::RetransmitFirst);
}

TEST_F(RecoveryTest, TheThresholdIsNeverBelowTwoSegments) {
  COVERS("R5681-07");
  reno.on_loss(state, kMss, kMss);
  EXPECT_EQ(state.ssthresh, 2 * kMss);
}

TEST_F(RecoveryTest, IdlenessReturnsToTheRestartWindowButNeverRaisesIt) {
  COVERS("R5681-13");
  state.cwnd = 50 * kMss;
  reno.on_idle(state, 10 * kMss);
  EXPECT_EQ(state.cwnd, 10 * kMss);
  state.cwnd = 3 * kMss;
  reno.on_idle(state, 10 * kMss);
  EXPECT_EQ(state.cwnd, 3 * kMss);
}

}  // namespace
}  // namespace glasstcp
