// The bytes that one end sent, in order: each byte once, with the frame that brought it.
//
// Invariants:
//   1. Nothing is copied: runs point into the file.
//
// Next: http_messages.h.
#pragma once

#include <cstdint>
#include <vector>

#include "tun/report/model.h"

namespace glasstcp::report {

/// Bytes in one frame.
struct Run {
  std::uint64_t begin = 0;  ///< offset in the stream; 0 is the first byte behind the SYN
  std::uint64_t length = 0;
  std::uint32_t frame = 0;             ///< index into Connection::frames
  const std::uint8_t* data = nullptr;  ///< null: the file does not hold them (snap length)
  [[nodiscard]] std::uint64_t end() const { return begin + length; }
};

/// The stream of one end. Between two runs there may be a gap, which the capture does not hold.
[[nodiscard]] std::vector<Run> stream_of(const Connection& connection, Side from);

}  // namespace glasstcp::report
