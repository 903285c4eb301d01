// What the lab page is told of a run: rows as JSON, and the moments in which something about them
// became known, each with the TCB of the end that it happened to.
//
// A moment is [kind, row, side, connection, time in ns, TCB or null, timers, marks]; kinds are
// "sent", "came", "did", "state" and "tcb" (no packet: the application read or wrote, or a timer
// was set or ended). A TCB is an array in the order of kTcbKeys (row_json.h); its numbers are as on
// the wire. Timers are names and the ns at which each ends, in turn, the earliest first. Marks say
// what is known of what is outstanding: where it begins and ends, and 0 (sent again), 1 (reported
// by SACK) or 2 (lost). Timers and marks are null, or left out behind all else, where nothing
// changed of them.
//
// Invariants:
//   1. A row that was told is told again when more is known of it; the last one counts.
//
// Next: engine.cc.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>

#include "stack/lab/lab.h"
#include "stack/lab/row_json.h"

namespace glasstcp::web {

/// Follows one lab.
class Recorder final : public lab::RowObserver {
 public:
  explicit Recorder(const lab::Lab& lab) : lab_(lab) {}

  void on_row(std::size_t row, lab::Side side, const AnnotatedPacket& packet) noexcept override;
  /// A step is over: TCBs that changed without a packet, and rows of applications.
  void end_step();
  /// Writes {"rows":{...},"moments":[...]} of what is new, and forgets it.
  void drain(Json& json);

 private:
  // One end of a connection, and what was told of it last.
  struct Watched {
    ConnectionId id;
    FourTuple tuple;
    std::string tcb;
    std::string timers = "[]";
    std::string marks = "[]";
  };

  struct Moment {
    std::string_view kind;
    int row = -1;
    lab::Side side = lab::Side::Client;
    std::uint32_t connection = 1;
    std::string_view tcb{};
  };
  void add_moment(const Moment& moment);
  // Those before this place in the run (Row::left_place).
  void take_actions(std::uint64_t place);
  [[nodiscard]] std::string tcb_text(const TcbSnapshot& tcb, Instant deadline) const;
  void add_changes(Watched& watched, lab::Side side);
  [[nodiscard]] std::string marks_text(lab::Side side, const Watched& watched) const;
  [[nodiscard]] std::string timers_text(const std::vector<RunningTimer>& timers) const;

  const lab::Lab& lab_;
  std::size_t seen_ = 0;  // rows that were looked at
  std::set<std::size_t> touched_;
  std::map<std::size_t, lab::RowExtra> extras_;
  std::array<std::map<std::uint32_t, Watched>, 2> watched_;  // by side and connection
  Json moments_;
};

}  // namespace glasstcp::web
