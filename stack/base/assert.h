// Assertions about our own code, which stay in release builds.
//
// Invariants:
//   1. A condition is O(1) and has no side effect.
//   2. Bytes that came from a peer never reach an assertion; they become a Verdict instead.
//
// Next: time.h.
#pragma once

namespace glasstcp {

/// Prints the place and the condition on stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace glasstcp

/// Aborts when `condition` is false: a bug of ours, not of the peer or of the world.
#define STACK_ASSERT(condition)                        \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::glasstcp::assertion_failed(#condition, __FILE__, __LINE__))
