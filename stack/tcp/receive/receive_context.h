// What the receivers of all connections of one stack share: its settings, the budget that windows
// are promised from, and the memory for received data.
//
// Next: window_tuning.h.
#pragma once

#include <cstdint>

#include "stack/base/block_pool.h"
#include "stack/base/memory_budget.h"
#include "stack/tcp/config.h"
#include "stack/tcp/receive/receive_buffer.h"

namespace glasstcp {

/// The part of a stack's context that receive/ sees.
struct ReceiveContext {
  /// `most_runs`: runs behind gaps that all connections together may hold.
  ReceiveContext(const TcpConfig& settings, MemoryBudget& memory, std::uint32_t most_runs,
                 BlockPool& blocks)
      : config(settings), budget(memory), pool(most_runs, blocks) {}

  const TcpConfig& config;
  MemoryBudget& budget;
  ReceivePool pool;
};

}  // namespace glasstcp
