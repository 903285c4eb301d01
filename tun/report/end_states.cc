// Two small machines, one an end, driven by the frames: what an end sends shows its state; what
// reaches it lets one be inferred, until its own frame acknowledges that.
#include "tun/report/end_states.h"

#include <algorithm>
#include <array>

namespace glasstcp::report {
namespace {

constexpr std::int64_t kNever = INT64_MAX;

struct Machine {
  EndState now;
  std::int64_t proof = kNever;     // an ACK of this number shows the state
  EndState earlier{};              // before what is only inferred
  std::int64_t arrived = 0;        // behind what came without a gap; relative to the other end
  std::int64_t fin_sent = -1;      // the number behind its FIN
  std::int64_t fin_received = -1;  // the number behind the other's FIN, which may wait for a gap
  bool fin_is_acknowledged = false;
  std::vector<std::pair<std::int64_t, std::int64_t>> waiting;  // ranges beyond a gap

  [[nodiscard]] bool is(State state) const { return now.state == state; }
  void show(State state) { now = {state, state, Certainty::Shown}; }
  void infer(State state, std::int64_t shown_by) {
    if (now.state == state && now.certainty == Certainty::Shown) return;
    earlier = now;
    now = {state, state, Certainty::Inferred};
    proof = shown_by;
  }
};

State state_named(std::string_view name, State otherwise) {
  for (int i = 0; i < kStateCount; ++i) {
    if (name_of(static_cast<State>(i)) == name) return static_cast<State>(i);
  }
  return otherwise;
}

void take_fin(Machine& m);

// What an end acknowledges has come to it, even where the capture lacks it.
void note_own_ack(Machine& m, const Frame& f) {
  if (!f.has(kAck) || f.ack <= m.arrived) return;
  const bool is_news = m.fin_received > m.arrived && f.ack >= m.fin_received;
  m.arrived = f.ack;
  if (is_news) take_fin(m);
}

// RFC 9293 §3.3.2, Figure 5: what an end does tells where it is.
void send(Machine& m, const Frame& f) {
  note_own_ack(m, f);
  if (m.now.certainty == Certainty::Inferred && f.has(kAck) && f.ack >= m.proof) {
    m.now.certainty = Certainty::Shown;
  }
  if (f.has(kRst)) return m.show(State::Closed);
  if (f.has(kSyn)) return m.show(f.has(kAck) ? State::SynReceived : State::SynSent);
  if (m.now.certainty == Certainty::Unknown) {
    m.now = {State::Established, State::Established, Certainty::Inferred};
  }
  if (f.length > 0 && m.is(State::Established)) m.now.certainty = Certainty::Shown;
  if (!f.has(kFin)) return;
  m.fin_sent = f.next_seq();
  // A FIN that does not acknowledge theirs was sent before theirs came: the two crossed.
  const bool has_theirs = m.fin_received >= 0 && f.ack >= m.fin_received;
  const bool is_open = m.is(State::Established) || m.is(State::SynReceived) ||
                       m.is(State::SynSent) || m.is(State::CloseWait);
  if (!is_open) return;
  m.show(m.is(State::CloseWait) && has_theirs ? State::LastAck : State::FinWait1);
  if (!has_theirs) m.arrived = std::min(m.arrived, f.ack);  // theirs is still to come
}

// Moves `arrived` over what has come; whether anything new is in order.
void take_bytes(Machine& m, const Frame& f) {
  if (f.span() == 0) return;
  constexpr std::size_t kMostRanges = 4096;
  if (f.seq > m.arrived) {
    if (m.waiting.size() < kMostRanges) m.waiting.emplace_back(f.seq, f.next_seq());
    return;
  }
  m.arrived = std::max(m.arrived, f.next_seq());
  if (m.waiting.empty()) return;
  std::ranges::sort(m.waiting);
  std::size_t used = 0;
  while (used < m.waiting.size() && m.waiting[used].first <= m.arrived) {
    m.arrived = std::max(m.arrived, m.waiting[used++].second);
  }
  m.waiting.erase(m.waiting.begin(), m.waiting.begin() + static_cast<std::ptrdiff_t>(used));
}

void take_ack_of_fin(Machine& m) {
  m.fin_is_acknowledged = true;
  if (m.is(State::FinWait1)) m.infer(State::FinWait2, kNever);
  if (m.is(State::Closing)) m.infer(State::TimeWait, kNever);
  if (m.is(State::LastAck)) m.infer(State::Closed, kNever);
}

void take_fin(Machine& m) {
  const std::int64_t proof = m.fin_received;
  if (m.is(State::Established) || m.is(State::SynReceived)) m.infer(State::CloseWait, proof);
  if (m.is(State::FinWait2)) m.infer(State::TimeWait, proof);
  if (m.is(State::FinWait1)) {
    m.infer(m.fin_is_acknowledged ? State::TimeWait : State::Closing, proof);
  }
}

void arrive_syn(Machine& m, const Frame& f) {
  m.arrived = f.next_seq();
  if (m.is(State::SynSent)) {
    m.infer(f.has(kAck) ? State::Established : State::SynReceived, f.next_seq());
  } else if (m.is(State::Listen) && !f.has(kAck)) {
    m.infer(State::SynReceived, f.next_seq());
  }
}

void arrive(Machine& m, const Frame& f) {
  if (f.has(kRst)) {
    if (!m.is(State::Listen)) m.infer(State::Closed, kNever);
    return;
  }
  if (f.has(kSyn)) return arrive_syn(m, f);
  // Data or its acknowledgment shows later that it was there.
  if (m.is(State::SynReceived) && f.has(kAck) && f.ack >= 1) {
    m.infer(State::Established, f.next_seq() + (f.span() == 0 ? 1 : 0));
  }
  if (m.fin_sent >= 0 && !m.fin_is_acknowledged && f.has(kAck) && f.ack >= m.fin_sent) {
    take_ack_of_fin(m);
  }
  if (m.arrived == 0) m.arrived = f.seq;  // the capture began later
  const std::int64_t before = m.arrived;
  take_bytes(m, f);
  if (f.has(kFin) && m.fin_received < 0) m.fin_received = f.next_seq();
  const bool has_come = m.fin_received >= 0 && m.arrived >= m.fin_received;
  if (has_come && before < m.fin_received) take_fin(m);
}

// The receiver has not answered a segment that comes again: it may never have arrived.
void doubt(Machine& receiver, const Frame& f) {
  const bool is_again = f.is(Event::Retransmission) && (f.has(kFin) || f.has(kSyn));
  if (!is_again || receiver.now.certainty != Certainty::Inferred) return;
  if (receiver.earlier.certainty == Certainty::Unknown) return;
  receiver.now.other = receiver.earlier.state;
  receiver.now.certainty = Certainty::Either;
}

void settle(Machine& receiver) {
  if (receiver.now.certainty != Certainty::Either) return;
  receiver.now.other = receiver.now.state;
  receiver.now.certainty = Certainty::Inferred;
}

// What our own stack wrote beside the frame.
void overrule(const Capture& capture, const Frame& f, std::array<Machine, 2>& machines) {
  const std::string_view line = capture.comment_of(f).machine;
  if (line.empty() || f.direction == Direction::Unknown) return;
  const Side ours = f.direction == Direction::Out ? f.from : other(f.from);
  const auto state = machine_value(line, "state");
  Machine& m = machines[static_cast<std::size_t>(ours)];
  if (state) m.show(state_named(*state, m.now.state));
}

}  // namespace

void infer_states(const Capture& capture, Connection& connection) {
  std::array<Machine, 2> machines;
  if (!connection.frames.empty() && connection.frames.front().is(Event::Syn)) {
    const bool refused = connection.ends[1].syn == 0 && connection.ends[1].reset != 0;
    machines[0].now = {State::Closed, State::Closed, Certainty::Inferred};
    const State listening = refused ? State::Closed : State::Listen;
    machines[1].now = {listening, listening, Certainty::Inferred};
  } else if (!connection.frames.empty() && connection.frames.front().is(Event::SynAck)) {
    machines[0].show(State::SynSent);
    machines[0].now.certainty = Certainty::Inferred;
    machines[1].now = {State::Listen, State::Listen, Certainty::Inferred};
  }
  for (Frame& f : connection.frames) {
    Machine& sender = machines[static_cast<std::size_t>(f.from)];
    Machine& receiver = machines[1 - static_cast<std::size_t>(f.from)];
    doubt(receiver, f);
    f.before = {machines[0].now, machines[1].now};
    settle(receiver);
    send(sender, f);
    if (!f.is(Event::NeverArrived)) {
      const bool was = receiver.fin_is_acknowledged;
      arrive(receiver, f);
      if (!was && receiver.fin_is_acknowledged) f.set(Event::FinAcknowledged);
    }
    overrule(capture, f, machines);
    f.after = {machines[0].now, machines[1].now};
  }
}

}  // namespace glasstcp::report
