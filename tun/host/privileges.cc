// See privileges.h.
#include "tun/host/privileges.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tun/host/container.h"

namespace glasstcp {
namespace {

constexpr Identity kUsualNobody{65534, 65534};

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  // To the system calls this number says "leave it as it is": who asked for it would stay root.
  if (id == UINT32_MAX) return std::nullopt;
  return id;
}

std::optional<Identity> find_user(const std::string& name) {
  if (const passwd* entry = ::getpwnam(name.c_str()); entry != nullptr) {
    return Identity{entry->pw_uid, entry->pw_gid};
  }
  const auto id = parse_id(name);
  if (!id) return std::nullopt;
  const passwd* const entry = ::getpwuid(*id);
  return Identity{*id, entry != nullptr ? entry->pw_gid : *id};
}

}  // namespace

std::optional<Identity> user_behind_sudo() {
  const char* const user = std::getenv("SUDO_UID");
  const char* const group = std::getenv("SUDO_GID");
  if (user == nullptr || group == nullptr) return std::nullopt;
  const auto uid = parse_id(user);
  const auto gid = parse_id(group);
  if (!uid || !gid) return std::nullopt;
  return Identity{*uid, *gid};
}

namespace {

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unexpected<Failure> failed(const std::string& what) {
  return std::unexpected(Failure{"cannot give up privileges: " + what + ": " + std::strerror(errno),
                                 "choose another user with --user NAME"});
}

std::expected<void, Failure> become(const Identity& identity) {
  // In a user namespace that denies setgroups there are no supplementary groups worth removing.
  if (::setgroups(0, nullptr) != 0 &&
      text_of("/proc/self/setgroups").find("deny") == std::string::npos) {
    return failed("setgroups");
  }
  if (::setresgid(identity.group, identity.group, identity.group) != 0) return failed("setresgid");
  if (::setresuid(identity.user, identity.user, identity.user) != 0) return failed("setresuid");
  return {};
}

}  // namespace

FileRights::FileRights(const std::optional<Identity>& identity) {
  if (::geteuid() != 0 || !identity || identity->user == 0) return;
  group_ = ::setfsgid(identity->group);
  user_ = ::setfsuid(identity->user);
  changed_ = true;
}

FileRights::~FileRights() {
  if (!changed_) return;
  ::setfsuid(static_cast<uid_t>(user_));
  ::setfsgid(static_cast<gid_t>(group_));
}

IdMap::IdMap(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    std::uint64_t outside = 0;
    Range range{};
    if (numbers >> range.first >> outside >> range.count) ranges_.push_back(range);
  }
}

bool IdMap::contains(std::uint32_t id) const {
  for (const Range& range : ranges_) {
    if (id >= range.first && id - range.first < range.count) return true;
  }
  return false;
}

PrivilegeDecision decide_privileges(const PrivilegeFacts& facts) {
  if (facts.user != 0) {
    return {{}, "not started as root: it stays user " + std::to_string(facts.user), {}};
  }
  const auto is_someone = [](const std::optional<Identity>& id) { return id && id->user != 0; };
  Identity chosen = facts.nobody;
  const auto theirs = is_someone(facts.behind_sudo) ? facts.behind_sudo : std::nullopt;
  if (facts.requested) {
    chosen = *facts.requested;
    if (chosen.user == 0)
      return {{}, "it stays root, as --user says, without capabilities", theirs};
  } else if (is_someone(facts.behind_sudo)) {
    chosen = *facts.behind_sudo;
  } else if (facts.in_container && is_someone(facts.site_owner)) {
    chosen = *facts.site_owner;
  }
  if (!facts.users.contains(chosen.user) || !facts.groups.contains(chosen.group)) {
    return {{},
            "user " + std::to_string(chosen.user) +
                " does not exist in this user namespace: it stays root there, without capabilities",
            {}};
  }
  return {chosen, {}, theirs ? theirs : chosen};
}

std::expected<PrivilegeFacts, Failure> gather_privilege_facts(const std::string& requested_user,
                                                              std::optional<Identity> site_owner) {
  PrivilegeFacts facts;
  facts.user = ::geteuid();
  facts.in_container = is_in_container();
  if (!requested_user.empty()) {
    facts.requested = find_user(requested_user);
    if (!facts.requested) {
      return std::unexpected(Failure{"there is no user " + requested_user,
                                     "give --user the name or number of one that exists"});
    }
  }
  facts.behind_sudo = user_behind_sudo();
  facts.site_owner = site_owner;
  facts.nobody = find_user("nobody").value_or(kUsualNobody);
  facts.users = IdMap(text_of("/proc/self/uid_map"));
  facts.groups = IdMap(text_of("/proc/self/gid_map"));
  return facts;
}

namespace {

void empty_bounding_set() {
  capng_get_caps_process();
  if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 0) return;
  capng_clear(CAPNG_SELECT_BOUNDS);
  // A bounding set that stays costs nothing: without new privileges nobody can draw from it.
  static_cast<void>(capng_apply(CAPNG_SELECT_BOUNDS));
}

}  // namespace

std::expected<void, Failure> drop_privileges(const PrivilegeDecision& decision) {
  empty_bounding_set();
  if (decision.become) {
    if (auto done = become(*decision.become); !done) return done;
  }
  capng_clear(CAPNG_SELECT_CAPS);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return failed("capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no new privileges");
  return {};
}

bool become_helper(const std::optional<Identity>& identity,
                   std::span<const unsigned> capabilities) {
  empty_bounding_set();
  std::vector<unsigned> kept;
  for (const unsigned one : capabilities) {
    if (capng_have_capability(CAPNG_PERMITTED, one) != 0) kept.push_back(one);
  }
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return false;
  if (identity && !become(*identity)) return false;
  capng_clear(CAPNG_SELECT_CAPS);
  for (const unsigned one : kept) {
    constexpr auto kWhere = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    if (capng_update(CAPNG_ADD, kWhere, one) != 0) return false;
  }
  return capng_apply(CAPNG_SELECT_CAPS) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

}  // namespace glasstcp
