// The folder of a site: what lies beneath it is opened, and nothing else; when it is removed or
// renamed and made again, it is found again.
//
// Linux openat2(2) with RESOLVE_BENEATH: "..", absolute links and links that lead out are refused
// by the kernel, not by us. The folder is opened before privileges are given up and used by
// descriptor, so that its parents need not be readable afterwards.
//
// Invariants:
//   1. Every descriptor that open() gives was opened by openat2 beneath the folder: no check by
//   name stands between a look and an open, so that nobody can change the one after the other.
//   2. An absolute link is followed only where its text begins with the path of the folder itself;
//   what follows is walked beneath the folder again.
//   3. While the folder is gone the old one stays: what was renamed away is still served.
//
// Next: file_store.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "stack/base/time.h"
#include "tun/files/folder_keeper.h"
#include "tun/host/descriptor.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// One folder, by its path and by its descriptor.
class SiteRoot {
 public:
  /// Links that one path may lead over, as in the kernel.
  static constexpr int kMaxLinks = 40;
  /// How often the keeper is asked at most.
  static constexpr Duration kKeeperPause = 250ms;

  /// Opens the folder `path`.
  static std::expected<SiteRoot, Failure> open(const std::string& path);
  /// Before rights are given up: starts a process that finds the folder again where we may not.
  void start_keeper(const FolderKeeper::Terms& terms);

  /// Opens `path` (relative) beneath the folder, following links that stay inside; `flags` as for
  /// open(2). A descriptor, or -1 and errno.
  [[nodiscard]] int open_beneath(const std::string& path, std::uint64_t flags) const;
  /// Looks whether another folder stands at the path now, and takes it. True: it does.
  bool look_again(Instant now);
  /// Our rights were given up: a keeper that is not needed is let go. `is_confined`: files are read
  /// only beneath the folder that is open now (../sandbox/file_limits.h).
  void on_rights_given_up(bool is_confined);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uid_t owner() const { return owner_; }
  [[nodiscard]] gid_t group() const { return group_; }
  [[nodiscard]] int descriptor() const { return folder_.get(); }
  [[nodiscard]] bool has_keeper() const { return keeper_.is_running(); }

 private:
  SiteRoot() = default;
  bool take(Descriptor folder);
  [[nodiscard]] int open_plain(const std::string& path, std::uint64_t flags) const;
  [[nodiscard]] Descriptor find_with_own_rights() const;
  [[nodiscard]] std::optional<std::string> without_links(std::string_view path) const;
  [[nodiscard]] std::optional<std::string_view> inside(std::string_view target) const;

  Descriptor folder_;
  Descriptor parent_;      // of the path: may be searched where what lies above may not
  std::string name_;       // as given
  std::string path_;       // absolute, its last component not followed
  std::string leaf_;       // that component
  std::string real_path_;  // of the folder that is open
  dev_t device_ = 0;
  ino_t inode_ = 0;
  uid_t owner_ = 0;
  gid_t group_ = 0;
  // Asked by open_beneath(), too, which changes nothing of what this is.
  mutable FolderKeeper keeper_;
  bool is_confined_ = false;
  bool is_anew_ = false;            // another folder than at the start
  Instant asked_ = Instant::min();  // the keeper, last
};

}  // namespace glasstcp
