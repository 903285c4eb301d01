// Small values of stack/base: sequence numbers, states, hashes, random numbers, budgets and token
// buckets.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "stack/base/keyed_hash.h"
#include "stack/base/memory_budget.h"
#include "stack/base/random.h"
#include "stack/base/seq_num.h"
#include "stack/base/tcp_state.h"
#include "stack/base/token_bucket.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

TEST(SeqNum, ComparesAcrossTheWrap) {
  COVERS("R9293-P13");
  const SeqNum before(0xffff'fff0U);
  const SeqNum after = before + 0x20;
  EXPECT_EQ(after.raw(), 0x10U);
  EXPECT_LT(before, after);
  EXPECT_GT(after, before);
  EXPECT_LE(before, before);
  EXPECT_EQ(after - before, 0x20);
  EXPECT_EQ(before - after, -0x20);
  EXPECT_EQ(later(before, after), after);
  EXPECT_EQ(earlier(before, after), before);
}

TEST(SeqNum, OrderHoldsAtEveryEdgeOfTheCircle) {
  COVERS("R9293-P13");
  for (const std::uint32_t base :
       {0U, 1U, 0x7fff'ffffU, 0x8000'0000U, 0x8000'0001U, 0xffff'ffffU}) {
    const SeqNum s(base);
    for (const std::uint32_t n : {1U, 2U, 65535U, 0x4000'0000U, 0x7fff'ffffU}) {
      EXPECT_LT(s, s + n);
      EXPECT_FALSE(s + n < s);
      EXPECT_EQ(s + n - s, static_cast<std::int32_t>(n));
      EXPECT_EQ(s + n - n, s);
    }
    // Exactly opposite: neither is before the other in a useful sense; the difference must only not
    // trap.
    EXPECT_EQ((s + 0x8000'0000U) - s, INT32_MIN);
  }
}

TEST(SeqNum, AWindowMayWrap) {
  COVERS("R9293-P13");
  const SeqNum first(0xffff'ff00U);
  EXPECT_TRUE(is_within(first, first, 0x200));
  EXPECT_TRUE(is_within(SeqNum(0xff), first, 0x200));
  EXPECT_FALSE(is_within(SeqNum(0x100), first, 0x200));
  EXPECT_FALSE(is_within(first - 1, first, 0x200));
  EXPECT_FALSE(is_within(first, first, 0)) << "nothing lies in an empty window";
}

TEST(SeqNum, AWindowOf65535IsNotNegative) {
  COVERS("MUST-1");
  const SeqNum first(100);
  EXPECT_TRUE(is_within(first + 65534, first, 65535));
  EXPECT_TRUE(is_within(first + 40000, first, 65535));
}

// RFC 9293 §3.3.2, Figure 5, typed from the figure a second time; then the ways to CLOSED that §3.10 has in text.
TEST(TcpState, HasExactlyTheArrowsOfFigure5) {
  using enum State;
  std::set<std::pair<State, State>> arrows = {
      {Closed, Listen},         {Closed, SynSent},      {Listen, SynReceived},
      {Listen, SynSent},        {Listen, Closed},       {SynSent, Closed},
      {SynSent, SynReceived},   {SynSent, Established}, {SynReceived, Established},
      {SynReceived, FinWait1},  {SynReceived, Listen},  {Established, FinWait1},
      {Established, CloseWait}, {FinWait1, FinWait2},   {FinWait1, Closing},
      {FinWait1, TimeWait},     {FinWait2, TimeWait},   {Closing, TimeWait},
      {CloseWait, LastAck},     {LastAck, Closed},      {TimeWait, Closed},
  };
  // §3.10.7.4, eighth: a FIN may come with the ACK that ends SYN-RECEIVED.
  arrows.insert({SynReceived, CloseWait});
  for (const State s : {SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing}) {
    arrows.insert({s, Closed});  // ABORT, RST, user timeout
  }
  for (int from = 0; from < kStateCount; ++from) {
    for (int to = 0; to < kStateCount; ++to) {
      const auto f = static_cast<State>(from);
      const auto t = static_cast<State>(to);
      EXPECT_EQ(is_transition(f, t), arrows.contains({f, t})) << name_of(f) << " -> " << name_of(t);
    }
  }
  EXPECT_EQ(transitions().size(), arrows.size()) << "no arrow twice";
  std::uint32_t causes = 0;
  for (const Transition& t : transitions()) {
    const bool is_of_listener =
        t.to == Listen ? t.from == Closed : t.from == Listen && t.to != SynReceived;
    EXPECT_EQ(t.causes == 0, is_of_listener) << name_of(t.from) << " -> " << name_of(t.to);
    causes |= t.causes;
  }
  EXPECT_EQ(causes, (std::uint64_t{1} << kStateCauseCount) - 1) << "each cause has an arrow";
}

TEST(TcpState, BothDirectionsCloseIndependently) {
  COVERS("R9293-P14");
  EXPECT_TRUE(is_transition(State::Established, State::FinWait1)) << "we close first";
  EXPECT_TRUE(is_transition(State::Established, State::CloseWait)) << "they close first";
  EXPECT_FALSE(is_transition(State::Established, State::TimeWait)) << "one close is not both";
  EXPECT_FALSE(is_transition(State::CloseWait, State::TimeWait))
      << "TIME-WAIT is for the active closer";
}

TEST(TcpState, PrintsTheNamesOfTheRfc) {
  EXPECT_EQ(name_of(State::Closed), "CLOSED");
  EXPECT_EQ(name_of(State::SynReceived), "SYN-RECEIVED");
  EXPECT_EQ(name_of(State::FinWait2), "FIN-WAIT-2");
  EXPECT_EQ(name_of(State::TimeWait), "TIME-WAIT");
  EXPECT_FALSE(is_synchronized(State::SynReceived));
  EXPECT_TRUE(is_synchronized(State::Established));
  EXPECT_TRUE(is_synchronized(State::TimeWait));
}

TEST(KeyedHash, IsSipHash24) {
  // The example of the SipHash paper, appendix A: key 00..0f, message 00..0e.
  Key128 key;
  std::array<std::uint8_t, 15> message;
  for (std::uint8_t i = 0; i < 16; ++i) key[i] = i;
  for (std::uint8_t i = 0; i < 15; ++i) message[i] = i;
  EXPECT_EQ(KeyedHash(key)(ByteView(message)), 0xa129ca6149be45e5U);
}

TEST(KeyedHash, DependsOnEveryPartOfTheTuple) {
  COVERS("SHLD-1");
  const KeyedHash hash(derive_key(Seed::from_number(1), "test"));
  const FourTuple t{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                    Port{40000}};
  std::set<std::uint64_t> hashes = {hash(t)};
  FourTuple u = t;
  u.local_address = IpAddress::v4(192, 0, 2, 3), hashes.insert(hash(u)), u = t;
  u.remote_address = IpAddress::v4(192, 0, 2, 9), hashes.insert(hash(u)), u = t;
  u.local_port = Port{81}, hashes.insert(hash(u)), u = t;
  u.remote_port = Port{40001}, hashes.insert(hash(u)), u = t;
  std::swap(u.local_address, u.remote_address), hashes.insert(hash(u)), u = t;
  std::swap(u.local_port, u.remote_port), hashes.insert(hash(u)), u = t;
  u.local_address = u.remote_address = *IpAddress::parse("2001:db8::1"), hashes.insert(hash(u));
  hashes.insert(KeyedHash(derive_key(Seed::from_number(1), "other"))(t));
  EXPECT_EQ(hashes.size(), 9U);
  EXPECT_EQ(hash(t), hash(FourTuple(t)));
}

TEST(KeyedHash, KeysDependOnSeedAndLabel) {
  COVERS("MUST-9");
  const Seed one = Seed::from_number(1);
  EXPECT_EQ(derive_key(one, "isn"), derive_key(Seed::from_number(1), "isn"));
  EXPECT_NE(derive_key(one, "isn"), derive_key(one, "flow table"));
  EXPECT_NE(derive_key(one, "isn"), derive_key(Seed::from_number(2), "isn"));
}

TEST(SeededRandom, IsTheSameEverywhere) {
  // xoshiro256** with the state that splitmix64 makes of 0; the first numbers are part of every
  // recorded seed's meaning.
  SeededRandom random(0);
  EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(random.next(), 0xbf6e1f784956452aU);
  SeededRandom again(0);
  std::array<std::uint8_t, 11> bytes;
  again.fill(bytes);
  EXPECT_EQ(bytes[0], 0xb4);
  EXPECT_EQ(bytes[7], 0x99);
  EXPECT_EQ(bytes[8], 0x2a);
}

TEST(SeededRandom, StaysInRangeAndReachesAllOfIt) {
  SeededRandom random(Seed::from_number(7), "test");
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 6000; ++i) ++seen[random.between(1, 6)];
  EXPECT_EQ(seen.size(), 6U);
  for (const auto& [face, times] : seen) {
    EXPECT_TRUE(face >= 1 && face <= 6);
    EXPECT_NEAR(times, 1000, 150);
  }
  EXPECT_EQ(random.below(1), 0U);
  EXPECT_EQ(random.between(5, 5), 5U);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.chance(0.02) ? 1 : 0;
  EXPECT_NEAR(hits, 200, 60);
}

TEST(MemoryBudget, GrantsWholeReservationsOrNothing) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.reserve(60));
  EXPECT_FALSE(budget.reserve(41));
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_TRUE(budget.reserve(40));
  EXPECT_EQ(budget.available(), 0U);
  EXPECT_FALSE(budget.reserve(~std::uint64_t{0})) << "no overflow";
  budget.release(100);
  EXPECT_EQ(budget.available(), 100U);
}

TEST(TokenBucket, LetsABurstThroughAndThenTheRate) {
  TokenBucket bucket(10, 5);  // one in 100 ms
  Instant now{};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now + 100ms - 1ns));
  EXPECT_TRUE(bucket.take(now + 100ms));
  EXPECT_FALSE(bucket.take(now + 199ms));
  now += 1h;
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += bucket.take(now) ? 1 : 0;
  EXPECT_EQ(passed, 5) << "what was not used does not pile up beyond the burst";
}

TEST(TokenBucket, HoldsTheRateOverALongTime) {
  TokenBucket bucket(7, 3);
  int passed = 0;
  for (int ms = 0; ms < 100'000; ++ms) passed += bucket.take(Instant{Duration{1ms} * ms}) ? 1 : 0;
  EXPECT_NEAR(passed, 703, 1);
}

TEST(TokenBucket, ZeroMeansNever) {
  EXPECT_FALSE(TokenBucket(0, 10).take(Instant{}));
  EXPECT_FALSE(TokenBucket(10, 0).take(Instant{}));
}

}  // namespace
}  // namespace glasstcp
