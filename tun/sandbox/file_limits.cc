// See file_limits.h.
#include "tun/sandbox/file_limits.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tun/host/descriptor.h"

namespace glasstcp {
namespace {

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

// Newer kernels know more than the headers that we are built with, so the numbers stand here.
struct Ruleset {
  std::uint64_t files = 0;    // what is forbidden unless a rule allows it
  std::uint64_t network = 0;  // version 4
  std::uint64_t scope = 0;    // version 6
};

constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadFolder = 1U << 3;
constexpr std::uint64_t kMakeFile = 1U << 8;
constexpr std::uint64_t kTruncateFile = 1U << 14;
// How many rights over files each version knows: to move (2), to truncate (3), to control devices
// (5) came later than the first thirteen.
constexpr std::array<unsigned, 5> kRights = {13, 14, 15, 15, 16};
constexpr std::uint64_t kBindAndConnect = 3;  // TCP
constexpr std::uint64_t kSocketsAndSignals = 3;

Ruleset everything(int version) {
  const std::size_t known =
      std::min<std::size_t>(static_cast<std::size_t>(version), kRights.size());
  Ruleset all;
  all.files = (1ULL << kRights[known - 1]) - 1;
  if (version >= 4) all.network = kBindAndConnect;
  if (version >= 6) all.scope = kSocketsAndSignals;
  return all;
}

LimitState state_of(int error) {
  switch (error) {
    case ENOSYS:
      return {LimitState::Kind::Absent, error, 0};
    case EOPNOTSUPP:
      return {LimitState::Kind::SwitchedOff, error, 0};
    default:
      return {LimitState::Kind::Refused, error, 0};
  }
}

bool allow(int ruleset, const FileRule& rule, const Ruleset& all) {
  landlock_path_beneath_attr attributes{};
  attributes.allowed_access =
      all.files & (rule.use == FileUse::Read ? kReadFile | kReadFolder
                                             : kWriteFile | kMakeFile | kTruncateFile);
  attributes.parent_fd = rule.folder;
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &attributes, 0) == 0;
}

}  // namespace

LimitState could_limit_files() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return state_of(errno);
  return {LimitState::Kind::Active, 0, static_cast<int>(version)};
}

LimitState limit_files(std::span<const FileRule> rules) {
  const LimitState can = could_limit_files();
  if (!can.is_active()) return can;
  const Ruleset all = everything(can.version);
  // A kernel that knows less of the structure takes it if the rest is zero.
  const Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
  const auto add = [&](const FileRule& rule) { return allow(ruleset.get(), rule, all); };
  if (!ruleset.is_open() || !std::ranges::all_of(rules, add) ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return state_of(errno);
  }
  return can;
}

}  // namespace glasstcp
