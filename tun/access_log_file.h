// The access log on disk: lines are gathered during a turn of the loop and written together.
//
// Invariants:
//   1. Lines are whole and in order; where the reader of a pipe is too slow, whole lines are lost
//   and the server goes on.
//   2. At most kRoom bytes are gathered.
//
// Leaves out rotation: send the lines to a program that rotates ("-").
// Next: main.cc.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "http/access_log.h"
#include "tun/descriptor.h"
#include "tun/failure.h"

namespace glasstcp {

/// Appends lines to a file.
class AccessLogFile final : public http::AccessLogSink {
 public:
  /// Opens `path` for appending, as the user that we are now; "-" is stdout.
  static std::expected<std::unique_ptr<AccessLogFile>, Failure> open(const std::string& path);
  ~AccessLogFile() override { flush(); }

  void write(std::string_view line) noexcept override;
  /// Writes what was gathered.
  void flush() noexcept;
  /// Lines that nobody took.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  static constexpr std::size_t kRoom = 64 * 1024;

  explicit AccessLogFile(Descriptor file) : file_(std::move(file)) { lines_.reserve(kRoom); }

  Descriptor file_;
  std::string lines_;
  std::uint64_t lost_ = 0;
};

}  // namespace glasstcp
