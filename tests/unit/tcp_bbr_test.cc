// BBR: the example test cases of draft-ietf-ccwg-bbr (its appendix) on a simulated path, and the
// steps that they do not reach.
#include <gtest/gtest.h>

#include <algorithm>

#include "stack/tcp/congestion/bbr.h"
#include "stack/tcp/congestion/cubic.h"
#include "tests/support/bottleneck.h"

namespace glasstcp {
namespace {

using test::Bottleneck;
using test::Flow;
using test::Path;

constexpr std::uint32_t kMss = 1000;
// 20 Mbit/s, 40 ms: a bandwidth-delay product of 100 KB, and a queue of as much.
constexpr Path kPath{.rate = 2'500'000, .rtt = 40ms, .queue = 100'000};
constexpr std::uint32_t kBdp = 100'000;

// A path with one BBR sender.
struct BbrTest : ::testing::Test {
  Bbr bbr;
  Bottleneck link{kPath};
  Flow* flow = nullptr;

  void begin(const Path& path = kPath) {
    link.change(path);
    flow = &link.add(bbr, kMss);
  }
  const BbrModel& model() const { return *flow->model.get<BbrModel>(); }
  bool has_model() const { return flow->model.get<BbrModel>() != nullptr; }
  BbrState state() const { return model().state; }
  Duration elapsed() const { return link.now().time_since_epoch(); }
  // Runs in steps until `done`, or fails.
  template <typename Done>
  void run_until(Done done, Duration at_most = 20s) {
    const Duration end = elapsed() + at_most;
    while (!(has_model() && model().mss != 0 && done())) {
      ASSERT_LT(elapsed(), end) << "in state " << static_cast<int>(state());
      link.run(elapsed() + 1ms);
    }
  }
  void run_until_state(BbrState wanted) {
    run_until([&] { return state() == wanted; });
  }
};

TEST_F(BbrTest, StartupEndsWhenTheRateStopsGrowing) {
  Path deep = kPath;
  deep.queue = 4 * kBdp;  // no loss
  begin(deep);
  run_until([&] { return model().full_bw_reached; });
  EXPECT_EQ(flow->lost, 0U);
  EXPECT_EQ(model().full_bw_count, 3U);
  EXPECT_TRUE(model().full_bw_now);
  EXPECT_NEAR(static_cast<double>(model().max_bw()), 2.5e6, 0.02 * 2.5e6);
  EXPECT_EQ(state(), BbrState::Drain);
  EXPECT_LT(elapsed(), 600ms);
  EXPECT_EQ(model().min_rtt / 1ms, 40);
}

TEST_F(BbrTest, StartupEndsByLossEvenWhenTheApplicationIsTheLimit) {
  Path lossy = kPath;
  lossy.rtt = 200ms;
  lossy.loss = 0.06;
  begin(lossy);
  flow->application_rate = 1'500'000;
  run_until([&] { return model().full_bw_reached; });
  EXPECT_LT(model().full_bw_count, 3U);
  EXPECT_NE(state(), BbrState::Startup);
  EXPECT_NE(model().inflight_longterm, kNoVolume);
}

TEST_F(BbrTest, WithoutSackAnyLossEndsStartup) {
  Path lossy = kPath;
  lossy.loss = 0.003;
  begin(lossy);
  flow->has_sack = false;
  flow->application_rate = 1'500'000;
  run_until([&] { return flow->lost > 0; });
  link.run(elapsed() + 60ms);
  EXPECT_TRUE(model().full_bw_reached);
  EXPECT_EQ(flow->lost, kMss);
}

TEST_F(BbrTest, WithoutLossOrPlateauStartupGoesOnForever) {
  begin();
  flow->application_rate = 1'000'000;
  link.run(4s);
  EXPECT_EQ(state(), BbrState::Startup);
  EXPECT_FALSE(model().full_bw_reached);
  EXPECT_EQ(flow->lost, 0U);
}

TEST_F(BbrTest, DrainEndsWhenTheQueueIsGone) {
  begin();
  run_until_state(BbrState::Drain);
  EXPECT_NEAR(static_cast<double>(model().pacing_rate), 2.5e6 * 0.5 * 0.99, 1e4);
  EXPECT_GT(flow->in_flight, kBdp);
  run_until_state(BbrState::ProbeBwCruise);  // DOWN is over at once: there is no queue
  EXPECT_LE(flow->in_flight, kBdp + 2 * kMss);
  EXPECT_LT(link.queued(), 5 * kMss);
}

TEST_F(BbrTest, DrainEndsAfterThreeRoundsAtTheLatest) {
  Path narrow = kPath;
  narrow.queue = 10 * kBdp;
  begin(narrow);
  run_until_state(BbrState::Drain);
  const std::uint32_t round = model().round_count;
  narrow.rate = 250'000;  // so overestimated that the queue cannot drain
  link.change(narrow);
  run_until([&] { return state() != BbrState::Drain; });
  EXPECT_EQ(model().round_count, round + 4);
  EXPECT_GT(flow->in_flight, model().inflight(model().bw, 100));
}

TEST_F(BbrTest, AProbeEndsWhenTheRateStopsGrowing) {
  Path deep = kPath;
  deep.queue = 4 * kBdp;
  begin(deep);
  run_until_state(BbrState::ProbeBwUp);
  EXPECT_NEAR(static_cast<double>(model().pacing_rate), 2.5e6 * 1.25 * 0.99, 2e4);
  run_until_state(BbrState::ProbeBwDown);
  EXPECT_TRUE(model().full_bw_now);
  EXPECT_FALSE(model().prev_probe_too_high);
  EXPECT_EQ(flow->lost, 0U);
  EXPECT_NEAR(static_cast<double>(model().pacing_rate), 2.5e6 * 0.9 * 0.99, 2e4);
}

TEST_F(BbrTest, AProbeEndsByLossAndRemembersTheVolume) {
  Path shallow = kPath;
  shallow.queue = 15'000;
  begin(shallow);
  run_until_state(BbrState::ProbeBwUp);
  run_until_state(BbrState::ProbeBwDown);
  EXPECT_TRUE(model().prev_probe_too_high);
  EXPECT_GE(model().inflight_longterm, 7 * kBdp / 10);
  EXPECT_LE(model().inflight_longterm, 13 * kBdp / 10);
  // The next probe only touches that level, and the one after it stays if that went well.
  run_until_state(BbrState::ProbeBwUp);
  run_until([&] { return state() != BbrState::ProbeBwUp; });
  EXPECT_TRUE(model().prev_probe_precautionary || model().prev_probe_too_high);
}

TEST_F(BbrTest, DownEndsInCruiseWhenThereIsHeadroom) {
  begin();
  run_until_state(BbrState::ProbeBwUp);
  run_until_state(BbrState::ProbeBwDown);
  run_until_state(BbrState::ProbeBwCruise);
  // What left since the step was made.
  EXPECT_LE(flow->in_flight, model().inflight_with_headroom() + 3 * kMss);
  EXPECT_LE(flow->in_flight, model().inflight(model().max_bw(), 100) + 3 * kMss);
}

TEST_F(BbrTest, DownEndsInRefillAfterTheWait) {
  begin();
  run_until_state(BbrState::ProbeBwUp);
  run_until_state(BbrState::ProbeBwDown);
  const Instant began = model().cycle_stamp;
  const Duration wait = std::chrono::milliseconds(model().bw_probe_wait_ms);
  EXPECT_GE(wait, 2s);
  EXPECT_LT(wait, 3s);
  Path narrow = kPath;
  narrow.rate = 2'000'000;
  narrow.queue = 10 * kBdp;
  link.change(narrow);
  run_until([&] { return state() != BbrState::ProbeBwDown && state() != BbrState::ProbeRtt; });
  EXPECT_TRUE(state() == BbrState::ProbeBwRefill || state() == BbrState::ProbeBwCruise);
  EXPECT_LE(link.now() - began, wait + 100ms);
}

TEST_F(BbrTest, ProbeRttHalvesWhatIsInFlight) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  run_until_state(BbrState::ProbeRtt);
  const Instant entered = link.now();
  EXPECT_GE(entered.time_since_epoch(), 5s);
  EXPECT_LE(entered.time_since_epoch(), 5100ms);
  EXPECT_TRUE(bbr.holds_back(flow->model));
  link.run(elapsed() + 100ms);
  EXPECT_LE(flow->state.cwnd, kBdp / 2 + kMss);
  EXPECT_LE(flow->in_flight, kBdp / 2 + kMss);
  run_until_state(BbrState::ProbeBwCruise);
  EXPECT_GE(link.now() - entered, 200ms);
  EXPECT_LE(link.now() - entered, 300ms);
  EXPECT_FALSE(bbr.holds_back(flow->model));
  link.run(elapsed() + 80ms);
  EXPECT_GE(flow->state.cwnd, kBdp);
  EXPECT_NEAR(static_cast<double>(model().max_bw()), 2.5e6, 0.02 * 2.5e6);
}

TEST_F(BbrTest, ASilenceSparesProbeRtt) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  link.run(2s);
  const std::uint32_t cwnd = flow->state.cwnd;
  flow->paused = true;
  link.run(9s);
  EXPECT_EQ(flow->in_flight, 0U);
  link.resume(*flow);
  EXPECT_TRUE(model().idle_restart);
  EXPECT_EQ(flow->state.cwnd, cwnd);
  EXPECT_NEAR(static_cast<double>(model().pacing_rate), 2.5e6 * 0.99, 2e4);
  link.forget();
  for (int i = 0; i < 2000; ++i) {
    link.run(elapsed() + 1ms);
    ASSERT_NE(state(), BbrState::ProbeRtt);
  }
  EXPECT_FALSE(model().idle_restart);
  EXPECT_GT(link.utilisation(), 0.93);  // back at once, but for the first round trip
}

TEST_F(BbrTest, ProbeRttDuringStartupLeadsBackToStartup) {
  begin();
  flow->application_rate = 1'000'000;
  run_until_state(BbrState::ProbeRtt);
  EXPECT_FALSE(model().full_bw_reached);
  run_until([&] { return state() != BbrState::ProbeRtt; });
  EXPECT_EQ(state(), BbrState::Startup);
}

TEST_F(BbrTest, AcknowledgmentsInHeapsAreAllowedFor) {
  Path heaps = kPath;
  heaps.ack_slot = 30ms;
  begin(heaps);
  link.run(1s);
  EXPECT_NEAR(static_cast<double>(model().max_bw()), 2.5e6, 0.15 * 2.5e6);
  link.forget();
  link.run(6s);
  EXPECT_GT(model().extra_acked.best(), 30 * kMss);
  EXPECT_GT(link.utilisation(), 0.9);
}

TEST_F(BbrTest, FourSegmentsAreTheLeastWindow) {
  begin({.rate = 12'500, .rtt = 10ms, .queue = 20'000});  // a tenth of a segment
  link.run(20s);
  link.forget();
  for (int i = 0; i < 200; ++i) {
    link.run(elapsed() + 100ms);
    ASSERT_GE(flow->state.cwnd, 4 * kMss);
  }
  EXPECT_GT(link.utilisation(), 0.95);
  EXPECT_LT(link.mean_queue(), 10'000);
}

TEST_F(BbrTest, ATenfoldBandwidthIsFound) {
  begin({.rate = 1'250'000, .rtt = 40ms, .queue = 50'000});
  run_until_state(BbrState::ProbeBwCruise);
  const Path wide{.rate = 12'500'000, .rtt = 40ms, .queue = 500'000};
  link.change(wide);
  link.run(elapsed() + 6s);
  EXPECT_GT(model().max_bw(), 11'500'000U);
  link.forget();
  link.run(elapsed() + 10s);
  EXPECT_GT(link.utilisation(), 0.93);
}

TEST_F(BbrTest, ATenthOfTheBandwidthIsAcceptedWithinTwoCycles) {
  begin({.rate = 12'500'000, .rtt = 40ms, .queue = 500'000});
  run_until_state(BbrState::ProbeBwCruise);
  link.change({.rate = 1'250'000, .rtt = 40ms, .queue = 50'000});
  link.run(elapsed() + 1s);
  EXPECT_LT(model().bw, 4'000'000U);  // by the losses, at once
  link.run(elapsed() + 9s);
  EXPECT_NEAR(static_cast<double>(model().max_bw()), 1.25e6, 0.15 * 1.25e6);
}

TEST_F(BbrTest, APolicerIsObeyed) {
  Path policed = kPath;
  policed.queue = 4'000;  // what exceeds the rate is dropped almost at once
  begin(policed);
  link.run(5s);
  const std::uint64_t delivered = flow->delivered;
  const std::uint64_t lost = flow->lost;
  link.run(25s);
  EXPECT_GT(flow->delivered - delivered, 20U * 2'500'000 * 80 / 100);
  EXPECT_LT(flow->lost - lost, (flow->delivered - delivered) * 3 / 100);
}

TEST_F(BbrTest, OnePercentOfLossNeitherSlowsItMuchNorBuildsAQueue) {
  Path lossy = kPath;
  lossy.loss = 0.01;
  begin(lossy);
  link.run(1s);
  link.forget();
  link.run(31s);
  EXPECT_GT(link.utilisation(), 0.8);
  EXPECT_LT(link.mean_queue(), 0.1 * kBdp);
  EXPECT_EQ(flow->timeouts, 0U);
  // For comparison: one who takes each loss for congestion.
  const Cubic cubic;
  Bottleneck other(lossy);
  other.add(cubic, kMss);
  other.run(31s);
  EXPECT_LT(other.utilisation(), 0.25);
}

TEST_F(BbrTest, TwoFlowsShare) {
  begin();
  Flow& late = link.add(bbr, kMss, 7s);
  link.run(30s);
  const std::uint64_t early_before = flow->delivered;
  const std::uint64_t late_before = late.delivered;
  link.forget();
  link.run(90s);
  const double share = static_cast<double>(flow->delivered - early_before) /
                       static_cast<double>(late.delivered - late_before);
  EXPECT_GT(share, 0.6);
  EXPECT_LT(share, 1.6);
  EXPECT_GT(link.utilisation(), 0.93);
}

TEST_F(BbrTest, ALossThatWasNoneLeadsBackToTheProbe) {
  begin();
  run_until_state(BbrState::ProbeBwUp);
  const std::uint32_t longterm = model().inflight_longterm;
  const Congestion c{flow->state, flow->model};
  const LostSegment lost{.now = link.now(),
                         .begin = SeqNum(0),
                         .end = SeqNum(kMss),
                         .delivered = model().delivered,
                         .mss = kMss,
                         .tx_in_flight = 20 * kMss,
                         .lost_since = 10 * kMss,
                         .has_sack = true};
  bbr.on_segment_lost(c, lost);
  bbr.on_congestion(c, {.now = link.now(), .flight = kBdp, .mss = kMss, .nxt = {}});
  EXPECT_EQ(state(), BbrState::ProbeBwDown);
  EXPECT_TRUE(model().prev_probe_too_high);
  bbr.on_spurious(c, link.now());
  EXPECT_EQ(state(), BbrState::ProbeBwRefill);
  EXPECT_GE(model().inflight_longterm, longterm);
  EXPECT_EQ(model().bw_shortterm, kNoRate);
  EXPECT_FALSE(model().is_loss_in_round);
}

TEST_F(BbrTest, ALossOutsideAProbeLowersTheShortTermModelAndUndoRaisesIt) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  const Congestion c{flow->state, flow->model};
  const LostSegment lost{.now = link.now(),
                         .begin = SeqNum(0),
                         .end = SeqNum(kMss),
                         .delivered = model().delivered,
                         .mss = kMss,
                         .tx_in_flight = 100 * kMss,
                         .lost_since = kMss,
                         .has_sack = true};
  bbr.on_segment_lost(c, lost);
  link.run(elapsed() + 100ms);
  EXPECT_NE(model().bw_shortterm, kNoRate);
  EXPECT_NE(model().inflight_shortterm, kNoVolume);
  EXPECT_GE(model().bw_shortterm, model().max_bw() * 7 / 10);
  bbr.on_spurious(c, link.now());
  EXPECT_EQ(model().bw_shortterm, kNoRate);
  EXPECT_EQ(model().inflight_shortterm, kNoVolume);
}

TEST_F(BbrTest, ATimeoutLeavesOneSegmentAndRecoveryGivesBackWhatWas) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  const Congestion c{flow->state, flow->model};
  const std::uint32_t before = flow->state.cwnd;
  bbr.on_timeout(c, {.now = link.now(), .flight = kBdp, .mss = kMss, .nxt = {}}, true);
  EXPECT_EQ(flow->state.cwnd, kMss);
  EXPECT_EQ(flow->state.ssthresh, kNoThreshold);
  bbr.on_recovery_exit(c, link.now());
  EXPECT_EQ(flow->state.cwnd, before);
}

TEST_F(BbrTest, AMarkByTheNetworkCountsAsALoss) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  bbr.on_congestion({flow->state, flow->model},
                    {.now = link.now(), .flight = kBdp, .mss = kMss, .nxt = {}, .by_ecn = true});
  link.run(elapsed() + 100ms);
  EXPECT_LT(model().inflight_shortterm, kNoVolume);
}

TEST_F(BbrTest, AModelMadeAnewFindsThePathAgain) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  flow->model.clear();
  link.run(elapsed() + 2s);
  EXPECT_NEAR(static_cast<double>(model().max_bw()), 2.5e6, 0.02 * 2.5e6);
  EXPECT_GE(flow->state.cwnd, kBdp);
  EXPECT_NE(state(), BbrState::Startup);
}

TEST_F(BbrTest, IdlenessKeepsTheWindowIfThereIsAModel) {
  begin();
  run_until_state(BbrState::ProbeBwCruise);
  const std::uint32_t before = flow->state.cwnd;
  bbr.on_idle({flow->state, flow->model}, 10 * kMss, link.now());
  EXPECT_EQ(flow->state.cwnd, before);
  flow->model.clear();
  bbr.on_idle({flow->state, flow->model}, 10 * kMss, link.now());
  EXPECT_EQ(flow->state.cwnd, 10 * kMss);
}

TEST(BbrChance, FlowsProbeAtDifferentTimesAndTheSameRunAtTheSame) {
  const auto waits = [](std::uint64_t seed) {
    const Bbr bbr;
    Bottleneck link(kPath, seed);
    Flow& flow = link.add(bbr, kMss);
    std::vector<std::uint32_t> seen;
    for (int i = 0; i < 200; ++i) {
      link.run(i * 100ms);
      const BbrModel* model = flow.model.get<BbrModel>();
      if (model == nullptr || model->bw_probe_wait_ms == 0) continue;
      if (seen.empty() || seen.back() != model->bw_probe_wait_ms)
        seen.push_back(model->bw_probe_wait_ms);
    }
    return seen;
  };
  EXPECT_EQ(waits(1), waits(1));
  EXPECT_NE(waits(1), waits(2));
  EXPECT_GE(waits(1).size(), 4U);
  for (const std::uint32_t wait : waits(3)) {
    EXPECT_GE(wait, 2000U);
    EXPECT_LT(wait, 3000U);
  }
}

TEST(BbrRoundMax, TheMostOfTheLastRoundsIsKept) {
  // Against a list: never less than the most of the last quarter, never more than the most of all
  // the rounds that count.
  SeededRandom random(11);
  RoundMax filter;
  std::vector<std::uint32_t> values;
  constexpr std::uint32_t kLength = 10;
  for (std::uint32_t round = 0; round < 3000; ++round) {
    values.push_back(static_cast<std::uint32_t>(random.below(1000)));
    filter.update(values.back(), round, kLength);
    const std::size_t first = values.size() > kLength + 1 ? values.size() - kLength - 1 : 0;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
    ASSERT_LE(filter.best(), *std::max_element(begin, values.end()));
    ASSERT_GE(filter.best(), values.back());
  }
  filter.update(5, 9000, kLength);
  EXPECT_EQ(filter.best(), 5U);
}

// draft-ietf-ccwg-bbr §5.3.3.6, §5.5.6: the probe behind one that lost too much turns back at the
// level at which that one failed; as nothing was lost, the next follows at once and not seconds
// later.
TEST_F(BbrTest, AfterAProbeThatLostTheNextOneIsCautious) {
  begin();
  run_until_state(BbrState::ProbeBwUp);
  BbrModel& known = flow->model.as<BbrModel>();
  known.prev_probe_too_high = true;
  known.inflight_longterm = flow->in_flight / 2;
  run_until_state(BbrState::ProbeBwDown);
  EXPECT_TRUE(model().prev_probe_precautionary);
  EXPECT_FALSE(model().prev_probe_too_high);
  const Duration turned_back = elapsed();
  run_until_state(BbrState::ProbeBwRefill);
  EXPECT_LT(elapsed() - turned_back, 3 * kPath.rtt);
  EXPECT_FALSE(model().prev_probe_precautionary);
}

}  // namespace
}  // namespace glasstcp
