// How many file descriptors may be kept open.
//
// Next: ../files/file_store.h.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

namespace glasstcp {

/// Of those that the limit (ulimit -n) allows and that are not open now, all but a reserve: for the
/// clients of the control socket, for files that are opened, read and closed at once, for folders
/// that are listed, for a log that is opened again. At least 4.
inline std::uint32_t descriptors_to_spare() {
  constexpr std::uint32_t kReserve = 24;
  constexpr std::uint32_t kLeast = 4;
  constexpr std::uint32_t kMost = 4096;
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeast;
  const auto most = static_cast<std::uint32_t>(std::min<rlim_t>(limit.rlim_cur, kMost));
  std::uint32_t open = 0;  // the kernel gives the lowest number that is free
  for (std::uint32_t number = 0; number < most; ++number) {
    if (::fcntl(static_cast<int>(number), F_GETFD) >= 0) ++open;
  }
  return most > open + kReserve + kLeast ? most - open - kReserve : kLeast;
}

}  // namespace glasstcp
