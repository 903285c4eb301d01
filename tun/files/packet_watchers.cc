// See packet_watchers.h.
#include "tun/files/packet_watchers.h"

namespace glasstcp {

std::expected<PacketWatchers, Failure> PacketWatchers::open(const WatchRequest& request,
                                                            Instant start) {
  PacketWatchers all;
  all.captures_ = std::make_unique<CaptureHub>(request.style, request.recent);
  if (!all.captures_->is_ready()) return std::unexpected(Failure{"no memory for a capture", {}});
  if (!request.capture.empty()) {
    auto file = CaptureFile::open(request.capture, request.owner, all.captures_->preamble());
    if (!file) return std::unexpected(std::move(file.error()));
    all.capture_ = std::move(*file);
    all.captures_->set_file(all.capture_->blocks());
  }
  all.watchers_->add(*all.captures_);
  if (request.narration) {
    all.narrator_ =
        std::make_unique<Narrator>(*all.lines_, request.style.language, start, *request.narration);
    if (request.has_colours) all.narrator_->use_colours();
    all.watchers_->add(*all.narrator_);
  }
  if (request.may_be_mapped) {
    all.copier_ = std::make_unique<GuardedCopy>();
    all.watchers_->set_copier(*all.copier_);
  }
  return all;
}

void PacketWatchers::update(Instant now) noexcept {
  const bool wanted = watchers_->is_wanted();
  if (wanted == is_joined_) return;
  if (!wanted) watchers_->flush(now);
  stack_->set_observer(wanted ? &watchers_->observer() : nullptr);
  set_watch_(wanted ? watchers_.get() : nullptr);
  is_joined_ = wanted;
}

}  // namespace glasstcp
