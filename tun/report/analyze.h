// From a file to the model: reading, frames, connections, messages, findings.
//
// Invariants:
//   1. Any file is survived: what can be read is analysed, and Capture::stopped says where it
//   ended.
//   2. Memory grows with the number of TCP frames (at most kMostFrames), not with their payload,
//      which stays in the file.
//
// Next: model.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "tun/report/capture_bytes.h"
#include "tun/report/model.h"

namespace glasstcp::report {

/// More frames and connections are counted, and left out (Unused::BeyondLimit).
inline constexpr std::size_t kMostFrames = 2'000'000;
inline constexpr std::size_t kMostConnections = 100'000;

/// Reads and analyses a capture. The error is one line that says what is wrong and what to do.
[[nodiscard]] std::expected<Capture, std::string> analyze_file(const std::string& path);
/// The same for a capture that is open already.
[[nodiscard]] std::expected<Capture, std::string> analyze_open(CaptureBytes bytes,
                                                               std::string name);
/// The same for bytes in memory, which are copied.
[[nodiscard]] std::expected<Capture, std::string> analyze_bytes(ByteView bytes, std::string name);

}  // namespace glasstcp::report
