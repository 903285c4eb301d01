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
//   4. After an error (a full disk) it tries again each half second; that it fails, and that it
//   works again, is said once. When a reader went away, nothing is written any more.
//   5. O_NONBLOCK is set for nobody else who shares the pipe or terminal, where that can be.
//
// Next: access_log_file.h; ../capture/capture_writer.h (captures, which have a thread).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "stack/base/bytes.h"
#include "stack/base/time.h"
#include "tun/files/error_lines.h"
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

  /// Who is told when it fails and when it works again. Borrowed.
  void set_listener(ErrorLines& lines) { lines_ = &lines; }
  /// Gathers one record, which ends with a line feed.
  void write(ByteView record) noexcept;
  /// Writes what was gathered, as far as that does not block.
  void flush(Instant now) noexcept;
  /// When to flush what still waits, for a slow reader or a full disk; kNever: nothing does.
  [[nodiscard]] Instant next_try() const { return has_pending() ? retry_at_ : kNever; }
  /// Whether something waits.
  [[nodiscard]] bool has_pending() const { return begin_ < end_; }
  /// Goes on in another file, at the beginning of a record.
  void go_on_in(Descriptor file, Instant now) noexcept;
  /// At the end: waits for a slow reader, a second at most. What is left is lost.
  void finish() noexcept;
  /// Records that nobody took.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  enum class State : std::uint8_t { Fine, Failing, Gone };
  static constexpr Duration kReaderPause = 10ms;
  static constexpr Duration kDiskPause = 500ms;

  OutputFile(Descriptor file, const Request& request);
  void take(Descriptor file) noexcept;
  [[nodiscard]] std::int64_t write_some() const noexcept;
  void on_error(int error, Instant now) noexcept;
  void on_all_written() noexcept;
  void drop_pending() noexcept;
  [[nodiscard]] bool is_within_record() const noexcept;

  Descriptor file_;
  std::string what_;
  std::size_t room_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t begin_ = 0;  // what waits is [begin_, end_)
  std::size_t end_ = 0;
  std::uint8_t last_byte_ = '\n';  // that was written
  std::uint64_t lost_ = 0;
  std::uint64_t told_ = 0;  // of them
  State state_ = State::Fine;
  bool is_socket_ = false;
  Instant retry_at_ = kNever;
  ErrorLines* lines_ = nullptr;
};

}  // namespace glasstcp
