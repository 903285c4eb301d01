// The situations and the segments of the small world. See world.h.
//
// Next: compare.cc.
#include "tests/model/world.h"

#include <algorithm>
#include <array>

namespace glasstcp::model {
namespace {

constexpr Number kPeerWindow = 1000;
constexpr Number kInFlight = 100;
constexpr Number kFar = 1U << 30;
constexpr Number kStamp = 0xfffffff0U;  // of the peer's SYN; the wrap is near

// Tells a situation: each step goes to the model at once, and is written down for the stack.
class Script {
 public:
  explicit Script(Situation& s) : s_(s) {}

  [[nodiscard]] const Tcb& tcb() const { return s_.model.tcb; }
  void open() {
    step(Step::Kind::Open);
    s_.model.open();
  }
  void send(Number octets) {
    step(Step::Kind::Send).octets = octets;
    s_.model.send(octets);
  }
  void close() {
    step(Step::Kind::Close);
    s_.model.close();
  }
  void leave() {
    step(Step::Kind::Leave);
    s_.model.leave();
  }
  void arrive(const Arriving& seg) {
    Step& made = step(Step::Kind::Arrive);
    made.seg = seg;
    write_packet(seg, s_.terms, made.packet);
    s_.model.segment_arrives(seg);
  }

  void syn() {
    Arriving seg;
    seg.has_syn = true;
    seg.seq = s_.terms.irs;
    seg.window = kPeerWindow;
    stamp(seg);
    arrive(seg);
  }
  void ack(Number number) { arrive(plain(number)); }
  void text(Number octets, Number ahead = 0) {
    Arriving seg = plain(tcb().snd_una);
    seg.seq += ahead;
    seg.text = octets;
    arrive(seg);
  }
  void fin(Number ahead = 0) {
    Arriving seg = plain(tcb().snd_una);
    seg.seq += ahead;
    seg.has_fin = true;
    arrive(seg);
  }
  // The handshake, and so much text that the window shrinks to `fill` less.
  void establish(Number fill) {
    s_.model.listen();
    syn();
    ack(s_.terms.iss + 1);
    if (fill > 0) text(fill);
  }
  Arriving plain(Number number) {
    Arriving seg;
    seg.has_ack = true;
    seg.seq = tcb().rcv_nxt;
    seg.ack = number;
    seg.window = kPeerWindow;
    stamp(seg);
    return seg;
  }

