// Several observers in the place of one: each event goes to all of them, in the order they were
// added.
//
// Invariants:
//   1. With nobody in it, it must not be set as an observer: an absent one costs less.
//
// Next: ../stack/trace/observer.h.
#pragma once

#include <unistd.h>

#include <vector>

#include "stack/trace/narrate.h"
#include "stack/trace/observer.h"

namespace glasstcp {

/// Hands every event on.
class Watchers final : public Observer {
 public:
  /// Borrowed until the end.
  void add(Observer& observer) { observers_.push_back(&observer); }
  [[nodiscard]] bool is_empty() const { return observers_.empty(); }

  void on_packet_sent(const PacketSentEvent& event) noexcept override {
    for (Observer* o : observers_) o->on_packet_sent(event);
  }
  void on_packet_received(const PacketReceivedEvent& event) noexcept override {
    for (Observer* o : observers_) o->on_packet_received(event);
  }
  void on_state_changed(const StateChangedEvent& event) noexcept override {
    for (Observer* o : observers_) o->on_state_changed(event);
  }
  void on_timer_fired(const TimerFiredEvent& event) noexcept override {
    for (Observer* o : observers_) o->on_timer_fired(event);
  }

 private:
  std::vector<Observer*> observers_;
};

/// Lines for people, on stderr; a line that cannot be written is lost.
class StderrLines final : public LineSink {
 public:
  void write(std::string_view line) noexcept override {
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
};

}  // namespace glasstcp
