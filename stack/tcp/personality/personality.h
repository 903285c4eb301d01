// As whom a stack behaves: the rows of TcpConfig that Linux, BSD and the RFCs' own text choose
// differently, all at once.
//
// Invariants:
//   1. Every row keeps its own name; what is chosen here can be chosen otherwise afterwards.
//
// Next: config.h.
#pragma once

#include "stack/tcp/config.h"

namespace glasstcp {

enum class Personality : std::uint8_t { Rfc, Linux, Bsd };

/// Chooses every row in which they differ; other rows stay as they are.
void adopt_personality(TcpConfig& config, Personality personality);

}  // namespace glasstcp
