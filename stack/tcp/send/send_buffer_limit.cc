// The two ways to count the space in a send buffer. See send_buffer_limit.h.
#include "stack/tcp/send/send_buffer_limit.h"

#include <algorithm>

namespace glasstcp {
namespace {
// Data of the largest packet that Linux makes.
constexpr std::uint32_t kMostPiece = 65536 - 1 - 320;
}  // namespace

// The bytes that SEND may queue now.
std::uint32_t SendBufferLimit::byte_limit() const {
  const std::uint32_t most = settings_.send_buffer;
  if (settings_.send_buffer_chosen) return most;
  return std::min(most, std::max(2 * facts_.cwnd, config_.initial_send_buffer));
}

std::size_t SendBufferLimit::admit(std::size_t length) {
  if (memory_ == nullptr) {
    const std::uint32_t limit = byte_limit();
    const bool may_queue = limit > facts_.queued && facts_.unsent < settings_.unsent_low;
    return may_queue ? limit - facts_.queued : 0;
  }
  if (memory_->limit() == 0) expand();
  const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(length, 1U << 30));
  return memory_->admit(space_facts(), wanted);
}

std::uint32_t SendBufferLimit::size() const {
  const std::uint32_t start = 2 * settings_.send_buffer;
  return memory_ == nullptr ? start : std::max(memory_->limit(), start);
}

bool SendBufferLimit::is_writable() const {
  if (memory_ != nullptr) {
    LinuxSendSpace space = *memory_;
    if (space.limit() == 0) space.start(2 * settings_.send_buffer);
    return space.is_writable(space_facts());
  }
  const std::uint32_t limit = byte_limit();
  const std::uint32_t space = limit > facts_.queued ? limit - facts_.queued : 0;
  return space >= facts_.queued / 2 && space > 0 && facts_.unsent < settings_.unsent_low;
}

// In bytes: once there is enough space that waking the writer is worth it. While the buffer still
// grows, more than a window must be left: or the window would not be filled, and neither of them
// grow.
bool SendBufferLimit::wakes_writer() {
  if (memory_ != nullptr) {
    if (facts_.cwnd_space > 0) expand();
    return is_writable();
  }
  const std::uint32_t limit = byte_limit();
  const std::uint32_t low = limit < settings_.send_buffer ? limit / 4 * 3 : limit / 2;
  return facts_.queued < std::max(low, 1U) && facts_.unsent < settings_.unsent_low;
}

std::uint32_t SendBufferLimit::first_piece(std::uint32_t waiting) const {
  return memory_ == nullptr ? waiting : memory_->first_piece(waiting, piece());
}

// -- Linux's memory

// Before the handshake ends no window is known; a SYN (RFC 7413) takes what it can of the piece.
std::uint32_t SendBufferLimit::piece() const {
  if (!facts_.is_window_known) return kMostPiece;
  const std::uint32_t mss = facts_.full_segment;
  return std::max(std::min(facts_.most_of_window, kMostPiece) / mss, 1U) * mss;
}

SendSpaceFacts SendBufferLimit::space_facts() const {
  const std::uint32_t mss = facts_.full_segment;
  SendSpaceFacts f;
  f.flight = facts_.flight;
  f.unsent = facts_.unsent;
  f.sendable = std::min(facts_.cwnd_space, facts_.usable_window) / mss * mss;
  f.piece = piece();
  f.unsent_low = settings_.unsent_low;
  return f;
}

void SendBufferLimit::expand() {
  if (memory_->limit() == 0) memory_->start(2 * settings_.send_buffer);
  memory_->expand(facts_.cwnd / facts_.full_segment, facts_.peer_mss, config_.most_send_buffer);
}

}  // namespace glasstcp
