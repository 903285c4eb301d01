// See start_report.h.
#include "tun/cli/start_report.h"

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

int start_report(char** argv) {
  const std::string program = own_folder() + "glasstcp-report";
  ::execv(program.c_str(), argv);
  std::fprintf(stderr,
               "glasstcp: cannot start %s: %s; it is built beside glasstcp where libtins is "
               "installed (scripts/setup build, scripts/build)\n",
               program.c_str(), std::strerror(errno));
  return 1;
}

}  // namespace glasstcp
