// Whose habits a stack has: the rows of TcpConfig that Linux, BSD and the RFCs' own text choose
// differently, all at once.
//
// Invariants:
//   1. Every row keeps its own name; what is chosen here can be chosen otherwise afterwards.
//
// Next: config.h.
#pragma once

#include "stack/tcp/config.h"

namespace glasstcp {

enum class Habits : std::uint8_t { Rfc, Linux, Bsd };

/// Chooses all that has a habit; other rows stay as they are.
void adopt_habits(TcpConfig& config, Habits habits);

}  // namespace glasstcp
