// What a ladder shows, row by row: every packet with the instant at which it left and the one at
// which it came, why it was sent, what it did, and the states of both ends; what the applications
// did; and changes of state without a packet.
//
// Invariants:
//   1. A packet has one row, in the order of leaving; its copy, made by the link, has another.
//   2. What is said of a packet is what the captures of both ends say: it comes from the annotator.
//
// Next: ladder.h.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stack/lab/row.h"
#include "stack/trace/annotator.h"

namespace glasstcp::lab {

/// A line of a capture as programs read it, with the end that wrote it.
struct Line {
  Side side = Side::Client;
  std::string fields;
};

/// Who is told of rows as they become known.
class RowObserver {
 public:
  RowObserver() = default;
  RowObserver(const RowObserver&) = delete;
  RowObserver& operator=(const RowObserver&) = delete;
  virtual ~RowObserver() = default;
  /// What an end's annotator says of a packet has gone into this row; must not throw.
  virtual void on_row(std::size_t row, Side side, const AnnotatedPacket& packet) noexcept = 0;
};

/// Keeps the rows. Told by the engine what leaves and comes, and by both annotators what it means.
class Journal {
 public:
  Journal(const Scenario& scenario, Language language, Instant start);

  /// Borrowed; null: nobody.
  void set_observer(RowObserver* observer) { observer_ = observer; }
  /// What the annotator of an end is to be given.
  [[nodiscard]] AnnotatedSink& sink(Side side) { return sinks_[index_of(side)]; }

  /// A packet leaves: the number of its row. What the sender's annotator says next is about it.
  std::size_t note_departure(Side from, std::uint32_t connection, Instant now);
  void note_loss(std::size_t row, LossWords why) { rows_[row].lost = why.in(language_); }
  void note_mark(std::size_t row) { rows_[row].is_marked = true; }
  /// It has arrived: what the receiver's annotator says next of a packet that came is about it.
  void note_arrival(std::size_t row, Instant now);
  /// An attacker's packet arrives at `to`.
  void note_forged(Side to, const PacketSummary& packet, Instant now);
  /// A router sends a message the way that `from` sends: the number of its row.
  std::size_t note_message(Side from, const PacketSummary& packet, Instant now);
  void note_action(const Action& action, Instant now);
  /// From now on ports without a connection are in this state.
  void set_base(Side side, State state);
  /// The host has forgotten its connections.
  void forget(Side side);
  /// Which connection the ports belong to (the client's, the server's).
  void name_ports(std::uint16_t client, std::uint16_t server, std::uint32_t connection) {
    ports_[{client, server}] = connection;
  }
  [[nodiscard]] std::uint32_t connection_of(const FourTuple& tuple, Side side) const;

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  [[nodiscard]] Instant start() const { return start_; }

 private:
  class Sink final : public AnnotatedSink {
   public:
    Sink(Journal& journal, Side side) : journal_(journal), side_(side) {}
    void on_annotated(const AnnotatedPacket& packet) noexcept override {
      journal_.take(side_, packet);
    }

   private:
    Journal& journal_;
    Side side_;
  };

  void take(Side side, const AnnotatedPacket& packet);
  void tell(std::size_t row, Side side, const AnnotatedPacket& packet) {
    if (observer_ != nullptr) observer_->on_row(row, side, packet);
  }
  void take_sent(Side side, const AnnotatedPacket& packet);
  void take_received(Side side, const AnnotatedPacket& packet);
  void take_happening(Side side, const AnnotatedPacket& packet);
  void learn_state(Side side, const AnnotatedPacket& packet, Row& row);
  std::size_t note_foreign(Side from, const PacketSummary& packet, LossWords by, Instant now);
  void watch(Side side, const AnnotatedPacket& packet, Row& row) const;
  [[nodiscard]] std::string_view state_of(Side side, std::uint32_t connection) const;

  const Scenario& scenario_;
  Language language_;
  Instant start_;
  std::vector<Row> rows_;
  std::vector<Line> lines_;
  ToldNames told_;
  std::uint64_t packets_ = 0;
  std::uint64_t places_ = 0;                           // of what left, happened and came
  std::array<std::size_t, 2> leaving_{};               // the row of what an end sends now
  std::array<std::deque<std::size_t>, 2> arriving_{};  // the rows of what an end has received
  std::array<State, 2> bases_{State::Closed, State::Closed};
  std::array<std::map<std::uint32_t, State>, 2> states_;
  // By receiver and connection: segments beyond the gap that is open.
  std::array<std::map<std::uint32_t, std::uint32_t>, 2> beyond_a_gap_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::uint32_t> ports_;
  std::array<Sink, 2> sinks_;
  RowObserver* observer_ = nullptr;
};

/// The values that `watch` names, of a TCB: "cwnd 14480, ssthresh -".
[[nodiscard]] std::string watched_text(const std::vector<std::string>& names,
                                       const TcbSnapshot& tcb, const InitialNumbers& numbers);

}  // namespace glasstcp::lab
