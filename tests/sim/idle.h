// Many connections at once that do nothing: what they cost, and whether each still works.
//
// Next: sim.cc.
#pragma once

#include <cstdint>
#include <string>

namespace glasstcp::sim {

/// Opens so many connections to one stack, in virtual time, lets an hour pass, and has every 97th
/// answer a request. Prints bytes for each; empty when all is well, else a sentence.
[[nodiscard]] std::string check_idle_connections(std::uint32_t count);

}  // namespace glasstcp::sim
