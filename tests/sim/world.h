// Two complete stacks, a bad link between them, and applications that talk: one world per seed.
//
// Phase 1: connections open at their times while the link misbehaves. Phase 2: the link heals, and
// everything must end in bounded virtual time.
//
// Invariants (checked after every event):
//   1. Those of WireJudge and Talker, and Stack::check_invariants() of both.
//   2. Work is bounded: packets in a step, steps at an instant, and packets in all for what was
//   said.
//   3. The hash over all bytes that leave depends on the seed alone: not on observers, not on the
//   machine.
//
// Next: sim.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/path.h"
#include "tests/sim/talker.h"
#include "tests/sim/wire_judge.h"

namespace glasstcp::sim {

/// What a run is made from.
struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t connections = 0;  ///< 0: as many as the seed says
  bool observed = false;
  bool verbose = false;
  std::string capture{};  ///< a file for what host A sent and received; empty: none
};

/// What a run showed.
struct WorldResult {
  std::uint64_t hash = 0;
  std::uint64_t packets = 0;
  std::uint64_t connections = 0;
  std::uint64_t finished = 0;
  std::uint64_t aborted = 0;
  std::uint64_t retransmitted = 0;
  Duration virtual_time{};
};

/// Runs one world to its end. Throws Violation.
[[nodiscard]] WorldResult run_world(const WorldOptions& options);

}  // namespace glasstcp::sim
