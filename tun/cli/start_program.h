// `glasstcp report` and `glasstcp capture` are programs beside this one: they need libraries that
// would slow down every start of `serve`.
//
// Next: ../report/main.cc, ../capture_command/main.cc.
#pragma once

#include "stack/trace/language.h"

namespace glasstcp {

/// A program beside this one, and the library without which it is not built.
struct ProgramBeside {
  const char* name;
  const char* library;
};

/// Becomes that program, with the same arguments. Returns only where it is not to be had: says so,
/// and gives the exit code.
[[nodiscard]] int start_program(const ProgramBeside& program, char** argv, Language language);

}  // namespace glasstcp
