// The files of a capture: one, or a ring of several by size. All of them are opened at the start,
// with the rights that the server has then and gives up.
//
// Invariants:
//   1. Each file is a whole pcapng file, whenever one looks: it begins with the preamble, and a
//      write that failed half-way is taken back. (A pipe takes nothing back.)
//   2. Another file at its path (SIGHUP) gets all that comes later; what was written stays as it
//   is.
//   3. Nothing waits for ever: a pipe whose reader stopped is waited for until the deadline.
//
// Next: capture_writer.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "stack/base/bytes.h"
#include "tun/files/open_output.h"

namespace glasstcp {

/// When a capture goes on in another file.
struct Rotation {
  std::uint64_t size = 0;   ///< bytes of each file at most; 0: there is one file
  std::uint32_t files = 2;  ///< that are used in turn: the oldest is overwritten
};

/// The name of the n-th of `files` files, from 1: "visit.pcapng" is "visit_01.pcapng" of 10.
[[nodiscard]] std::string name_of_file(const std::string& path, std::uint32_t number,
                                       std::uint32_t files);

/// Written to by one thread.
class CaptureFiles {
 public:
  enum class Result : std::uint8_t {
    Written,
    Failed,  ///< nothing of it is there; it may go later (a full disk); error() says why
    Gone,    ///< nothing will ever go: the reader of a pipe is gone, or the deadline has passed
  };

  static std::expected<CaptureFiles, Failure> open(const std::string& path,
                                                   const std::optional<Identity>& owner,
                                                   const Rotation& rotation, ByteView preamble);
  CaptureFiles(CaptureFiles&&) noexcept = default;

  /// Whether `bytes` more are too many for the present file.
  [[nodiscard]] bool is_full_for(std::size_t bytes) const;
  /// How many bytes the present file still takes.
  [[nodiscard]] std::uint64_t room() const;
  /// Goes on with the next file, and writes what it begins with.
  Result rotate();
  /// The file that stands at the path of number `at` now, opened as it is: goes on in it, anew,
  /// unless it is the one that is written already. False: that is so, or it is no plain file.
  bool replace(std::size_t at, Descriptor file);
  /// What the files are named, in their order.
  [[nodiscard]] static std::vector<std::string> names(const std::string& path,
                                                      const Rotation& rotation);
  /// Whole blocks. `stop`: a descriptor that is readable once the end has come; from then on a pipe
  /// is waited for until `deadline_ns` of the monotonic clock.
  Result write(ByteView blocks, int stop, const std::atomic<std::int64_t>& deadline_ns);
  [[nodiscard]] int error() const { return error_; }

 private:
  CaptureFiles() = default;
  void begin(std::size_t at);
  [[nodiscard]] bool waits_in_vain(int stop, const std::atomic<std::int64_t>& deadline_ns) const;
  Result take_back(int error);

  std::vector<Descriptor> files_;
  std::size_t current_ = 0;
  std::vector<std::uint8_t> preamble_;
  std::uint64_t limit_ = 0;
  std::uint64_t size_ = 0;  // of the present file: whole blocks
  bool is_regular_ = false;
  bool is_gone_ = false;
  bool needs_preamble_ = false;
  int error_ = 0;
};

}  // namespace glasstcp
