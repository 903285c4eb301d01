// A port where connections are awaited, and the queue of those that are complete and not accepted
// yet.
//
// RFC 9293 §3.10.1 (passive OPEN). One listener serves any number of connections, as sockets do.
//
// Invariants:
//   1. The queue holds at most `backlog` connections; when it is full, half-open ones stay
//   half-open.
//
// Next: listener_table.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/slab.h"
#include "stack/tcp/connection/connection_extras.h"
#include "stack/tcp/handshake/fast_open_cookies.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// Names a listening port.
struct ListenerId {
  std::uint32_t index = kNone;
  std::uint32_t generation = 0;
  friend constexpr bool operator==(ListenerId, ListenerId) = default;
};

/// How a listener takes data in SYNs (RFC 7413). The limit 0 is off.
struct FastOpenListening {
  std::uint32_t limit = 0;           ///< connections whose handshake has not ended, at most
  bool needs_cookie = true;          ///< false: of anybody, for networks without forged addresses
  std::optional<FastOpenKeys> keys;  ///< empty: the stack's
};

/// A passive open.
class Listener {
 public:
  Listener(const Endpoint& local, std::uint32_t backlog)
      : local_(local), queue_(backlog), limit_(backlog) {}

  [[nodiscard]] const Endpoint& local() const { return local_; }
  // RFC 9293 §3.9.1.1 MUST-43: one address, or every one of that IP version.
  [[nodiscard]] bool matches(const Endpoint& to) const {
    return local_.port == to.port && local_.address.version() == to.address.version() &&
           (local_.address.is_unspecified() || local_.address == to.address);
  }
  [[nodiscard]] bool is_full() const { return count_ >= limit_; }
  [[nodiscard]] bool is_empty() const { return count_ == 0; }
  [[nodiscard]] std::uint32_t waiting() const { return static_cast<std::uint32_t>(count_); }
  void push(ConnectionId connection) { queue_[(first_ + count_++) % queue_.size()] = connection; }
  /// The one that waits longest; only if !is_empty().
  ConnectionId pop() {
    const ConnectionId connection = queue_[first_];
    first_ = (first_ + 1) % queue_.size();
    --count_;
    return connection;
  }

  /// What waits already goes on waiting, also above the new limit.
  void set_backlog(std::uint32_t backlog) {
    std::vector<ConnectionId> queue(std::max<std::size_t>(backlog, count_));
    for (std::size_t i = 0; i < count_; ++i) queue[i] = queue_[(first_ + i) % queue_.size()];
    queue_ = std::move(queue);
    first_ = 0;
    limit_ = backlog;
  }

  // RFC 7413 §5.1: one that a reset ended keeps its place for a while, since whoever forges SYNs
  // with a stolen cookie makes its owner send resets.
  /// Whether one more may take a pending place.
  [[nodiscard]] bool has_fast_open_place(Instant now) {
    while (reset_count_ > 0 && reset_places_[reset_first_] <= now) {
      reset_first_ = (reset_first_ + 1) % reset_places_.size();
      --reset_count_;
      --pending_places_;
    }
    return pending_places_ < fast_open_.limit;
  }
  void take_fast_open_place() { ++pending_places_; }
  /// `free_at`: not before then.
  void free_fast_open_place(std::optional<Instant> free_at) {
    if (free_at && reset_count_ < reset_places_.size()) {
      reset_places_[(reset_first_ + reset_count_++) % reset_places_.size()] = *free_at;
    } else {
      --pending_places_;
    }
  }
  void set_fast_open(const FastOpenListening& how) {
    fast_open_ = how;
    std::vector<Instant> places(std::max<std::size_t>(how.limit, reset_count_));
    for (std::size_t i = 0; i < reset_count_; ++i)
      places[i] = reset_places_[(reset_first_ + i) % reset_places_.size()];
    reset_places_ = std::move(places);
    reset_first_ = 0;
  }
  [[nodiscard]] FastOpenListening& fast_open() { return fast_open_; }

  std::optional<ConnectionSettings> settings;  ///< of the connections it brings; empty: the stack's
  std::uint64_t user = 0;
  bool has_event = false;  ///< kAcceptable was not fetched yet

 private:
  Endpoint local_;
  std::vector<ConnectionId> queue_;
  std::size_t limit_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  FastOpenListening fast_open_;
  std::uint32_t pending_places_ = 0;
  // When each is free again, the soonest first: a ring.
  std::vector<Instant> reset_places_;
  std::size_t reset_first_ = 0;
  std::size_t reset_count_ = 0;
};

}  // namespace glasstcp
