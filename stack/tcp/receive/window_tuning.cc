// Measuring a reader, and sizing its buffer. See window_tuning.h.
#include "stack/tcp/receive/window_tuning.h"

#include <algorithm>

namespace glasstcp {
namespace {

// One round trip's bytes are in flight while one's are unread; and a sender in slow start doubles
// both before this measures again.
constexpr std::uint32_t kRoundsHeld = 4;
constexpr std::uint32_t kSlackSegments = 16;
// Only who reads little for this long gives back.
constexpr Duration kGiveBackAfter = 1s;

}  // namespace

void ReceiveBufferSize::follow(ReceiveContext& context, const ReadFacts& facts, Instant now) {
  const std::uint32_t now_ms = milliseconds_of(now);
  const Duration elapsed = std::chrono::milliseconds(now_ms - measured_since_ms_);
  const Duration round = std::max<Duration>(facts.round_trip, kLeastRoundMs * 1ms);
  if (elapsed < round) return;
  const auto per_round = static_cast<std::uint64_t>(consumed_) *
                         static_cast<std::uint64_t>(round.count()) /
                         static_cast<std::uint64_t>(elapsed.count());
  consumed_ = 0;
  const std::uint64_t wanted =
      kRoundsHeld * per_round + kSlackSegments * std::uint64_t{facts.segment};
  if (wanted > bytes_) grow(context, wanted, facts.largest);
  if (wanted >= bytes_ / 4) needed_at_ms_ = now_ms;
  const std::chrono::milliseconds unneeded(now_ms - needed_at_ms_);
  const bool is_short = context.budget.available() < context.budget.limit() / 8 ||
                        context.budget.available_beyond() < context.budget.limit() / 16;
  gives_back_ = is_short || unneeded >= kGiveBackAfter;
}

void ReceiveBufferSize::grow(ReceiveContext& context, std::uint64_t wanted, std::uint32_t largest) {
  if (largest <= bytes_) return;
  // The last eighth of the budget is for those who have nothing yet.
  const std::uint64_t kept = context.budget.limit() / 8;
  const std::uint64_t free = context.budget.available();
  const std::uint64_t target = std::min<std::uint64_t>(wanted, largest);
  const std::uint64_t more =
      std::min({target - bytes_, free > kept ? free - kept : 0, context.budget.available_beyond()});
  if (more < target - bytes_) context.pool.lacks_room = true;
  if (more > 0 && context.budget.grow(bytes_, bytes_ + more))
    bytes_ += static_cast<std::uint32_t>(more);
}

// RFC 9293 §3.8.6 SHLD-14: what was offered stays offered; what the reader has freed since is not
// offered again.
void ReceiveBufferSize::give_back(ReceiveContext& context, std::uint32_t in_use) {
  const std::uint32_t least = std::min(bytes_, context.config.initial_receive_buffer);
  const std::uint32_t needed = std::max(in_use, least);
  if (needed >= bytes_) return;
  context.budget.shrink(bytes_, needed);
  bytes_ = needed;
}

}  // namespace glasstcp
