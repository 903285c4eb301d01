// CUBIC: the curve, the Reno-friendly region, what a loss does, and what two flows come to.
#include <gtest/gtest.h>

#include <cmath>

#include "stack/tcp/congestion/cubic.h"
#include "tests/support/bottleneck.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMss = 1000;

// A connection in congestion avoidance whose ACKs come as the test says.
struct CubicTest : ::testing::Test {
  Cubic cubic{true};
  CongestionState state;
  CongestionModel model;
  Instant now{1h};
  Duration srtt = 100ms;
  bool in_recovery = false;

  void SetUp() override {
    cubic.start({state, model}, 10 * kMss);
    state.ssthresh = 0;  // congestion avoidance from the beginning
  }
  void at(std::uint32_t segments) { state.cwnd = segments * kMss; }
  void ack(std::uint32_t bytes = kMss, bool window_was_limit = true) {
    cubic.on_ack({state, model}, {.now = now,
                                  .acked = bytes,
                                  .mss = kMss,
                                  .most_per_ack = kMss,
                                  .una = {},
                                  .nxt = {},
                                  .srtt = srtt,
                                  .window_was_limit = window_was_limit,
                                  .in_recovery = in_recovery,
                                  .rate = {}});
  }
  // The ACKs of `time`, evenly spread: a window for each round trip.
  void acks_for(Duration time, bool window_was_limit = true) {
    const Instant end = now + time;
    while (now < end) {
      now += Duration(srtt.count() * kMss / state.cwnd);
      ack(kMss, window_was_limit);
    }
  }
  LossFacts loss(std::uint32_t flight) const {
    return {.now = now, .flight = flight, .mss = kMss, .nxt = {}};
  }
  LossFacts loss() const { return loss(state.cwnd); }
  // Loss, and recovery that takes no time.
  void lose() {
    cubic.on_congestion({state, model}, loss());
    state.cwnd = state.ssthresh;
    cubic.on_recovery_exit({state, model}, now);
  }
  CubicModel& record() { return model.as<CubicModel>(); }
};

double real_curve(double w_max, double cwnd, double t) {
  const double k = std::cbrt((w_max - cwnd) / 0.4);
  return 0.4 * std::pow(t - k, 3) + w_max;
}

