// `glasstcp lab`: tells a scenario on the terminal, lists them, or writes the course.
//
// Next: course.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/bytes.h"
#include "stack/lab/lab.h"
#include "tun/cli/lab_options.h"

namespace glasstcp {

/// Blocks of a capture, gathered.
class GatheredBlocks final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes_.insert(bytes_.end(), block.begin(), block.end());
  }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// "glasstcp 0.1.0": who wrote a capture.
[[nodiscard]] std::string lab_application();

/// Writes a whole file; "-" is stdout. The error is a line without a line feed.
[[nodiscard]] std::expected<void, std::string> write_whole(const std::string& path,
                                                           ByteView content);

/// Does what was asked. Returns the exit code.
[[nodiscard]] int lab_command(const LabCommandOptions& options);

}  // namespace glasstcp
