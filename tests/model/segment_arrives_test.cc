// The stack beside the model: every segment of the small world in every state.
//
// A difference is a defect of the stack, or a decision: then it is a switch of Choices, with its
// reason. The last test shows that no switch is idle: with any one of them off, the stack differs
// from the letter of the RFC.
#include <gtest/gtest.h>

#include "tests/model/world.h"
#include "tests/support/covers.h"

namespace glasstcp::model {
namespace {

constexpr Number kHalf = 1U << 31, kPlain = 1'000'000;

struct Tally {
  std::uint64_t cases = 0, differences = 0;
  std::string first;
};

// Runs every case at a situation, or up to the first difference. The first few are shown, the rest
// is counted.
Tally run(const Situation& s, bool only_first = false) {
  RealEnd real(s.terms);
  Tally tally;
  for_each_segment(s, [&](const Arriving& seg) {
    if (only_first && tally.differences > 0) return;
    ++tally.cases;
    const std::string said = compare(s, real, seg);
    if (said.empty()) return;
    if (++tally.differences <= 5) tally.first += said;
  });
  return tally;
}

void agree(const Situation& s) {
  const Tally tally = run(s);
  EXPECT_GT(tally.cases, 0U);
  EXPECT_EQ(tally.differences, 0U) << "of " << tally.cases << " cases; the first:\n" << tally.first;
}

class SegmentArrives : public ::testing::TestWithParam<std::string> {};

// The wrap of 2^32 lies in the middle of the window and of what is in flight.
TEST_P(SegmentArrives, AcrossTheWrap) {
  COVERS("R9293-A1", "R9293-A2", "R9293-P1", "R9293-P2", "R9293-P3", "R9293-P4", "R9293-P5",
         "R9293-P6", "R9293-P7", "R9293-P8", "R9293-P9", "R9293-P10", "R9293-P11", "R9293-P13");
  agree(situation(GetParam(), {.base = 0, .window = 8}));
}

TEST_P(SegmentArrives, WithTheWindowClosed) {
  COVERS("MUST-66");
  if (has_window(GetParam())) agree(situation(GetParam(), {.base = 0, .window = 0}));
}

TEST_P(SegmentArrives, WithALargerWindow) {
  if (has_window(GetParam())) agree(situation(GetParam(), {.base = 0, .window = 64}));
}

TEST_P(SegmentArrives, WithNothingReceivedYet) {
  if (has_window(GetParam())) agree(situation(GetParam(), {.base = 0, .window = 4096}));
}

TEST_P(SegmentArrives, WhereSignsChange) {
  agree(situation(GetParam(), {.base = kHalf, .window = 8}));
}

TEST_P(SegmentArrives, FarFromTheWrap) {
  agree(situation(GetParam(), {.base = kPlain, .window = 8}));
}

TEST_P(SegmentArrives, WithDelayedAcks) {
  COVERS("MUST-40", "SHLD-18");
  agree(situation(GetParam(), {.base = 0, .window = 64}, {},
                  [](Terms& terms) { terms.delayed_ack = 40ms; }));
}

TEST_P(SegmentArrives, WithSack) {
  agree(situation(GetParam(), {.base = 0, .window = 8}, {},
                  [](Terms& terms) { terms.uses_sack = true; }));
}

TEST_P(SegmentArrives, WithTimestamps) {
  COVERS("R7323-10", "R7323-16", "R7323-17", "R7323-19", "R7323-20");
  agree(situation(GetParam(), {.base = 0, .window = 8}, {},
                  [](Terms& terms) { terms.uses_timestamps = true; }));
}

// RFC 9293's plain rules, which are RFC 793's.
TEST_P(SegmentArrives, WithoutTheBlindAttackDefence) {
  Choices choices;
  choices.blind_attack_defence = false;
  agree(situation(GetParam(), {.base = 0, .window = 8}, choices,
                  [](Terms& terms) { terms.blind_attack_defence = false; }));
}

INSTANTIATE_TEST_SUITE_P(AllStates, SegmentArrives, ::testing::ValuesIn(situation_names()),
                         [](const auto& parameter) { return parameter.param; });

struct Switch {
  const char* name;
  bool Choices::*choice;
  bool needs_timestamps = false;
};

class Deviation : public ::testing::TestWithParam<Switch> {};

// Whether the stack differs from the model somewhere.
bool differs(const std::string& name, const Choices& choices, bool timestamps) {
  const Situation s = situation(name, {.base = 0, .window = 8}, choices,
                                [&](Terms& terms) { terms.uses_timestamps = timestamps; });
  return run(s, true).differences > 0;
}

TEST_P(Deviation, IsSeenInTheWorld) {
  Choices choices;
  choices.*GetParam().choice = false;
  bool is_seen = false;
  for (const std::string& name : situation_names()) {
    is_seen = is_seen || differs(name, choices, GetParam().needs_timestamps);
  }
  EXPECT_TRUE(is_seen);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Deviation,
    ::testing::Values(Switch{"BlindAttackDefence", &Choices::blind_attack_defence},
                      Switch{"TextOnASynIsDropped", &Choices::text_on_a_syn_is_dropped},
                      Switch{"ListenerDropsSynWithFin", &Choices::listener_drops_syn_with_fin},
                      Switch{"SynAgainDrawsSynAck", &Choices::syn_again_draws_syn_ack},
                      Switch{"HalfOpenOutlivesASyn", &Choices::half_open_outlives_a_syn},
                      Switch{"CrossedSynIsTrimmed", &Choices::crossed_syn_is_trimmed},
                      Switch{"HandshakeResetsBeforeRange", &Choices::handshake_resets_before_range},
                      Switch{"EdgeStaysWithoutUpdate", &Choices::edge_stays_without_update},
                      Switch{"OnlyOneFin", &Choices::only_one_fin},
                      Switch{"EarlyFinEndsText", &Choices::early_fin_ends_text},
                      Switch{"TextAfterCloseResets", &Choices::text_after_close_resets},
                      Switch{"TimeWaitIsARecord", &Choices::time_wait_is_a_record},
                      Switch{"TimeWaitAnswersASyn", &Choices::time_wait_answers_a_syn},
                      Switch{"TimestampWaitsForAck", &Choices::timestamp_waits_for_ack, true},
                      Switch{"MissingTimestampIsTaken", &Choices::missing_timestamp_is_taken, true},
                      Switch{"SynIsChallengedBeforeTimestamps",
                             &Choices::syn_is_challenged_before_timestamps, true},
                      Switch{"ResetMayRepeatFin", &Choices::reset_may_repeat_fin},
                      Switch{"RightEdgeIsAcceptable", &Choices::right_edge_is_acceptable},
                      Switch{"AckJustBeforeCounts", &Choices::ack_just_before_counts}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace glasstcp::model
