// `--capture`: every packet of the stack with its reason, in a pcapng file or through a pipe.
//
// Next: ../capture/capture_hub.h.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "tun/files/output_file.h"

namespace glasstcp {

/// A capture that is being written.
class CaptureFile {
 public:
  /// Opens the file ("-" is stdout), and writes what it begins with.
  static std::expected<std::unique_ptr<CaptureFile>, Failure> open(
      const std::string& path, const std::optional<Identity>& owner, ByteView preamble);

  [[nodiscard]] BlockSink& blocks() { return blocks_; }
  [[nodiscard]] OutputFile& output() { return *output_; }

 private:
  static constexpr std::size_t kRoom = 32u << 20;  // for a reader that pauses

  explicit CaptureFile(std::unique_ptr<OutputFile> output)
      : output_(std::move(output)), blocks_(*output_) {}

  std::unique_ptr<OutputFile> output_;
  CaptureBlocks blocks_;
};

}  // namespace glasstcp
