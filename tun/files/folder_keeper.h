// A small process that finds the site's folder again when it was removed and made anew, for a
// server that gave up its rights and its way to files.
//
// capabilities(7), landlock(7). A site may lie where the user that the server becomes may not go (a
// private home): only somebody with rights finds it again. And the sandbox lets the server read
// beneath the folder that stood there at the start, and beneath no other: files of a new one are
// opened by the keeper, who passes them on.
//
// Invariants:
//   1. The keeper believes the server nothing: it opens files beneath the folder that it found
//   itself, by openat2, to read, with the rights of the server's user.
//   2. Its one capability is to search and read folders. With it, it finds one path, which the
//   start fixed, without following any link, and takes only a folder of the same owner: whoever
//   may write above the site cannot aim it elsewhere.
//
// Next: site_root.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tun/host/descriptor.h"
#include "tun/host/keeper.h"
#include "tun/host/privileges.h"

namespace glasstcp {

/// The server's end of it.
class FolderKeeper {
 public:
  /// What it keeps.
  struct Folder {
    std::string path;       ///< absolute; links on it are followed, with the server's rights
    std::string real_path;  ///< without links: where more rights are taken
    uid_t owner = 0;
  };
  /// As whom.
  struct Terms {
    std::optional<Identity> become{};  ///< whom the server is to become; empty: it stays
    bool has_sandbox = false;
  };

  /// Keeps nothing.
  FolderKeeper() = default;
  /// Starts the process, before rights are given up. Keeps nothing where there is no right worth
  /// keeping, and no sandbox that would keep the server from its files.
  static FolderKeeper start(const Folder& folder, const Terms& terms);

  [[nodiscard]] bool is_running() const { return keeper_.is_running(); }
  /// From now on it finds only what the server's user finds.
  void give_up_right();
  /// The folder that stands at the path now; closed when there is none, or no answer comes at once.
  [[nodiscard]] Descriptor find();
  /// Opens `path` (relative) beneath the folder that stands there now, to read; of `flags` those
  /// count that choose what may be found. Closed, and errno says why.
  [[nodiscard]] Descriptor open_beneath(const std::string& path, std::uint64_t flags);

 private:
  // What is to be done, and the number of the question, so that late answers are known.
  [[nodiscard]] std::uint32_t next_question(std::uint32_t what) { return what | ++asked_ << 2; }
  [[nodiscard]] Descriptor answer_to(std::uint32_t question, int patience_ms);

  Keeper keeper_;
  std::uint32_t asked_ = 0;
};

}  // namespace glasstcp
