// A small process that keeps the right to find one folder again, for a server that gave it up.
//
// capabilities(7). A site may lie where the user that the server becomes may not go (a private
// home); it is served by its descriptor. When it is removed and made again, only somebody with
// rights can open it.
//
// Invariants:
//   1. The keeper reads nothing that a peer wrote: a byte from the server is the whole question.
//   Its one capability is to search and read folders.
//   2. It opens one path, which the start fixed, without following any link, and hands out only a
//   folder of the same owner: whoever may write above the site cannot aim it elsewhere.
//
// Next: site_root.h.
#pragma once

#include <sys/types.h>

#include <string>

#include "tun/host/descriptor.h"
#include "tun/host/keeper.h"

namespace glasstcp {

/// The server's end of it.
class FolderKeeper {
 public:
  /// Keeps nothing.
  FolderKeeper() = default;
  /// Starts the process, for the folder `path` (absolute, without links) that belongs to `owner`.
  /// Keeps nothing where we have no right worth keeping.
  static FolderKeeper start(const std::string& path, uid_t owner);
  [[nodiscard]] bool is_running() const { return keeper_.is_running(); }
  /// The folder that stands at the path now; closed when there is none, or no answer comes at once.
  [[nodiscard]] Descriptor ask();

 private:
  Keeper keeper_;
  bool is_answer_due_ = false;
};

}  // namespace glasstcp
