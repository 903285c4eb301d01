// See start_program.h.
#include "tun/cli/start_program.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "tun/cli/chinese.h"

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

int start_program(const ProgramBeside& program, char** argv, Language language) {
  const std::string path = own_folder() + program.name;
  ::execv(path.c_str(), argv);
  const std::string why = "cannot start " + path + ": " + std::strerror(errno) +
                          "; it is built beside glasstcp where " + program.library +
                          " is installed (scripts/setup build, scripts/build)";
  std::fprintf(stderr, "glasstcp: %s\n", spoken(why, language).c_str());
  return 1;
}

}  // namespace glasstcp
