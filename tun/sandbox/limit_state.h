// What became of one limit that a process set itself: it holds, or why it does not.
//
// Next: sandbox.h.
#pragma once

#include <cstdint>
#include <string>

namespace glasstcp {

/// Of seccomp, or of Landlock.
struct LimitState {
  enum class Kind : std::uint8_t {
    NotWanted,    ///< --sandbox off
    Active,       ///< it holds, and cannot be taken off again
    Absent,       ///< the kernel was built without it, or is older
    SwitchedOff,  ///< the kernel has it, and was booted without
    Refused,      ///< by whoever started us (a container); `error` says how
  };
  Kind kind = Kind::NotWanted;
  int error = 0;    ///< an errno
  int version = 0;  ///< of Landlock's ABI, from 1

  [[nodiscard]] bool is_active() const { return kind == Kind::Active; }
};

/// "active", "this kernel has none", ...: what a person is told.
[[nodiscard]] std::string to_text(const LimitState& state);

}  // namespace glasstcp
