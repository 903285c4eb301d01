// `--capture`: every packet of the stack with its reason, in a pcapng file or through a pipe.
//
// Invariants:
//   1. The seed stands in the file only when the user gave it: a random one reveals the keys.
//
// Next: ../stack/trace/capture_sink.h.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "stack/trace/capture_sink.h"
#include "tun/cli/options.h"
#include "tun/output_file.h"

namespace glasstcp {

/// A capture that is being written.
class CaptureFile {
 public:
  /// Opens the file that the options name, and writes its beginning.
  static std::expected<std::unique_ptr<CaptureFile>, Failure> open(const ServeOptions& options);

  [[nodiscard]] Observer& observer() { return sink_; }
  [[nodiscard]] OutputFile& output() { return *output_; }

 private:
  static constexpr std::size_t kRoom = 32u << 20;  // for a reader that pauses

  CaptureFile(std::unique_ptr<OutputFile> output, const CaptureOptions& options)
      : output_(std::move(output)), blocks_(*output_), sink_(blocks_, options) {}

  std::unique_ptr<OutputFile> output_;
  CaptureBlocks blocks_;
  CaptureSink sink_;
};

}  // namespace glasstcp
