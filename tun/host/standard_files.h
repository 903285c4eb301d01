// Descriptors 0, 1 and 2, which a program may be started without.
//
// What a program opens gets the lowest number that is free: without this a device, or a buffer,
// could become "stderr", and lines for people would be written into it.
//
// Next: descriptor.h.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace glasstcp {

/// Opens /dev/null for each of the three that is closed. Stdin is empty then, stderr goes nowhere;
/// a stdout that is not there takes nothing, so that whoever writes an answer to it is told. First
/// thing in main().
inline void open_standard_files() noexcept {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    static_cast<void>(::open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace glasstcp
