// How much of a long flight one ACK makes loss recovery look at, whatever the peer reports, with
// RACK and without: at most four look-ups and a bounded rest, beside what the ACK changes. Time is
// what an attacker would take (CVE-2018-5390 and CVE-2019-11478 are of the kind); here it is
// counted.
#include <gtest/gtest.h>

#include <initializer_list>

#include "stack/tcp/recovery/loss_recovery.h"
#include "stack/tcp/recovery/reported_runs.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint16_t kMss = 1000;
constexpr std::uint32_t kFlight = 8000;  // segments
constexpr SeqNum kIss(0xff000000U);      // the numbers come round

struct Report {
  std::uint32_t from;  // bytes behind the first number
  std::uint32_t to;
};

TcpConfig settings(bool rack) {
  TcpConfig config;
  config.use_rack = rack;
  return config;
}

// The parameter: whether RACK is used.
struct RecoveryWork : ::testing::TestWithParam<bool> {
  RecoveryContext context{settings(GetParam()), 3 * kFlight, Instant{}};
  NewReno reno{false};
  Timestamps timestamps{0, TsVal{1}, Instant{}};
  SendVariables snd;
  LossRecovery recovery{context.default_settings.rto};
  Instant now{1000ms};
  std::uint32_t changes = 0;  // of the last ACK: entries that changed their state or went

  void SetUp() override {
    snd.iss = kIss;
    snd.una = snd.nxt = kIss + 1;
    snd.wnd = 1U << 30;
    recovery.start(reno, snd.una, 10 * kMss);
    send(kFlight);
  }
  void TearDown() override { recovery.release_flight(context); }

  [[nodiscard]] const RetransmissionQueue& queue() const { return recovery.queue(context); }
  SenderFacts facts() {
    SenderFacts s{context, reno, snd, timestamps, context.default_settings};
    s.now = now;
    s.mss = s.full_segment = kMss;
    s.max_payload = kMss;
    s.sack = s.is_synchronized = true;
    return s;
  }
  void send(std::uint32_t segments) {
    for (std::uint32_t i = 0; i < segments; ++i) {
      const NewTransmission sent{snd.nxt + kMss, kMss};
      ASSERT_TRUE(recovery.acquire_flight(context, nullptr));
      ASSERT_TRUE(recovery.add(facts(), sent));
      snd.nxt = sent.end;
      recovery.on_sent(facts(), sent, false, false);
      now += 1us;
    }
  }
  void retransmit(std::uint32_t most) {
    for (; most > 0 && queue().first_lost() != kNone; --most)
      recovery.on_retransmitted(facts(), {queue().first_lost(), kMss, SendReason::RackRetransmit});
  }
  // An ACK of the first `acked` bytes; `echo`: of which moment. What it looked at beyond a few
  // steps for each entry that it changed.
  std::uint32_t ack(std::uint32_t acked, std::initializer_list<Report> reports,
                    std::optional<Instant> echo = std::nullopt) {
    Segment seg;
    seg.ack = kIss + 1 + acked;
    seg.wnd = 10'000;
    for (const Report& r : reports)
      seg.options.sack[seg.options.sack_count++] = {kIss + 1 + r.from, kIss + 1 + r.to};
    if (echo) seg.options.timestamps = TimestampsOption{TsVal{1}, timestamps.now_value(*echo)};
    const SeqNum prior = snd.una;
    snd.una = later(snd.una, seg.ack);
    const auto before = queue().work();
    recovery.on_ack(facts(), seg, prior);
    const auto after = queue().work();
    changes = after.changes - before.changes;
    const std::uint32_t steps = after.steps - before.steps;
    return steps - std::min(steps, changes * 30);
  }
  void check() const { queue().check(context.sent, snd.una, snd.nxt); }

  // Four look-ups of 2 log2(8000) + 8, four entries beside each, and RACK's 33.
  static constexpr std::uint32_t kMost = 4 * (2 * 13 + 8 + 4) + 34;
};

constexpr std::uint32_t segment(std::uint32_t n) {
  return n * kMss;
}

TEST_P(RecoveryWork, ReportsThatCoverNoSegment) {
  now += 10ms;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const std::uint32_t at = segment(i * 7 % 1000);
    ASSERT_LE(ack(0, {{at + segment(7000), at + segment(7000) + 4},
                      {at + segment(10), at + segment(10) + 4},
                      {at + segment(4000), at + segment(4000) + 4},
                      {at + segment(5500), at + segment(5500) + 4}}),
              kMost);
  }
  check();
}

// RFC 6675 §4: below the last reports lies the whole flight, and each ACK asks what of it is lost.
TEST_P(RecoveryWork, AReportAtTheEndOfALongFlight) {
  COVERS("R6675-05");
  now += 10ms;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ASSERT_LE(ack(0, {{segment(7999), segment(8000)}}), kMost);
    ASSERT_LE(ack(0, {{segment(7000 - i), segment(7001 - i)}, {segment(7999), segment(8000)}}),
              kMost);
  }
  check();
}

