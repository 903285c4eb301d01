// Threads beside the loop: they take no signals, which are the loop's.
//
// Next: ../files/error_lines.h.
#pragma once

#include <signal.h>

#include <expected>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace glasstcp {

/// Starts a thread that runs `function`, with all signals blocked but the sandbox's
/// (call_filter.h). Else: why it cannot.
template <typename Function>
[[nodiscard]] std::expected<std::thread, std::string> start_quiet_thread(Function function) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::expected<std::thread, std::string> thread;
  try {
    thread = std::thread(std::move(function));
  } catch (const std::system_error& error) {
    thread = std::unexpected(std::string(error.what()));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace glasstcp
