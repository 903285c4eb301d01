// Reads what an application does and when: the lines that begin with "at" and "on".
//
// Next: scenario_reader.h.
#pragma once

#include <expected>
#include <string>

#include "stack/lab/scenario.h"
#include "stack/lab/words.h"

namespace glasstcp::lab {

/// The rest of such a line, or what is wrong with it. `at_time`: it began with "at".
[[nodiscard]] std::expected<Statement, std::string> read_act(bool at_time, Words& words);

}  // namespace glasstcp::lab
