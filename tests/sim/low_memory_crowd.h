// What becomes of a stack with thousands of peers when one kind of memory cannot be had: its tables
// cannot grow while its records can, or the other way round.
//
// low_memory.h looks at one connection, for which the first pieces of everything are enough. Here
// each piece that a crowd needs fails in turn, and all later ones of its size with it.
//
// Invariants (checked here):
//   1. No allocation that fails is an exception that leaves the stack; who cannot be served is
//   refused, and takes nothing with it that the stack counts.
//   2. When all have gone nothing is left of them, and whoever comes then is served.
//
// Next: sim.cc.
#pragma once

#include <string>

namespace glasstcp::sim {

/// Plays a crowd that opens (plainly, with Fast Open, by cookies, and called by us), comes and
/// goes, and closes, each time with another kind of allocation that fails. Empty when all of it is
/// survived, else a sentence.
[[nodiscard]] std::string check_low_memory_in_a_crowd();

}  // namespace glasstcp::sim
