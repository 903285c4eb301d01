// The receive buffer follows its reader: it grows to a few round trips' worth of what is read, and
// what is not used goes back to the budget.
//
// RFC 9293 §3.8.6 (SHLD-14), RFC 7323 §1 (windows as large as the path). Known as dynamic
// right-sizing: what the reader takes in one round trip is what the sender could send in one.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {

// A shorter round trip than this measures the scheduling of the two hosts.
constexpr Duration kLeastRound = 2ms;
// One round trip's bytes are in flight while one's are unread; and a sender in slow start doubles
// both before this measures again.
constexpr std::uint32_t kRoundsHeld = 4;
constexpr std::uint32_t kSlackSegments = 16;
// Only who reads little for this long gives back.
constexpr Duration kGiveBackAfter = 1s;

}  // namespace

// `n` bytes were read.
void Connection::size_receive_buffer(std::size_t n, Instant now) {
  if (consumed_ == 0) sized_at_ms_ = milliseconds_of(now);
  consumed_ += static_cast<std::uint32_t>(std::min<std::size_t>(n, 1U << 20));
  if (giving_back_) give_back_receive_buffer();
  const Duration elapsed = std::chrono::milliseconds(milliseconds_of(now) - sized_at_ms_);
  // The handshake has measured the path, unless its segments were lost.
  const Duration round = recovery_.rtt().has_sample()
                             ? std::max(recovery_.rtt().srtt(), kLeastRound)
                             : context_.rto_bounds.initial;
  if (elapsed < round) return;
  const auto per_round = static_cast<std::uint64_t>(consumed_) *
                         static_cast<std::uint64_t>(round.count()) /
                         static_cast<std::uint64_t>(elapsed.count());
  consumed_ = 0;
  const std::uint64_t wanted =
      kRoundsHeld * per_round + kSlackSegments * std::uint64_t{ack_.rcv_mss()};
  if (wanted > receive_buffer_) grow_receive_buffer(wanted);
  if (wanted >= receive_buffer_ / 4) needed_at_ms_ = milliseconds_of(now);
  const std::chrono::milliseconds unneeded(milliseconds_of(now) - needed_at_ms_);
  const bool is_short = context_.budget.available() < context_.budget.limit() / 8;
  giving_back_ = is_short || unneeded >= kGiveBackAfter;
}

void Connection::grow_receive_buffer(std::uint64_t wanted) {
  const std::uint32_t limit = settings().receive_buffer;
  const std::uint32_t largest = rcv.shift == 0 ? std::min(limit, 65535U) : limit;
  if (largest <= receive_buffer_) return;
  // The last eighth of the budget is for those who have nothing yet.
  const std::uint64_t kept = context_.budget.limit() / 8;
  const std::uint64_t free = context_.budget.available();
  const std::uint64_t target = std::min<std::uint64_t>(wanted, largest);
  const std::uint64_t more = std::min(target - receive_buffer_, free > kept ? free - kept : 0);
  if (more > 0 && context_.budget.reserve(more)) {
    receive_buffer_ += static_cast<std::uint32_t>(more);
  }
}

// RFC 9293 §3.8.6 SHLD-14: what was offered stays offered; what the reader has freed since is not
// offered again.
void Connection::give_back_receive_buffer() {
  const std::uint32_t least = std::min(receive_buffer_, context_.config.initial_receive_buffer);
  const std::uint32_t needed = std::max(rcv.wnd() + rx_.unread(), least);
  if (needed >= receive_buffer_) return;
  context_.budget.release(receive_buffer_ - needed);
  receive_buffer_ = needed;
}

}  // namespace glasstcp
