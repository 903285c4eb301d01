// The access log of the HTTP server, in a file that can be opened again by its name: logrotate(8)
// moves the old one away and sends SIGHUP.
//
// Invariants:
//   1. It is opened again with the rights that it was opened with at first, by a keeper that knows
//   its path from the start (../host/keeper.h). Nobody waits for that: lines go into the old file
//   until the new one is there.
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "http/access_log.h"
#include "tun/files/error_lines.h"
#include "tun/files/output_file.h"
#include "tun/host/keeper.h"

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
  void reopen(Instant now) noexcept;
  /// Writes what was gathered, and looks whether the new file is there.
  void flush(Instant now) noexcept;
  /// When flush() must be called at the latest.
  [[nodiscard]] Instant next_deadline() const noexcept;
  /// At the end: see OutputFile.
  void finish() noexcept { file_->finish(); }
  /// Lines that nobody took.
  [[nodiscard]] std::uint64_t lost() const { return file_->lost(); }

 private:
  static constexpr Duration kLook = 10ms;  // between looks for the new file

  AccessLogFile(std::unique_ptr<OutputFile> file, Keeper keeper, ErrorLines& lines)
      : file_(std::move(file)), keeper_(std::move(keeper)), lines_(lines) {}
  void take(KeeperAnswer answer, Instant now) noexcept;

  std::unique_ptr<OutputFile> file_;
  Keeper keeper_;
  ErrorLines& lines_;
  std::uint32_t questions_ = 0;  // without an answer
  Instant look_at_ = kNever;
};

}  // namespace glasstcp
