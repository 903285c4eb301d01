// Threads beside the loop: they take no signals, which are the loop's, and little address space:
// all they do is write, and 8 MB for each stack are much of what `ulimit -v` may leave.
//
// Next: ../files/error_lines.h.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <expected>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace glasstcp {

/// The size of stacks of threads that are made while this lives; only a sanitizer needs the usual
/// one. (std::thread cannot be told.)
class SmallStacks {
 public:
  SmallStacks() {
    ::pthread_getattr_default_np(&before_);
    ::pthread_attr_init(&small_);
    ::pthread_attr_setstacksize(&small_, kBytes);
#ifndef __SANITIZE_ADDRESS__
    ::pthread_setattr_default_np(&small_);
#endif
  }
  SmallStacks(const SmallStacks&) = delete;
  SmallStacks& operator=(const SmallStacks&) = delete;
  ~SmallStacks() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&small_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  static constexpr std::size_t kBytes = 128 * 1024;
  pthread_attr_t before_{};
  pthread_attr_t small_{};
};

/// Starts a thread that runs `function`, with all signals blocked but the sandbox's
/// (call_filter.h). Else: why it cannot.
template <typename Function>
[[nodiscard]] std::expected<std::thread, std::string> start_quiet_thread(Function function) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::expected<std::thread, std::string> thread;
  const SmallStacks small_stacks;
  try {
    thread = std::thread(std::move(function));
  } catch (const std::system_error& error) {
    thread = std::unexpected(std::string(error.what()));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace glasstcp
