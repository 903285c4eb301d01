// What all connections of a stack hold, and what a peak has left behind. See tcp_layer.h.
//
// Nothing is counted on the packet path: both look at everything when they are asked.
//
// Next: active_open.cc.
#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {

std::uint64_t TcpLayer::memory_bytes() const {
  const TcpContext& c = context_;
  return connections_.memory_bytes() + half_open_.memory_bytes() + time_waits_.memory_bytes() +
         table_.memory_bytes() + peers_.memory_bytes() + half_open_peers_.memory_bytes() +
         c.blocks.memory_bytes() + c.copied_blocks.memory_bytes() + c.tx.memory_bytes() +
         c.receive.pool.runs.memory_bytes() + c.extras.memory_bytes() + c.ecn.memory_bytes() +
         c.sent.memory_bytes() + c.flights.memory_bytes();
}

std::uint64_t TcpLayer::release_idle_memory() {
  TcpContext& c = context_;
  std::uint64_t given = connections_.release_idle_memory() + half_open_.release_idle_memory();
  given += time_waits_.release_idle_memory() + table_.release_idle_memory();
  given += peers_.release_idle_memory() + half_open_peers_.release_idle_memory();
  given += c.blocks.release_idle_memory() + c.copied_blocks.release_idle_memory();
  given += c.tx.release_idle_memory() + c.receive.pool.runs.release_idle_memory();
  given += c.extras.release_idle_memory() + c.ecn.release_idle_memory();
  given += c.sent.release_idle_memory() + c.flights.release_idle_memory();
  return given;
}

// What a request and its answer need, from the SYN to TIME-WAIT.
bool TcpLayer::reserve() {
  TcpContext& c = context_;
  return half_open_.reserve() && connections_.reserve() && peers_.reserve() && c.blocks.reserve() &&
         c.tx.reserve() && c.sent.reserve() && c.flights.reserve() && time_waits_.reserve();
}

}  // namespace glasstcp
