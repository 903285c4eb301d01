// Puts a list of calls into the kernel, by libseccomp.
//
// Invariants:
//   1. It holds for all threads, and for the rest of the process's life.
//   2. A process that makes a call that ends it says so on stderr first, in one line. Who took it
//   over cannot keep it from ending: to change how the signal is handled ends it, too.
//
// Next: file_limits.h.
#pragma once

#include <span>

#include "stack/trace/language.h"
#include "tun/sandbox/call_list.h"
#include "tun/sandbox/limit_state.h"

namespace glasstcp {

/// From now on only these calls.
[[nodiscard]] LimitState limit_calls(std::span<const CallRule> allowed, Language language);

/// Whether it could be done here; nothing changes.
[[nodiscard]] LimitState could_limit_calls();

}  // namespace glasstcp
