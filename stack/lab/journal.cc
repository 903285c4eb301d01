// See journal.h.
#include "stack/lab/journal.h"

#include <algorithm>

#include "stack/lab/action_words.h"
#include "stack/lab/row_words.h"
#include "stack/trace/fields.h"
#include "stack/trace/relative_numbers.h"

namespace glasstcp::lab {
namespace {

// What comes from an address that is no host's here, or goes there.
bool is_foreign(const AnnotatedPacket& packet, Side side) {
  return packet.summary.is_tcp() && packet.tuple.remote_address != address_of(other(side));
}

std::string milliseconds(Duration time) {
  const std::int64_t us = to_us(time);
  std::string text = std::to_string(us / 1000);
  if (us % 1000 != 0) text += '.' + std::to_string(us % 1000 / 100);
  return text + " ms";
}

// A variable of a TCB by its name; sizes in bytes.
std::string value_named(std::string_view name, const TcbSnapshot& tcb,
                        const InitialNumbers& numbers) {
  constexpr std::uint32_t kNone = 0xffffffffU;
  if (name == "rto") return milliseconds(tcb.rto);
  if (name == "srtt") return tcb.srtt == Duration::zero() ? "-" : milliseconds(tcb.srtt);
  if (name == "ssthresh" && tcb.ssthresh == kNone) return "-";
  const std::array<std::pair<std::string_view, std::uint32_t>, 15> values = {
      {{"cwnd", tcb.cwnd},
       {"ssthresh", tcb.ssthresh},
       {"flight", tcb.flight},
       {"pipe", tcb.pipe},
       {"snd_wnd", tcb.snd.wnd},
       {"rcv_wnd", tcb.rcv.wnd},
       {"unsent", tcb.unsent},
       {"unread", tcb.unread},
       {"sacked", tcb.sacked},
       {"lost", tcb.lost},
       {"snd_una", relative(tcb.snd.una, numbers.ours)},
       {"snd_nxt", relative(tcb.snd.nxt, numbers.ours)},
       {"rcv_nxt", relative(tcb.rcv.nxt, numbers.theirs)},
       {"duplicates", tcb.duplicate_acks},
       {"mss", tcb.effective_mss}}};
  const auto found = std::ranges::find(values, name, [](const auto& v) { return v.first; });
  return found == values.end() ? "?" : std::to_string(found->second);
}

}  // namespace

std::string watched_text(const std::vector<std::string>& names, const TcbSnapshot& tcb,
                         const InitialNumbers& numbers) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "" : ", ";
    text += name;
    text += ' ';
    text += value_named(name, tcb, numbers);
  }
  return text;
}

Journal::Journal(const Scenario& scenario, Language language, Instant start)
    : scenario_(scenario),
      language_(language),
      start_(start),
      sinks_{Sink(*this, Side::Client), Sink(*this, Side::Server)} {}

std::size_t Journal::note_departure(Side from, std::uint32_t connection, Instant now) {
  Row row;
  row.side = from;
  row.connection = connection;
  row.at = now;
  row.number = ++packets_;
  row.left_place = ++places_;
  row.states[index_of(other(from))] = state_of(other(from), connection);
  rows_.push_back(std::move(row));
  leaving_[index_of(from)] = rows_.size() - 1;
  return rows_.size() - 1;
}

void Journal::note_arrival(std::size_t at, Instant now) {
  if (rows_[at].arrived == kNever) {
    rows_[at].arrived = now;
    rows_[at].came_place = ++places_;
  } else {
    // The copy of a packet that has arrived already.
    Row copy = rows_[at];
    copy.at = copy.arrived = now;
    copy.is_copy = true;
    copy.left_place = 0;
    copy.came_place = ++places_;
    copy.is_plain = false;
    copy.why.clear();
    copy.effect.clear();
    copy.watched.clear();
    copy.changed = {};
    copy.states[index_of(copy.side)] = state_of(copy.side, copy.connection);
    rows_.push_back(std::move(copy));
    at = rows_.size() - 1;
  }
  arriving_[index_of(other(rows_[at].side))].push_back(at);
}

std::size_t Journal::note_foreign(Side from, const PacketSummary& packet, LossWords by,
                                  Instant now) {
  const std::size_t at = note_departure(from, 1, now);
  Row& row = rows_[at];
  row.is_forged = true;
  row.summary = packet;
  row.seq = packet.seq.raw();
  row.ack = packet.ack.raw();
  row.label = label_of(packet, row.seq, row.ack);
  row.why = by.in(language_);
  row.reason_class = packet.is_tcp() ? ReasonClass::Defence : ReasonClass::NotTcp;
  row.states[index_of(from)] = state_of(from, row.connection);
  return at;
}

void Journal::note_forged(Side to, const PacketSummary& packet, Instant now) {
  const LossWords by = packet.is_tcp() ? LossWords{"an attacker sends it", "由攻击者发送"}
                                       : LossWords{"another host sends it", "由另一台主机发送"};
  const std::size_t at = note_foreign(other(to), packet, by, now);
  rows_[at].arrived = now;
  rows_[at].came_place = ++places_;
  arriving_[index_of(to)].push_back(at);
}

std::size_t Journal::note_message(Side from, const PacketSummary& packet, Instant now) {
  return note_foreign(from, packet, {"a router between them sends it", "由中间的路由器发送"}, now);
}