 private:
  Step& step(Step::Kind kind) {
    s_.steps.push_back({kind, 0, {}, {}});
    return s_.steps.back();
  }
  void stamp(Arriving& seg) const {
    if (s_.uses_timestamps) seg.timestamp = kStamp;
  }
  Situation& s_;
};

// What a situation needs to know before the numbers are chosen, and how it is told.
struct Plan {
  const char* name;
  bool is_filled;  ///< its receive window can be chosen
  Number sent;     ///< octets that we send
  bool our_fin, their_fin;
  void (*tell)(Script& s, Number fill);
};

void tell_listening(Script& s, Number fill) {
  static_cast<void>(fill);
  static_cast<void>(s);
}
void tell_half_open(Script& s, Number) {
  s.syn();
}
void tell_syn_sent(Script& s, Number) {
  s.open();
}
void tell_crossed(Script& s, Number) {
  s.open();
  s.syn();
}
void tell_established(Script& s, Number fill) {
  s.establish(fill);
}
void tell_in_flight(Script& s, Number fill) {
  s.establish(fill);
  s.send(kInFlight);
}
void tell_gap(Script& s, Number fill) {
  s.establish(fill);
  s.text(3, 3);
}
void tell_early_fin(Script& s, Number fill) {
  s.establish(fill);
  s.fin(4);
}
void tell_waiting(Script& s, Number fill) {
  s.establish(fill);
  Arriving closes = s.plain(s.tcb().snd_una);
  closes.window = 0;
  s.arrive(closes);
  s.send(10);
}
void tell_fin_wait_1(Script& s, Number fill) {
  s.establish(fill);
  s.send(kInFlight);
  s.close();
}
void tell_fin_wait_2(Script& s, Number fill) {
  s.establish(fill);
  s.close();
  s.ack(s.tcb().snd_nxt);
}
void tell_fin_wait_1_orphan(Script& s, Number fill) {
  s.establish(fill);
  s.leave();
}
void tell_fin_wait_2_orphan(Script& s, Number fill) {
  s.establish(fill);
  s.leave();
  s.ack(s.tcb().snd_nxt);
}
void tell_close_wait(Script& s, Number fill) {
  s.establish(fill);
  s.fin();
}
void tell_close_wait_in_flight(Script& s, Number fill) {
  tell_close_wait(s, fill);
  s.send(kInFlight);
}
void tell_closing(Script& s, Number fill) {
  tell_fin_wait_1(s, fill);
  s.fin();
}
void tell_last_ack(Script& s, Number fill) {
  tell_close_wait_in_flight(s, fill);
  s.close();
}
void tell_time_wait(Script& s, Number fill) {
  tell_fin_wait_2(s, fill);
  s.fin();
}

constexpr std::array<Plan, 19> kPlans{{
    {"Closed", false, 0, false, false, tell_listening},
    {"Listen", false, 0, false, false, tell_listening},
    {"HalfOpen", false, 0, false, false, tell_half_open},
    {"SynSent", false, 0, false, false, tell_syn_sent},
    {"SynReceivedByCrossing", false, 0, false, false, tell_crossed},
    {"Established", true, 0, false, false, tell_established},
    {"EstablishedInFlight", true, kInFlight, false, false, tell_in_flight},
    {"EstablishedGap", true, 0, false, false, tell_gap},
    {"EstablishedEarlyFin", true, 0, false, false, tell_early_fin},
    {"EstablishedWindowClosed", true, 0, false, false, tell_waiting},
    {"FinWait1", true, kInFlight, true, false, tell_fin_wait_1},
    {"FinWait2", true, 0, true, false, tell_fin_wait_2},
    {"FinWait1Orphan", false, 0, true, false, tell_fin_wait_1_orphan},
    {"FinWait2Orphan", false, 0, true, false, tell_fin_wait_2_orphan},
    {"CloseWait", true, 0, false, true, tell_close_wait},
    {"CloseWaitInFlight", true, kInFlight, false, true, tell_close_wait_in_flight},
    {"Closing", true, kInFlight, true, true, tell_closing},
    {"LastAck", true, kInFlight, true, true, tell_last_ack},
    {"TimeWait", true, 0, true, true, tell_time_wait},
}};

const Plan& plan_of(const std::string& name) {
  return *std::find_if(kPlans.begin(), kPlans.end(),
                       [&](const Plan& plan) { return name == plan.name; });
}

void add(std::vector<Number>& list, std::initializer_list<Number> more) {
  for (const Number n : more) {
    if (std::find(list.begin(), list.end(), n) == list.end()) list.push_back(n);
  }
}

// The numbers, lengths, acknowledgments and windows that meet at a situation.
struct Axes {
  std::vector<Number> seq, ack, length;
  std::vector<Number> window{0, 5, kPeerWindow};
};

Axes axes_of(const Situation& s) {
  const Tcb& t = s.model.tcb;
  Axes axes;
  if (t.stage == Stage::Closed || t.stage == Stage::Listen || t.stage == Stage::SynSent) {
    add(axes.seq, {s.terms.irs, 0, 0xffffffffU, 17, kFar});
    add(axes.ack, {t.iss - 1, t.iss, t.iss + 1, t.iss + 2, t.iss + kFar, t.iss - kFar, 0});
    add(axes.length, {0, 1, 3, 100});
    return axes;
  }
  const Number nxt = t.rcv_nxt, wnd = t.rcv_wnd;
  add(axes.seq, {nxt - kFar, t.irs, nxt - 5, nxt - 1, nxt, nxt + 1, nxt + wnd / 2, nxt + wnd - 1,
                 nxt + wnd, nxt + wnd + 1, nxt + kFar});
  add(axes.ack,
      {t.snd_una - t.largest_window - 1, t.snd_una - t.largest_window, t.snd_una - 1, t.snd_una,
       t.snd_una + 1, t.snd_nxt - 1, t.snd_nxt, t.snd_nxt + 1, t.snd_nxt + kFar});
  add(axes.length, {0, 1, 3, 6});
  if (wnd < 100) add(axes.length, {wnd, wnd + 1, wnd + 10});
  return axes;
}

// Which flags the bits of a number stand for.
void set_flags(Arriving& seg, unsigned bits) {
  seg.has_syn = (bits & 1) != 0;
  seg.has_ack = (bits & 2) != 0;
  seg.has_rst = (bits & 4) != 0;
  seg.has_fin = (bits & 8) != 0;
  seg.has_urg = (bits & 16) != 0;
  seg.has_psh = (bits & 32) != 0;
  seg.urgent = seg.has_urg ? 1 : 0;
}

using Visit = std::function<void(const Arriving&)>;

void for_each_stamp(const Situation& s, Arriving seg, const Visit& f) {
  if (!s.uses_timestamps) {
    f(seg);
    return;
  }
  f(seg);
  const Number recent = s.model.tcb.ts_recent;
  for (const Number stamp : {recent - kFar, recent - 1, recent, recent + 1, recent + kFar}) {
    seg.timestamp = stamp;
    f(seg);
  }
}

// A field that the flags make meaningless takes one value only.
void for_each_field(const Situation& s, const Axes& axes, Arriving seg, const Visit& f) {
  const bool window_matters = seg.has_ack && !seg.has_rst && !seg.has_psh && !s.uses_timestamps;
  for (std::size_t a = 0; a < (seg.has_ack ? axes.ack.size() : 1); ++a) {
    seg.ack = seg.has_ack ? axes.ack[a] : 0x55555555U;
    for (std::size_t w = 0; w < (window_matters ? axes.window.size() : 1); ++w) {
      seg.window = window_matters ? axes.window[w] : kPeerWindow;
      for_each_stamp(s, seg, f);
    }
  }
}

}  // namespace

const std::vector<std::string>& situation_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const Plan& plan : kPlans) all.emplace_back(plan.name);
    return all;
  }();
  return names;
}

