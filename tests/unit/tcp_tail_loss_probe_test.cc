// The tail loss probe's timeout and its episode; and the least round trip, which both it and RACK
// live on.
#include <gtest/gtest.h>

#include "stack/tcp/recovery/min_rtt.h"
#include "stack/tcp/recovery/tail_loss_probe.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr SeqNum kNxt(0x00000010U);
constexpr Duration kFloor = 2ms;

ProbeAckFacts ack(SeqNum number) {
  ProbeAckFacts facts;
  facts.ack = number;
  return facts;
}

TEST(TailLossProbeTest, WaitsTwoRoundTrips) {
  COVERS("R8985-07", "R8985-08");
  EXPECT_EQ(TailLossProbe::timeout(100ms, 0ms, kFloor), 200ms);
  EXPECT_EQ(TailLossProbe::timeout(100ms, 200ms, kFloor), 400ms) << "a lone segment";
  EXPECT_EQ(TailLossProbe::timeout(Duration::zero(), 200ms, kFloor), 1s) << "no sample yet";
  EXPECT_EQ(TailLossProbe::timeout(100us, 0ms, kFloor), kFloor);
}

TEST(TailLossProbeTest, OneEpisodeAtATimeAndASampleBetweenThem) {
  COVERS("R8985-09");
  TailLossProbe probe;
  EXPECT_TRUE(probe.may_probe());
  probe.on_timer();
  EXPECT_TRUE(probe.is_due());
  probe.on_sent(kNxt, true);
  EXPECT_FALSE(probe.is_due());
  EXPECT_FALSE(probe.may_probe()) << "it is open";
  probe.stop();
  EXPECT_FALSE(probe.may_probe()) << "nothing was measured since";
  probe.on_rtt_sample();
  EXPECT_TRUE(probe.may_probe());
}

TEST(TailLossProbeTest, AnAcknowledgmentCallsTheProbeOff) {
  TailLossProbe probe;
  probe.on_timer();
  EXPECT_EQ(probe.on_ack(ack(kNxt)), ProbeOutcome::Open);
  EXPECT_FALSE(probe.is_due());
}

TEST(TailLossProbeTest, NewDataAsAProbeRepairsNothing) {
  COVERS("R8985-12");
  TailLossProbe probe;
  probe.on_sent(kNxt, false);
  EXPECT_EQ(probe.on_ack(ack(kNxt - 1)), ProbeOutcome::Open);
  EXPECT_EQ(probe.on_ack(ack(kNxt)), ProbeOutcome::Ended);
}

TEST(TailLossProbeTest, WithoutADuplicateItRepairedALoss) {
  COVERS("R8985-12");
  TailLossProbe probe;
  probe.on_sent(kNxt, true);
  EXPECT_EQ(probe.on_ack(ack(kNxt)), ProbeOutcome::Open) << "of the original, or of the probe?";
  EXPECT_EQ(probe.on_ack(ack(kNxt + 1)), ProbeOutcome::Repaired);
  EXPECT_EQ(probe.on_ack(ack(kNxt + 2)), ProbeOutcome::Open) << "there is none any more";
}

TEST(TailLossProbeTest, AReportedOrABareDuplicateMeansThatNothingWasLost) {
  COVERS("R8985-12");
  for (const bool is_reported : {true, false}) {
    TailLossProbe probe;
    probe.on_sent(kNxt, true);
    ProbeAckFacts facts = ack(kNxt);
    if (is_reported) facts.duplicate_end = kNxt;
    facts.is_plain_duplicate = !is_reported;
    EXPECT_EQ(probe.on_ack(facts), ProbeOutcome::Ended);
    EXPECT_EQ(probe.on_ack(ack(kNxt + 1)), ProbeOutcome::Open);
  }
}

TEST(TailLossProbeTest, TheDuplicateOfAnotherSegmentIsNoProof) {
  COVERS("R8985-12");
  TailLossProbe probe;
  probe.on_sent(kNxt, true);
  ProbeAckFacts facts = ack(kNxt);
  facts.duplicate_end = kNxt - 1000;
  EXPECT_EQ(probe.on_ack(facts), ProbeOutcome::Open);
}

TEST(RttMinimumTest, ForgetsWhatIsLongAgo) {
  RttMinimum least;
  EXPECT_FALSE(least.has_sample());
  EXPECT_EQ(least.get(), Duration::zero());
  const Instant begin = Instant(1h);
  least.add(10ms, begin);
  least.add(30ms, begin + 1s);
  EXPECT_EQ(least.get(), 10ms);
  least.add(30ms, begin + RttMinimum::kHalf);
  EXPECT_EQ(least.get(), 10ms) << "of the half before";
  least.add(30ms, begin + 2 * RttMinimum::kHalf);
  EXPECT_EQ(least.get(), 30ms);
}

TEST(RttMinimumTest, KeepsFractionsOfAMicrosecond) {
  RttMinimum least;
  least.add(1250ns, Instant(1s));
  EXPECT_EQ(least.get(), 1250ns);
  least.add(1ns, Instant(1s));
  EXPECT_EQ(least.get(), 125ns) << "never zero, which would mean that there is none";
}

TEST(RttMinimumTest, ANewMinimumCountsAtOnceAndSurvivesTheClocksWrap) {
  RttMinimum least;
  const Instant near_wrap = Instant(std::chrono::milliseconds(0xffffffffLL)) - 1s;
  least.add(20ms, near_wrap);
  least.add(5ms, near_wrap + 2s);
  EXPECT_EQ(least.get(), 5ms);
  least.add(50ms, near_wrap + RttMinimum::kHalf + 1s);
  least.add(50ms, near_wrap + 2 * RttMinimum::kHalf + 2s);
  EXPECT_EQ(least.get(), 50ms);
}

}  // namespace
}  // namespace glasstcp
