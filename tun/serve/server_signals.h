// What signals mean to a server.
//
// signal(7). SIGINT, SIGTERM and SIGQUIT end it, at once when another one follows; SIGHUP opens the
// access log again, as logrotate(8) expects, and ends it when it is the terminal that hung up;
// SIGUSR1 prints the counters. Nothing else that a person may send ends it, but SIGKILL.
//
// Next: server_machine.h.
#pragma once

#include <signal.h>

#include <array>

namespace glasstcp {

/// Those that the loop reads as events.
inline constexpr std::array kServerSignals = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1};

/// First thing: SIGHUP and SIGUSR1 wait until the loop runs, what ends a process for nothing is
/// ignored, and so is SIGPIPE: a reader that went away is found by the write that fails.
void prepare_signals() noexcept;

/// Whether a terminal that we were started on is gone.
[[nodiscard]] bool is_terminal_gone() noexcept;

}  // namespace glasstcp
