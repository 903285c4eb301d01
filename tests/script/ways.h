// Scripts that show a row of the personality table: the same conversation as the RFC has it and as
// Linux or BSD have it, side by side in one file.
//
// `//: row=NAME` names the row. The script runs once for each way of doing that there is; a line
// that ends in `// as: linux` (or bsd, rfc) belongs to that way alone, all others to each. Where a
// way depends on the IP version, `// as: bsd/v6` belongs to that way over IPv6.
//
// Next: ../../stack/tcp/personality/personality.h.
#pragma once

#include <vector>

#include "stack/base/addresses.h"
#include "stack/tcp/personality/personality.h"
#include "tests/script/script.h"

namespace glasstcp::test {

/// The ways that a script is to be run: Rfc alone where it names no row.
[[nodiscard]] std::vector<Personality> ways_of(const Script& script);

/// Whose lines are expected, and as whom the stack behaves in that row. They differ only where a
/// test asks whether the script tells the two apart.
struct Telling {
  Personality lines = Personality::Rfc;
  Personality stack = Personality::Rfc;
  IpVersion version = IpVersion::V4;
};
/// The script with the lines of one way, and its row chosen; as it is where it names no row.
[[nodiscard]] Script told_by(const Script& script, Telling telling);

}  // namespace glasstcp::test
