// One case on both sides, and every difference in words. See world.h.
//
// Next: segment_arrives_test.cc.
#include <array>
#include <string>

#include "tests/model/world.h"

namespace glasstcp::model {
namespace {

// The verdicts that may stand for a fate.
bool fits(Fate fate, Verdict v) {
  switch (fate) {
    case Fate::NoConnection:
      return v == Verdict::NoConnection;
    case Fate::ResetForNobody:
      return v == Verdict::ResetNoConnection;
    case Fate::AckWhileListening:
    case Fate::BadHandshakeAck:
      return v == Verdict::ListenBadAck;
    case Fate::NothingForListener:
      return v == Verdict::ListenIgnored || v == Verdict::SynWithFin;
    case Fate::SynTaken:
      return v == Verdict::SynAccepted;
    case Fate::SynAgain:
      return v == Verdict::SynDuplicate;
    case Fate::OldTimestamp:
      return v == Verdict::PawsRejected;
    case Fate::NoTimestamp:
      return v == Verdict::TimestampMissing;
    case Fate::OpeningBadAck:
      return v == Verdict::SynSentBadAck;
    case Fate::OpeningBadReset:
      return v == Verdict::SynSentBadReset;
    case Fate::OpeningNothing:
      return v == Verdict::SynSentNothing;
    case Fate::Unacceptable:  // an old one may have been used in part; a SYN is named as such
      return v == Verdict::OutsideWindow || v == Verdict::AcceptedDuplicate ||
             v == Verdict::SynChallenged;
    case Fate::ResetOutside:
      return v == Verdict::ResetOutsideWindow;
    case Fate::ResetChallenged:
      return v == Verdict::ResetChallenged;
    case Fate::ResetTaken:
      return v == Verdict::ResetAccepted;
    case Fate::SynChallenged:
      return v == Verdict::SynChallenged;
    case Fate::NoAck:
      return v == Verdict::NoAckFlag;
    case Fate::AckTooOld:
      return v == Verdict::AckTooOld;
    case Fate::AckOfUnsent:
      return v == Verdict::AckOfUnsent;
    case Fate::Taken:
      return v == Verdict::Accepted;
    case Fate::TakenEarly:
      return v == Verdict::AcceptedOutOfOrder || v == Verdict::AcceptedDuplicate;
    case Fate::TakenAsOld:
      return v == Verdict::Accepted || v == Verdict::AcceptedDuplicate ||
             v == Verdict::OutsideWindow;
    case Fate::Completed:
      return v == Verdict::HandshakeComplete || v == Verdict::AcceptedOutOfOrder ||
             v == Verdict::AcceptedDuplicate;
    case Fate::AfterClose:
      return v == Verdict::DataAfterClose;
    case Fate::OldInTimeWait:
      return v == Verdict::TimeWaitOldDuplicate;
    case Fate::ResetInTimeWait:
      return v == Verdict::TimeWaitResetIgnored;
    case Fate::NewAfterTimeWait:
      return v == Verdict::TimeWaitReused;
  }
  return false;
}

constexpr std::array<const char*, 11> kStageNames{
    "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
    "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};

// Without a connection the stack does not know whether anybody listens.
Stage without_listen(Stage stage) {
  return stage == Stage::Listen ? Stage::Closed : stage;
}

std::string relative(Number n, Number base) {
  return std::to_string(static_cast<std::int32_t>(n - base));
}

// What differs, in words. Numbers are shown relative to the initial ones.
class Differences {
 public:
  void text(const char* what, const std::string& expected, const std::string& seen) {
    said_ += std::string("  ") + what + ": expected " + expected + ", seen " + seen + "\n";
  }
  void number(const char* what, Number expected, Number seen, Number base = 0) {
    if (expected != seen) text(what, relative(expected, base), relative(seen, base));
  }
  void truth(const char* what, bool expected, bool seen) {
    if (expected != seen) text(what, expected ? "yes" : "no", seen ? "yes" : "no");
  }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  std::string said_;
};

bool same(const Leaving& a, const Leaving& b) {
  const bool flags = a.has_syn == b.has_syn && a.has_rst == b.has_rst && a.has_ack == b.has_ack &&
                     a.has_fin == b.has_fin;
  if (!flags || a.seq != b.seq || a.text != b.text) return false;
  if (a.has_rst) return !a.has_ack || a.ack == b.ack;  // nobody reads a window in a reset
  return (!a.has_ack || a.ack == b.ack) && a.window == b.window && (!a.echo || a.echo == b.echo);
}

bool same(const std::vector<Leaving>& a, const std::vector<Leaving>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

bool has_tcb(Stage stage) {
  return stage != Stage::Closed && stage != Stage::Listen && stage != Stage::TimeWait;
}

void compare_variables(const Tcb& t, const RealEnd& real, Differences& d) {
  const bool is_half_open = t.stage == Stage::SynReceived && t.is_passive;
  if (!has_tcb(t.stage) || is_half_open || !real.has_variables()) return;
  const TcbSnapshot& v = real.variables();
  d.number("snd.una", t.snd_una, v.snd.una.raw(), t.iss);
  d.number("snd.nxt", t.snd_nxt, v.snd.nxt.raw(), t.iss);
  if (t.stage == Stage::SynSent) return;
  d.number("snd.wnd", t.snd_wnd, v.snd.wnd);
  d.number("snd.wl1", t.snd_wl1, v.snd.wl1.raw(), t.irs);
  d.number("snd.wl2", t.snd_wl2, v.snd.wl2.raw(), t.iss);
  d.number("rcv.nxt", t.rcv_nxt, v.rcv.nxt.raw(), t.irs);
  d.number("rcv.wnd", t.rcv_wnd, v.rcv.wnd);
}

void compare_events(const Model& model, const Result& r, RealEnd& real, Differences& d) {
  const std::uint16_t events = real.events();
  if (model.tcb.is_orphan) return;
  d.truth("told: connected", r.told_connected, (events & EventMask::kConnected) != 0);
  d.truth("told: closing", r.told_closing, (events & EventMask::kPeerClosed) != 0);
  d.truth("told: urgent", r.told_urgent, (events & EventMask::kUrgent) != 0);
  const bool failed = (events & EventMask::kError) != 0;
  d.truth("told: refused", r.told_refused, failed && real.error() == StreamError::Refused);
  d.truth("told: reset", r.told_reset, failed && real.error() == StreamError::ResetByPeer);
}

// What the application can read now, and what is urgent of it.
struct Reader {
  std::uint32_t unread = 0;
  Number nxt = 0;
  bool had_fin = false;
};

void compare_text(const Reader& was, const Tcb& t, const RealEnd& real, Differences& d) {
  if (!real.has_id() || t.is_orphan || !has_tcb(t.stage) || t.stage == Stage::SynSent) return;
  const Number fin = t.has_fin && !was.had_fin ? 1 : 0;
  const Number more = t.rcv_nxt - fin - was.nxt;
  d.number("octets delivered", more, real.unread() - was.unread);
  if (more > 0 && more < 8192 && real.unread() == was.unread + more) {
    d.truth("the octets are right", true, real.has_octets(was.unread, more, was.nxt));
  }
  const bool is_pending = static_cast<std::int32_t>(t.rcv_up - t.consumed) > 0;
  d.number("urgent", is_pending ? t.rcv_up - t.consumed : 0, real.urgent_remaining());
}

// One segment on both sides.
std::string step(const Situation& s, Model& model, RealEnd& real, const Arriving& seg) {
  Reader was{real.unread(), model.tcb.rcv_nxt, model.tcb.has_fin};
  const Stage stage_before = model.tcb.stage;
  static thread_local Packet packet;
  write_packet(seg, s.terms, packet);
  const Result r = model.segment_arrives(seg);
  if (!has_tcb(stage_before) || stage_before == Stage::SynSent) was.nxt = model.tcb.irs + 1;
  const ConnectionId id_before = real.id();
  const Verdict verdict = real.arrive(packet);
  if (real.id() != id_before) was.unread = 0;  // a new connection, with a buffer of its own
  std::vector<Leaving> leaving = real.let_leave();
  if (leaving.empty() && r.ack_may_wait && s.terms.delayed_ack > Duration::zero()) {
    real.wait(s.terms.delayed_ack);
    leaving = real.let_leave();
  }
  Differences d;
  if (!fits(r.fate, verdict)) {
    d.text("fate", std::to_string(static_cast<int>(r.fate)), std::string(name_of(verdict)));
  }
  if (!same(r.leaving, leaving)) {
    d.text("leaving", text_of(r.leaving, s.terms), text_of(leaving, s.terms));
  }
  const Stage stage = without_listen(model.tcb.stage), seen = without_listen(real.stage());
  if (stage != seen) {
    d.text("state", kStageNames[static_cast<std::size_t>(stage)],
           kStageNames[static_cast<std::size_t>(seen)]);
  }
  if (stage == seen) {
    compare_variables(model.tcb, real, d);
    compare_text(was, model.tcb, real, d);
  }
  compare_events(model, r, real, d);
  if (stage == Stage::TimeWait && seen == Stage::TimeWait) {
    const bool begins = r.time_wait_restarted || stage_before != Stage::TimeWait;
    d.truth("2 MSL begin", begins, real.next_deadline() == 60s);
  }
  if (d.said().empty()) return {};
  return s.name + " <- " + text_of(seg, s.terms) + "\n" + d.said();
}

// What comes next to show what the case left behind: the ACK that completes a handshake, or the
// octets that fill a gap.
std::optional<Arriving> sequel(const Situation& s, const Model& model, bool had_gap) {
  const Tcb& t = model.tcb;
  Arriving seg;
  seg.has_ack = true;
  seg.seq = t.rcv_nxt;
  seg.ack = t.snd_nxt;
  seg.window = 1000;
  if (s.uses_timestamps) seg.timestamp = t.ts_recent;
  if (t.stage == Stage::SynReceived && !had_gap) return seg;
  const bool reads =
      t.stage == Stage::Established || t.stage == Stage::FinWait1 || t.stage == Stage::FinWait2;
  if (!reads || (t.held.empty() && !t.fin)) return std::nullopt;
  Number gap = t.rcv_wnd;
  for (const Number octet : t.held) gap = std::min(gap, octet - t.rcv_nxt);
  if (t.fin) gap = std::min(gap, *t.fin - t.rcv_nxt);
  seg.text = gap;
  return seg;
}

std::string told(const Model& model) {
  return model.tcb.stage == Stage::SynReceived ? " (then the ACK)\n" : " (then the gap filled)\n";
}

// A further octet from our application shows which timestamp is echoed.
std::string echo_after(const Situation& s, Model& model, RealEnd& real) {
  const bool may = model.tcb.stage == Stage::Established &&
                   model.tcb.snd_una == model.tcb.snd_nxt && model.tcb.snd_wnd >= 1000;
  if (!may) return {};
  const Result r = model.send(1);
  real.send(1);
  const std::vector<Leaving>& leaving = real.let_leave();
  if (same(r.leaving, leaving)) return {};
  Differences d;
  d.text("next text", text_of(r.leaving, s.terms), text_of(leaving, s.terms));
  return d.said();
}

}  // namespace

std::string text_of(const Arriving& seg, const Terms& terms) {
  std::string text;
  if (seg.has_syn) text += 'S';
  if (seg.has_fin) text += 'F';
  if (seg.has_rst) text += 'R';
  if (seg.has_psh) text += 'P';
  if (seg.has_urg) text += 'U';
  if (seg.has_ack) text += '.';
  text += " seq " + relative(seg.seq, terms.irs) + " text " + std::to_string(seg.text);
  if (seg.has_ack) text += " ack " + relative(seg.ack, terms.iss);
  text += " win " + std::to_string(seg.window);
  if (seg.timestamp) text += " ts " + std::to_string(*seg.timestamp);
  return text;
}

std::string text_of(const std::vector<Leaving>& leaving, const Terms& terms) {
  if (leaving.empty()) return "nothing";
  std::string text;
  for (const Leaving& seg : leaving) {
    if (!text.empty()) text += ", ";
    if (seg.has_syn) text += 'S';
    if (seg.has_fin) text += 'F';
    if (seg.has_rst) text += 'R';
    if (seg.has_ack) text += '.';
    text += " seq " + relative(seg.seq, terms.iss) + " text " + std::to_string(seg.text);
    if (seg.has_ack) text += " ack " + relative(seg.ack, terms.irs);
    text += " win " + std::to_string(seg.window);
    if (seg.echo) text += " ecr " + std::to_string(*seg.echo);
  }
  return "[" + text + "]";
}

void play(const Situation& s, RealEnd& real) {
  for (const Step& step : s.steps) {
    switch (step.kind) {
      case Step::Kind::Open:
        real.open();
        break;
      case Step::Kind::Send:
        real.send(step.octets);
        break;
      case Step::Kind::Close:
        real.close();
        break;
      case Step::Kind::Leave:
        real.leave();
        break;
      case Step::Kind::Arrive:
        real.arrive(step.packet);
        break;
    }
    real.let_leave();
  }
}

std::string compare(const Situation& s, RealEnd& real, const Arriving& seg) {
  play(s, real);
  real.watch();
  Model model = s.model;
  const bool was_half_open = model.tcb.stage == Stage::SynReceived;
  std::string said = step(s, model, real, seg);
  if (said.empty()) {
    if (const auto next = sequel(s, model, was_half_open)) {
      const std::string then = told(model);
      const std::string more = step(s, model, real, *next);
      if (!more.empty()) said = s.name + " <- " + text_of(seg, s.terms) + then + more;
    }
  }
  if (said.empty() && s.uses_timestamps) {
    const std::string more = echo_after(s, model, real);
    if (!more.empty()) said = s.name + " <- " + text_of(seg, s.terms) + "\n" + more;
  }
  real.clean();
  return said;
}

}  // namespace glasstcp::model
