// Reads packetdrill's language, as far as our scripts use it.
//
// Grammar: `TIME (< | >) FLAGS SEQ:END(LENGTH) [ack N] [win N] [urg N] [<OPTIONS>]`, `TIME < icmp
// TYPE [CODE] [mtu N] [SEQ:END(LENGTH)]`, `TIME CALL(ARGUMENTS) = RESULT [ERRNO (text)]`, `TIME %{
// CONDITIONS }%`; times 0.1, +0.1, +0.1~+0.2, +0...0.2 and *; comments #, // and /* */. Our own
// words stand in comments: a file-level `//: key=value`, a
// `# COVERS: ID ID` line, and notes behind an event, `// reason: AckDelayTimer`.
//
// Invariants:
//   1. Every character is either understood or an error with its line: nothing is skipped in
//   silence.
//
// What it leaves out: shell commands, Python, UDP, MPTCP, tunnels.
// Next: runner.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "tests/script/script.h"

namespace glasstcp::test {

/// The script in `text`, or "line N: what is wrong".
[[nodiscard]] std::expected<Script, std::string> parse_script(std::string_view text);

}  // namespace glasstcp::test
