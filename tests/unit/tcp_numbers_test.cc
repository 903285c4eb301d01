// Where numbers start and how they age: ISNs, the timestamp clock, PAWS, and the small limits
// beside them.
#include <gtest/gtest.h>

#include "stack/tcp/connection/challenge_limit.h"
#include "stack/tcp/connection/keep_alive.h"
#include "stack/tcp/connection/persist.h"
#include "stack/tcp/connection/timer_table.h"
#include "stack/tcp/handshake/isn.h"
#include "stack/tcp/receive/ack_policy.h"
#include "stack/tcp/timestamps.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

Instant at(Duration since_start) {
  return Instant(since_start);
}
FourTuple tuple(std::uint16_t port) {
  return {IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port(80), Port(port)};
}

TEST(Isn, AdvancesWithAClockOfFourMicroseconds) {
  COVERS("MUST-8", "R6528-01");
  const IsnGenerator isn(Seed::from_number(1), {});
  const SeqNum first = isn.generate(tuple(1000), at(1s));
  EXPECT_EQ(isn.generate(tuple(1000), at(1s + 4us)) - first, 1);
  EXPECT_EQ(isn.generate(tuple(1000), at(2s)) - first, 250000);
}

TEST(Isn, DiffersByTupleAndBySecretSoThatOutsidersCannotGuess) {
  COVERS("SHLD-1", "MUST-9", "R6528-02", "R6528-03");
  const IsnGenerator one(Seed::from_number(1), {});
  const IsnGenerator two(Seed::from_number(2), {});
  EXPECT_NE(one.generate(tuple(1000), at(1s)), one.generate(tuple(1001), at(1s)));
  EXPECT_NE(one.generate(tuple(1000), at(1s)), two.generate(tuple(1000), at(1s)));
  EXPECT_NE(one.timestamp_offset(tuple(1000)), one.timestamp_offset(tuple(1001)));
}

TEST(Timestamps, TickOncePerMillisecond) {
  COVERS("R7323-14", "R7323-21", "R7323-23");
  EXPECT_EQ(difference(Timestamps::clock(5, at(10s)), Timestamps::clock(5, at(9s))), 1000);
  EXPECT_NE(Timestamps::clock(5, at(10s)), Timestamps::clock(6, at(10s)));
}

TEST(Timestamps, RejectWhatIsOlderThanTheRecentOneUntilThatIsOutdated) {
  COVERS("R7323-19", "R7323-22");
  const Timestamps ts(0, TsVal{1000}, at(0s));
  EXPECT_TRUE(ts.is_too_old(TsVal{999}, at(1s)));
  EXPECT_FALSE(ts.is_too_old(TsVal{1000}, at(1s)));
  EXPECT_FALSE(ts.is_too_old(TsVal{999}, at(25 * 24h)));
}

TEST(Timestamps, EchoTheSegmentThatCoversTheLastAcknowledgment) {
  COVERS("R7323-16", "R7323-20", "R7323-13");
  Timestamps ts(0, TsVal{1000}, at(0s));
  const SeqNum last_ack_sent(5000);
  ts.on_segment(TsVal{1010}, SeqNum(6000), last_ack_sent,
                at(1s));  // beyond: a later segment of a delayed pair
  EXPECT_EQ(ts.recent(), TsVal{1000});
  ts.on_segment(TsVal{1010}, SeqNum(5000), last_ack_sent, at(1s));
  EXPECT_EQ(ts.recent(), TsVal{1010});
}

TEST(AckPolicy, AcknowledgesEverySecondFullSegmentAndDelaysTheFirst) {
  COVERS("SHLD-18", "SHLD-19");
  AckPolicy ack;
  ack.on_data(1460, 1460, 2);
  EXPECT_EQ(ack.owed(), AckPolicy::Owed::Delayed);
  ack.on_data(1460, 1460, 2);
  EXPECT_EQ(ack.owed(), AckPolicy::Owed::Now);
  EXPECT_EQ(ack.reason(), SendReason::AckEverySecondSegment);
  ack.on_ack_sent();
  EXPECT_EQ(ack.owed(), AckPolicy::Owed::None);
}