// Every second segment, from the end: a run and a hole more with each ACK.
TEST_P(RecoveryWork, EverySecondSegmentFromTheEnd) {
  for (std::uint32_t i = kFlight - 1; i > 2; i -= 2)
    ASSERT_LE(ack(0, {{segment(i), segment(i + 1)}}), kMost) << i;
  check();
}

// All is sent again, and new data behind it: what is next to be sent once more (RFC 6675 §4,
// NextSeg) and what is late is asked for with each ACK.
TEST_P(RecoveryWork, ALongRetransmittedFlight) {
  now += 10ms;
  ack(0, {{segment(7990), segment(8000)}});
  now += 1s;
  recovery.on_timeout(facts(), true, SendReason::RetransmitTimeout);
  retransmit(kFlight);
  now += 10ms;
  send(100);
  for (std::uint32_t i = 0; i < 50; ++i) {
    ASSERT_LE(ack(0, {{segment(8050 + i), segment(8051 + i)}}), kMost);
    const auto before = queue().work();
    static_cast<void>(recovery.next_unreported(context));
    ASSERT_LE(queue().work().steps - before.steps, 1U);
  }
  check();
}

// RFC 3522, RFC 3708: one loss after the other is undone by the echo of an old timestamp or by a
// D-SACK. The rest of the flight was gone through each time.
TEST_P(RecoveryWork, LossesThatAreUndone) {
  std::uint32_t undone = 0;
  for (std::uint32_t i = 0; i < 400; ++i) {
    now += 20ms;
    const std::uint32_t first = 10 * i;
    const Instant before = now;
    now += 1ms;
    ASSERT_LE(ack(segment(first), {{segment(first + 3), segment(first + 7)}}), kMost);
    if (queue().lost_bytes() == 0) {  // RACK waits for the reordering window
      now += 20ms;
      recovery.on_reordering_timer(facts());
    }
    retransmit(1);
    now += 2ms;
    if (i % 2 == 0) {
      ASSERT_LE(ack(segment(first + 1), {}, before), kMost) << i;
    } else {
      ASSERT_LE(ack(segment(first + 1), {{segment(first), segment(first + 1)}}), kMost) << i;
    }
    // One is acknowledged; two are not lost any more, and then lost again by what was reported.
    undone += static_cast<std::uint32_t>(changes >= 4);
    check();
  }
  EXPECT_GT(undone, 100U) << "the peer cannot bring it about, so the test shows nothing";
}

// RFC 2018 §8: the peer threw away what it had reported. A timeout finds it; no ACK goes through
// the flight for it.
TEST_P(RecoveryWork, Reneging) {
  now += 10ms;
  for (std::uint32_t round = 0; round < 20; ++round) {
    for (std::uint32_t i = 1; i < 400; i += 2)
      ASSERT_LE(ack(0, {{segment(20 * i), segment(20 * i + 10)}}), kMost);
    ack(0, {{0, segment(1)}});
    now += 1s;
    const auto before = queue().work();
    recovery.on_timeout(facts(), round == 0, SendReason::RetransmitTimeout);
    EXPECT_LE(queue().work().steps - before.steps, 3 * kFlight + 3 * 400U);
    retransmit(100);
    now += 1ms;
    ASSERT_LE(ack(0, {}), kMost);
  }
  check();
}

INSTANTIATE_TEST_SUITE_P(, RecoveryWork, ::testing::Bool(),
                         [](const auto& with) { return with.param ? "Rack" : "Counting"; });

// Runs that a report joins are one, whatever the order in which they came.
TEST(ReportedRuns, OnesThatMeetAreOne) {
  ReportedRuns runs;
  constexpr std::uint32_t kSegment = 100;
  const auto add = [&](std::initializer_list<std::uint32_t> begins) {
    for (const std::uint32_t begin : begins) runs.add(SeqNum(begin), SeqNum(begin + 50));
  };
  add({1000, 1200, 1400});
  EXPECT_EQ(runs.lost_below(SeqNum(0), kSegment), SeqNum(1000)) << "three runs (RFC 6675 §4)";
  runs.clear();
  add({1000, 1100, 1200});
  runs.add(SeqNum(1050), SeqNum(1200));
  EXPECT_EQ(runs.lost_below(SeqNum(0), kSegment), SeqNum(1000)) << "one of more than two segments";
  runs.clear();
  add({1000, 1100});
  runs.add(SeqNum(1040), SeqNum(1110));
  EXPECT_EQ(runs.lost_below(SeqNum(0), kSegment), std::nullopt) << "one of a segment and a half";
}

}  // namespace
}  // namespace glasstcp
