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
  void clear() { bytes_.clear(); }
  void write(ByteView block) noexcept override {
    bytes_.insert(bytes_.end(), block.begin(), block.end());
  }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

struct ScenarioText {
  std::string name;
  std::string text;
};
/// The text of a scenario by its name, or of a file. The error is a line without a line feed.
[[nodiscard]] std::expected<ScenarioText, std::string> text_of_scenario(const std::string& what);

/// "glasstcp 0.1.0": who wrote a capture.
[[nodiscard]] std::string lab_application();

/// The line that says what was written: the capture of an end.
[[nodiscard]] std::string capture_note(const std::string& path, lab::Side end, Language language);

/// Writes a whole file; "-" is stdout. The error is a line without a line feed.
[[nodiscard]] std::expected<void, std::string> write_whole(const std::string& path,
                                                           ByteView content);

[[nodiscard]] std::expected<void, std::string> write_text(const std::string& path,
                                                          std::string_view text);

/// Does what was asked. Returns the exit code.
[[nodiscard]] int lab_command(const LabCommandOptions& options);

}  // namespace glasstcp
