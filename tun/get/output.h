// Where the answer goes: stdout or a file, without ever waiting for its reader.
//
// pipe(7), write(2). While a reader pauses, nothing is taken from TCP, so its window closes; the
// stack itself goes on.
//
// Invariants:
//   1. write() does not block on a pipe, socket or terminal. A file on a disk is written at once.
//   2. A file that was there keeps its content until begin(): a failed connection destroys nothing.
//   3. The flags of a descriptor that others share (a terminal) are not changed.
//
// Next: fetch.h.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "stack/base/bytes.h"
#include "tun/host/descriptor.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// A sink of bytes.
class GetOutput {
 public:
  /// Opens `path` with the rights that we have now; empty or "-" is stdout.
  static std::expected<GetOutput, Failure> open(const std::string& path);
  GetOutput(GetOutput&&) = default;

  /// The answer begins: what was in the file goes.
  void begin();
  /// Writes as much as its reader takes now: 0 is "wait until it is writable". Fails with errno.
  [[nodiscard]] std::expected<std::size_t, int> write(ByteView bytes);
  /// To wait for with POLLOUT.
  [[nodiscard]] int descriptor() const { return file_.get(); }
  /// How it is named in messages.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Removes a file that was made for an answer that never began.
  void discard_if_unused();

 private:
  enum class Kind : std::uint8_t { Disk, Socket, Stream, SharedStream };

  GetOutput(Descriptor file, std::string name);

  Descriptor file_;
  std::string name_;
  Kind kind_ = Kind::Disk;
  std::string created_;  // the path, if open() made the file
  bool begun_ = false;
};

}  // namespace glasstcp
