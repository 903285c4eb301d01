// See keeper.h.
#include "tun/host/keeper.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

namespace glasstcp {
namespace {

[[noreturn]] void keep_until_end(int pipe, const std::function<void()>& undo) {
  // Ctrl-C reaches the whole process group; this process ends when its parent has.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
  capng_clear(CAPNG_SELECT_CAPS);
  capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                CAP_NET_ADMIN, -1);
  capng_apply(CAPNG_SELECT_CAPS);
  ::dup2(pipe, STDIN_FILENO);
  ::close_range(STDIN_FILENO + 1, ~0U, 0);
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) continue;
  undo();
  ::_exit(0);
}

}  // namespace

Keeper Keeper::start(const std::function<void()>& undo) {
  Keeper keeper;
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return keeper;
  const Descriptor reading(ends[0]);
  keeper.pipe_ = Descriptor(ends[1]);
  keeper.process_ = ::fork();
  if (keeper.process_ == 0) {
    keeper.pipe_.reset();
    keep_until_end(reading.get(), undo);
  }
  return keeper;
}

Keeper::~Keeper() {
  pipe_.reset();
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
}

}  // namespace glasstcp
