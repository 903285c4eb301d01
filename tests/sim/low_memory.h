// What becomes of a server when memory cannot be had: each allocation of a visit fails in turn.
//
// Invariants (checked here):
//   1. No allocation that fails is an exception that leaves the stack or the HTTP server, and none
//   takes more than the visit that needed it.
//   2. When there is memory again, the next visit is served.
//   3. What reserve() gets is enough for visits when no allocation succeeds.
//
// Next: sim.cc.
#pragma once

#include <string>

namespace glasstcp::sim {

/// Plays visits (a page, a large file, an upload, an error) between two stacks, each time with
/// another allocation that fails: alone, and with all after it. Empty when all of it is survived,
/// else a sentence.
[[nodiscard]] std::string check_low_memory_is_survived();

}  // namespace glasstcp::sim
