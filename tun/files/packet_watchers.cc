// See packet_watchers.h.
#include "tun/files/packet_watchers.h"

namespace glasstcp {

std::expected<PacketWatchers, Failure> PacketWatchers::open(const WatchRequest& request,
                                                            Instant start) {
  PacketWatchers all;
  all.captures_ = std::make_unique<CaptureHub>(request.style, request.recent);
  if (!all.captures_->is_ready()) return std::unexpected(Failure{"no memory for a capture", {}});
  if (!request.file.path.empty()) {
    auto file = CaptureWriter::open(request.file, all.captures_->preamble());
    if (!file) return std::unexpected(std::move(file.error()));
    all.file_ = std::move(*file);
    all.captures_->set_file(*all.file_);
  }
  all.watchers_->add(*all.captures_);
  if (request.narration) {
    all.narrator_ = std::make_unique<Narrator>(*request.file.lines, request.style.language, start,
                                               *request.narration);
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
  if (file_) file_->flush(now);
  const Watchers::Audience wanted = watchers_->wanted(now);
  if (wanted == audience_) return;
  watchers_->set_audience(wanted, now);
  stack_->set_observer(watchers_->observer());
  set_watch_(wanted.is_empty() ? nullptr : watchers_.get());
  audience_ = wanted;
}

void PacketWatchers::finish() noexcept {
  watchers_->finish();
  if (file_) file_->finish(captures_->last_time_ns());
}

}  // namespace glasstcp
