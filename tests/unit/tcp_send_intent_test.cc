// SendIntent alone: when a segment that is not full may leave, and when the last byte is pushed.
#include <gtest/gtest.h>

#include "stack/tcp/send/send_intent.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

// 100 bytes are all that is unsent; the peer's window was 10000 at most.
SmallSegment small() {
  return {.length = 100, .unsent = 100, .max_window = 10000};
}

TEST(SendIntent, NagleHoldsASmallSegmentOnlyWhileDataIsInFlight) {
  COVERS("SHLD-7", "MUST-17");
  SendIntent intent;
  SmallSegment s = small();
  EXPECT_FALSE(intent.may_send(s));
  s.none_in_flight = true;
  EXPECT_TRUE(intent.may_send(s));
  s.none_in_flight = false;
  intent.set_nagle(false);
  EXPECT_TRUE(intent.may_send(s));
}

TEST(SendIntent, WhatIsAnnouncedMoreForWaitsUntilItIsPushedOrTheOverrideTimerExpires) {
  COVERS("MUST-38", "MUST-60");
  SendIntent intent;
  SmallSegment s = small();
  s.none_in_flight = true;
  intent.on_queued(true);
  EXPECT_FALSE(intent.may_send(s));
  EXPECT_FALSE(intent.pushes_end());
  intent.on_override_timer();
  EXPECT_TRUE(intent.may_send(s));
  EXPECT_TRUE(intent.pushes_end()) << "nothing more came in time";
  intent.on_sent();
  EXPECT_FALSE(intent.may_send(s)) << "this once";
  intent.end_more();
  EXPECT_TRUE(intent.may_send(s));
}

TEST(SendIntent, ACorkHoldsWhatIsNotFull) {
  SendIntent intent;
  SmallSegment s = small();
  s.none_in_flight = s.corked = true;
  EXPECT_FALSE(intent.may_send(s));
  EXPECT_FALSE(intent.may_ride(true, true));
  intent.override_once();
  EXPECT_TRUE(intent.may_send(s));
}

TEST(SendIntent, APieceOfWhatIsUnsentMustBeHalfOfTheLargestWindow) {
  COVERS("MUST-38");
  SendIntent intent;
  SmallSegment s = small();
  s.unsent = 100000;
  s.length = 4999;
  s.none_in_flight = true;
  EXPECT_FALSE(intent.may_send(s));
  s.length = 5000;
  EXPECT_TRUE(intent.may_send(s));
  s.none_in_flight = false;
  EXPECT_FALSE(intent.may_send(s)) << "Nagle";
  intent.set_nagle(false);
  EXPECT_TRUE(intent.may_send(s));
}

TEST(SendIntent, AFinEndsAllWaiting) {
  SendIntent intent;
  intent.on_queued(true);
  EXPECT_FALSE(intent.may_ride(false, false));
  intent.queue_fin();
  EXPECT_TRUE(intent.fin_queued());
  EXPECT_TRUE(intent.may_send(small()));
  EXPECT_TRUE(intent.may_ride(false, false));
  EXPECT_TRUE(intent.pushes_end());
}

}  // namespace
}  // namespace glasstcp