TEST(CubicCurveTest, TheIntegerCurveIsTheRealOne) {
  COVERS("R9438-02");
  for (const std::uint32_t w_max : {5U, 100U, 1'000U, 20'000U, 1'000'000U}) {
    CubicCurve curve{.w_max = w_max * kMss};
    const std::uint32_t cwnd = static_cast<std::uint32_t>(std::uint64_t{w_max} * kMss * 7 / 10);
    curve.k = cubic_k(curve.w_max, cwnd, kMss);
    const double k = std::cbrt(w_max * 0.3 / 0.4);
    EXPECT_NEAR(static_cast<double>(curve.k) / 65'536, k, 0.001);
    for (double t = 0; t < 3 * k; t += k / 37) {
      const auto elapsed = Duration(static_cast<std::int64_t>(t * 1e9));
      const double expected = real_curve(w_max, w_max * 0.7, t) * kMss;
      if (expected > kMaxWindow) continue;
      EXPECT_NEAR(cubic_window(curve, elapsed, kMss), expected, 5 + expected * 1e-3) << t;
    }
  }
}

TEST(CubicCurveTest, NothingOverflows) {
  for (const std::uint32_t mss : {64U, 536U, 1448U, 65'535U}) {
    CubicCurve curve{.w_max = kMaxWindow};
    curve.k = cubic_k(kMaxWindow, mss, mss);
    EXPECT_LT(cubic_window(curve, 0s, mss), kMaxWindow / 1000 + mss);
    EXPECT_EQ(cubic_window(curve, 1000h, mss), kMaxWindow);
    std::uint32_t before = 0;
    for (Duration t{}; t < 1024s; t += 500ms) {
      const std::uint32_t here = cubic_window(curve, t, mss);
      ASSERT_GE(here, before);
      ASSERT_LE(here, kMaxWindow);
      before = here;
    }
  }
}

TEST_F(CubicTest, AfterALossTheWindowIsConcaveUpToTheOldMaximumAndThenConvex) {
  COVERS("R9438-02", "R9438-03");
  at(1000);
  lose();
  EXPECT_EQ(state.cwnd, 700 * kMss);
  // K = cbrt(300 / 0.4) = 9.09 s.
  std::vector<double> windows;
  for (int i = 0; i <= 18; ++i) {
    windows.push_back(static_cast<double>(state.cwnd) / kMss);
    acks_for(1s);
  }
  for (std::size_t i = 0; i < windows.size(); ++i)
    EXPECT_NEAR(windows[i], real_curve(1000, 700, static_cast<double>(i)), 6) << i;
  for (std::size_t i = 1; i + 1 < windows.size(); ++i) {
    const double bend = windows[i + 1] - 2 * windows[i] + windows[i - 1];
    if (i <= 7) {
      EXPECT_LT(bend, 0) << i;
    } else if (i >= 11) {
      EXPECT_GT(bend, 0) << i;
    }
  }
}

TEST_F(CubicTest, EachRoundTripBringsAtMostHalfAWindow) {
  COVERS("R9438-03");
  at(1000);
  lose();
  ack();
  now += 200s;  // the curve is far above
  record().last_ack = now;
  const std::uint32_t before = state.cwnd;
  for (std::uint32_t acked = 0; acked < before; acked += kMss) ack();
  EXPECT_LE(state.cwnd, before + before / 2 + before / 4);
  EXPECT_GE(state.cwnd, before + before / 3);
}

TEST_F(CubicTest, OnShortPathsItGrowsAsReno) {
  COVERS("R9438-04", "R9438-12");
  // 50 us and 100 segments: Reno is far ahead of the curve.
  srtt = 50us;
  at(100);
  lose();
  EXPECT_EQ(state.cwnd, 70 * kMss);
  for (int round = 1; round <= 40; ++round) {
    acks_for(srtt);
    // 9/17 of a segment for each round trip, until the window is what it was.
    EXPECT_NEAR(static_cast<double>(state.cwnd) / kMss, 70 + round * 9.0 / 17, 0.6) << round;
  }
  acks_for(50 * srtt);
  const double back = static_cast<double>(state.cwnd) / kMss;
  EXPECT_GT(back, 100);
  acks_for(20 * srtt);  // and then one
  EXPECT_NEAR(static_cast<double>(state.cwnd) / kMss, back + 20, 1.5);
}

TEST_F(CubicTest, OnLongPathsItIsFasterThanReno) {
  COVERS("R9438-04");
  at(1000);
  lose();
  acks_for(2s);  // 20 round trips: Reno would have 11 segments more
  EXPECT_GT(state.cwnd, 800 * kMss);
}

TEST_F(CubicTest, ALossLeavesSevenTenthsAndAtLeastTwoSegments) {
  COVERS("R9438-02", "R9438-05");
  at(100);
  ack();
  cubic.on_congestion({state, model}, loss());
  EXPECT_NEAR(state.ssthresh, 70 * kMss, kMss);
  at(2);
  cubic.on_congestion({state, model}, loss());
  EXPECT_EQ(state.ssthresh, 2 * kMss);
}

TEST_F(CubicTest, AWindowThatWasNotUsedIsNotTakenForWhatThePathCarries) {
  COVERS("R9438-05");
  at(100);
  ack(kMss, false);
  cubic.on_congestion({state, model}, loss(20 * kMss));
  EXPECT_EQ(state.ssthresh, 14 * kMss);
  EXPECT_EQ(record().curve.w_max, 20 * kMss);
  // Where it was used, what is just not in flight is of no account.
  at(100);
  ack();
  const std::uint32_t cwnd = state.cwnd;
  cubic.on_congestion({state, model}, loss(cwnd - 900));
  EXPECT_EQ(record().curve.w_max, cwnd);
}

TEST_F(CubicTest, ASecondLossBelowTheFirstLowersTheGoal) {
  COVERS("R9438-06");
  at(1000);
  ack();
  lose();
  EXPECT_GE(record().curve.w_max, 1000 * kMss);
  at(800);
  ack();
  at(800);
  lose();
  EXPECT_EQ(record().curve.w_max, 680 * kMss);  // 800 * (1 + 0.7) / 2
  at(900);
  ack();
  at(900);
  lose();
  EXPECT_EQ(record().curve.w_max, 900 * kMss);  // above the last: no need
}

TEST_F(CubicTest, ATimeoutBeginsAgainWithAFlatCurve) {
  COVERS("R9438-07", "R9438-08", "R9438-10");
  at(1000);
  ack();
  at(1000);
  cubic.on_timeout({state, model}, loss(), true);
  EXPECT_EQ(state.cwnd, kMss);
  EXPECT_EQ(state.ssthresh, 700 * kMss);
  cubic.on_timeout({state, model}, loss(), false);  // a later one of the same segment
  EXPECT_EQ(state.ssthresh, 700 * kMss);
  while (state.cwnd < state.ssthresh) {  // slow start: one segment for each
    const std::uint32_t before = state.cwnd;
    now += 1ms;
    ack();
    ASSERT_EQ(state.cwnd, before + kMss);
  }
  ack();
  EXPECT_EQ(record().curve.w_max, 700 * kMss);
  EXPECT_EQ(record().curve.k, 0);
  acks_for(3s);
  EXPECT_NEAR(static_cast<double>(state.cwnd) / kMss, 700 + 0.4 * 27, 15);
}

TEST_F(CubicTest, TimeInWhichTheApplicationWasTheLimitDoesNotCount) {
  COVERS("R9438-01");
  const auto run = [&](auto&& pause) {
    model.clear();
    at(1000);
    lose();
    acks_for(2s);
    pause();
    acks_for(2s);
    return state.cwnd;
  };
  const std::uint32_t without = run([] {});
  // A silence that the first segment after it ends.
  const auto silent = run([&] {
    now += 30s;
    cubic.on_restart({state, model}, now);
  });
  EXPECT_NEAR(silent, without, kMss);
  // ACKs for a window that was not full.
  const auto thin = run([&] { acks_for(30s, false); });
  EXPECT_NEAR(thin, without, kMss);
  // Idle for longer than a timeout, without a smaller window.
  const auto idle = run([&] {
    now += 30s;
    cubic.on_idle({state, model}, kMaxWindow, now);
  });
  EXPECT_NEAR(idle, without, kMss);
}

TEST_F(CubicTest, AfterIdlenessSlowStartLeadsBackToTheThreshold) {
  COVERS("R5681-13", "R9438-08");
  at(1000);
  lose();
  acks_for(1s);
  now += 60s;
  cubic.on_idle({state, model}, 10 * kMss, now);
  EXPECT_EQ(state.cwnd, 10 * kMss);
  EXPECT_EQ(state.ssthresh, 700 * kMss);
  EXPECT_EQ(record().curve.epoch, kNever);
  EXPECT_EQ(record().curve.w_max, 1000 * kMss);
}

TEST_F(CubicTest, ALossThatWasNoneChangesNothing) {
  COVERS("R9438-09");
  at(1000);
  lose();
  acks_for(3s);
  const CubicCurve before = record().curve;
  const CongestionState restored = state;
  lose();
  acks_for(500ms);
  EXPECT_NE(record().curve.epoch, before.epoch);
  cubic.on_spurious({state, model}, now);
  state = restored;  // by the caller
  EXPECT_EQ(record().curve.epoch, before.epoch);
  EXPECT_EQ(record().curve.w_max, before.w_max);
  EXPECT_EQ(record().curve.k, before.k);
  EXPECT_EQ(record().curve.w_est, before.w_est);
  EXPECT_EQ(record().curve.cwnd_prior, before.cwnd_prior);
}

TEST_F(CubicTest, ALossThatIsFoundToBeNoneAtOnceChangesNothing) {
  COVERS("R9438-09");
  at(1000);
  lose();
  acks_for(3s);
  const CubicCurve before = record().curve;
  cubic.on_congestion({state, model}, loss());  // and the window has not shrunk yet
  cubic.on_spurious({state, model}, now);
  EXPECT_EQ(record().curve.epoch, before.epoch);
  EXPECT_EQ(record().curve.w_max, before.w_max);
}

TEST_F(CubicTest, ALostRetransmissionLowersFurtherButUndoingRestoresWhatWasBeforeTheFirstLoss) {
  COVERS("R9438-09", "R5681-15");
  at(1000);
  lose();
  acks_for(3s);
  const CubicCurve before = record().curve;
  cubic.on_congestion({state, model}, loss());
  LossFacts again = loss();
  again.is_further = true;
  again.flight = state.ssthresh;  // while the window has hardly shrunk
  const std::uint32_t first = state.ssthresh;
  cubic.on_congestion({state, model}, again);
  EXPECT_EQ(state.ssthresh, first * 7 / 10);
  cubic.on_spurious({state, model}, now);
  EXPECT_EQ(record().curve.epoch, before.epoch);
  EXPECT_EQ(record().curve.w_max, before.w_max);
  EXPECT_EQ(record().curve.k, before.k);
}

TEST_F(CubicTest, NewsThatComeTooLateChangeNothing) {
  COVERS("R9438-09");
  at(100);
  lose();
  at(120);  // beyond where the loss was
  acks_for(1s);
  const Instant epoch = record().curve.epoch;
  cubic.on_spurious({state, model}, now);
  EXPECT_EQ(record().curve.epoch, epoch);
}

TEST_F(CubicTest, AfterASlowStartWithoutLossTheCurveBeginsFlat) {
  COVERS("R9438-11");
  at(200);
  state.ssthresh = state.cwnd;  // as HyStart++ leaves it
  ack();
  EXPECT_EQ(record().curve.k, 0);
  EXPECT_EQ(record().curve.w_max, 200 * kMss);
  acks_for(1s);
  EXPECT_NEAR(static_cast<double>(state.cwnd) / kMss, 200 + 10, 2);  // Reno's pace: ten round trips
}

TEST_F(CubicTest, InRecoveryTheWindowIsNotOurs) {
  at(100);
  lose();
  in_recovery = true;
  acks_for(1s);
  EXPECT_EQ(state.cwnd, 70 * kMss);
  EXPECT_EQ(record().curve.epoch, kNever);
}

TEST_F(CubicTest, AModelMadeAnewGoesOnFromTheWindowThatThereIs) {
  at(1000);
  lose();
  acks_for(2s);
  const std::uint32_t before = state.cwnd;
  model.clear();
  acks_for(1s);
  EXPECT_GE(state.cwnd, before);
  EXPECT_EQ(record().curve.k, 0);
  lose();
  EXPECT_GE(state.cwnd, 2 * kMss);
}

// 20 Mbit/s, 40 ms, a queue of one bandwidth-delay product.
constexpr test::Path kPath{.rate = 2'500'000, .rtt = 40ms, .queue = 100'000};

TEST(CubicOnAPath, TwoFlowsConverge) {
  COVERS("R9438-06");
  const Cubic cubic(true);
  const test::Path path{.rate = 1'250'000, .rtt = 40ms, .queue = 50'000};
  test::Bottleneck link(path);
  test::Flow& early = link.add(cubic);
  test::Flow& late = link.add(cubic, 1000, 10s);
  link.run(40s);
  link.forget();
  const std::uint64_t early_before = early.delivered;
  const std::uint64_t late_before = late.delivered;
  link.run(200s);
  const double share = static_cast<double>(early.delivered - early_before) /
                       static_cast<double>(late.delivered - late_before);
  EXPECT_GT(share, 0.8);
  EXPECT_LT(share, 1.25);
  EXPECT_GT(link.utilisation(), 0.98);
  EXPECT_EQ(early.timeouts + late.timeouts, 0U);
}

TEST(CubicOnAPath, TheSameSeedGivesTheSameWindows) {
  const auto run = [] {
    const Cubic cubic(true);
    test::Path path = kPath;
    path.loss = 0.002;
    test::Bottleneck link(path, 5);
    link.add(cubic);
    std::uint64_t trace = 0;
    link.on_ack = [&](test::Flow& flow, Instant now) {
      trace =
          trace * 31 + flow.state.cwnd + static_cast<std::uint64_t>(to_us(now.time_since_epoch()));
    };
    link.run(20s);
    return trace;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace glasstcp
