// See capture_tap.h.
#include "tun/capture/capture_tap.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "tun/capture/gap_notes.h"

namespace glasstcp {
namespace {

// The largest block, and a comment.
constexpr std::size_t kRoom = PcapngEncoder::kDefaultSnapLength + 32 * 1024;

}  // namespace

CaptureTap::CaptureTap(CaptureHub& hub, Begin begin, std::optional<IpAddress> client)
    : hub_(hub),
      client_(client),
      is_added_(hub.add(*this)),
      capacity_(std::max(kRoom, hub.preamble().size())),
      pending_(new (std::nothrow) std::uint8_t[capacity_]) {
  if (!is_ready()) return;
  take(hub.preamble());
  cursor_ = begin == Begin::Oldest ? hub.ring_->oldest() : hub.ring_->newest();
  if (begin == Begin::Oldest) last_ = hub.ring_->newest().number;
}

CaptureTap::~CaptureTap() {
  if (is_added_) hub_.remove(*this);
}

void CaptureTap::end_now() noexcept {
  if (last_ || is_told_) return;
  last_ = hub_.ring_->newest().number;
  on_news();
}

// Its place is another's: the block that has been begun is its last.
void CaptureTap::give_way() noexcept {
  is_added_ = false;
  is_told_ = true;
  on_news();
}

void CaptureTap::take(ByteView bytes) noexcept {
  std::memcpy(pending_.get(), bytes.data(), bytes.size());
  sent_ = 0;
  size_ = bytes.size();
}

std::size_t CaptureTap::read_blocks(ByteSpan out) noexcept {
  std::size_t given = 0;
  while (given < out.size()) {
    if (sent_ == size_ && !fill()) break;
    const std::size_t n = std::min(out.size() - given, size_ - sent_);
    std::memcpy(out.data() + given, pending_.get() + sent_, n);
    sent_ += n;
    given += n;
  }
  return given;
}

// The next block, as it is to be sent.
bool CaptureTap::fill() noexcept {
  if (is_told_) return false;
  if (fill_with_packet()) return true;
  if (!last_ || cursor_.number < *last_ || !hub_.may_be_read()) return false;
  fill_with_end();
  return true;
}

bool CaptureTap::fill_with_packet() noexcept {
  if (!hub_.may_be_read()) return false;
  while (!last_ || cursor_.number < *last_) {
    const auto entry = hub_.ring_->next(cursor_);
    if (!entry) return false;
    std::uint64_t gap = entry->missed;
    if (last_ && cursor_.number > *last_) gap -= std::min(gap, cursor_.number - 1 - *last_);
    missed_ += gap;
    untold_ += gap;
    if (last_ && cursor_.number > *last_) return false;  // all that was left has been overwritten
    if (hub_.is_hidden(entry->stream)) continue;
    sent_ = size_ = 0;
    if (untold_ > 0) {
      size_ = copy_with_comment(entry->block, gap_before(untold_, hub_.language()).view(),
                                {pending_.get(), capacity_});
      untold_ = 0;
    }
    if (size_ == 0) take(entry->block);
    return true;
  }
  return false;
}

void CaptureTap::fill_with_end() noexcept {
  is_told_ = true;
  take(closing_block(hub_.last_time_ns_, missed_, hub_.language()));
}

}  // namespace glasstcp