bool has_window(const std::string& name) {
  return plan_of(name).is_filled;
}

Situation situation(const std::string& name, const Place& place, Choices choices,
                    const std::function<void(Terms&)>& adjust) {
  const Plan& plan = plan_of(name);
  Terms terms;
  const Number their_fin = plan.their_fin ? 1 : 0;
  const Number our_fin = plan.our_fin ? 1 : 0;
  const bool is_filled = plan.is_filled && place.window + their_fin <= terms.buffer;
  const Number fill = is_filled ? terms.buffer - place.window - their_fin : 0;
  terms.irs = place.base - place.window / 2 - fill - their_fin - 1;
  terms.iss = place.base - (plan.sent + our_fin) / 2 - 1;
  const bool is_active = plan.tell == tell_syn_sent || plan.tell == tell_crossed;
  terms.is_listening = !is_active && name != "Closed";
  if (adjust) adjust(terms);
  Situation s{name, terms, {}, Model(choices, terms.buffer, terms.iss), terms.uses_timestamps};
  s.model.is_listened_to = terms.is_listening;
  if (terms.is_listening) s.model.listen();
  Script script(s);
  plan.tell(script, fill);
  return s;
}

void for_each_segment(const Situation& s, const Visit& f) {
  const Axes axes = axes_of(s);
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const Number seq : axes.seq) {
      for (const Number length : axes.length) {
        Arriving seg;
        set_flags(seg, bits);
        seg.seq = seq;
        seg.text = length;
        for_each_field(s, axes, seg, f);
      }
    }
  }
}

}  // namespace glasstcp::model
