// The fast path beside the eight checks: every segment of the small world goes to two stacks, one
// of which has no fast path, and nobody can tell which.
//
// Compared are the verdict, every variable of the snapshot, the events, the octets, every byte that
// leaves, then and at the next deadlines, and the deadlines themselves.
#include <gtest/gtest.h>

#include <tuple>

#include "tests/model/world.h"
#include "tests/support/covers.h"

namespace glasstcp::model {
namespace {

void with_fast_path(TcpConfig& config) {
  config.use_fast_path = true;
}
void without_fast_path(TcpConfig& config) {
  config.use_fast_path = false;
}

auto all_of(const TcbSnapshot& t) {
  return std::tuple(std::tuple(t.state, t.snd.una.raw(), t.snd.nxt.raw(), t.snd.up.raw(),
                               t.snd.wl1.raw(), t.snd.wl2.raw(), t.snd.iss.raw(), t.snd.wnd),
                    std::tuple(t.rcv.nxt.raw(), t.rcv.up.raw(), t.rcv.irs.raw(), t.rcv.wnd, t.cwnd,
                               t.ssthresh, t.flight, t.unsent, t.unread, t.pipe, t.sacked, t.lost),
                    std::tuple(t.effective_mss, t.snd_shift, t.rcv_shift, t.in_recovery, t.srtt,
                               t.rttvar, t.rto, t.duplicate_acks, t.retransmissions));
}

// What one stack shows of a case.
struct Shown {
  Verdict verdict = Verdict::Accepted;
  std::string bytes;  // of all that left
  std::uint16_t events = 0;
  std::uint32_t unread = 0;
  Stage stage = Stage::Closed;
  TcbSnapshot variables;
  std::vector<Duration> deadlines;

  friend bool operator==(const Shown& a, const Shown& b) {
    return a.verdict == b.verdict && a.bytes == b.bytes && a.events == b.events &&
           a.unread == b.unread && a.stage == b.stage && a.deadlines == b.deadlines &&
           all_of(a.variables) == all_of(b.variables);
  }
};

// The case, and the two deadlines that follow it.
Shown show(const Situation& s, RealEnd& real, const Arriving& seg) {
  play(s, real);
  real.watch();
  static thread_local Packet packet;
  write_packet(seg, s.terms, packet);
  Shown shown;
  shown.verdict = real.arrive(packet);
  real.let_leave();
  for (int i = 0; i < 2; ++i) {
    const Duration wait = real.next_deadline();
    shown.deadlines.push_back(wait);
    if (wait > 10s) break;
    real.wait(wait);
    real.let_leave();
  }
  shown.bytes = real.bytes_since_watch();
  shown.events = real.events();
  shown.unread = real.unread();
  shown.stage = real.stage();
  if (real.has_variables()) shown.variables = real.variables();
  real.clean();
  return shown;
}

struct Both {
  std::uint64_t cases = 0, fast = 0, differences = 0;
  std::string first;
};

Both run(const std::string& name, const Place& place, const std::function<void(Terms&)>& adjust) {
  Situation s = situation(name, place, {}, adjust);
  s.terms.adjust = with_fast_path;
  RealEnd fast(s.terms);
  s.terms.adjust = without_fast_path;
  RealEnd slow(s.terms);
  const std::uint64_t before = fast.stack().counters().fast_segments;
  Both both;
  for_each_segment(s, [&](const Arriving& seg) {
    ++both.cases;
    if (show(s, fast, seg) == show(s, slow, seg)) return;
    if (++both.differences <= 5) both.first += name + " <- " + text_of(seg, s.terms) + "\n";
  });
  both.fast = fast.stack().counters().fast_segments - before;
  EXPECT_EQ(slow.stack().counters().fast_segments, 0U);
  return both;
}

class FastPath : public ::testing::TestWithParam<std::string> {
 protected:
  static void agree(const Both& both) {
    EXPECT_GT(both.cases, 0U);
    EXPECT_EQ(both.differences, 0U) << "of " << both.cases << " cases; the first:\n" << both.first;
  }
};

TEST_P(FastPath, IsTheSlowPath) {
  agree(run(GetParam(), {.base = 0, .window = 8}, nullptr));
}

TEST_P(FastPath, IsTheSlowPathWithADelayedAck) {
  agree(run(GetParam(), {.base = 0, .window = 64}, [](Terms& terms) { terms.delayed_ack = 40ms; }));
}

TEST_P(FastPath, IsTheSlowPathWithTimestampsAndSack) {
  agree(run(GetParam(), {.base = 0, .window = 8},
            [](Terms& terms) { terms.uses_timestamps = terms.uses_sack = true; }));
}

INSTANTIATE_TEST_SUITE_P(AllStates, FastPath, ::testing::ValuesIn(situation_names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(FastPathUse, TextInOrderAndANewAckTakeIt) {
  const Situation idle = situation("Established", {.base = 0, .window = 4096});
  RealEnd real(idle.terms);
  play(idle, real);
  Arriving seg;
  seg.has_ack = true;
  seg.seq = idle.model.tcb.rcv_nxt;
  seg.ack = idle.model.tcb.snd_una;
  seg.window = 1000;
  seg.text = 100;
  Packet packet;
  write_packet(seg, idle.terms, packet);
  EXPECT_EQ(real.arrive(packet), Verdict::Accepted);
  EXPECT_EQ(real.stack().counters().fast_segments, 1U);
  real.let_leave();
  real.send(50);
  real.let_leave();
  seg.seq += 100;
  seg.text = 0;
  seg.ack += 50;
  seg.window = 900;
  write_packet(seg, idle.terms, packet);
  EXPECT_EQ(real.arrive(packet), Verdict::Accepted);
  EXPECT_EQ(real.stack().counters().fast_segments, 2U);
}

}  // namespace
}  // namespace glasstcp::model
