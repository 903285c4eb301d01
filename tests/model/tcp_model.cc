// SEGMENT ARRIVES, in the order and as far as possible in the notions of RFC 9293 §3.10.7. See
// tcp_model.h.
//
// Next: real_end.h.
#include "tests/model/tcp_model.h"

#include <algorithm>

namespace glasstcp::model {
namespace {

// §3.4: numbers stand on a circle of 2^32. From a to b it is this far forwards.
constexpr std::uint64_t kCircle = 1ULL << 32;
std::uint64_t way(Number a, Number b) {
  return (static_cast<std::uint64_t>(b) + kCircle - static_cast<std::uint64_t>(a)) % kCircle;
}
// a < b: b lies ahead of a, by less than half of the circle.
bool before(Number a, Number b) {
  return way(a, b) != 0 && way(a, b) < kCircle / 2;
}
bool not_after(Number a, Number b) {
  return a == b || before(a, b);
}

bool is_one_of(Stage stage, std::initializer_list<Stage> some) {
  return std::find(some.begin(), some.end(), stage) != some.end();
}

}  // namespace

// -- User calls

Result Model::open() {
  result_ = {};
  tcb.stage = Stage::SynSent;
  tcb.snd_una = tcb.iss;
  tcb.snd_nxt = tcb.iss + 1;
  Leaving syn;
  syn.has_syn = true;
  syn.seq = tcb.iss;
  syn.window = tcb.buffer;
  result_.leaving.push_back(syn);
  return result_;
}

Result Model::send(Number octets) {
  result_ = {};
  tcb.unsent += octets;
  let_leave();
  return result_;
}

Result Model::close() {
  result_ = {};
  tcb.stage = tcb.stage == Stage::CloseWait ? Stage::LastAck : Stage::FinWait1;
  Leaving fin;
  fin.has_fin = fin.has_ack = true;
  fin.seq = tcb.snd_nxt;
  fin.ack = tcb.rcv_nxt;
  fin.window = tcb.rcv_wnd;
  result_.leaving.push_back(fin);
  tcb.snd_nxt += 1;
  tcb.has_sent_fin = true;
  return result_;
}

Result Model::leave() {
  tcb.is_orphan = true;
  return tcb.has_sent_fin ? Result{} : close();
}

// -- §3.10.7

Result Model::segment_arrives(const Arriving& seg) {
  result_ = {};
  switch (tcb.stage) {
    case Stage::Closed:
      closed(seg);
      break;
    case Stage::Listen:
      listening(seg);
      break;
    case Stage::SynSent:
      syn_sent(seg);
      break;
    default:
      other_states(seg);
      break;
  }
  let_leave();
  return result_;
}

bool Model::end(Fate fate) {
  result_.fate = fate;
  return false;
}

void Model::owe_ack(bool may_wait) {
  owes_ack_ = true;
  if (!may_wait) owes_ack_now_ = true;
}

// §3.10.7.1: the forms of a reset.
void Model::reset_for(const Arriving& seg) {
  if (seg.has_rst) return;
  Leaving reset;
  reset.has_rst = true;
  if (seg.has_ack) {
    reset.seq = seg.ack;
  } else {
    reset.has_ack = true;
    reset.ack = seg.seq + seg.length();
  }
  result_.leaving.push_back(reset);
}

void Model::closed(const Arriving& seg) {
  end(seg.has_rst ? Fate::ResetForNobody : Fate::NoConnection);
  reset_for(seg);
}

// §3.10.7.2.
void Model::listening(const Arriving& seg) {
  if (seg.has_rst) {
    end(Fate::ResetForNobody);
    return;
  }
  if (seg.has_ack) {
    reset_for(seg);
    end(Fate::AckWhileListening);
    return;
  }
  if (!seg.has_syn || (choices_.listener_drops_syn_with_fin && seg.has_fin)) {
    end(Fate::NothingForListener);
    return;
  }
  tcb.is_passive = true;
  take_syn(seg);
  tcb.snd_una = tcb.iss;
  tcb.snd_nxt = tcb.iss + 1;
  tcb.stage = Stage::SynReceived;
  owes_syn_ack_ = true;
  end(Fate::SynTaken);
}

void Model::take_syn(const Arriving& seg) {
  tcb.irs = seg.seq;
  tcb.rcv_nxt = tcb.rcv_up = tcb.consumed = tcb.last_ack_sent = seg.seq + 1;
  tcb.rcv_wnd = tcb.buffer;
  tcb.uses_timestamps = seg.timestamp.has_value();
  tcb.ts_recent = seg.timestamp.value_or(0);
  if (choices_.text_on_a_syn_is_dropped && tcb.stage == Stage::Listen) return;
  for (Number i = 0; i < seg.text; ++i) tcb.held.insert(seg.seq + 1 + i);
  if (tcb.stage != Stage::SynSent) return;
  if (seg.has_fin) tcb.fin = seg.seq + 1 + seg.text;
  if (seg.has_urg && before(tcb.rcv_up, seg.seq + seg.urgent)) {
    tcb.early_urgent = seg.seq + seg.urgent;
  }
}

// §3.10.7.3.
void Model::syn_sent(const Arriving& seg) {
  // First, the ACK bit.
  if (seg.has_ack && (not_after(seg.ack, tcb.iss) || before(tcb.snd_nxt, seg.ack))) {
    reset_for(seg);
    end(seg.has_rst ? Fate::OpeningBadReset : Fate::OpeningBadAck);
    return;
  }
  // Second, the RST bit. RCV.NXT, which RFC 5961 would compare, is not known in this state.
  if (seg.has_rst) {
    end(seg.has_ack ? Fate::ResetTaken : Fate::OpeningBadReset);
    if (!seg.has_ack) return;
    tcb.stage = Stage::Closed;
    result_.told_refused = true;
    return;
  }
  // Fourth, the SYN bit; fifth, neither.
  if (!seg.has_syn) {
    end(Fate::OpeningNothing);
    return;
  }
  const bool opens = seg.has_ack;
  Arriving syn = seg;
  if (opens) {  // they are processed below
    syn.text = 0;
    syn.has_fin = syn.has_urg = false;
  }
  take_syn(syn);
  tcb.snd_wnd = tcb.largest_window = seg.window;
  tcb.snd_wl1 = seg.seq;
  tcb.snd_wl2 = opens ? seg.ack : tcb.iss;
  if (!opens) {
    tcb.stage = Stage::SynReceived;
    owes_syn_ack_ = true;
    end(Fate::SynTaken);
    return;
  }
  tcb.snd_una = seg.ack;
  tcb.stage = Stage::Established;
  result_.told_connected = true;
  owe_ack();
  sixth_urgent(seg);
  seventh_text(seg);
  eighth_fin(seg);
}

// §3.10.7.4.
void Model::other_states(Arriving seg) {
  if (tcb.stage == Stage::TimeWait && choices_.time_wait_is_a_record) {
    time_wait(seg);
    return;
  }
  const bool is_their_syn =
      tcb.stage == Stage::SynReceived && seg.has_syn && !seg.has_rst && seg.seq == tcb.irs;
  if (is_their_syn && tcb.is_passive && !seg.has_ack && choices_.syn_again_draws_syn_ack) {
    owes_syn_ack_ = true;
    end(Fate::SynAgain);
    return;
  }
  const bool is_crossed =
      is_their_syn && !tcb.is_passive && seg.has_ack && choices_.crossed_syn_is_trimmed;
  if (is_crossed) {
    seg.has_syn = false;
    seg.seq += 1;
  }
  if (!timestamps(seg) || !first_sequence_number(seg)) return;
  if (!choices_.timestamp_waits_for_ack) take_timestamp(seg);
  if (!second_reset(seg) || !fourth_syn(seg) || !fifth_ack(seg)) return;
  if (is_crossed && tcb.stage == Stage::Established) owe_ack();
  if (choices_.timestamp_waits_for_ack) take_timestamp(seg);
  sixth_urgent(seg);
  seventh_text(seg);
  if (tcb.stage != Stage::Closed) eighth_fin(seg);
}

// TIME-WAIT as a record: see Choices.
void Model::time_wait(const Arriving& seg) {
  if (seg.has_rst) {
    end(Fate::ResetInTimeWait);
    return;
  }
  if (seg.has_syn && !seg.has_ack) {
    // RFC 6191 §2: a newer timestamp, or without one (or with the same) a number above all others.
    bool is_new = before(tcb.rcv_nxt, seg.seq);
    if (tcb.uses_timestamps && seg.timestamp && *seg.timestamp != tcb.ts_recent) {
      is_new = before(tcb.ts_recent, *seg.timestamp);
    }
    const bool opens = is_listened_to && !(choices_.listener_drops_syn_with_fin && seg.has_fin);
    if (!is_new || !opens) {
      if (choices_.time_wait_answers_a_syn) owe_ack();
      end(Fate::SynChallenged);
      return;
    }
    tcb.stage = Stage::Listen;
    listening(seg);
    end(Fate::NewAfterTimeWait);
    return;
  }
  if (seg.has_syn) {
    owe_ack();
    end(Fate::SynChallenged);
    return;
  }
  if (tcb.uses_timestamps && seg.timestamp && before(*seg.timestamp, tcb.ts_recent)) {
    owe_ack();
    end(Fate::OldTimestamp);
    return;
  }
  if (!seg.has_ack && not_after(tcb.rcv_nxt, seg.seq)) {
    end(Fate::NoAck);
    return;
  }
  if (seg.length() == 0 && seg.seq == tcb.rcv_nxt) return;
  owe_ack();
  result_.time_wait_restarted = seg.has_fin && seg.has_ack && seg.seq + seg.length() == tcb.rcv_nxt;
  end(Fate::OldInTimeWait);
}

// RFC 7323 §5.3 R1, §3.2.
bool Model::timestamps(const Arriving& seg) {
  if (!tcb.uses_timestamps || seg.has_rst) return true;
  if (seg.has_syn && choices_.syn_is_challenged_before_timestamps && choices_.blind_attack_defence)
    return true;
  if (!seg.timestamp) return choices_.missing_timestamp_is_taken || end(Fate::NoTimestamp);
  if (!before(*seg.timestamp, tcb.ts_recent)) return true;
  owe_ack();
  return end(Fate::OldTimestamp);
}

// RFC 7323 §5.3 R3.
void Model::take_timestamp(const Arriving& seg) {
  if (!tcb.uses_timestamps || !seg.timestamp) return;
  if (before(*seg.timestamp, tcb.ts_recent) || before(tcb.last_ack_sent, seg.seq)) return;
  tcb.ts_recent = *seg.timestamp;
}

// Table 6.
bool Model::is_acceptable(const Arriving& seg) const {
  const Number last = seg.seq + seg.length() - 1;
  if (seg.length() == 0 && tcb.rcv_wnd == 0) return seg.seq == tcb.rcv_nxt;
  if (seg.length() > 0 && tcb.rcv_wnd == 0) return false;
  if (not_after(tcb.rcv_nxt, seg.seq) && before(seg.seq, tcb.edge())) return true;
  if (seg.length() == 0) {
    return choices_.right_edge_is_acceptable && !seg.has_rst && seg.seq == tcb.edge();
  }
  return not_after(tcb.rcv_nxt, last) && before(last, tcb.edge());
}

bool Model::is_reset_of_fin(const Arriving& seg) const {
  return choices_.reset_may_repeat_fin && seg.has_rst && seg.seq + 1 == tcb.rcv_nxt &&
         is_one_of(tcb.stage, {Stage::CloseWait, Stage::Closing, Stage::LastAck});
}

bool Model::first_sequence_number(Arriving& seg) {
  if (is_acceptable(seg) || is_reset_of_fin(seg)) return true;
  if (tcb.rcv_wnd == 0 && seg.seq == tcb.rcv_nxt && !seg.has_syn) {
    // MUST-66: with a window of zero, ACK, RST and URG are taken all the same; text and FIN are
    // not, and the ACK that says so is owed.
    if (!seg.has_rst) owe_ack();
    seg.text = 0;
    seg.has_fin = false;
    result_.fate = Fate::TakenAsOld;
    return true;
  }
  if (seg.has_rst) return end(Fate::ResetOutside);
  owe_ack();
  const bool is_just_before =
      seg.seq + 1 == tcb.rcv_nxt && seg.has_ack && !seg.has_syn && tcb.stage != Stage::SynReceived;
  if (choices_.ack_just_before_counts && is_just_before && !fifth_ack(seg)) return false;
  return end(Fate::Unacceptable);
}

bool Model::second_reset(const Arriving& seg) {
  if (!seg.has_rst) return true;
  if (choices_.blind_attack_defence && seg.seq != tcb.rcv_nxt && !is_reset_of_fin(seg)) {
    owe_ack();
    return end(Fate::ResetChallenged);
  }
  const bool was_opening = tcb.stage == Stage::SynReceived;
  if (!was_opening || !tcb.is_passive) {
    // MUST-12: whoever still has the connection is told.
    result_.told_refused = was_opening;
    result_.told_reset = !was_opening;
  }
  tcb.stage = was_opening && tcb.is_passive ? Stage::Listen : Stage::Closed;
  return end(Fate::ResetTaken);
}

bool Model::fourth_syn(const Arriving& seg) {
  if (!seg.has_syn) return true;
  const bool is_half_open = tcb.stage == Stage::SynReceived && tcb.is_passive;
  if (is_half_open && !choices_.half_open_outlives_a_syn) {
    tcb.stage = Stage::Listen;
    return end(Fate::ResetTaken);
  }
  if (choices_.blind_attack_defence || is_half_open) {
    owe_ack();
    return end(Fate::SynChallenged);
  }
  Leaving reset;
  reset.has_rst = reset.has_ack = true;
  reset.seq = is_beyond_window() ? tcb.snd_una : tcb.snd_nxt;
  reset.ack = tcb.rcv_nxt;
  result_.leaving.push_back(reset);
  result_.told_reset = true;
  tcb.stage = Stage::Closed;
  return end(Fate::ResetTaken);
}

bool Model::fifth_ack(const Arriving& seg) {
  if (!seg.has_ack) return end(Fate::NoAck);
  if (tcb.stage == Stage::SynReceived) {
    const bool reset_first = choices_.handshake_resets_before_range;
    if (!reset_first && !range_of_ack(seg)) return false;
    return handshake_ack(seg);
  }
  if (!range_of_ack(seg)) return false;
  advance_una(seg);
  if (not_after(tcb.snd_una, seg.ack)) {
    const bool is_newer =
        before(tcb.snd_wl1, seg.seq) || (tcb.snd_wl1 == seg.seq && not_after(tcb.snd_wl2, seg.ack));
    if (is_newer) {
      tcb.snd_wnd = seg.window;
      tcb.snd_wl1 = seg.seq;
      tcb.snd_wl2 = seg.ack;
      tcb.largest_window = std::max(tcb.largest_window, seg.window);
    }
  }
  return fin_acknowledged();
}

// ((SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT), of which the second half is RFC 793's.
bool Model::range_of_ack(const Arriving& seg) {
  if (before(tcb.snd_nxt, seg.ack)) {
    owe_ack();
    return end(Fate::AckOfUnsent);
  }
  if (choices_.blind_attack_defence && before(seg.ack, tcb.snd_una - tcb.largest_window)) {
    owe_ack();
    return end(Fate::AckTooOld);
  }
  return true;
}

bool Model::handshake_ack(const Arriving& seg) {
  if (!before(tcb.snd_una, seg.ack) || before(tcb.snd_nxt, seg.ack)) {
    reset_for(seg);
    return end(Fate::BadHandshakeAck);
  }
  tcb.snd_una = seg.ack;
  tcb.snd_wnd = seg.window;
  tcb.snd_wl1 = seg.seq;
  tcb.snd_wl2 = seg.ack;
  tcb.largest_window = std::max(tcb.largest_window, seg.window);
  tcb.stage = Stage::Established;
  result_.told_connected = !tcb.is_passive;
  result_.fate = tcb.is_passive ? Fate::Completed : Fate::Taken;
  if (!tcb.held.empty()) {  // text that came with the SYN
    deliver();
    owe_ack(true);  // as for any text in order
  }
  if (tcb.early_urgent) {
    tcb.rcv_up = *tcb.early_urgent;
    result_.told_urgent = true;
    tcb.early_urgent.reset();
  }
  return true;
}

void Model::advance_una(const Arriving& seg) {
  if (!before(tcb.snd_una, seg.ack)) return;
  if (choices_.edge_stays_without_update) {
    const Number acknowledged = seg.ack - tcb.snd_una;
    tcb.snd_wnd = tcb.snd_wnd > acknowledged ? tcb.snd_wnd - acknowledged : 0;
  }
  tcb.snd_una = seg.ack;
}

// What each state adds to ESTABLISHED's processing.
bool Model::fin_acknowledged() {
  const bool is_acked = tcb.has_sent_fin && tcb.snd_una == tcb.snd_nxt;
  switch (tcb.stage) {
    case Stage::FinWait1:
      if (is_acked) tcb.stage = Stage::FinWait2;
      return true;
    case Stage::Closing:
      if (is_acked) tcb.stage = Stage::TimeWait;
      return !(is_acked && choices_.only_one_fin);
    case Stage::LastAck:
      if (is_acked) tcb.stage = Stage::Closed;
      return !is_acked;
    case Stage::TimeWait:
      owe_ack();
      result_.time_wait_restarted = true;
      return true;
    default:
      return true;
  }
}

void Model::sixth_urgent(const Arriving& seg) {
  if (!seg.has_urg) return;
  if (!is_one_of(tcb.stage, {Stage::Established, Stage::FinWait1, Stage::FinWait2})) return;
  const Number pointer = seg.seq + seg.urgent;
  if (!before(tcb.rcv_up, pointer)) return;
  tcb.rcv_up = pointer;
  result_.told_urgent = before(tcb.consumed, tcb.rcv_up);
}

void Model::seventh_text(const Arriving& seg) {
  if (seg.text == 0) return;
  if (!is_one_of(tcb.stage, {Stage::Established, Stage::FinWait1, Stage::FinWait2})) {
    result_.fate = Fate::TakenAsOld;
    return;
  }
  const bool had_gap = !tcb.held.empty();
  const Number was_nxt = tcb.rcv_nxt;
  bool is_new = false;
  for (Number i = 0; i < seg.text; ++i) {
    const Number octet = seg.seq + (seg.has_syn ? 1 : 0) + i;
    if (before(octet, tcb.rcv_nxt) || !before(octet, tcb.edge())) continue;
    if (choices_.early_fin_ends_text && tcb.fin && !before(octet, *tcb.fin)) continue;
    is_new = true;
    tcb.held.insert(octet);
    if (octet == tcb.rcv_nxt && !tcb.is_orphan) deliver();
  }
  if (is_new && tcb.is_orphan && choices_.text_after_close_resets) {
    Leaving reset;
    reset.has_rst = reset.has_ack = true;
    reset.seq = is_beyond_window() ? tcb.snd_una : tcb.snd_nxt;
    reset.ack = tcb.rcv_nxt;
    result_.leaving.push_back(reset);
    tcb.stage = Stage::Closed;
    end(Fate::AfterClose);
    return;
  }
  deliver();
  const bool advanced = tcb.rcv_nxt != was_nxt;
  // RFC 5681 §4.2: at once beyond a gap, and where one is filled.
  owe_ack(advanced && !had_gap && tcb.held.empty());
  if (result_.fate == Fate::Completed) return;
  if (!advanced) result_.fate = is_new ? Fate::TakenEarly : Fate::TakenAsOld;
}

// Whatever is next in the stream goes to the application's buffer, and takes its room in the
// window.
void Model::deliver() {
  while (tcb.held.erase(tcb.rcv_nxt) > 0) {
    tcb.rcv_nxt += 1;
    tcb.rcv_wnd -= 1;
  }
}

void Model::eighth_fin(const Arriving& seg) {
  if (seg.has_fin && !(tcb.has_fin && choices_.only_one_fin)) {
    const Number number = seg.seq + seg.length() - 1;
    if (before(number, tcb.edge())) {  // what lies beyond the window is trimmed
      tcb.fin = number;
      owe_ack();
    }
  }
  if (tcb.fin && before(*tcb.fin, tcb.rcv_nxt)) tcb.fin.reset();  // the stream has passed it
  if (tcb.fin && *tcb.fin == tcb.rcv_nxt) take_fin();
}

void Model::take_fin() {
  tcb.fin.reset();
  tcb.has_fin = true;
  tcb.held.clear();
  tcb.rcv_nxt += 1;
  tcb.rcv_wnd -= tcb.rcv_wnd > 0 ? 1 : 0;
  result_.told_closing = true;
  owe_ack();
  switch (tcb.stage) {
    case Stage::SynReceived:
    case Stage::Established:
      tcb.stage = Stage::CloseWait;
      break;
    case Stage::FinWait1:  // had our FIN been acknowledged, the fifth step would have left this
                           // state
      tcb.stage = Stage::Closing;
      break;
    case Stage::FinWait2:
      tcb.stage = Stage::TimeWait;
      break;
    case Stage::TimeWait:
      result_.time_wait_restarted = true;
      break;
    default:
      break;
  }
}

// §3.10.7.4 writes SEQ=SND.NXT, also where the peer has pulled its window back behind that number
// and by the same section takes no segment with it: an ACK then has the number of the window's edge
// (as Linux's has), a reset the one that the peer expects.
bool Model::is_beyond_window() const {
  return tcb.snd_una != tcb.iss && before(tcb.snd_una + tcb.snd_wnd, tcb.snd_nxt);
}

// What is due leaves: a SYN-ACK; text, if the window and the silly-window rules (§3.8.6.2.1) allow
// it, with the ACK on it; or the ACK alone.
void Model::let_leave() {
  Leaving out;
  out.has_ack = true;
  if (owes_syn_ack_) {
    out.has_syn = true;
    out.seq = tcb.iss;
    out.ack = tcb.rcv_nxt;
    out.window = tcb.buffer;
    result_.leaving.push_back(out);
  }
  const Number in_flight = tcb.snd_nxt - tcb.snd_una;
  const Number usable = tcb.snd_wnd > in_flight ? tcb.snd_wnd - in_flight : 0;
  const bool may_send = is_one_of(tcb.stage, {Stage::Established, Stage::CloseWait});
  const bool all_fits = usable >= tcb.unsent && in_flight == 0;
  const bool half_fits = usable > 0 && usable >= tcb.largest_window / 2 && in_flight == 0;
  if (may_send && tcb.unsent > 0 && (all_fits || half_fits))
    out.text = std::min(usable, tcb.unsent);
  if (out.text > 0 || (owes_ack_ && tcb.stage != Stage::Closed)) {
    out.has_syn = false;
    out.seq = is_beyond_window() ? tcb.snd_una + tcb.snd_wnd : tcb.snd_nxt;
    out.ack = tcb.last_ack_sent = tcb.rcv_nxt;
    out.window = tcb.rcv_wnd;
    if (tcb.uses_timestamps) out.echo = tcb.ts_recent;
    result_.leaving.push_back(out);
    result_.ack_may_wait = !owes_ack_now_ && out.text == 0;
  }
  tcb.snd_nxt += out.text;
  tcb.unsent -= out.text;
  owes_syn_ack_ = owes_ack_ = owes_ack_now_ = false;
}

}  // namespace glasstcp::model
