// See record.h.
#include "http/web/engine/record.h"

namespace glasstcp::web {
namespace {

using lab::index_of;
using lab::Row;
using lab::Side;

// Bytes of a packet that the page explains: all headers, and where the data begins.
constexpr std::size_t kMostBytes = 120;
// Parts of what is outstanding that a moment tells of.
constexpr std::size_t kMostMarks = 64;

std::int64_t nanoseconds(const lab::Lab& lab, Instant at) {
  return (at - lab.journal().start()).count();
}

std::string hexadecimal(std::span<const ByteView> pieces) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const ByteView piece : pieces) {
    for (const std::uint8_t byte : piece) {
      if (text.size() == 2 * kMostBytes) return text;
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
  }
  return text;
}

std::string_view kind_of(const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return "state";
  return packet.is_outgoing() ? "sent" : "came";
}

Instant earliest(const std::vector<RunningTimer>& timers) {
  return timers.empty() ? kNever : timers.front().deadline;
}

void write_options(Json& json, const PacketSummary& packet) {
  if (packet.has_mss) json.count("mss", packet.mss);
  if (packet.has_window_scale) json.count("scale", int{packet.window_scale});
  if (packet.sack_permitted) json.count("sackok", 1);
  if (packet.has_timestamps) {
    json.count("tsval", packet.ts_val);
    json.count("tsecr", packet.ts_ecr);
  }
}

}  // namespace

void Recorder::on_row(std::size_t row, Side side, const AnnotatedPacket& packet) noexcept {
  take_actions();
  touched_.insert(row);
  learn_extra(row, packet);
  const std::uint32_t connection = lab_.journal().rows()[row].connection;
  std::string tcb;
  if (packet.after) tcb = tcb_text(*packet.after, earliest(lab_.stack(side).timers(packet.tuple)));
  // An attacker's packets have no connection of ours.
  if (packet.tuple.remote_address == lab::address_of(other(side))) {
    Watched& watched = watched_[index_of(side)][connection];
    if (!packet.connection.is_none()) watched.id = packet.connection;
    watched.tuple = packet.tuple;
    if (!tcb.empty()) watched.tcb = tcb;
  }
  add_moment({kind_of(packet), static_cast<int>(row), side, connection, tcb});
}

void Recorder::learn_extra(std::size_t row, const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return;
  Extra& extra = extras_[row];
  if (packet.is_outgoing()) {
    extra.reason = info(packet.reason).name;
    extra.rfc = info(packet.reason).rfc;
  } else {
    extra.verdict = info(packet.verdict).name;
    extra.verdict_rfc = info(packet.verdict).rfc;
  }
  if (extra.bytes.empty()) extra.bytes = hexadecimal(packet.pieces);
  extra.size = packet.summary.total_length;
}

void Recorder::take_actions() {
  const auto& rows = lab_.journal().rows();
  for (; seen_ < rows.size(); ++seen_) {
    touched_.insert(seen_);
    const Row& row = rows[seen_];
    if (row.kind != Row::Kind::Action) continue;
    add_moment({"did", static_cast<int>(seen_), row.side, row.connection});
  }
}

void Recorder::end_step() {
  take_actions();
  for (const Side side : {Side::Client, Side::Server}) {
    for (auto& [connection, watched] : watched_[index_of(side)]) {
      const std::vector<RunningTimer> timers = lab_.stack(side).timers(watched.tuple);
      const auto tcb = lab_.stack(side).status(watched.id);
      const std::string text = tcb ? tcb_text(*tcb, earliest(timers)) : std::string();
      const bool has_new_tcb = !text.empty() && text != watched.tcb;
      const bool has_changes =
          timers_text(timers) != watched.timers || marks_text(side, watched) != watched.marks;
      if (!has_new_tcb && !has_changes) continue;
      if (has_new_tcb) watched.tcb = text;
      add_moment({"tcb", -1, side, connection, has_new_tcb ? std::string_view(text) : ""});
    }
  }
}

void Recorder::add_moment(const Moment& moment) {
  moments_.begin('[');
  moments_.string(moment.kind);
  moments_.number(moment.row);
  moments_.number(static_cast<int>(moment.side));
  moments_.number(moment.connection);
  moments_.number(nanoseconds(lab_, lab_.virtual_time()));
  moments_.raw(moment.tcb.empty() ? "null" : moment.tcb);
  auto& ends = watched_[index_of(moment.side)];
  if (const auto found = ends.find(moment.connection); found != ends.end()) {
    add_changes(found->second, moment.side);
  }
  moments_.end(']');
}

void Recorder::add_changes(Watched& watched, Side side) {
  std::string timers = timers_text(lab_.stack(side).timers(watched.tuple));
  std::string marks = marks_text(side, watched);
  const bool has_timers = timers != watched.timers;
  const bool has_marks = marks != watched.marks;
  if (has_timers || has_marks) moments_.raw(has_timers ? timers : "null");
  if (has_marks) moments_.raw(marks);
  watched.timers = std::move(timers);
  watched.marks = std::move(marks);
}

