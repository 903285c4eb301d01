// `--capture`: writes the blocks of a capture to its files, in a thread of its own, so that the
// loop never waits for a disk or for the reader of a pipe.
//
// Invariants:
//   1. What does not fit into the queue is missing in the file, which says how much and where: in a
//      comment of the next packet, and as a sum in the statistics block at the end.
//   2. While the disk is full the thread tries again each half second; what has room in the queue
//      waits there.
//   3. finish() returns within kLastWait, with all written that could be.
//
// Next: capture_hub.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stack/base/time.h"
#include "stack/trace/language.h"
#include "stack/trace/pcapng.h"
#include "tun/capture/block_queue.h"
#include "tun/capture/capture_files.h"
#include "tun/files/error_lines.h"
#include "tun/files/reopening.h"

namespace glasstcp {

/// What to write, and where.
struct CaptureFileRequest {
  std::string path;                 ///< "-" is stdout
  std::optional<Identity> owner{};  ///< see open_output.h
  Rotation rotation{};
  std::size_t room = 32U << 20;  ///< bytes that may wait
  Language language = Language::English;
  ErrorLines* lines = nullptr;  ///< told when it fails and when it works again; borrowed
  bool can_reopen = false;      ///< reopen() will be called; a process is started for it
  bool has_sandbox = false;     ///< that process
};

/// A capture that is being written. All calls are the loop's.
class CaptureWriter final : public BlockSink {
 public:
  /// For a reader that stopped, or a disk that is slow, at the very end.
  static constexpr Duration kLastWait = 2s;
  static constexpr Duration kRetry = 500ms;

  /// Opens the files and writes `preamble` to them.
  static std::expected<std::unique_ptr<CaptureWriter>, Failure> open(
      const CaptureFileRequest& request, ByteView preamble);
  ~CaptureWriter() override;

  /// Starts the thread: after rights have been given up, which it shares, and before the first
  /// block. Its signals are the other threads'.
  [[nodiscard]] std::expected<void, Failure> start();
  void write(ByteView block) noexcept override;
  /// Goes on in the files that stand at the paths by then (reopening.h): another one begins anew.
  void reopen(Instant now) noexcept { again_.begin(now); }
  /// Lets the thread know of what was written since the last call, and of new files.
  void flush(Instant now) noexcept;
  /// When flush() must be called at the latest.
  [[nodiscard]] Instant next_deadline() const noexcept { return again_.next_deadline(); }
  /// Ends the file: nothing is written afterwards. `time_ns`: of its end, since 1970 UTC.
  void finish(std::int64_t time_ns) noexcept;
  /// Packets that are missing in the file.
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(); }

 private:
  CaptureWriter(CaptureFiles files, const CaptureFileRequest& request);
  void wake() noexcept;
  void hand_over(KeeperAnswer answer) noexcept;
  void take_new_files() noexcept;
  [[nodiscard]] bool push_with_note(ByteView block) noexcept;
  void run() noexcept;
  void write_run(ByteView run) noexcept;
  void write_part(ByteView blocks) noexcept;
  void count_lost(ByteView blocks) noexcept;
  void tell(bool fails) noexcept;
  [[nodiscard]] bool pause() noexcept;

  CaptureFiles files_;
  Language language_;
  ErrorLines* lines_;
  BlockQueue queue_;
  std::unique_ptr<std::uint8_t[]> noted_;  // a block with a comment more
  std::uint64_t gap_ = 0;                  // packets that did not fit, behind the last that did
  bool has_news_ = false;                  // that the thread does not know of
  Reopening again_;
  std::mutex lock_;  // of what the loop hands over to the thread
  std::vector<KeeperAnswer> new_files_;
  std::atomic<bool> has_new_files_{false};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<int> signal_{0};  // counts what the thread is to look at
  std::atomic<bool> is_ending_{false};
  std::atomic<std::int64_t> deadline_ns_{INT64_MAX};
  Descriptor stop_;          // readable once the end has come
  bool is_failing_ = false;  // the thread's: and has said so
  int runs_before_new_files_ = 0;
  std::thread thread_;
};

}  // namespace glasstcp
