// Those who watch packets, joined to the loop: the annotator behind captures and narration, told
// when packets really pass, and what an impaired link lost.
//
// Invariants:
//   1. While nobody wants to watch, it must not be set as an observer: an absent one costs less.
//   2. A viewer has an annotator of its own, since it may look away, and captures may not.
//   3. The annotator of captures and narration, 8 MB of tables, is made when one of them watches
//   for
//      the first time. Where there is no memory for it, nothing is recorded.
//
// Next: ../../stack/trace/annotator.h.
#pragma once

#include <algorithm>
#include <memory>
#include <new>

#include "stack/trace/annotator.h"
#include "stack/trace/narrate.h"
#include "tun/capture/capture_hub.h"
#include "tun/device/impaired_device.h"
#include "tun/loop/packet_watch.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

/// Somebody beside captures and narration who sees packets, and may look away (the live view).
class PacketViewer {
 public:
  PacketViewer() = default;
  PacketViewer(const PacketViewer&) = delete;
  PacketViewer& operator=(const PacketViewer&) = delete;
  virtual ~PacketViewer() = default;
  /// Asked between turns.
  [[nodiscard]] virtual bool wants_packets(Instant now) noexcept = 0;
  /// Where events go while it does.
  [[nodiscard]] virtual Annotator& annotator() noexcept = 0;
};

/// The annotators in a loop.
class Watchers final : public PacketWatch, public LossListener {
 public:
  /// Who watches.
  struct Audience {
    bool records = false;  ///< captures and narration
    bool viewer = false;
    [[nodiscard]] bool is_empty() const { return !records && !viewer; }
    friend bool operator==(const Audience&, const Audience&) = default;
  };

  Watchers() = default;

  /// All borrowed until the end; not both of one kind.
  void add(CaptureHub& captures) { captures_ = &captures; }
  void add(Narrator& narrator) { narrator_ = &narrator; }
  /// Borrowed.
  void set_viewer(PacketViewer& viewer) { viewer_ = &viewer; }
  /// Who wants to watch from now on.
  [[nodiscard]] Audience wanted(Instant now) const {
    return {is_recorded(), viewer_ != nullptr && viewer_->wants_packets(now)};
  }
  /// Who does. Who leaves is handed what waits for packets.
  void set_audience(Audience audience, Instant now) noexcept {
    if (audience.records && annotator_ == nullptr) audience.records = make_annotator();
    if (audience_.records && !audience.records) annotator_->flush(now);
    if (audience_.viewer && !audience.viewer) viewer_->annotator().flush(now);
    audience_ = audience;
  }
  /// Payload may lie in mapped files: it is read by `copier`, borrowed.
  void set_copier(PacketCopier& copier) { copier_ = &copier; }
  /// For Stack::set_observer; null: nobody watches.
  [[nodiscard]] Observer* observer() {
    if (audience_.records && audience_.viewer) return &both_;
    if (audience_.records) return annotator_.get();
    return audience_.viewer ? &viewer_->annotator() : nullptr;
  }
  /// Listens to `device`, which must not be used beyond the life of this.
  void listen_to(ImpairedDevice& device) {
    foreteller_ = &device;
    if (viewer_ != nullptr) viewer_->annotator().set_foreteller(device);
    device.set_listener(this);
  }
  /// Hands on whatever waits for packets, at the end.
  void finish() noexcept {
    if (!is_recorded()) return;
    const Instant now = SystemClock::now();
    if (annotator_ != nullptr) annotator_->flush(now);
    if (narrator_ != nullptr) narrator_->flush();
    if (captures_ != nullptr) captures_->finish(now);
  }

  // PacketWatch
  void on_read() noexcept override {
    const Instant now = SystemClock::now();
    for_each([now](Annotator& one) { one.on_read(now); });
  }
  void on_application_done() noexcept override {
    for_each([](Annotator& one) { one.on_application_done(); });
  }
  void on_written() noexcept override {
    const Instant now = SystemClock::now();
    for_each([now](Annotator& one) { one.on_written(now); });
  }
  void on_not_written() noexcept override {
    for_each([](Annotator& one) { one.on_not_written(); });
  }
  void on_turn_done(Instant now) noexcept override {
    for_each([now](Annotator& one) { one.on_turn_done(now); });
    if (narrator_ != nullptr) narrator_->on_time(now);
  }
  [[nodiscard]] Instant next_deadline() const noexcept override {
    return narrator_ == nullptr ? kNever : narrator_->next_deadline();
  }

  // LossListener
  void on_lost(Instant at, Direction direction, ByteView packet, Fate fate) noexcept override {
    // One that leaves was told when it left.
    if (direction == Direction::Out) return;
    const LossWords why{why_lost(fate, Language::English), why_lost(fate, Language::Chinese)};
    for_each([&](Annotator& one) { one.note_lost(at, packet, why); });
  }

 private:
  // Hands every event to both annotators.
  class Both final : public Observer {
   public:
    explicit Both(Watchers& all) : all_(all) {}
    void on_packet_sent(const PacketSentEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_packet_sent(event); });
    }
    void on_packet_received(const PacketReceivedEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_packet_received(event); });
    }
    void on_state_changed(const StateChangedEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_state_changed(event); });
    }
    void on_timer_fired(const TimerFiredEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_timer_fired(event); });
    }
    void on_message(const MessageEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_message(event); });
    }
    void on_close(const CloseEvent& event) noexcept override {
      all_.for_each([&](Annotator& one) { one.on_close(event); });
    }

   private:
    Watchers& all_;
  };

  [[nodiscard]] bool is_recorded() const {
    return narrator_ != nullptr || (captures_ != nullptr && captures_->is_wanted());
  }
  // Whether there was memory for it.
  bool make_annotator() noexcept {
    try {
      auto made =
          std::make_unique<Annotator>(Annotator::Options{.wait = true, .wait_written = true});
      if (captures_ != nullptr) made->add(*captures_);
      if (narrator_ != nullptr) made->add(*narrator_);
      if (copier_ != nullptr) made->set_copier(*copier_);
      if (foreteller_ != nullptr) made->set_foreteller(*foreteller_);
      annotator_ = std::move(made);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  template <typename Use>
  void for_each(Use use) {
    if (audience_.records) use(*annotator_);
    if (audience_.viewer) use(viewer_->annotator());
  }

  std::unique_ptr<Annotator> annotator_;  // null: nobody has watched yet
  PacketCopier* copier_ = nullptr;
  const LossForeteller* foreteller_ = nullptr;
  Both both_{*this};
  Audience audience_;
  PacketViewer* viewer_ = nullptr;
  CaptureHub* captures_ = nullptr;
  Narrator* narrator_ = nullptr;
};

}  // namespace glasstcp
