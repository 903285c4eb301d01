// `glasstcp replay FILE`: runs a capture of the lab again, from what its section's comment says,
// and compares.
//
// Next: ../../stack/lab/lab.h.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "stack/base/bytes.h"
#include "stack/trace/language.h"
#include "tun/cli/lab_options.h"

namespace glasstcp {

/// What a comparison found.
struct Replay {
  std::string command;       ///< that makes the capture again
  std::size_t frames = 0;    ///< of the run
  bool same_bytes = false;   ///< the whole file is the same
  std::string difference{};  ///< of the first frame that is not the same; empty: all are
};

/// Runs it again, with the text `chosen`, else with that which the capture carries, else with what
/// `text_of` gives for the scenario's name (empty: it is not known). The error is a line without a
/// line feed; `path` is how it names the file.
[[nodiscard]] std::expected<Replay, std::string> replay(
    const std::string& path, ByteView file,
    const std::function<std::string(const std::string&)>& text_of, const std::string& chosen = {});

/// Does it and tells. Returns the exit code.
[[nodiscard]] int replay_command(const ReplayOptions& options);

}  // namespace glasstcp
