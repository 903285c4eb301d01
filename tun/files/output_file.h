// A file, pipe or stdout that takes whole records: gathered during a turn of the loop, written
// together.
//
// For the access log, whose records are lines. A reader that is too slow loses records, and the
// server does not wait.
//
// Invariants:
//   1. Records are written whole and in order, or not at all; lost() counts those that were not.
//   2. At most `room` bytes wait, taken at the start: writing allocates nothing.
//   3. It is opened before rights are given up, as the site is: a folder of root's takes it, too.
//   4. After an error (a full disk, a reader that went away) nothing is written any more.
//
// Next: ../capture/capture_writer.h (captures, which have a thread).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/access_log.h"
#include "stack/base/bytes.h"
#include "tun/files/open_output.h"
#include "tun/host/descriptor.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// Writes records. "-" as a path is stdout.
class OutputFile {
 public:
  /// What to open, and how many bytes may wait for it.
  struct Request {
    OutputRequest file;
    std::size_t room = 0;
  };
  static std::expected<std::unique_ptr<OutputFile>, Failure> open(const Request& request);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Gathers one record.
  void write(ByteView record) noexcept;
  /// Writes what was gathered, as far as that does not block.
  void flush() noexcept;
  /// Whether something still waits for a slow reader.
  [[nodiscard]] bool has_pending() const { return begin_ < end_; }
  /// Records that nobody took.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  OutputFile(Descriptor file, std::size_t room);

  Descriptor file_;
  std::size_t room_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t begin_ = 0;  // what waits is [begin_, end_)
  std::size_t end_ = 0;
  std::uint64_t lost_ = 0;
  bool broken_ = false;
};

/// The access log of the HTTP server, in a file.
class AccessLogFile final : public http::AccessLogSink {
 public:
  explicit AccessLogFile(OutputFile& file) : file_(file) {}
  void write(std::string_view line) noexcept override {
    file_.write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  }

 private:
  OutputFile& file_;
};

}  // namespace glasstcp
