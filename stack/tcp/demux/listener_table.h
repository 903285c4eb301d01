// Every listener of a stack, found by the address and port that a SYN is for.
//
// RFC 9293 §3.9.1.1 (passive opens on one address, or on every one). A server may listen on
// thousands of ports; one SYN costs one look-up, however many there are.
//
// Invariants:
//   1. A listener is in the index exactly as long as it lives.
//   2. No two listeners have the same address and port.
//
// Next: syn_gate.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/base/flow_table.h"
#include "stack/base/slab.h"
#include "stack/tcp/demux/listener.h"

namespace glasstcp {

/// Listeners by index, by id, and by the endpoint that they wait at.
class ListenerTable {
 public:
  static constexpr std::uint32_t kMost = 4096;

  /// The new listener's index; kNone: there are kMost, or no memory. Nobody listens there yet.
  [[nodiscard]] std::uint32_t add(const Endpoint& local, std::uint32_t backlog) {
    const std::uint32_t index = listeners_.acquire(local);
    if (index == kNone) return kNone;
    if (listeners_[index].set_backlog(std::max<std::uint32_t>(backlog, 1)) &&
        by_port_.insert(hash_of(local.port), index)) {
      return index;
    }
    listeners_.release(index);
    return kNone;
  }
  void remove(std::uint32_t index) {
    by_port_.erase(hash_of(listeners_[index].local().port), index);
    listeners_.release(index);
  }

  /// The listener on exactly this address (which may be "every address") and port; kNone: none.
  [[nodiscard]] std::uint32_t at(const Endpoint& local) const {
    return by_port_.find(hash_of(local.port),
                         [&](std::uint32_t index) { return listeners_[index].local() == local; });
  }
  /// Whose is a SYN for `to`? One on this very address comes before one on every address.
  [[nodiscard]] std::uint32_t find(const Endpoint& to) const {
    const std::uint32_t exact = at(to);
    if (exact != kNone) return exact;
    return by_port_.find(hash_of(to.port),
                         [&](std::uint32_t index) { return listeners_[index].matches(to); });
  }

  [[nodiscard]] Listener& operator[](std::uint32_t index) { return listeners_[index]; }
  [[nodiscard]] const Listener& operator[](std::uint32_t index) const { return listeners_[index]; }
  /// Null: it was closed.
  [[nodiscard]] Listener* get(ListenerId id) { return listeners_.get(id.index, id.generation); }
  [[nodiscard]] ListenerId id_of(std::uint32_t index) const {
    return {index, listeners_.generation(index)};
  }
  [[nodiscard]] bool is_live(std::uint32_t index) const { return listeners_.is_live(index); }
  [[nodiscard]] std::uint32_t size() const { return listeners_.size(); }
  template <typename F>
  void for_each(F f) const {
    listeners_.for_each(f);
  }

 private:
  // Ports are often neighbours, and the table probes neighbours: spread them. Who chooses a port to
  // listen on is on our side, so the hash needs no key.
  static std::uint64_t hash_of(Port port) {
    return (number(port) * std::uint64_t{0x9e3779b97f4a7c15}) >> 32;
  }

  Slab<Listener> listeners_{kMost};
  FlowTable by_port_{kMost};
};

}  // namespace glasstcp
