// The sandbox from inside: a process that set its limits tries what an intruder would, and each
// attempt is refused, or ends it with a line that names the call.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>

#include "tun/host/descriptor.h"
#include "tun/sandbox/call_filter.h"
#include "tun/sandbox/file_limits.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

using testing::HasSubstr;

// What became of an attempt.
struct Outcome {
  int error = 0;          // errno; 0: it was done
  bool is_ended = false;  // by SIGSYS
  std::string words;      // on stderr
  bool operator==(const Outcome&) const = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << (outcome.is_ended ? "ended" : ::strerror(outcome.error)) << " '" << outcome.words << "'";
}

// `attempt` gives a negative number, and errno, where it fails.
using Attempt = std::function<long()>;

std::string all_of(int file) {
  std::string text;
  std::array<char, 512> piece;
  for (ssize_t n = 0; (n = ::read(file, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
  return text;
}

[[noreturn]] void run_confined(Confined process, const Attempt& attempt, int errors) {
  ::dup2(errors, STDERR_FILENO);
  Sandbox sandbox(true, Language::English);
  const Descriptor site(::open("/usr/include", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  sandbox.limit_files(std::array{FileRule{site.get(), FileUse::Read}});
  sandbox.limit_calls(process);
  errno = 0;
  const long done = attempt();
  ::_exit(done < 0 ? errno : 0);
}

Outcome outcome_of(Confined process, const Attempt& attempt) {
  std::array<int, 2> ends;
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor errors(ends[0]);
  const pid_t child = ::fork();
  if (child == 0) run_confined(process, attempt, ends[1]);
  ::close(ends[1]);
  Outcome outcome;
  outcome.words = all_of(errors.get());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  outcome.is_ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
  EXPECT_TRUE(outcome.is_ended || WIFEXITED(status)) << status;
  if (WIFEXITED(status)) outcome.error = WEXITSTATUS(status);
  return outcome;
}

long open_by_openat2(const char* path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags;
  how.mode = (flags & O_CREAT) != 0 ? 0600 : 0;
  return ::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

class SandboxTest : public testing::TestWithParam<Confined> {
 protected:
  void SetUp() override {
    if (kHasSanitizer) GTEST_SKIP() << "a sanitizer makes system calls of its own";
    if (!could_limit_calls().is_active()) GTEST_SKIP() << to_text(could_limit_calls());
  }
  static Outcome tries(const Attempt& attempt) { return outcome_of(GetParam(), attempt); }
};

constexpr Outcome fails(int error) {
  return {error, false, {}};
}

TEST_P(SandboxTest, WhatAnIntruderWouldTryEndsTheProcessAndIsNamed) {
  using Call = std::pair<const char*, Attempt>;
  const std::array<Call, 15> calls = {{
      {"execve", [] { return ::syscall(SYS_execve, "/bin/true", nullptr, nullptr); }},
      {"execveat", [] { return ::syscall(SYS_execveat, 0, "", nullptr, nullptr, 0); }},
      {"clone", [] { return static_cast<long>(::fork()); }},
      {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"process_vm_readv", [] { return ::syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0); }},
      {"socket", [] { return static_cast<long>(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"socketpair", [] { return ::syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, nullptr); }},
      {"connect", [] { return ::syscall(SYS_connect, 0, nullptr, 0); }},
      {"bind", [] { return ::syscall(SYS_bind, 0, nullptr, 0); }},
      {"unshare", [] { return ::syscall(SYS_unshare, 0x10000000); }},
      {"setns", [] { return ::syscall(SYS_setns, 0, 0); }},
      {"setuid", [] { return ::syscall(SYS_setuid, 0); }},
      {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }},
      {"io_uring_setup", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"personality", [] { return ::syscall(SYS_personality, 0x0400000); }},
  }};
  for (const auto& [name, attempt] : calls) {
    const Outcome outcome = tries(attempt);
    EXPECT_TRUE(outcome.is_ended) << name << ": " << testing::PrintToString(outcome);
    EXPECT_THAT(outcome.words, HasSubstr("glasstcp: the sandbox ended this process: it tried the "
                                         "system call " +
                                         std::string(name) + ","))
        << name;
  }
}

TEST_P(SandboxTest, WhoTriesToCatchThatEndsToo) {
  const Outcome outcome = tries([] {
    ::signal(SIGSYS, SIG_IGN);
    return 0L;
  });
  EXPECT_TRUE(outcome.is_ended);
}

#ifdef __x86_64__
// The kernel takes 32 bits of a signal's number, a filter compares 64.
TEST_P(SandboxTest, NorIsItCaughtByANumberWithABitAbove) {
  constexpr std::uint64_t kAbove = 1ULL << 32;
  struct {
    void (*handler)(int) = SIG_IGN;
    std::uint64_t rest[3] = {};
  } ignore;
  for (const std::uint64_t above : {std::uint64_t{0}, kAbove, kAbove << 20}) {
    const Outcome outcome = tries([&ignore, above] {
      ::syscall(SYS_rt_sigaction, above | SIGSYS, &ignore, nullptr, 8);
      return ::syscall(SYS_execve, "/bin/true", nullptr, nullptr);
    });
    EXPECT_TRUE(outcome.is_ended) << above << ": " << testing::PrintToString(outcome);
  }
  for (int number = 1; number <= 64; ++number) {
    if (number == SIGSYS || number == SIGKILL || number == SIGSTOP) continue;
    const Attempt attempt = [&ignore, number] {
      return ::syscall(SYS_rt_sigaction, number, &ignore, nullptr, 8);
    };
    EXPECT_EQ(tries(attempt), fails(0)) << number;
  }
}
#endif

// F_SETOWN and F_SETSIG: the kernel sends any signal to any process of the same user.
TEST_P(SandboxTest, NoOtherProcessIsSignalledForADescriptor) {
  f_owner_ex parent{F_OWNER_PID, ::getppid()};
  EXPECT_EQ(tries([] { return static_cast<long>(::fcntl(2, F_SETOWN, ::getppid())); }),
            fails(ENOSYS));
  EXPECT_EQ(tries([&] { return static_cast<long>(::fcntl(2, F_SETOWN_EX, &parent)); }),
            fails(ENOSYS));
  EXPECT_EQ(tries([] { return static_cast<long>(::fcntl(2, F_SETSIG, SIGKILL)); }), fails(ENOSYS));
  EXPECT_EQ(tries([] { return ::syscall(SYS_fcntl, 2, (1ULL << 32) | F_SETSIG, SIGKILL); }),
            fails(ENOSYS));
  EXPECT_EQ(tries([] { return static_cast<long>(::fcntl(2, F_GETFL)); }).is_ended, false);
}

// TUNSETIFF makes the descriptor that of another interface, TIOCSTI types for the person at the
// terminal.
TEST_P(SandboxTest, NoDescriptorBecomesAnotherThing) {
  const std::array<std::uint64_t, 4> requests = {TUNSETIFF, TUNSETPERSIST, TIOCSTI,
                                                 (1ULL << 32) | TIOCSTI};
  for (const std::uint64_t request : requests) {
    EXPECT_EQ(tries([request] { return ::syscall(SYS_ioctl, 2, request, nullptr); }), fails(ENOSYS))
        << request;
  }
}

TEST_P(SandboxTest, NoMemoryIsMadeExecutable) {
  EXPECT_EQ(tries([] {
              void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return page == MAP_FAILED ? -1L : 0L;
            }),
            fails(EACCES));
  EXPECT_EQ(tries([] {
              void* const page =
                  ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return page == MAP_FAILED
                         ? 0L
                         : static_cast<long>(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
            }),
            fails(EACCES));
}

TEST_P(SandboxTest, NoOtherProcessIsSignalled) {
  EXPECT_EQ(tries([] { return static_cast<long>(::kill(::getppid(), 0)); }), fails(ENOSYS));
  EXPECT_EQ(tries([] { return ::syscall(SYS_tgkill, 1, 1, 0); }), fails(ENOSYS));
  EXPECT_EQ(tries([] { return ::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0); }), fails(0));
}

TEST_P(SandboxTest, WhatNobodyNeedsIsAsIfTheKernelLackedIt) {
  for (const long number :
       {SYS_memfd_create, SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_fchmodat, SYS_symlinkat,
        SYS_clone3, SYS_setsid, SYS_prctl, SYS_truncate}) {
    EXPECT_EQ(tries([number] { return ::syscall(number, 0, 0, 0, 0, 0, 0); }), fails(ENOSYS))
        << number;
  }
}

#ifdef __x86_64__
TEST_P(SandboxTest, TheOtherNumbersOfThisProcessorEndTheProcess) {
  constexpr long kX32 = 0x40000000;
  EXPECT_TRUE(tries([] { return ::syscall(kX32 | SYS_getpid); }).is_ended);
  EXPECT_TRUE(tries([] { return ::syscall(kX32 | SYS_execve); }).is_ended);
}
#endif

TEST_P(SandboxTest, WhatEveryProcessNeedsIsThere) {
  EXPECT_EQ(tries([] {
              std::vector<char> memory(1 << 20);
              memory.resize(64 << 20);  // mmap, mremap
              timespec now{};
              pollfd nothing{-1, 0, 0};
              if (::clock_gettime(CLOCK_MONOTONIC, &now) != 0) return -1L;
              if (::poll(&nothing, 1, 0) < 0) return -2L;
              return ::write(STDERR_FILENO, "", 0);
            }),
            fails(0));
}

TEST_P(SandboxTest, FilesAreOutOfReach) {
  if (kHasSanitizer) GTEST_SKIP() << "a sanitizer makes system calls of its own";
  if (!could_limit_files().is_active()) GTEST_SKIP() << to_text(could_limit_files());
  const auto opens = [](const char* path, int flags) {
    return [path, flags] { return static_cast<long>(::open(path, flags, 0600)); };
  };
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR | O_CREAT}) {
    const int got = tries(opens("/etc/passwd", flags)).error;
    EXPECT_TRUE(got == EACCES || got == ENOSYS) << ::strerror(got);
  }
  const int made = tries(opens("/tmp/glasstcp-sandbox-test", O_WRONLY | O_CREAT)).error;
  EXPECT_TRUE(made == EACCES || made == ENOSYS);
  EXPECT_NE(::access("/tmp/glasstcp-sandbox-test", F_OK), 0);
}

INSTANTIATE_TEST_SUITE_P(Processes, SandboxTest,
                         testing::Values(Confined::Server, Confined::FolderKeeper,
                                         Confined::NetworkKeeper, Confined::LogKeeper,
                                         Confined::Reader));

TEST(ServersSandbox, ReadsBeneathTheSiteAndNothingElse) {
  if (kHasSanitizer) GTEST_SKIP() << "a sanitizer makes system calls of its own";
  if (!could_limit_calls().is_active()) GTEST_SKIP() << to_text(could_limit_calls());
  if (!could_limit_files().is_active()) GTEST_SKIP() << to_text(could_limit_files());
  const auto opens = [](const char* path, std::uint64_t flags) {
    return outcome_of(Confined::Server, [=] { return open_by_openat2(path, flags); });
  };
  EXPECT_EQ(opens("/usr/include/stdio.h", O_RDONLY), fails(0));
  EXPECT_EQ(opens("/usr/include/linux", O_RDONLY | O_DIRECTORY), fails(0));
  EXPECT_EQ(opens("/usr/include/stdio.h", O_RDWR), fails(EACCES));
  EXPECT_EQ(opens("/usr/include/made-anew", O_WRONLY | O_CREAT), fails(EACCES));
  EXPECT_EQ(opens("/etc/passwd", O_RDONLY), fails(EACCES));
  EXPECT_EQ(opens("/proc/self/environ", O_RDONLY), fails(EACCES));
  EXPECT_EQ(opens("/tmp", O_RDWR | O_TMPFILE), fails(EACCES));
  EXPECT_EQ(opens("/etc", O_PATH | O_DIRECTORY), fails(0)) << "found, but not read";
  EXPECT_EQ(outcome_of(Confined::Server,
                       [] { return static_cast<long>(::open("/etc", O_PATH | O_DIRECTORY)); }),
            fails(0));
}

TEST(ServersSandbox, FilesThatAreOpenAlreadyStayAsTheyAre) {
  if (kHasSanitizer) GTEST_SKIP() << "a sanitizer makes system calls of its own";
  if (!could_limit_files().is_active()) GTEST_SKIP() << to_text(could_limit_files());
  std::FILE* const log = std::tmpfile();
  ASSERT_NE(log, nullptr);
  const int file = ::fileno(log);
  EXPECT_EQ(outcome_of(Confined::Server,
                       [file] {
                         if (::write(file, "line\n", 5) != 5) return -1L;
                         return static_cast<long>(::ftruncate(file, 0));
                       }),
            fails(0));
  std::fclose(log);
}

TEST(ServersSandbox, HoldsForThreadsThatRunAlready) {
  if (kHasSanitizer) GTEST_SKIP() << "a sanitizer makes system calls of its own";
  if (!could_limit_calls().is_active()) GTEST_SKIP() << to_text(could_limit_calls());
  const pid_t child = ::fork();
  if (child == 0) {
    static int go[2];
    if (::pipe(go) != 0) ::_exit(1);
    pthread_t thread;
    const auto body = [](void*) -> void* {
      char byte;
      static_cast<void>(!::read(go[0], &byte, 1));
      ::syscall(SYS_unshare, 0);
      return nullptr;
    };
    ::pthread_create(&thread, nullptr, body, nullptr);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    Sandbox sandbox(true, Language::English);
    sandbox.limit_calls(Confined::Server);
    static_cast<void>(!::write(go[1], "", 1));
    ::pthread_join(thread, nullptr);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

TEST(ServersSandbox, GivesUpGainsAndDumps) {
  const pid_t child = ::fork();
  if (child == 0) {
    give_up_gains();
    const bool is_done =
        ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::prctl(PR_GET_DUMPABLE) == 0;
    ::_exit(is_done ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Sandbox, WhereItIsNotWantedNothingChangesAndNothingIsTold) {
  Sandbox sandbox(false, Language::English);
  sandbox.limit_files({});
  sandbox.limit_calls(Confined::Server);
  EXPECT_EQ(sandbox.note(), "");
  EXPECT_GE(::open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
}

TEST(Sandbox, WhatIsMissingIsTold) {
  SandboxState state;
  state.calls.kind = LimitState::Kind::Active;
  state.files.kind = LimitState::Kind::Absent;
  EXPECT_EQ(state.to_text(), "sandbox: seccomp active; Landlock: this kernel has none");
  state.files.kind = LimitState::Kind::SwitchedOff;
  EXPECT_EQ(state.to_text(),
            "sandbox: seccomp active; Landlock: this kernel was started without it");
  state.calls = {LimitState::Kind::Refused, EPERM, 0};
  state.files.kind = LimitState::Kind::Active;
  EXPECT_EQ(state.to_text(),
            "sandbox: Landlock active; seccomp: refused here (Operation not permitted)");
}

}  // namespace
}  // namespace glasstcp
