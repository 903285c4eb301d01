// What the user is told when the world refuses: what failed, and what to do about it.
//
// Invariants:
//   1. message and cure together are one line of text; the cure names a command or a flag.
//
// Next: tun_device.h.
#pragma once

#include <string>

namespace glasstcp {

/// Why a step of the set-up failed.
struct Failure {
  std::string message;  ///< "cannot open /dev/net/tun: No such file or directory"
  std::string cure;     ///< "run 'sudo modprobe tun'"; may be empty

  [[nodiscard]] std::string to_string() const {
    return cure.empty() ? message : message + "; " + cure;
  }
};

}  // namespace glasstcp
