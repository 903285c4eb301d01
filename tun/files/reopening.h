// Opens files that we write to again, by the names that they had at the start: logrotate(8) moves
// the old ones away and sends SIGHUP.
//
// Invariants:
//   1. They are opened again with the rights that they were opened with at first, by a keeper that
//   knows their paths from the start (../host/keeper.h); it is asked by number, so that a server
//   that was taken over has no other file opened.
//   2. Nobody waits for that: what is written goes into the old files until the new ones are there.
//
// Next: access_log_file.h, ../capture/capture_writer.h.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "stack/base/time.h"
#include "tun/files/open_output.h"
#include "tun/host/keeper.h"

namespace glasstcp {

/// The server's end of it. All calls are the loop's.
class Reopening {
 public:
  /// Opens nothing.
  Reopening() = default;
  /// Starts the process, in a sandbox or not: before rights are given up. Those of `files` that
  /// name no file, but what is open already, stay as they are.
  static Reopening start(std::vector<OutputRequest> files, bool has_sandbox);

  /// Asks for all of them.
  void begin(Instant now) noexcept;
  /// Takes what has come: `file` of KeeperAnswer is the one that stands at the path of `what`, or
  /// it is closed and `error` says why.
  void take(Instant now, const std::function<void(KeeperAnswer)>& on_answer) noexcept;
  /// When take() must be called at the latest; kNever: nothing was asked for.
  [[nodiscard]] Instant next_deadline() const { return look_at_; }

 private:
  static constexpr Duration kLook = 10ms;  // between looks for an answer

  Keeper keeper_;
  std::uint32_t files_ = 0;
  std::uint32_t questions_ = 0;  // without an answer
  Instant look_at_ = kNever;
};

}  // namespace glasstcp
