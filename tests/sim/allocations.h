// Counts calls of operator new: in steady state the stack makes none.
//
// Invariants (of the stack, checked here):
//   1. Requests and responses on a connection that is warm allocate nothing, on either side.
//
// Next: sim.cc.
#pragma once

#include <string>

namespace glasstcp::sim {

/// Plays keep-alive requests and responses between two stacks; empty when nothing was allocated,
/// else a sentence.
[[nodiscard]] std::string check_steady_state_allocates_nothing();

}  // namespace glasstcp::sim
