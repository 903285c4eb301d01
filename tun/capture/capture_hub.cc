// See capture_hub.h.
#include "tun/capture/capture_hub.h"

#include <algorithm>
#include <utility>

#include "generated/version.h"
#include "tun/capture/capture_tap.h"
#include "tun/glass/few_places.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

CaptureHub::CaptureHub(const CaptureStyle& style, std::size_t recent)
    : style_(style), recent_(recent), wall_offset_(SystemClock::wall_offset()) {
  const std::string application = "glasstcp " + std::string(kVersion);
  const std::string comment = style.seed ? "seed " + std::to_string(*style.seed) : "";
  CaptureOptions how;
  how.language = style.language;
  how.wall_offset = wall_offset_;
  how.application = application;
  how.interface_name = style.interface;
  how.section_comment = comment;
  how.comments = style.comments;
  if (style.bytes) how.snap_length = *style.bytes;
  sink_.reset(new CaptureSink(*this, how));
  in_preamble_ = false;
  if (recent_ > 0) ring_ = std::make_unique<BlockRing>(recent_);
  last_time_ns_ = (SystemClock::now().time_since_epoch() + wall_offset_).count();
}

CaptureHub::~CaptureHub() = default;

bool CaptureHub::is_ready() const {
  return sink_->is_ready();
}

void CaptureHub::write(ByteView block) noexcept {
  if (in_preamble_) {
    preamble_.insert(preamble_.end(), block.begin(), block.end());
    return;
  }
  if (file_ != nullptr) file_->write(block);
  if (ring_ == nullptr || !interface_of(block) || is_hidden(stream_)) return;
  ring_->push(block, stream_);
  for (CaptureTap* const tap : taps_) tap->on_news();
}

void CaptureHub::on_annotated(const AnnotatedPacket& packet) noexcept {
  if (!is_wanted()) return;
  stream_ = packet.stream.value_or(BlockRing::kNoStream);
  if (packet.has_packet()) last_time_ns_ = (packet.at.time_since_epoch() + wall_offset_).count();
  if (!callers_.empty() && packet.stream) hide_stream_of(packet);
  sink_->on_annotated(packet);
}

void CaptureHub::finish(Instant at) noexcept {
  if (file_ != nullptr) sink_->finish(at);
}

void CaptureHub::hide(const FourTuple& connection) noexcept {
  // What was hidden when nobody looked is no business of those who look later.
  if (ring_ == nullptr) callers_.clear();
  if (callers_.size() == kMostCallers) callers_.erase(callers_.begin());
  callers_.push_back({connection, false});
}

bool CaptureHub::may_be_read() const {
  return std::ranges::all_of(callers_, &Caller::is_known);
}

bool CaptureHub::is_hidden(std::uint32_t stream) const {
  return stream != BlockRing::kNoStream && std::ranges::binary_search(hidden_, stream);
}

// The stream of a packet may be new although its connection is not: the annotator's memory is
// bounded. A SYN begins another connection between the same ends.
void CaptureHub::hide_stream_of(const AnnotatedPacket& packet) {
  const auto caller = std::ranges::find(callers_, packet.tuple, &Caller::tuple);
  if (caller == callers_.end()) return;
  const bool was_known = std::exchange(caller->is_known, true);
  for (CaptureTap* const tap : taps_) {
    if (!was_known) tap->on_news();
  }
  if (!packet.is_outgoing() && packet.summary.has(PacketSummary::kSyn)) {
    callers_.erase(caller);
    return;
  }
  const auto place = std::ranges::lower_bound(hidden_, *packet.stream);
  if (place != hidden_.end() && *place == *packet.stream) return;
  hidden_.insert(place, *packet.stream);
  if (hidden_.size() > kMostHidden) hidden_.erase(hidden_.begin());
}

bool CaptureHub::add(CaptureTap& tap) {
  if (taps_.size() == kMostTaps && !make_room_for(tap)) return false;
  if (ring_ == nullptr) ring_ = std::make_unique<BlockRing>(kRoomForTaps);
  taps_.push_back(&tap);
  return true;
}

bool CaptureHub::make_room_for(const CaptureTap& newcomer) {
  const auto client_of = [](const CaptureTap& tap) { return tap.client_; };
  CaptureTap* const tap = who_gives_way<CaptureTap>(taps_, newcomer.client_, client_of);
  if (tap == nullptr) return false;
  std::erase(taps_, tap);
  tap->give_way();
  return true;
}

void CaptureHub::remove(CaptureTap& tap) noexcept {
  std::erase(taps_, &tap);
  if (taps_.empty() && recent_ == 0) ring_.reset();
}

}  // namespace glasstcp
