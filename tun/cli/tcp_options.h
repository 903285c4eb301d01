// The options of serve and get that choose how TCP behaves: one for each row of the table of
// settings that names an option.
//
// Invariants:
//   1. Name, bounds, default and what is said of an option come from its row.
//
// Next: ../../stack/socket/settings.h.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "stack/socket/stack_config.h"

namespace glasstcp {

/// Adds them, in a group of their own. `into` is borrowed until the command line is parsed.
void add_tcp_settings(CLI::App& app, StackConfig& into);

/// Which of them contradict each other; empty: none.
[[nodiscard]] std::string tcp_inconsistency(const StackConfig& config);

}  // namespace glasstcp
