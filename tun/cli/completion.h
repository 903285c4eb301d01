// What a shell completes behind "glasstcp": the commands, and the options of each.
//
// Made from the parser itself, so that it knows what --help knows, and nothing else.
//
// Next: options.h.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace glasstcp {

/// A script for bash: `source <(glasstcp --completion bash)`.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

}  // namespace glasstcp