void Journal::note_action(const Action& action, Instant now) {
  Row row;
  row.kind = Row::Kind::Action;
  row.side = action.actor.side;
  row.connection = action.actor.connection;
  row.at = now;
  row.left_place = ++places_;
  row.text = words_of(action, language_);
  rows_.push_back(std::move(row));
}

void Journal::set_base(Side side, State state) {
  bases_[index_of(side)] = state;
  if (rows_.empty() || rows_.back().kind != Row::Kind::Action) return;
  rows_.back().states[index_of(side)] = glasstcp::name_of(state);
  rows_.back().changed[index_of(side)] = true;
}

void Journal::forget(Side side) {
  states_[index_of(side)].clear();
  bases_[index_of(side)] = State::Closed;
}

std::uint32_t Journal::connection_of(const FourTuple& tuple, Side side) const {
  const std::uint16_t own = number(tuple.local_port), far = number(tuple.remote_port);
  const auto found = ports_.find(side == Side::Client ? std::pair(own, far) : std::pair(far, own));
  return found == ports_.end() ? 1 : found->second;
}

std::string_view Journal::state_of(Side side, std::uint32_t connection) const {
  const auto& states = states_[index_of(side)];
  const auto found = states.find(connection);
  return glasstcp::name_of(found == states.end() ? bases_[index_of(side)] : found->second);
}

void Journal::learn_state(Side side, const AnnotatedPacket& packet, Row& row) {
  std::optional<State> state = packet.state;
  if (!packet.steps.empty()) state = packet.steps.all().back().to;
  if (is_foreign(packet, side)) {
    row.connection = 0;
    row.states[index_of(side)] = glasstcp::name_of(state.value_or(bases_[index_of(side)]));
    row.states[index_of(other(side))] = "";
    return;
  }
  if (state) states_[index_of(side)][row.connection] = *state;
  row.states[index_of(side)] = state_of(side, row.connection);
  row.changed[index_of(side)] = !packet.steps.empty();
}

void Journal::watch(Side side, const AnnotatedPacket& packet, Row& row) const {
  if (side != scenario_.watched || scenario_.watch.empty() || !packet.after) return;
  row.watched = watched_text(scenario_.watch, *packet.after, packet.numbers);
}

void Journal::take(Side side, const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return take_happening(side, packet);
  TextBuffer fields;
  add_fields(fields, packet);
  TextBuffer flags;
  add_flags(flags, packet.summary.flags);
  fields.add(" len={} flags={} sacks={} time_us={}", packet.summary.text_length, flags.view(),
             packet.summary.sack_count, to_us(packet.at - start_));
  lines_.push_back({side, std::string(fields.view())});
  if (packet.is_outgoing()) {
    take_sent(side, packet);
  } else {
    take_received(side, packet);
  }
}

void Journal::take_sent(Side side, const AnnotatedPacket& packet) {
  Row& row = rows_[leaving_[index_of(side)]];
  row.connection = connection_of(packet.tuple, side);
  row.states[index_of(other(side))] = state_of(other(side), row.connection);
  describe(row, packet);
  learn_state(side, packet, row);
  watch(side, packet, row);
  row.reason_class = class_of(packet);
  row.is_plain = !row.is_marked && is_plain_packet(packet, is_one_more_duplicate(packet));
  row.is_retransmission = packet.events.has(PacketEvent::Retransmission);
  const std::size_t told = told_.size();
  row.why = why_of(packet, told_, language_);
  row.explains = told_.size() > told;
  tell(leaving_[index_of(side)], side, packet);
}

void Journal::take_received(Side side, const AnnotatedPacket& packet) {
  auto& arriving = arriving_[index_of(side)];
  if (arriving.empty()) return;
  const std::size_t at = arriving.front();
  Row& row = rows_[at];
  arriving.pop_front();
  if (row.is_forged && packet.summary.is_tcp()) {
    row.connection = connection_of(packet.tuple, side);
    describe(row, packet);
    row.states[index_of(other(side))] = state_of(other(side), row.connection);
  }
  learn_state(side, packet, row);
  watch(side, packet, row);
  std::uint32_t& beyond = beyond_a_gap_[index_of(side)][row.connection];
  if (packet.summary.text_length > 0) {
    beyond = packet.verdict == Verdict::AcceptedOutOfOrder ? beyond + 1 : 0;
  }
  const bool repeats = is_one_more_duplicate(packet) || beyond > kToldOfAGap;
  row.is_plain = row.is_plain && !row.is_copy && is_plain_packet(packet, repeats);
  row.says_again = row.is_plain && repeats;
  const std::size_t told = told_.size();
  row.effect = effect_of(packet, told_, language_);
  row.explains = row.explains || told_.size() > told;
  tell(at, side, packet);
}

void Journal::take_happening(Side side, const AnnotatedPacket& packet) {
  if (packet.steps.empty()) return;
  Row row;
  row.kind = Row::Kind::State;
  row.side = side;
  row.connection = connection_of(packet.tuple, side);
  row.at = packet.at;
  row.left_place = ++places_;
  learn_state(side, packet, row);
  row.text = happening_of(packet, language_);
  rows_.push_back(std::move(row));
  tell(rows_.size() - 1, side, packet);
}

}  // namespace glasstcp::lab
