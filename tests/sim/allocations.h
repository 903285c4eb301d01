// Counts calls of operator new: in steady state the stack makes none. And lets chosen ones fail.
//
// Invariants (of the stack, checked here):
//   1. Requests and responses on a connection that is warm allocate nothing, on either side.
//
// Next: sim.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace glasstcp::sim {

/// Plays keep-alive requests and responses between two stacks; empty when nothing was allocated,
/// else a sentence.
[[nodiscard]] std::string check_steady_state_allocates_nothing();

/// While one lives, allocations are counted, and those that fail_allocations() names fail.
class WatchedAllocations {
 public:
  WatchedAllocations();
  ~WatchedAllocations();
  WatchedAllocations(const WatchedAllocations&) = delete;
  WatchedAllocations& operator=(const WatchedAllocations&) = delete;
};
/// Of those that are watched from now on, the first-th to the last-th fail, counted from 1; 0:
/// none.
void fail_allocations(std::uint64_t first, std::uint64_t last);
/// Of those that are watched from now on, the nth fails, and every later one of its size.
void fail_allocations_like(std::uint64_t nth);
/// How many were watched since it was said last which fail.
[[nodiscard]] std::uint64_t watched_allocations();
/// How many bytes each of them asked for; of the first 4096.
[[nodiscard]] std::span<const std::size_t> watched_sizes();

}  // namespace glasstcp::sim
