// Those who watch the packets of one stack: a capture and a narration, joined to stack, pump and
// link; the same for `serve` and for `get`.
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <memory>
#include <optional>

#include "stack/socket/stack.h"
#include "tun/files/capture_file.h"
#include "tun/files/watchers.h"

namespace glasstcp {

/// A capture if a file was asked for, a narration on stderr if that was.
class PacketWatchers {
 public:
  /// Opens the capture, with the rights that we have now. `request.path` empty: none. `narration`
  /// empty: none. `start`: from which on it counts time.
  static std::expected<PacketWatchers, Failure> open(const CaptureRequest& request,
                                                     std::optional<Detail> narration,
                                                     Instant start) {
    PacketWatchers all;
    if (!request.path.empty()) {
      auto file = CaptureFile::open(request);
      if (!file) return std::unexpected(std::move(file.error()));
      all.capture_ = std::move(*file);
      all.watchers_->add(all.capture_->sink());
    }
    if (narration) {
      all.narrator_ = std::make_unique<Narrator>(*all.lines_, request.language, start, *narration);
      all.watchers_->add(*all.narrator_);
    }
    return all;
  }

  /// Both must not be used beyond the life of this.
  void watch(Stack& stack) {
    if (!watchers_->is_empty()) stack.set_observer(&watchers_->observer());
  }
  void watch(ImpairedDevice& device) { watchers_->listen_to(device); }
  /// For a pump; null: nobody watches.
  [[nodiscard]] PacketWatch* watch() { return watchers_->is_empty() ? nullptr : watchers_.get(); }
  /// The file behind the capture; null: there is none.
  [[nodiscard]] OutputFile* capture() const { return capture_ ? &capture_->output() : nullptr; }
  /// At the end: hands on whatever waits.
  void finish() {
    if (watchers_->is_empty()) return;
    watchers_->finish();
    if (capture_) capture_->output().flush();
  }

 private:
  PacketWatchers() = default;
  std::unique_ptr<CaptureFile> capture_;
  std::unique_ptr<StderrLines> lines_ = std::make_unique<StderrLines>();
  std::unique_ptr<Narrator> narrator_;
  std::unique_ptr<Watchers> watchers_ = std::make_unique<Watchers>();
};

}  // namespace glasstcp
