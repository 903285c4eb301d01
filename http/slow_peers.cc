// See slow_peers.h.
#include "http/slow_peers.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace glasstcp::http {
namespace {

// The smallest that IPv4 promises, less headers: what a sender with much to send fills.
constexpr std::uint32_t kWholeSegment = 500;
constexpr int kPatience = 4;

}  // namespace

Duration LeastRate::between_looks() const noexcept {
  return std::clamp<Duration>(after / 8, 50ms, 1s);
}

void SlowPeers::begin(Instant now) noexcept {
  if (now_ == nullptr) {
    before_.reset(new (std::nothrow) Watch[kMost]);
    now_.reset(new (std::nothrow) Watch[kMost]);
    slow_.reset(new (std::nothrow) PeerLook[kMost]);
    if (before_ == nullptr || now_ == nullptr || slow_ == nullptr) forget();
    looked_at_ = now;
  }
  since_ = std::min(now - looked_at_, 2 * rate_.between_looks());
  looked_at_ = now;
  now_count_ = next_ = 0;
  is_crowded_ = false;
}

void SlowPeers::look(const PeerLook& seen) noexcept {
  if (now_ == nullptr) return;
  while (next_ < before_count_ && before_[next_].last.slot < seen.slot) ++next_;
  Watch watch{.last = seen};
  bool is_known = false;
  if (next_ < before_count_ && before_[next_].last.slot == seen.slot) {
    const Watch& known = before_[next_++];
    is_known = known.last.generation == seen.generation && known.last.is_sending == seen.is_sending;
    if (is_known) {
      watch = known;
      count(watch, seen);
    }
  }
  // Those that are known and not yet seen this time keep their places.
  const bool is_full = now_count_ + (before_count_ - next_) >= kMost;
  if (is_full && !is_known && !is_crowded_) drop_those_above_suspicion();
  if (is_crowded_ && !is_suspect(watch)) return;
  if (now_count_ + (before_count_ - next_) < kMost) now_[now_count_++] = watch;
}

void SlowPeers::drop_those_above_suspicion() noexcept {
  is_crowded_ = true;
  Watch* const first = now_.get();
  Watch* const last = first + now_count_;
  const auto is_innocent = [this](const Watch& watch) { return !is_suspect(watch); };
  now_count_ = static_cast<std::size_t>(std::remove_if(first, last, is_innocent) - first);
}

bool SlowPeers::is_suspect(const Watch& watch) const noexcept {
  const Duration time = watch.waited + watch.repaired + watch.pending;
  const bool begins = time == Duration{};
  return begins ? watch.last.is_waited_for || watch.last.has_losses : is_below_rate(watch, time);
}

void SlowPeers::count(Watch& watch, const PeerLook& seen) const noexcept {
  const std::uint32_t moved = seen.position - watch.last.position;
  const std::uint32_t room = std::numeric_limits<std::uint32_t>::max() - watch.moved;
  watch.moved += std::min(moved, room);
  const auto waits = [](const PeerLook& look) { return look.is_waited_for || look.has_losses; };
  if (watch.last.is_waited_for && seen.is_waited_for) {
    watch.waited += since_;
  } else if (waits(watch.last) && waits(seen)) {
    watch.pending = std::min<Duration>(watch.pending + since_, rate_.after);
  }
  if (moved > 0) watch.repaired += std::exchange(watch.pending, Duration{});
  if (moved > 0 && moved < kWholeSegment) watch.is_in_crumbs = true;
  watch.last = seen;
  const Duration time = watch.waited + watch.repaired;
  if (time < rate_.after || is_below_rate(watch, time)) return;
  watch.moved = 0;  // fast enough: from the beginning
  watch.waited = watch.repaired = watch.pending = {};
  watch.is_in_crumbs = false;
}

bool SlowPeers::is_slow(const Watch& watch) const noexcept {
  const bool may_be_loss = watch.last.is_sending && !watch.is_in_crumbs;
  const Duration enough = may_be_loss ? kPatience * rate_.after : rate_.after;
  const Duration all = watch.waited + watch.repaired;
  const bool waits = watch.waited >= enough && is_below_rate(watch, watch.waited);
  const bool fakes = all >= kPatience * rate_.after && is_below_rate(watch, all);
  return rate_.bytes_per_second > 0 && (waits || fakes);
}

bool SlowPeers::is_below_rate(const Watch& watch, Duration time) const noexcept {
  const std::int64_t milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return std::int64_t{watch.moved} * 1000 < milliseconds * rate_.bytes_per_second;
}

std::span<const PeerLook> SlowPeers::end() noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < now_count_; ++i) {
    if (is_slow(now_[i])) slow_[count++] = now_[i].last;
  }
  std::swap(before_, now_);
  before_count_ = std::exchange(now_count_, 0);
  const std::span<PeerLook> slow(slow_.get(), count);
  std::ranges::sort(slow, [](const PeerLook& a, const PeerLook& b) {
    return a.held != b.held ? a.held > b.held : a.slot < b.slot;
  });
  return slow;
}

void SlowPeers::forget() noexcept {
  before_.reset();
  now_.reset();
  slow_.reset();
  before_count_ = now_count_ = 0;
}

}  // namespace glasstcp::http
