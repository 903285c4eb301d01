// `--capture`: every packet of the stack with its reason, in a pcapng file or through a pipe.
//
// Invariants:
//   1. The seed is in the file only when the user gave it: a random one reveals the keys.
//
// Next: ../stack/trace/capture_sink.h.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "stack/trace/capture_sink.h"
#include "tun/files/output_file.h"

namespace glasstcp {

/// What to write, and where.
struct CaptureRequest {
  std::string path;       ///< "-" is stdout
  std::string interface;  ///< as it is in the file
  Language language = Language::English;
  std::optional<std::uint64_t> seed{};   ///< only one that the user gave
  std::optional<std::uint32_t> bytes{};  ///< of each packet; empty: all
  std::optional<Identity> owner{};       ///< see OutputFile::Request
  Comments comments = Comments::Both;
};

/// A capture that is being written.
class CaptureFile {
 public:
  /// Opens the file, and writes its beginning.
  static std::expected<std::unique_ptr<CaptureFile>, Failure> open(const CaptureRequest& request);

  [[nodiscard]] CaptureSink& sink() { return sink_; }
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
