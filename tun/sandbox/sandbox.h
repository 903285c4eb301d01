// The sandbox of one process: what it may still do once everything it needs is open.
//
// Three things, each by itself where the kernel lacks another: no new privileges and no dump, files
// (file_limits.h), calls (call_filter.h). What holds cannot be taken off again. `--sandbox off` is
// for those who look on from inside: sanitizers, coverage, libraries put before ours.
//
// Invariants:
//   1. The order is files, then threads, then calls: Landlock holds for the thread that asks,
//   seccomp for all.
//   2. What is missing is told once, and the process goes on with less.
//
// Next: call_list.h.
#pragma once

#include <span>
#include <string>

#include "stack/trace/language.h"
#include "tun/sandbox/call_list.h"
#include "tun/sandbox/file_limits.h"
#include "tun/sandbox/limit_state.h"

namespace glasstcp {

/// Sanitizers look into the process in ways that no list allows.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSandboxDefault = false;
#else
inline constexpr bool kSandboxDefault = true;
#endif

/// What the whole came to.
struct SandboxState {
  LimitState calls;
  LimitState files;
  /// "sandbox: seccomp active; Landlock: this kernel has none".
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] bool is_whole() const { return calls.is_active() && files.is_active(); }
};

/// For every command, first of all that it does with others' bytes: no program that it starts has
/// more rights, and no process of the same user looks into it.
void give_up_gains();

/// Says on stderr that a helper process was ended by its sandbox; `status` is what waitpid() gave.
/// It holds no descriptor of ours to say so itself. Any other end is not spoken of.
void tell_of_end(const char* process, int status);

/// One process's.
class Sandbox {
 public:
  /// `wanted`: else nothing is limited, and nothing told.
  Sandbox(bool wanted, Language language) : wanted_(wanted), language_(language) {}

  /// From now on files are opened only by these rules.
  void limit_files(std::span<const FileRule> rules);
  /// From now on only the calls of this process.
  void limit_calls(Confined process);

  [[nodiscard]] bool is_wanted() const { return wanted_; }
  [[nodiscard]] const SandboxState& state() const { return state_; }
  /// What is to be told; empty: all holds, or nothing was wanted.
  [[nodiscard]] std::string note() const;

 private:
  bool wanted_;
  Language language_;
  SandboxState state_;
};

}  // namespace glasstcp
