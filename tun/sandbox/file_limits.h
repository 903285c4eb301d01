// Takes away a process's way to files, but what is beneath a few folders, by Landlock.
//
// landlock(7), Linux 5.13; its three calls have no wrapper in the C library. The kernel says which
// version of the interface it has; what an older one cannot forbid is left out. Files that are open
// already stay as they are.
//
// Invariants:
//   1. It holds for the calling thread and those that it makes, so it comes before any other.
//   2. Nothing is removed, renamed or executed anywhere, whatever the rules. From version 4 on no
//   TCP port is bound or called, from 6 on no process outside is signalled.
//
// Next: sandbox.h.
#pragma once

#include <cstdint>
#include <span>

#include "tun/sandbox/limit_state.h"

namespace glasstcp {

enum class FileUse : std::uint8_t {
  Read,   ///< files and lists of folders
  Write,  ///< files that are there, and new ones
};

/// What is left beneath one folder.
struct FileRule {
  int folder = -1;  ///< a descriptor
  FileUse use = FileUse::Read;
};

/// From now on files are opened only by these rules. Needs no new privileges (privileges.h) or
/// root.
[[nodiscard]] LimitState limit_files(std::span<const FileRule> rules);

/// Whether it could be done here; nothing changes.
[[nodiscard]] LimitState could_limit_files();

}  // namespace glasstcp
