// `glasstcp report` is a program beside this one, glasstcp-report: it needs libtins, whose
// libraries would slow down every start of `serve`.
//
// Next: ../report/main.cc.
#pragma once

namespace glasstcp {

/// Becomes glasstcp-report with the same arguments. Returns only where that is not to be had: says
/// so, and gives the exit code.
[[nodiscard]] int start_report(char** argv);

}  // namespace glasstcp
