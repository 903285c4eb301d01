// Those who watch the packets of one stack: captures and a narration, joined to stack, pump and
// link; the same for `serve` and for `get`.
//
// Invariants:
//   1. Stack and pump know of an observer only while somebody watches.
//   2. Who comes and goes does so between turns, so that no packet is seen by halves.
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>

#include "stack/socket/stack.h"
#include "tun/capture/capture_writer.h"
#include "tun/capture/guarded_copy.h"
#include "tun/files/watchers.h"

namespace glasstcp {

/// Whom packets are to be shown to.
struct WatchRequest {
  CaptureFileRequest file;            ///< without a path: none
  CaptureStyle style;                 ///< of all captures
  std::size_t recent = 0;             ///< bytes of packets that are kept; 0: none
  std::optional<Detail> narration{};  ///< to file.lines, which must be there; empty: none
  bool has_colours = false;           ///< of the narration
  bool may_be_mapped = false;         ///< payload may lie in mapped files
};

/// A file and a narration if they were asked for, and whoever reads captures later.
class PacketWatchers {
 public:
  /// Opens the file, with the rights that we have now. `start`: from which on time is counted.
  static std::expected<PacketWatchers, Failure> open(const WatchRequest& request, Instant start);

  /// Both must not be used beyond the life of this, but `set_watch` hands a watch to the pump, and
  /// takes it away by null.
  void join(Stack& stack, std::function<void(PacketWatch*)> set_watch) {
    stack_ = &stack;
    set_watch_ = std::move(set_watch);
    update(Instant::min());
  }
  /// Borrowed; before listen_to() and join().
  void set_viewer(PacketViewer& viewer) { watchers_->set_viewer(viewer); }
  void listen_to(ImpairedDevice& device) { watchers_->listen_to(device); }
  /// Between turns: lets those in who came, and out who went; the file gets what passed.
  void update(Instant now) noexcept;
  /// The file goes on in the one that stands at its path by then.
  void reopen(Instant now) noexcept {
    if (file_) file_->reopen(now);
  }
  /// When update() must be called at the latest.
  [[nodiscard]] Instant next_deadline() const noexcept {
    return file_ ? file_->next_deadline() : kNever;
  }
  /// The captures.
  [[nodiscard]] CaptureHub& captures() { return *captures_; }
  /// Starts what writes the file: once rights have been given up.
  [[nodiscard]] std::expected<void, Failure> start() {
    if (!file_) return {};
    return file_->start();
  }
  /// At the end: hands on whatever waits, and closes the file.
  void finish() noexcept;
  /// Packets that the file lacks.
  [[nodiscard]] std::uint64_t lost() const { return file_ ? file_->lost() : 0; }

 private:
  PacketWatchers() = default;
  std::unique_ptr<CaptureWriter> file_;
  std::unique_ptr<CaptureHub> captures_;
  std::unique_ptr<Narrator> narrator_;
  std::unique_ptr<GuardedCopy> copier_;
  std::unique_ptr<Watchers> watchers_ = std::make_unique<Watchers>();
  Stack* stack_ = nullptr;
  std::function<void(PacketWatch*)> set_watch_;
  Watchers::Audience audience_;
};

}  // namespace glasstcp