TEST(AckPolicy, CountsAMergedPacketAsTheSegmentsItStandsFor) {
  AckPolicy ack;
  ack.on_data(64000, 1460, 2);
  EXPECT_EQ(ack.owed(), AckPolicy::Owed::Now);
}

TEST(AckPolicy, KeepsTheFirstReasonToHurry) {
  AckPolicy ack;
  ack.demand(SendReason::AckOutOfOrder);
  ack.demand(SendReason::AckFin);
  EXPECT_EQ(ack.reason(), SendReason::AckOutOfOrder);
}

TEST(ChallengeLimit, AllowsSoManyPerSecondAndConnection) {
  COVERS("R5961-06", "R5961-07");
  ChallengeLimit limit;
  ChallengeLimit another;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take(at(1500ms), 10));
  EXPECT_FALSE(limit.take(at(1900ms), 10));
  EXPECT_TRUE(
      another.take(at(1900ms), 10));  // one connection's limit tells nothing about another's
  EXPECT_TRUE(limit.take(at(2000ms), 10));
}

TEST(TimerTable, KnowsTheEarliestOfItsDeadlines) {
  TimerTable timers;
  EXPECT_EQ(timers.earliest(), kNever);
  timers.set(TimerName::Retransmit, at(5s));
  timers.set(TimerName::UserTimeout, at(3s));
  EXPECT_EQ(timers.earliest(), at(3s));
  EXPECT_EQ(timers.pop_due(at(3s)), TimerName::UserTimeout);
  EXPECT_EQ(timers.pop_due(at(3s)), std::nullopt);
  EXPECT_EQ(timers.earliest(), at(5s));
}

TEST(TimerTable, TimersThatNeverRunTogetherReplaceEachOther) {
  TimerTable timers;
  timers.set(TimerName::Retransmit, at(5s));
  timers.set(TimerName::Persist, at(9s));
  EXPECT_FALSE(timers.is_armed(TimerName::Retransmit));
  timers.stop(TimerName::Retransmit);
  EXPECT_EQ(timers.get(TimerName::Persist), at(9s));
  timers.stop(TimerName::SwsOverride);  // not it either
  EXPECT_EQ(timers.pop_due(at(9s)), TimerName::Persist);
}

TEST(PersistTimer, DoublesItsIntervalUpToTheMost) {
  Persist persist;
  EXPECT_EQ(persist.interval(1s, 60s), 1s);
  persist.on_timer();
  EXPECT_EQ(persist.interval(1s, 60s), 2s);
  for (int i = 0; i < 100; ++i) persist.on_timer();
  EXPECT_EQ(persist.interval(1s, 60s), 60s);
  persist.on_window_opened();
  EXPECT_EQ(persist.interval(1s, 60s), 1s);
}

TEST(PersistTimer, AnAnswerIsASignOfLifeAndTheProbesGoOn) {
  Persist persist;
  persist.on_timer();
  EXPECT_TRUE(persist.is_due());
  persist.on_probe_sent(true);
  EXPECT_FALSE(persist.is_due());
  EXPECT_TRUE(persist.has_sent_new_octet());
  persist.on_answer();
  EXPECT_EQ(persist.unanswered(), 0);
  EXPECT_EQ(persist.backoff(), 1);
  persist.on_probe_sent(false);
  EXPECT_TRUE(persist.has_sent_new_octet());  // the earlier one may still be acknowledged
  persist.on_octet_counted();
  EXPECT_FALSE(persist.has_sent_new_octet());
}

TEST(KeepAlive, EndsAfterSoManyWithoutAnAnswer) {
  KeepAlive keep_alive;
  EXPECT_FALSE(keep_alive.is_on());
  EXPECT_TRUE(keep_alive.on_timer(2));
  EXPECT_TRUE(keep_alive.is_due());
  keep_alive.on_probe_sent();
  EXPECT_TRUE(keep_alive.on_timer(2));
  EXPECT_FALSE(keep_alive.on_timer(2));
  keep_alive.on_segment();
  EXPECT_TRUE(keep_alive.on_timer(2));
}

}  // namespace
}  // namespace glasstcp
