// The bytes of a capture file: mapped into memory, with their SHA-256.
//
// Invariants:
//   1. The file is not copied: its pages are read when they are looked at, and given back by the
//   kernel.
//
// Next: analyze.h.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "stack/base/bytes.h"

namespace glasstcp::report {

/// A file in memory, and what keeps it there.
struct CaptureBytes {
  ByteView view;
  std::shared_ptr<const void> owner;
};

/// Maps a file; what cannot be mapped (a pipe) is read, up to 1 GB. The error is one line.
[[nodiscard]] std::expected<CaptureBytes, std::string> open_capture(const std::string& path);

/// 64 hexadecimal digits.
[[nodiscard]] std::string sha256_of(ByteView bytes);

/// What to say of a file that is no capture: compressed, empty, or something else. One line.
[[nodiscard]] std::string what_it_is_instead(ByteView bytes);

}  // namespace glasstcp::report
