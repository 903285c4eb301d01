// What the server does so that no client takes what others need: shares of the memory for answers,
// the end of peers that are too slow while it is short, of partial heads, of idle connections. See
// server.h.
#include <algorithm>

#include "http/server_slot.h"

namespace glasstcp::http {
namespace {

/// What a connection may hold of the pool before its peer has shown that it takes it.
constexpr std::size_t kLookAhead = 256u << 10;
/// How many connections are asked for an idle one when there are too many.
constexpr std::uint32_t kIdleLooks = 64;
/// Of slow peers one in so many ends at one look.
constexpr std::size_t kLeastPart = 8;

bool is_above_three_quarters(std::uint32_t used, std::uint32_t limit) {
  return std::uint64_t{used} * 4 > std::uint64_t{limit} * 3;
}

}  // namespace

/// Twice the congestion window, as kernels size their send buffers: what is in flight, and as much
/// to go on with. A peer that takes nothing never earns more than the beginning.
PoolShare HttpServer::share_of(const Slot& slot) const noexcept {
  const std::uint32_t lent = states_[slot.state].lent;
  std::size_t most = kLookAhead;
  if (lent >= most) {
    const auto status = stack_.status(slot.id);
    if (status.has_value()) most = std::max<std::size_t>(most, 2 * std::size_t{status->cwnd});
  }
  return {.held = lent, .most = std::min<std::size_t>(most, config_.in_flight_bytes)};
}

/// Whether a connection must have answers acknowledged before it may ask for more: its heads, too,
/// are a share of the pool.
bool HttpServer::has_its_share(const Slot& slot) const noexcept {
  const std::uint32_t lent = states_[slot.state].lent;
  return lent > 0 && lent > pool_.spare();
}

/// TCP's memory: a small answer that nobody takes holds nothing of the pool, and a connection.
bool HttpServer::is_tcp_pressed() const noexcept {
  const StackMemory memory = stack_.memory();
  return memory.used > memory.limit - memory.limit / 4;
}

bool HttpServer::is_pressed() const noexcept {
  return is_tcp_pressed() || pool_.is_pressed() ||
         is_above_three_quarters(loans_.size(), config_.max_loans) ||
         is_above_three_quarters(slots_.size(), config_.max_connections);
}

/// While something is short, looks from time to time at those who hold it.
void HttpServer::relieve(const Moment& at) noexcept {
  if (!is_pressed() || config_.least_rate.bytes_per_second == 0) {
    if (next_look_ != kNever) slow_peers_.forget();
    next_look_ = kNever;
    return;
  }
  if (next_look_ != kNever && at.now < next_look_) return;
  next_look_ = at.now + config_.least_rate.between_looks();
  slow_peers_.begin(at.now);
  const bool counts_all = is_tcp_pressed();
  slots_.for_each([this, counts_all](const Slot& slot) {  // the states are in another order
    if (slot.state == kNone) return;
    const HttpState& state = states_[slot.state];
    std::size_t held = state.lent + state.http.pooled_bytes();
    if (held == 0 && counts_all) {
      held = stack_.unacknowledged(slot.id) + (state.http.body_progress().has_value() ? 1 : 0);
    }
    if (held > 0) slow_peers_.look(look_at(slot.index, slot, held));
  });
  const std::span<const PeerLook> all = slow_peers_.end();
  // What one held of TCP's memory is free only once its reset has left: some of them at a time.
  const std::size_t some = (all.size() + kLeastPart - 1) / kLeastPart;
  for (const PeerLook& slow : counts_all ? all.first(some) : all) {
    if (!is_pressed()) return;
    Slot* const slot = slots_.get(slow.slot, slow.generation);
    if (slot == nullptr) continue;
    end_slow(*slot, slow.is_sending, at);
    take_released(at);  // so that it counts at once
  }
}

PeerLook HttpServer::look_at(std::uint32_t index, const Slot& slot,
                             std::size_t held) const noexcept {
  PeerLook look{.slot = index,
                .generation = slots_.generation(index),
                .held = static_cast<std::uint32_t>(std::min<std::size_t>(held, UINT32_MAX))};
  const auto status = stack_.status(slot.id);
  if (!status.has_value()) return look;
  if (const auto body = http_of(slot).body_progress(); body.has_value()) {
    look.is_sending = true;
    look.position = static_cast<std::uint32_t>(*body);
    look.is_waited_for = !status->has_gap;  // else something was lost on the way
  } else {
    look.position = status->snd.una.raw();
    look.is_waited_for = keeps_window_closed(*status);
    look.has_losses = !look.is_waited_for &&
                      (status->lost > 0 || status->in_recovery || status->retransmissions > 0);
  }
  return look;
}

/// Whether what waits, waits for the peer's window alone: nothing is lost, or sent again.
bool HttpServer::keeps_window_closed(const TcbSnapshot& status) noexcept {
  return status.window_limited && status.lost == 0 && !status.in_recovery &&
         status.retransmissions == 0;
}

void HttpServer::end_slow(Slot& slot, bool is_sending, const Moment& at) noexcept {
  ++(is_sending ? counters_.slow_senders : counters_.slow_readers);
  http_of(slot).end_too_slow({.cause = is_sending ? CloseCause::SlowSender : CloseCause::SlowReader,
                              .after = config_.least_rate.after,
                              .rate = config_.least_rate.bytes_per_second});
  settle(slot, at);
}

// -- Places

bool HttpServer::end_oldest_head(std::uint32_t tag, const Moment& at) noexcept {
  const PartialHead* const oldest = heads_.oldest();
  if (oldest == nullptr || oldest->owner == tag) return false;
  Slot& slot = slots_[oldest->owner];
  http_of(slot).end_partial_head(at);
  pump(slot, at);
  return true;
}

/// kNever: it is not idle.
Instant HttpServer::idle_since(const Slot& slot, const Moment& at) const noexcept {
  if (slot.state == kNone) {
    const bool is_at_rest = slot.deadline() != kNever;
    return is_at_rest ? slot.deadline() - config_.connection.idle_timeout : kNever;
  }
  return http_of(slot).is_idle(at) ? http_of(slot).idle_since() : kNever;
}

/// Closes the connection among some that has been idle longest, so that another has its place.
/// False: none of them is idle.
bool HttpServer::close_idle_one(const Moment& at) noexcept {
  Slot* longest = nullptr;
  Instant longest_since = kNever;
  for (std::uint32_t i = 0; i < std::min(kIdleLooks, config_.max_connections); ++i) {
    idle_hand_ = (idle_hand_ + 1) % config_.max_connections;
    if (!slots_.is_live(idle_hand_)) continue;
    Slot& slot = slots_[idle_hand_];
    const Instant since = idle_since(slot, at);
    if (since >= longest_since) continue;
    longest_since = since;
    longest = &slot;
  }
  if (longest == nullptr) return false;
  ++counters_.idle_closed;
  if (!wake_up(*longest, at)) return true;
  http_of(*longest).end_idle();
  settle(*longest, at);
  return true;
}

}  // namespace glasstcp::http
