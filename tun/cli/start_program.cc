// See start_program.h.
#include "tun/cli/start_program.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace glasstcp {
namespace {

// The folder of this program, with a slash at its end; empty: unknown.
std::string own_folder() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  const std::string whole(path.data(), static_cast<std::size_t>(size));
  return whole.substr(0, whole.rfind('/') + 1);
}

}  // namespace

int start_program(const ProgramBeside& program, char** argv) {
  const std::string path = own_folder() + program.name;
  ::execv(path.c_str(), argv);
  std::fprintf(stderr,
               "glasstcp: cannot start %s: %s; it is built beside glasstcp where %s is installed "
               "(scripts/setup build, scripts/build)\n",
               path.c_str(), std::strerror(errno), program.library);
  return 1;
}

}  // namespace glasstcp
