// Those who watch packets, joined to the loop: the annotator behind captures and narration, told
// when packets really pass, and what an impaired link lost.
//
// Invariants:
//   1. While nobody wants to watch, it must not be set as an observer: an absent one costs less.
//
// Next: ../../stack/trace/annotator.h.
#pragma once

#include <algorithm>

#include "stack/trace/annotator.h"
#include "stack/trace/narrate.h"
#include "tun/capture/capture_hub.h"
#include "tun/device/impaired_device.h"
#include "tun/loop/packet_watch.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

/// The annotator in a loop.
class Watchers final : public PacketWatch, public LossListener {
 public:
  Watchers() : annotator_({.wait = true, .wait_written = true}) {}

  /// All borrowed until the end; not both of one kind.
  void add(CaptureHub& captures) {
    captures_ = &captures;
    annotator_.add(captures);
  }
  void add(Narrator& narrator) {
    narrator_ = &narrator;
    annotator_.add(narrator);
  }
  /// Whether anybody watches now.
  [[nodiscard]] bool is_wanted() const {
    return narrator_ != nullptr || (captures_ != nullptr && captures_->is_wanted());
  }
  /// Payload may lie in mapped files: it is read by `copier`, borrowed.
  void set_copier(PacketCopier& copier) { annotator_.set_copier(copier); }
  /// For Stack::set_observer.
  [[nodiscard]] Observer& observer() { return annotator_; }
  /// Listens to `device`, which must not be used beyond the life of this.
  void listen_to(ImpairedDevice& device) {
    annotator_.set_foreteller(device);
    device.set_listener(this);
  }
  /// Hands on whatever waits for packets.
  void flush(Instant now) noexcept { annotator_.flush(now); }
  /// The same at the end.
  void finish() noexcept {
    const Instant now = SystemClock::now();
    annotator_.flush(now);
    if (narrator_ != nullptr) narrator_->flush();
    if (captures_ != nullptr) captures_->finish(now);
  }

  // PacketWatch
  void on_read() noexcept override { annotator_.on_read(SystemClock::now()); }
  void on_application_done() noexcept override { annotator_.on_application_done(); }
  void on_written() noexcept override { annotator_.on_written(SystemClock::now()); }
  void on_not_written() noexcept override { annotator_.on_not_written(); }
  void on_turn_done(Instant now) noexcept override {
    annotator_.on_turn_done(now);
    if (narrator_ != nullptr) narrator_->on_time(now);
  }
  [[nodiscard]] Instant next_deadline() const noexcept override {
    return narrator_ == nullptr ? kNever : narrator_->next_deadline();
  }

  // LossListener
  void on_lost(Instant at, Direction direction, ByteView packet, Fate fate) noexcept override {
    // One that leaves was told when it left.
    if (direction == Direction::Out || !is_wanted()) return;
    annotator_.note_lost(at, packet,
                         {why_lost(fate, Language::English), why_lost(fate, Language::Chinese)});
  }

 private:
  Annotator annotator_;
  CaptureHub* captures_ = nullptr;
  Narrator* narrator_ = nullptr;
};

}  // namespace glasstcp
