// See sandbox.h.
#include "tun/sandbox/sandbox.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstring>

#include "tun/cli/chinese.h"
#include "tun/cli/locale.h"
#include "tun/sandbox/call_filter.h"

namespace glasstcp {

std::string to_text(const LimitState& state) {
  switch (state.kind) {
    case LimitState::Kind::NotWanted:
      return "off";
    case LimitState::Kind::Active:
      return "active";
    case LimitState::Kind::Absent:
      return "this kernel has none";
    case LimitState::Kind::SwitchedOff:
      return "this kernel was started without it";
    case LimitState::Kind::Refused:
      break;
  }
  return std::string("refused here (") + std::strerror(state.error) + ")";
}

std::string SandboxState::to_text() const {
  const std::string seccomp = glasstcp::to_text(calls);
  const std::string landlock = glasstcp::to_text(files);
  if (is_whole()) return "sandbox: active";
  if (calls.is_active()) return fmt::format("sandbox: seccomp active; Landlock: {}", landlock);
  if (files.is_active()) return fmt::format("sandbox: Landlock active; seccomp: {}", seccomp);
  return fmt::format("sandbox: none; seccomp: {}; Landlock: {}", seccomp, landlock);
}

void give_up_gains() {
  static_cast<void>(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  // (A sanitizer looks for leaks by a process that traces this one.)
  if (kSandboxDefault) static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

void tell_of_end(const char* process, int status) {
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) return;
  const std::string line = fmt::format(
      "the sandbox ended the process {}: it tried a system call that it never needs", process);
  fmt::print(stderr, "glasstcp: {}\n", spoken(line, language_of_environment()));
}

void Sandbox::limit_files(std::span<const FileRule> rules) {
  if (!wanted_) return;
  give_up_gains();
  state_.files = glasstcp::limit_files(rules);
}

void Sandbox::limit_calls(Confined process) {
  if (!wanted_) return;
  give_up_gains();
  state_.calls = glasstcp::limit_calls(calls_of(process), language_);
}

std::string Sandbox::note() const {
  return !wanted_ || state_.is_whole() ? std::string() : state_.to_text();
}

}  // namespace glasstcp
