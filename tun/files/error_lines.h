// Lines for people, on stderr, which is never waited for: a thread writes them, and what has no
// room is counted and told where it is missing.
//
// A terminal that was stopped (Ctrl-S), a pager that shows its first page, a log collector that
// hangs: each makes a write to stderr wait, and a server that waits serves nobody and hears no
// signal. (O_NONBLOCK is no way out: it would change the terminal of everybody who shares it.)
//
// Invariants:
//   1. Once started, write() and say() never wait for a reader, and take no memory.
//   2. A line is written whole and in order, or not at all; "N lines are missing here" stands where
//   they were lost, as soon as there is room again.
//   3. Destroying waits at most kLastWait for a reader.
//
// Next: output_file.h.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "stack/base/time.h"
#include "stack/trace/language.h"
#include "stack/trace/narrate.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// Stderr, or another file. Calls may come from several threads.
class ErrorLines final : public LineSink {
 public:
  static constexpr std::size_t kRoom = 1U << 20;  ///< bytes that may wait, and as many that leave
  static constexpr Duration kLastWait = 1s;

  /// `language`: of what is said. `file`: borrowed.
  explicit ErrorLines(Language language, int file = STDERR_FILENO);
  /// See finish().
  ~ErrorLines() override;

  /// Starts the thread: after rights have been given up, which it shares. Before, and without this,
  /// every line is written at once, and waited for.
  [[nodiscard]] std::expected<void, Failure> start();
  /// One or more whole lines with their line feeds.
  void write(std::string_view lines) noexcept override;
  /// "glasstcp: " and the message in the language, as a line.
  void say(const std::string& message) noexcept;
  /// Waits until all is written, kLastWait at most. What comes afterwards is lost.
  void finish() noexcept;
  /// Lines that nobody took.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  struct Queue;
  static void run(Queue& queue) noexcept;

  Language language_;
  int file_;
  std::shared_ptr<Queue> queue_;  // the thread's, too: it may outlive this, in a write that waits
  std::thread thread_;
};

}  // namespace glasstcp
