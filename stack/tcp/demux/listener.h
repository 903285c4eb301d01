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

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/ring.h"
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
  /// Nothing can wait before set_backlog().
  explicit Listener(const Endpoint& local) : local_(local) {}

  [[nodiscard]] const Endpoint& local() const { return local_; }
  // RFC 9293 §3.9.1.1 MUST-43: one address, or every one of that IP version.
  [[nodiscard]] bool matches(const Endpoint& to) const {
    return local_.port == to.port && local_.address.version() == to.address.version() &&
           (local_.address.is_unspecified() || local_.address == to.address);
  }
  [[nodiscard]] bool is_full() const { return queue_.size() >= limit_; }
  [[nodiscard]] bool is_empty() const { return queue_.is_empty(); }
  [[nodiscard]] std::uint32_t waiting() const { return static_cast<std::uint32_t>(queue_.size()); }
  void push(ConnectionId connection) { queue_.push(connection); }
  /// The one that waits longest; only if !is_empty().
  ConnectionId pop() {
    const ConnectionId connection = queue_.front();
    queue_.pop();
    return connection;
  }

  /// What waits already goes on waiting, also above the new limit. False: no memory, and the limit
  /// is as it was.
  bool set_backlog(std::uint32_t backlog) {
    if (!queue_.resize(backlog)) return false;
    limit_ = backlog;
    return true;
  }

  // RFC 7413 §5.1: one that a reset ended keeps its place for a while, since whoever forges SYNs
  // with a stolen cookie makes its owner send resets.
  /// Whether one more may take a pending place.
  [[nodiscard]] bool has_fast_open_place(Instant now) {
    while (!reset_places_.is_empty() && reset_places_.front() <= now) {
      reset_places_.pop();
      --pending_places_;
    }
    return pending_places_ < fast_open_.limit;
  }
  void take_fast_open_place() { ++pending_places_; }
  /// `free_at`: not before then.
  void free_fast_open_place(std::optional<Instant> free_at) {
    if (free_at && !reset_places_.is_full()) {
      reset_places_.push(*free_at);
    } else {
      --pending_places_;
    }
  }
  /// False: no memory, and all is as it was.
  bool set_fast_open(const FastOpenListening& how) {
    if (!reset_places_.resize(how.limit)) return false;
    fast_open_ = how;
    return true;
  }
  [[nodiscard]] FastOpenListening& fast_open() { return fast_open_; }

  std::optional<ConnectionSettings> settings;  ///< of the connections it brings; empty: the stack's
  std::uint64_t user = 0;
  bool has_event = false;  ///< kAcceptable was not fetched yet

 private:
  Endpoint local_;
  Ring<ConnectionId> queue_;
  std::size_t limit_ = 0;
  FastOpenListening fast_open_;
  std::uint32_t pending_places_ = 0;
  Ring<Instant> reset_places_;  // when each is free again, the soonest first
};

}  // namespace glasstcp
