// See server_signals.h.
#include "tun/serve/server_signals.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace glasstcp {

void prepare_signals() noexcept {
  sigset_t waiting;
  ::sigemptyset(&waiting);
  for (const int number : {SIGHUP, SIGUSR1}) {
    ::sigaddset(&waiting, number);
    // nohup(1) has it ignored, and what is ignored cannot be read.
    ::signal(number, SIG_DFL);
  }
  ::sigprocmask(SIG_BLOCK, &waiting, nullptr);
  // SIGXFSZ: a file that may not grow is told by the write that fails.
  for (const int number :
       {SIGPIPE, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXFSZ}) {
    ::signal(number, SIG_IGN);
  }
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) ::signal(number, SIG_IGN);
}

bool is_terminal_gone() noexcept {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    struct stat status;
    pollfd look{number, 0, 0};
    // A terminal that hung up is no terminal any more for isatty(3).
    if (::fstat(number, &status) == 0 && S_ISCHR(status.st_mode) && ::poll(&look, 1, 0) > 0 &&
        (look.revents & POLLHUP) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace glasstcp
