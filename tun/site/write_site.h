// `glasstcp site DIR`: writes the built-in page out, to be edited and served with --site DIR.
//
// Invariants:
//   1. Nothing that exists is overwritten: then nothing is written at all.
//
// Next: ../http/site/builtin_site.h.
#pragma once

#include <expected>
#include <span>
#include <string>

#include "http/site/builtin_site.h"
#include "tun/cli/options.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// Writes every file into the folder, which is made if it is missing; nothing if one of them
/// exists.
[[nodiscard]] std::expected<void, Failure> write_new_files(
    const std::string& folder, std::span<const http::BuiltinFile> files);

/// Writes every file of the built-in page into the folder, which is made if it is missing.
[[nodiscard]] std::expected<void, Failure> write_builtin_site(const std::string& folder);

/// Does it and tells what comes next. Returns the exit code.
[[nodiscard]] int write_site(const WriteSiteOptions& options);

}  // namespace glasstcp
