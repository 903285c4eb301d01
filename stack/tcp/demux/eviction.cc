// Who has to go when others need the room: of the peer that holds most, the oldest of what does
// nothing. See tcp_layer.h, peer_ledger.h.
//
// The classes of memory and their shares: half-open records have a table of max_half_open; what
// connections need at least comes out of the whole budget, what their windows have beyond that out
// of one half (memory_budget.h); what waits to be sent has pools of its own. Above half of its
// share a newcomer takes the room of another.
//
// Next: active_open.cc.
#include <algorithm>

#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {
namespace {

// Connections that one newcomer may end at most.
constexpr int kMostEvictions = 4;
// How many peers are asked for one of its connections, and how many of each are looked at: those
// that transfer are passed over, and next time others are looked at.
constexpr int kPeersAsked = 8;
constexpr int kConnectionsLookedAt = 8;
// A peer with a smaller part of the half-open table, or with fewer records, does not hold much of
// it: a flood of forged sources must not push out a classroom that lies behind one address.
constexpr std::uint32_t kMuchOfHalfOpen = 16;
constexpr std::uint32_t kManyHalfOpen = 64;
// The same of connections that transfer.
constexpr std::uint32_t kMuchOfConnections = 16;
constexpr std::uint32_t kManyConnections = 64;

enum class Choice : std::uint8_t { No, IfNobodyElse, Yes };

}  // namespace

bool TcpLayer::stands_for_many(const IpAddress& address) const {
  return std::ranges::find(shared_sources_, address) != shared_sources_.end();
}

// The window of a newcomer.
bool TcpLayer::reserve_window(std::uint32_t bytes, const IpAddress& newcomer, Instant now) {
  if (peers_.size() >= roomy_connections_) evict_idle_connection(now);
  for (int i = 0; i < kMostEvictions; ++i) {
    if (context_.budget.reserve(bytes)) return true;
    if (!evict_connection(newcomer, now)) return false;
  }
  return context_.budget.reserve(bytes);
}

// Asks the peers that hold most for one of their connections; `choose` says of each whether it can
// go: Yes, only IfNobodyElse of its peer can, or No. kNone: nobody was found.
template <typename Choose>
std::uint32_t TcpLayer::look_for_victim(Choose choose) {
  std::uint32_t peer = peers_.greatest();
  for (int asked = 0; peer != kNone && asked < kPeersAsked; ++asked) {
    std::uint32_t second_choice = kNone;
    for (int i = 0; i < kConnectionsLookedAt; ++i) {
      const std::uint32_t index = peers_.oldest_of(peer);
      const Choice choice = choose(connections_[index]);
      if (choice == Choice::Yes) return index;
      if (choice == Choice::IfNobodyElse && second_choice == kNone) second_choice = index;
      if (peers_.count_of(peer) <= static_cast<std::uint32_t>(i) + 1) break;
      peers_.renew(index);
    }
    if (second_choice != kNone) return second_choice;
    peer = peers_.next_greatest(peer);
  }
  return kNone;
}

// For a newcomer's place: one that does nothing goes, else one whose peer does not do its part.
bool TcpLayer::evict_idle_connection(Instant now) {
  const std::uint32_t victim = look_for_victim([now](const Connection& connection) {
    const Activity activity = connection.activity(now);
    if (activity.makes_progress) return Choice::No;
    return activity.memory == MemoryClass::Idle ? Choice::Yes : Choice::IfNobodyElse;
  });
  if (victim != kNone) evict(victim, now);
  return victim != kNone;
}

// Where everybody transfers the newcomer is refused, unless one peer has much of all places: it
// keeps others out by a drop now and then on each of its connections (CWE-770).
bool TcpLayer::evict_connection(const IpAddress& newcomer, Instant now) {
  if (evict_idle_connection(now)) return true;
  const std::uint32_t victim = victim_of_a_great_holder(newcomer);
  if (victim != kNone) evict(victim, now);
  return victim != kNone;
}

std::uint32_t TcpLayer::victim_of_a_great_holder(const IpAddress& newcomer) {
  const std::uint32_t peer = peers_.greatest();
  if (peer == kNone) return kNone;
  const std::uint64_t much =
      std::max<std::uint64_t>(roomy_connections_ / kMuchOfConnections, kManyConnections);
  if (peers_.count_with_neighbours(peer) <= much) return kNone;
  // Its own newcomers would only take turns.
  const std::uint32_t victim = peers_.oldest_of(peer);
  return remote_address_of(connections_[victim]) == newcomer ? kNone : victim;
}

// For the bytes of those who read: one goes that keeps a large window and does nothing, or that
// fills blocks behind a gap and does not close it.
bool TcpLayer::evict_for_buffers(Instant now) {
  const std::uint32_t victim = look_for_victim([&](const Connection& connection) {
    const Activity activity = connection.activity(now);
    if (activity.makes_progress || activity.memory == MemoryClass::Sending) return Choice::No;
    const bool holds_much = activity.memory == MemoryClass::Reading ||
                            connection.receiver().buffer_size() > context_.least_buffer();
    return holds_much ? Choice::Yes : Choice::No;
  });
  if (victim != kNone) evict(victim, now);
  return victim != kNone;
}

void TcpLayer::evict(std::uint32_t index, Instant now) {
  Connection& connection = connections_[index];
  ++evicted_[static_cast<std::size_t>(connection.activity(now).memory)];
  connection.evict(now);
  remove_if_ended(connection, now);
}

// Something could not be had since the last look: a larger window, or a block for what came.
void TcpLayer::relieve(Instant now) {
  context_.receive.pool.lacks_room = false;
  static_cast<void>(evict_for_buffers(now));
}

// Below a quarter of the table nobody has to know whose a record is. False: no memory for it.
bool TcpLayer::note_half_open_peer(std::uint32_t index) {
  if (half_open_.size() <= half_open_.capacity_limit() / 4) return true;
  return half_open_peers_.add(index, stands_for_many(remote_address_of(half_open_[index])));
}

// RFC 4987 §3.4: above half of the table a peer that has much of it loses its oldest record; in a
// full one, without cookies, the oldest of all goes: a flood must outrun a handshake to hinder it.
void TcpLayer::make_half_open_room(Instant now) {
  const std::uint32_t limit = half_open_.capacity_limit();
  if (half_open_.size() < limit / 2) return;
  const std::uint32_t much = std::max(limit / kMuchOfHalfOpen, kManyHalfOpen);
  const std::uint32_t peer = half_open_peers_.greatest();
  if (peer != kNone && half_open_peers_.count_with_neighbours(peer) > much) {
    evict_half_open(half_open_peers_.oldest_of(peer), now);
  } else if (half_open_.size() == limit && !half_open_ages_.empty()) {
    const Agreement& oldest = half_open_ages_.front()->agreement();
    evict_half_open(look_up(oldest.tuple, oldest.hash) & kIndexMask, now);
  }
}

void TcpLayer::evict_half_open(std::uint32_t index, Instant now) {
  ++evicted_[static_cast<std::size_t>(MemoryClass::HalfOpen)];
  end_half_open(index, State::Closed, StateCause::PlaceTaken, now);
}

}  // namespace glasstcp
