// The access log of the HTTP server, in a file that can be opened again by its name (reopening.h).
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "http/access_log.h"
#include "tun/files/error_lines.h"
#include "tun/files/output_file.h"
#include "tun/files/reopening.h"

namespace glasstcp {

/// Takes the lines. All calls are the loop's.
class AccessLogFile final : public http::AccessLogSink {
 public:
  /// Opens it, and starts what opens it again, in a sandbox or not: before rights are given up.
  /// `lines` is borrowed.
  static std::expected<std::unique_ptr<AccessLogFile>, Failure> open(const OutputRequest& request,
                                                                     ErrorLines& lines,
                                                                     bool has_sandbox);

  void write(std::string_view line) noexcept override {
    file_->write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  }
  /// Goes on in the file that its path names by then. Nothing happens where it is no file.
  void reopen(Instant now) noexcept { again_.begin(now); }
  /// Writes what was gathered, and looks whether the new file is there.
  void flush(Instant now) noexcept;
  /// When flush() must be called at the latest.
  [[nodiscard]] Instant next_deadline() const noexcept;
  /// At the end: see OutputFile.
  void finish() noexcept { file_->finish(); }
  /// Lines that nobody took.
  [[nodiscard]] std::uint64_t lost() const { return file_->lost(); }

 private:
  AccessLogFile(std::unique_ptr<OutputFile> file, Reopening again, ErrorLines& lines)
      : file_(std::move(file)), again_(std::move(again)), lines_(lines) {}
  void take(KeeperAnswer answer, Instant now) noexcept;

  std::unique_ptr<OutputFile> file_;
  Reopening again_;
  ErrorLines& lines_;
};

}  // namespace glasstcp
