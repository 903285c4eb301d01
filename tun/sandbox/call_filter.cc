// See call_filter.h.
#include "tun/sandbox/call_filter.h"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tun/cli/chinese.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostEnding = 64;
constexpr int kBadSystemCall = 128 + SIGSYS;  // as a shell shows it

// A line for each call that ends us, made before: a signal handler can make none.
struct LastWords {
  int number = -1;
  std::array<char, 320> line{};
  std::size_t size = 0;
};
std::array<LastWords, kMostEnding> last_words;
std::size_t last_words_count = 0;

void on_forbidden_call(int, siginfo_t* info, void*) {
  for (std::size_t i = 0; i < last_words_count; ++i) {
    const LastWords& words = last_words[i];
    if (words.number != info->si_syscall) continue;
    pollfd ready{STDERR_FILENO, POLLOUT, 0};  // a reader that stopped is not waited for
    if (::poll(&ready, 1, 0) == 1) {
      static_cast<void>(!::write(STDERR_FILENO, words.line.data(), words.size));
    }
    break;
  }
  // The filter answers this with the end of the process, so that its parent sees SIGSYS.
  ::syscall(SYS_rt_sigaction, SIGSYS, nullptr, nullptr, sizeof(std::uint64_t));
  ::_exit(kBadSystemCall);
}

void prepare_last_words(Language language) {
  last_words_count = 0;
  for (const char* const name : ending_calls()) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number < 0 || last_words_count == last_words.size()) continue;
    const std::string text = spoken(
        fmt::format("the sandbox ended this process: it tried the system call {}, which it never "
                    "needs; report it, or start it with --sandbox off",
                    name),
        language);
    LastWords& words = last_words[last_words_count++];
    words.number = number;
    const auto end = fmt::format_to_n(words.line.data(), words.line.size(), "glasstcp: {}\n", text);
    words.size = std::min(end.size, words.line.size());
  }
  struct sigaction action {};
  action.sa_sigaction = on_forbidden_call;
  action.sa_flags = SA_SIGINFO;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGSYS, &action, nullptr);
}

using Filter = std::unique_ptr<void, decltype(&::seccomp_release)>;

scmp_arg_cmp equals(const CallCondition& c) {
  return {c.argument, SCMP_CMP_MASKED_EQ, c.mask, c.value};
}

// A call that this architecture or this library does not know needs no rule.
bool add_rule(const Filter& filter, std::uint32_t action, const CallRule& rule) {
  const int number = ::seccomp_syscall_resolve_name(rule.name);
  if (number < 0) return true;
  if (!rule.only) return ::seccomp_rule_add(filter.get(), action, number, 0) == 0;
  const scmp_arg_cmp compare = equals(*rule.only);
  if (::seccomp_rule_add_array(filter.get(), action, number, 1, &compare) != 0) return false;
  // Where one bit decides, the other case is told apart from a call that does not exist.
  if (std::popcount(rule.only->mask) != 1) return true;
  CallCondition other = *rule.only;
  other.value ^= other.mask;
  const scmp_arg_cmp refuse = equals(other);
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EACCES), number, 1, &refuse) == 0;
}

// Its handler stays ours. The filter compares 64 bits and the kernel takes 32 of them, so that "any
// other number" would let SIGSYS pass with a bit above: those are allowed that differ from it in a
// bit and have nothing above, one rule for each bit.
bool guard_handler(const Filter& filter) {
  const int number = ::seccomp_syscall_resolve_name("rt_sigaction");
  const auto add = [&](std::uint32_t action, const scmp_arg_cmp& compare) {
    return ::seccomp_rule_add_array(filter.get(), action, number, 1, &compare) == 0;
  };
  constexpr std::uint64_t kOurs = SIGSYS;
  bool is_added = add(SCMP_ACT_KILL_PROCESS, {0, SCMP_CMP_EQ, kOurs, 0}) &&
                  add(SCMP_ACT_ALLOW, {0, SCMP_CMP_EQ, static_cast<std::uint64_t>(SIGRTMAX), 0});
  for (std::uint64_t bit = 1; bit < static_cast<std::uint64_t>(SIGRTMAX); bit <<= 1) {
    const std::uint64_t mask = ~(bit - 1);
    is_added = is_added && add(SCMP_ACT_ALLOW, {0, SCMP_CMP_MASKED_EQ, mask, (kOurs ^ bit) & mask});
  }
  return is_added;
}

bool fill(const Filter& filter, std::span<const CallRule> allowed) {
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  // We run no code of others that could guess at our memory; old kernels slow us down else.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, not a chain
  const auto allow = [&](const CallRule& rule) { return add_rule(filter, SCMP_ACT_ALLOW, rule); };
  const auto end = [&](const char* name) {
    const auto is_it = [name](const CallRule& rule) { return std::string_view(rule.name) == name; };
    return std::ranges::any_of(allowed, is_it) || add_rule(filter, SCMP_ACT_TRAP, {name});
  };
  return std::ranges::all_of(allowed, allow) && std::ranges::all_of(ending_calls(), end) &&
         guard_handler(filter);
}

LimitState refused(int error) {
  return {error == EINVAL || error == ENOSYS ? LimitState::Kind::Absent : LimitState::Kind::Refused,
          error, 0};
}

}  // namespace

LimitState could_limit_calls() {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return refused(errno);
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;  // Linux 4.14
  if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    return errno == EOPNOTSUPP ? refused(ENOSYS) : refused(errno);
  }
  return {LimitState::Kind::Active, 0, 0};
}

LimitState limit_calls(std::span<const CallRule> allowed, Language language) {
  if (const LimitState can = could_limit_calls(); !can.is_active()) return can;
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), ::seccomp_release);
  if (filter == nullptr || !fill(filter, allowed)) return refused(ENOMEM);
  prepare_last_words(language);
  const int error = ::seccomp_load(filter.get());
  if (error != 0) return refused(-error);
  return {LimitState::Kind::Active, 0, 0};
}

}  // namespace glasstcp
