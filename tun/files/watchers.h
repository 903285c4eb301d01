// Several observers in the place of one: each event goes to all of them, in the order they were
// added. And those of them who also tell what an impaired link lost.
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
#include "tun/device/impaired_device.h"

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

/// Tells those who look on what an impaired link lost: the parts of a capture and of a narration
/// that the stack cannot know.
class LossReporter final : public LossListener {
 public:
  /// Both borrowed, either null.
  LossReporter(CaptureSink* capture, Narrator* narrator, Language language)
      : capture_(capture), narrator_(narrator), language_(language) {}

  /// Listens to `device`, which must not be used beyond the life of this.
  void listen_to(ImpairedDevice& device) {
    if (capture_ != nullptr) capture_->set_foreteller(device);
    if (capture_ != nullptr || narrator_ != nullptr) device.set_listener(this);
  }
  void on_lost(Instant at, Direction direction, ByteView packet, Fate fate) noexcept override {
    const std::string_view why = why_lost(fate, language_);
    const bool out = direction == Direction::Out;
    // The capture knew of one that left when it left.
    if (capture_ != nullptr && !out) capture_->note_lost(at, packet, direction, why);
    if (narrator_ != nullptr) narrator_->note_lost(at, packet, out, why);
  }

 private:
  CaptureSink* capture_;
  Narrator* narrator_;
  Language language_;
};

/// Lines for people, on stderr; a line that cannot be written is lost.
class StderrLines final : public LineSink {
 public:
  void write(std::string_view line) noexcept override {
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
};

}  // namespace glasstcp
