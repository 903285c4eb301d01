// `glasstcp lab all -o DIR`: the course as a folder: an index page, a page and two captures for
// each scenario.
//
// Invariants:
//   1. The pages need nothing from outside of the folder, and no script.
//
// Next: ../../stack/lab/catalogue.h.
#pragma once

#include <expected>
#include <string>

#include "tun/cli/lab_options.h"

namespace glasstcp {

/// Writes it and says where it is. The error is a line without a line feed.
[[nodiscard]] std::expected<void, std::string> write_course(const LabCommandOptions& options);

}  // namespace glasstcp
