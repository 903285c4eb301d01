// See record.h.
#include "http/web/engine/record.h"

namespace glasstcp::web {
namespace {

using lab::index_of;
using lab::Row;
using lab::Side;

std::int64_t nanoseconds(const lab::Lab& lab, Instant at) {
  return (at - lab.journal().start()).count();
}

constexpr std::uint64_t kAll = ~std::uint64_t{0};

Instant earliest(const std::vector<RunningTimer>& timers) {
  return timers.empty() ? kNever : timers.front().deadline;
}

}  // namespace

void Recorder::on_row(std::size_t row, Side side, const AnnotatedPacket& packet) noexcept {
  // What an application did before it came or left; an end's annotator tells of both at the turn's
  // end.
  const Row& told = lab_.journal().rows()[row];
  const bool comes = packet.has_packet() && !packet.is_outgoing();
  take_actions(comes ? told.came_place : told.left_place);
  touched_.insert(row);
  if (packet.has_packet()) extras_[row].learn(packet);
  const std::uint32_t connection = told.connection;
  std::string tcb;
  if (packet.after) tcb = tcb_text(*packet.after, earliest(lab_.stack(side).timers(packet.tuple)));
  // An attacker's packets have no connection of ours.
  if (packet.tuple.remote_address == lab::address_of(other(side))) {
    Watched& watched = watched_[index_of(side)][connection];
    if (!packet.connection.is_none()) watched.id = packet.connection;
    watched.tuple = packet.tuple;
    if (!tcb.empty()) watched.tcb = tcb;
  }
  add_moment({lab::moment_of(packet), static_cast<int>(row), side, connection, tcb});
}

void Recorder::take_actions(std::uint64_t place) {
  const auto& rows = lab_.journal().rows();
  for (; seen_ < rows.size(); ++seen_) {
    const Row& row = rows[seen_];
    if (row.kind == Row::Kind::Action && row.left_place > place) return;
    touched_.insert(seen_);
    if (row.kind != Row::Kind::Action) continue;
    add_moment({"did", static_cast<int>(seen_), row.side, row.connection});
  }
}

void Recorder::end_step() {
  take_actions(kAll);
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
  return lab::marks_text(lab_.stack(side).outstanding(watched.tuple));
}

std::string Recorder::timers_text(const std::vector<RunningTimer>& timers) const {
  return lab::timers_text(timers, lab_.journal().start());
}

std::string Recorder::tcb_text(const TcbSnapshot& tcb, Instant deadline) const {
  return lab::tcb_text(tcb, deadline, lab_.journal().start());
}

void Recorder::drain(Json& json) {
  take_actions(kAll);
  json.key("rows").begin('[');
  for (const std::size_t row : touched_) {
    lab::write_row(json, lab_.journal().rows()[row], extras_[row], row, lab_.journal().start());
  }
  json.end(']');
  json.key("moments").begin('[');
  if (!moments_.text().empty()) json.raw(moments_.text());
  json.end(']');
  touched_.clear();
  moments_.clear();
}

}  // namespace glasstcp::web