std::string Recorder::marks_text(Side side, const Watched& watched) const {
  Json json;
  json.begin('[');
  std::size_t told = 0;
  for (const OutstandingRange& range : lab_.stack(side).outstanding(watched.tuple)) {
    const int kind = range.state == SegmentState::Delivered ? 1
                     : range.state == SegmentState::Lost    ? 2
                                                            : 0;
    if ((kind == 0 && !range.retransmitted) || told == kMostMarks) continue;
    ++told;
    json.number(range.begin.raw());
    json.number(range.end.raw());
    json.number(kind);
  }
  json.end(']');
  return json.text();
}

std::string Recorder::timers_text(const std::vector<RunningTimer>& timers) const {
  Json json;
  json.begin('[');
  for (const RunningTimer& timer : timers) {
    json.string(name_of(timer.name));
    json.number(nanoseconds(lab_, timer.deadline));
  }
  json.end(']');
  return json.text();
}

std::string Recorder::tcb_text(const TcbSnapshot& tcb, Instant deadline) const {
  Json json;
  json.begin('[');
  json.string(name_of(tcb.state));
  for (const std::uint32_t value :
       {tcb.snd.una.raw(), tcb.snd.nxt.raw(), tcb.snd.wnd,       tcb.snd.up.raw(),
        tcb.snd.wl1.raw(), tcb.snd.wl2.raw(), tcb.snd.iss.raw(), tcb.rcv.nxt.raw(),
        tcb.rcv.wnd,       tcb.rcv.up.raw(),  tcb.rcv.irs.raw(), tcb.cwnd,
        tcb.ssthresh,      tcb.flight,        tcb.pipe,          tcb.sacked,
        tcb.lost,          tcb.unsent,        tcb.unread,        tcb.effective_mss}) {
    json.number(value);
  }
  for (const Duration time : {tcb.srtt, tcb.rttvar, tcb.rto, tcb.reordering_window}) {
    json.number(to_us(time));
  }
  for (const std::uint32_t value :
       {tcb.duplicate_acks, tcb.retransmissions, tcb.in_recovery ? 1U : 0U,
        std::uint32_t{tcb.snd_shift}, std::uint32_t{tcb.rcv_shift}}) {
    json.number(value);
  }
  json.number(deadline == kNever ? std::int64_t{-1} : nanoseconds(lab_, deadline));
  json.end(']');
  return json.text();
}

void Recorder::write_row(Json& json, std::size_t number) {
  const Row& row = lab_.journal().rows()[number];
  json.begin('{');
  json.count("i", number);
  json.count("kind", static_cast<int>(row.kind));
  json.count("side", static_cast<int>(row.side));
  json.count("connection", row.connection);
  json.count("at", nanoseconds(lab_, row.at));
  json.count("arrived", row.arrived == kNever ? -1 : nanoseconds(lab_, row.arrived));
  json.key("states").begin('[');
  for (const std::string_view state : row.states) json.string(state);
  json.end(']');
  json.key("changed").begin('[');
  for (const bool changed : row.changed) json.boolean(changed);
  json.end(']');
  if (row.kind != Row::Kind::Packet) {
    json.field("text", row.text);
    return json.end('}');
  }
  json.count("number", row.number);
  if (row.is_copy) json.count("copy", 1);
  if (row.is_forged) json.count("forged", 1);
  if (row.is_plain) json.count("plain", 1);
  if (!row.lost.empty()) json.field("lost", row.lost);
  json.field("class", info(row.reason_class).key);
  json.field("label", row.label);
  json.field("why", row.why);
  json.field("effect", row.effect);
  json.field("watched", row.watched);
  json.count("seq", row.seq);
  json.count("ack", row.ack);
  const PacketSummary& packet = row.summary;
  json.count("len", packet.text_length);
  json.count("flags", packet.flags);
  json.count("window", packet.window);
  json.count("ecn", int{packet.ecn});
  write_options(json, packet);
  json.key("sacks").begin('[');
  for (std::size_t i = 0; i < packet.sack_count && i < packet.sack.size(); ++i) {
    json.number(packet.sack[i].left.raw());
    json.number(packet.sack[i].right.raw());
  }
  json.end(']');
  const Extra& extra = extras_[number];
  json.field("reason", extra.reason);
  json.field("rfc", extra.rfc);
  json.field("verdict", extra.verdict);
  json.field("verdictRfc", extra.verdict_rfc);
  json.field("bytes", extra.bytes);
  json.count("size", extra.size);
  json.end('}');
}

void Recorder::drain(Json& json) {
  take_actions();
  json.key("rows").begin('[');
  for (const std::size_t row : touched_) write_row(json, row);
  json.end(']');
  json.key("moments").begin('[');
  if (!moments_.text().empty()) json.raw(moments_.text());
  json.end(']');
  touched_.clear();
  moments_.clear();
}

}  // namespace glasstcp::web
