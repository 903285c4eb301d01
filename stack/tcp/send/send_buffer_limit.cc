// Room in the send buffer: who may write how much, and who is told that there is room again.
// RFC 9293 §3.10.2 (SEND); two ways to count, bytes and Linux's memory (linux_send_buffer.h). In
// bytes the buffer follows the congestion window, since only what the path carries is worth memory:
// one window is in flight while the next one waits behind it.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {
// A superpacket with its headers, as Linux makes it at most.
constexpr std::uint32_t kMostPiece = 65536 - 1 - 320;
}  // namespace

// The bytes that send() may queue now; a limit that the application chose stays.
std::uint32_t Connection::send_limit() const {
  const std::uint32_t most = settings().send_buffer;
  if (settings().send_buffer_chosen) return most;
  return std::min(most, std::max(2 * recovery_.cwnd(), context_.config.initial_send_buffer));
}

// Tells a sender that waits for room, once there is enough that waking it is worth it. While the
// buffer still grows, more than a window must be left: or the window would not be filled, and
// neither of them grow.
void Connection::signal_room() {
  if (counts_memory()) return;  // signal_room_by_memory() does it once what may leave has left
  const std::uint32_t limit = send_limit();
  const std::uint32_t low = limit < settings().send_buffer ? limit / 4 * 3 : limit / 2;
  if (!wants_writable_ || tx_.size() >= std::max(low, 1U)) return;
  if (unsent() >= settings().unsent_low) return;
  wants_writable_ = false;
  signal(EventMask::kWritable);
}

SendSpaceFacts Connection::space_facts() const {
  SendSpaceFacts f;
  f.flight = flight();
  f.unsent = unsent();
  const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
  const std::uint32_t mss = max_text();
  const std::uint32_t window = usable > 0 ? static_cast<std::uint32_t>(usable) : 0U;
  f.sendable = std::min(cwnd_room(), window) / mss * mss;
  // Before the handshake ends no window is known; a SYN (RFC 7413) takes what it can of the piece.
  f.piece = state_ == State::SynSent
                ? kMostPiece
                : std::max(std::min(size_.most_of_window(), kMostPiece) / mss, 1U) * mss;
  f.unsent_low = settings().unsent_low;
  return f;
}

// Of what waits, the bytes that one packet may take as far as the send buffer is concerned.
std::uint32_t Connection::first_piece(std::uint32_t waiting) const {
  if (!counts_memory()) return waiting;
  return context_.extras[extras_].send_space.first_piece(waiting, space_facts().piece);
}

void Connection::expand_send_space() {
  LinuxSendSpace& space = context_.extras[extras_].send_space;
  if (space.limit() == 0) space.start(2 * settings().send_buffer);
  space.expand(recovery_.cwnd() / max_text(), size_.peer_mss(), context_.config.most_send_buffer);
}

std::size_t Connection::room_for(std::size_t length) {
  if (!counts_memory()) {
    const std::uint32_t queued = tx_.size();
    const std::uint32_t limit = send_limit();
    return limit > queued && unsent() < settings().unsent_low ? limit - queued : 0;
  }
  LinuxSendSpace& space = context_.extras[extras_].send_space;
  if (space.limit() == 0) expand_send_space();
  const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(length, 1U << 30));
  return space.admit(space_facts(), wanted);
}

bool Connection::has_send_room() const {
  if (counts_memory()) {
    LinuxSendSpace space = context_.extras[extras_].send_space;
    if (space.limit() == 0) space.start(2 * settings().send_buffer);
    return space.is_writable(space_facts());
  }
  const std::uint32_t queued = tx_.size();
  const std::uint32_t limit = send_limit();
  const std::uint32_t room = limit > queued ? limit - queued : 0;
  return room >= queued / 2 && room > 0 && unsent() < settings().unsent_low;
}

std::uint32_t Connection::send_buffer() const {
  const std::uint32_t start = 2 * settings().send_buffer;
  if (!counts_memory()) return start;
  return std::max(context_.extras[extras_].send_space.limit(), start);
}

// A writer that waits has filled the buffer, but not the window: the buffer is too small.
void Connection::signal_room_by_memory() {
  if (!counts_memory() || !wants_writable_ || !is_synchronized(state_)) return;
  if (cwnd_room() > 0) expand_send_space();
  if (!has_send_room()) return;
  wants_writable_ = false;
  signal(EventMask::kWritable);
}

}  // namespace glasstcp
