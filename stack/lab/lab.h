// The engine: two stacks, a link and their applications, in virtual time. A scenario goes in; rows
// for a ladder, lines of the captures and the captures themselves come out.
//
// Invariants:
//   1. Everything follows from the scenario (its seed is part of it): the same bytes on every
//      platform, native or WebAssembly (tests/wasm). So no floating point decides anything beyond
//      + - * / and sqrt, no container is walked in an order of its own, no std:: distribution.
//   2. Each end's capture holds what that end sent and received, and nothing that only the link
//      knows, but that a packet was lost behind it.
//   3. Virtual time, packets and steps are bounded.
//
// Next: check.h.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "stack/lab/application.h"
#include "stack/lab/channel.h"
#include "stack/lab/journal.h"
#include "stack/trace/capture_sink.h"

namespace glasstcp::lab {

/// When every run begins, in virtual time; in captures that is 2025-01-01 00:00:00 UTC.
inline constexpr Instant kStart{1s};
inline constexpr Duration kWallOffset = 1'735'689'600s - kStart.time_since_epoch();

struct LabOptions {
  Language language = Language::English;
  std::array<BlockSink*, 2> captures{};  ///< by side; null: none. Must outlive the lab.
  Comments comments = Comments::Both;
  std::string_view application{};  ///< "glasstcp 0.1.0"; borrowed while the lab is made
  /// Who else is given what an end's capture is written from, by side; null: nobody. Must outlive
  /// the lab.
  std::array<AnnotatedSink*, 2> sinks{};
};

/// The command that makes a run again: scenario, seed, settings, edits.
[[nodiscard]] std::string run_of(const Scenario& scenario);
/// The command that makes a capture again; empty: it is a quiz's. "glasstcp lab lost-syn --seed 3
/// --set delay=50ms --edit 'lose client packet 4' --end client --lang en".
[[nodiscard]] std::string command_of(const Scenario& scenario, Side end, Language language);
/// The comment of a capture's section, which `glasstcp replay` reads: that command, and in the
/// lines behind it the text of a scenario that is not built in.
[[nodiscard]] std::string section_comment_of(const Scenario& scenario, Side end, Language language);

/// Why a run ended.
enum class Ending : std::uint8_t {
  Quiet,     ///< nothing more will happen
  TimeOver,  ///< the scenario's `until`
  TooLong,   ///< more packets or time than a scenario may take
};

class Lab {
 public:
  static constexpr Duration kLongest = 1h;
  static constexpr std::uint64_t kMostPackets = 200'000;

  /// The scenario must outlive it.
  Lab(const Scenario& scenario, const LabOptions& options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  /// Lets the next thing happen; false: it is over, and the captures are whole.
  bool step();
  /// To the end.
  Ending run();

  /// Does something to a packet that has not left yet, counted among all of its end (of the kind
  /// "packet"), as if the scenario had said so.
  void add_edit(const Edit& edit) { channels_[index_of(edit.from)].add(edit); }
  /// Who is told of each row; borrowed.
  void set_observer(RowObserver* observer) { journal_.set_observer(observer); }

  [[nodiscard]] Instant virtual_time() const { return now_; }
  [[nodiscard]] Ending ending() const { return ending_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  [[nodiscard]] const Stack& stack(Side side) const { return *hosts_[index_of(side)].stack; }

 private:
  struct Host {
    Side side = Side::Client;
    std::unique_ptr<Stack> stack;
    std::unique_ptr<Annotator> annotator;
    std::unique_ptr<CaptureSink> capture;
    std::vector<Application> applications;  // the n-th is connection n + 1
    std::optional<ListenerId> listener;
  };
  // An action whose time is known.
  struct Appointment {
    Instant when;
    std::size_t statement = 0;
  };

  void found(Side side, const LabOptions& options);
  [[nodiscard]] Instant next_time() const;
  void finish();
  void deliver(Side to);
  void appoint(Instant when, std::size_t statement);
  void act_on_due();
  void act(const Action& action);
  void connect(Host& host, const Action& action);
  void forge_reset(Host& host, const Action& action);
  void forge_syns(Host& host, const Action& action);
  void receive_forged(Host& host, const std::vector<std::uint8_t>& packet);
  void wake(Host& host);
  void finish_turn(Host& host);
  void accept_all(Host& host);
  void send_all(Host& host);
  void send(Host& host, const OutPacket& out);
  void fire_triggers();
  Host& host(Side side) { return hosts_[index_of(side)]; }
  Application& application(const Actor& actor) {
    return host(actor.side).applications[actor.connection - 1];
  }

  const Scenario& scenario_;
  Instant now_;
  Instant end_;
  Ending ending_ = Ending::Quiet;
  bool over_ = false;
  Journal journal_;
  std::array<Host, 2> hosts_;
  std::vector<Channel> channels_;                            // by who sends
  std::array<std::vector<std::size_t>, 2> rows_of_entries_;  // by who sends: the row of each packet
  std::vector<Appointment> appointments_;                    // by time
  std::vector<bool> fired_;                                  // by statement
  std::uint64_t packets_ = 0;
  std::uint64_t steps_at_now_ = 0;
};

}  // namespace glasstcp::lab
