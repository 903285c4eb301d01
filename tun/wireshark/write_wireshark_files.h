// `glasstcp wireshark-files -o DIR`: writes the plugin and the profile for Wireshark out of the
// program, for those who have no source beside them (scripts/wireshark-install is for the others).
//
// Invariants:
//   1. Nothing that exists is overwritten: then nothing is written at all.
//
// Next: ../site/write_site.h.
#pragma once

#include <expected>
#include <string>

#include "tun/cli/options.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// Writes each file into the folder, which is made if it is missing.
[[nodiscard]] std::expected<void, Failure> put_wireshark_files(const std::string& folder);

/// Does it and tells where Wireshark looks for them. Returns the exit code.
[[nodiscard]] int write_wireshark_files(const WiresharkFilesOptions& options);

}  // namespace glasstcp
