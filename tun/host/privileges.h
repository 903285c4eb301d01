// Giving up root: whom the server becomes once the device, the network and the site are open.
//
// capabilities(7), credentials(7). What to do is decided by a pure function of facts, so that every
// case can be tested; doing it is separate.
//
// Invariants:
//   1. After drop_privileges() the process has no capability and cannot gain one again
//   (PR_SET_NO_NEW_PRIVS), whoever it is.
//   2. An identity is taken over wholly: real, effective and saved, user and group, no
//   supplementary groups.
//
// Next: cli/options.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tun/host/failure.h"

namespace glasstcp {

/// A user and its group.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// While it lives, files are opened with the rights of this identity instead of root's. Of somebody
/// who is not root, and for none, nothing changes.
class FileRights {
 public:
  explicit FileRights(const std::optional<Identity>& identity);
  ~FileRights();
  FileRights(const FileRights&) = delete;
  FileRights& operator=(const FileRights&) = delete;

 private:
  bool changed_ = false;
  int user_ = 0;
  int group_ = 0;
};

/// The ids that exist in our user namespace: ranges of /proc/self/uid_map or gid_map.
class IdMap {
 public:
  /// Reads lines of "first-inside first-outside count"; other lines are skipped.
  explicit IdMap(std::string_view text);
  [[nodiscard]] bool contains(std::uint32_t id) const;

 private:
  struct Range {
    std::uint64_t first;
    std::uint64_t count;
  };
  std::vector<Range> ranges_;
};

/// Who called sudo, by SUDO_UID and SUDO_GID; empty: nobody did.
[[nodiscard]] std::optional<Identity> user_behind_sudo();

/// What the decision rests on.
struct PrivilegeFacts {
  uid_t user = 0;  ///< effective, now
  bool in_container = false;
  std::optional<Identity> requested;    ///< --user
  std::optional<Identity> behind_sudo;  ///< SUDO_UID and SUDO_GID
  std::optional<Identity> site_owner;   ///< of --site
  Identity nobody;
  IdMap users{""};
  IdMap groups{""};
};

/// What to do about it.
struct PrivilegeDecision {
  std::optional<Identity> become;  ///< empty: stay who we are (without capabilities)
  std::string note;                ///< for the user, once; empty: nothing to say
  /// Whose files are to be that are written: the user behind sudo, else whom we become.
  std::optional<Identity> files{};
};

/// Whom to become: --user; else the user behind sudo; in a container the owner of the site; else
/// nobody. Never root unless asked for by name.
[[nodiscard]] PrivilegeDecision decide_privileges(const PrivilegeFacts& facts);

/// The facts of this process. `requested_user`: a name or a number; empty: none. Fails when there
/// is no such user.
[[nodiscard]] std::expected<PrivilegeFacts, Failure> gather_privilege_facts(
    const std::string& requested_user, std::optional<Identity> site_owner);

/// Does it.
[[nodiscard]] std::expected<void, Failure> drop_privileges(const PrivilegeDecision& decision);

/// What a helper process of ours becomes: `identity` (empty: it stays who it is), with these
/// capabilities alone, of those that it has, and no way to others. False: it could not be done.
[[nodiscard]] bool become_helper(const std::optional<Identity>& identity,
                                 std::span<const unsigned> capabilities);

}  // namespace glasstcp
