// See call_list.h.
#include "tun/sandbox/call_list.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace glasstcp {
namespace {

// What the C and C++ libraries need of any process: memory, locks, time, the end.
constexpr auto kEveryones = std::to_array<const char*>({
    "read",
    "write",
    "close",
    "lseek",
    "fstat",
    "newfstatat",
    "fstatat64",
    "statx",
    "poll",
    "ppoll",
    "ppoll_time64",
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "futex_time64",
    "rseq",             // a thread that was made before and begins now
    "set_robust_list",  //
    "rt_sigreturn",
    "rt_sigprocmask",
    "restart_syscall",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    "sched_yield",
    "exit",
    "exit_group",
});

// The loop: packets, files of the site, log and capture, the control socket.
constexpr auto kServers = std::to_array<const char*>({
    "writev",       // a packet to the device
    "pread64",      // a file of the site
    "pwritev",      // bytes that may vanish, copied by the kernel (hold_buffer.h)
    "openat2",      // beneath the site
    "readlinkat",   // links of the site
    "readlink",     // where a folder that was made again lies (/proc/self/fd)
    "getdents64",   // --list
    "ftruncate",    // the next file of a capture
    "ftruncate64",  //
    "accept4",      // of the control socket, which listens already
    "getsockopt",   // who it is
    "recvfrom",     // what they ask
    "sendto",       // what they get
    "recvmsg",      // a file from the keeper
    "sendmsg",      //
    "epoll_wait",   // the control socket's clients
    "epoll_pwait",  //
    "epoll_ctl",    //
    "wait4",        // the keepers, at the end
    "waitid",       //
});

// One question at a time, and a descriptor for an answer.
constexpr auto kFolderKeepers = std::to_array<const char*>({
    "recvfrom", "sendmsg", "openat2",
    "capset",  // its right to search is raised for one path, and lowered again
});

// Messages over the netlink socket that it opened before.
constexpr auto kNetworkKeepers = std::to_array<const char*>({
    "sendmsg",
    "sendto",
    "recvmsg",
    "recvfrom",
});

// libnftables, which asks the kernel over netlink, the switches of forwarding in /proc/sys, and the
// lock among servers: a name of a socket.
constexpr auto kPublishKeepers = std::to_array<const char*>({
    "openat",
    "getdents64",
    "bind",
    "getsockname",
    "getsockopt",
    "setsockopt",
    "sendmsg",
    "sendto",
    "recvmsg",
    "recvfrom",
    "uname",
});

// Files are opened to be written, in the name of whoever they are for.
constexpr auto kLogKeepers = std::to_array<const char*>({
    "recvfrom",
    "sendmsg",
    "openat",
    "openat2",
    "setfsuid",
    "setfsgid",
});

// A capture that is read by pieces.
constexpr auto kReaders = std::to_array<const char*>({
    "readv",
    "writev",
    "pread64",
});

constexpr auto kEnding = std::to_array<const char*>({
    // Another program, another process.
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    // Somebody else's memory and descriptors.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "pidfd_open",
    "kcmp",
    "process_madvise",
    // A way out to the network, or to other processes.
    "socket",
    "socketpair",
    "bind",
    "connect",
    "listen",
    "socketcall",
    // Another view of the system.
    "unshare",
    "setns",
    "chroot",
    "pivot_root",
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "mount_setattr",
    "open_by_handle_at",
    // Somebody else's rights.
    "setuid",
    "setgid",
    "setresuid",
    "setresgid",
    "setreuid",
    "setregid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    // The kernel itself.
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "keyctl",
    "add_key",
    "request_key",
    "personality",
    "modify_ldt",
    "reboot",
    "swapon",
});

void add(std::vector<CallRule>& list, std::span<const char* const> names) {
  for (const char* const name : names) list.push_back({name});
}

void add_with_arguments(std::vector<CallRule>& list) {
  constexpr std::uint64_t kExecutable = PROT_EXEC;
  for (const char* const name : {"mmap", "mmap2", "mprotect"}) {
    list.push_back({name, CallCondition{2, kExecutable, 0}});
  }
  // Of a descriptor, but neither whom the kernel signals for it nor how: that is kill(2) by another
  // name. (The kernel looks at 32 bits of the command.)
  for (const char* const name : {"fcntl", "fcntl64"}) {
    for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
                              F_GETPIPE_SZ, F_SETPIPE_SZ}) {
      list.push_back({name, CallCondition{.argument = 1,
                                          .mask = 0xffff'ffff,
                                          .value = static_cast<std::uint64_t>(command)}});
    }
  }
  // abort(), and nobody else's end.
  list.push_back(
      {"tgkill", CallCondition{.argument = 0, .value = static_cast<std::uint64_t>(::getpid())}});
}

// A path is only found by it, not opened for reading: where the site's folder lies now.
CallRule opens_paths_alone() {
  constexpr std::uint64_t kPath = O_PATH;
  return {"openat", CallCondition{2, kPath, kPath}};
}

}  // namespace

std::vector<CallRule> calls_of(Confined process) {
  std::vector<CallRule> list;
  add(list, kEveryones);
  add_with_arguments(list);
  switch (process) {
    case Confined::Server:
      add(list, kServers);
      list.push_back(opens_paths_alone());
      list.push_back({"ioctl", CallCondition{.argument = 1, .value = TUNSETOFFLOAD}});
      list.push_back({"ioctl", CallCondition{.argument = 1, .value = SIOCGIFINDEX}});
      list.push_back({"ioctl", CallCondition{.argument = 1, .value = TCGETS}});  // isatty()
      list.push_back({"prlimit64", CallCondition{.argument = 2, .value = 0}});   // asking only
      break;
    case Confined::FolderKeeper:
      add(list, kFolderKeepers);
      list.push_back(opens_paths_alone());
      break;
    case Confined::NetworkKeeper:
      add(list, kNetworkKeepers);
      break;
    case Confined::PublishKeeper:
      add(list, kPublishKeepers);
      list.push_back({"socket", CallCondition{.argument = 0, .value = AF_NETLINK}});
      list.push_back({"socket", CallCondition{.argument = 0, .value = AF_UNIX}});
      break;
    case Confined::LogKeeper:
      add(list, kLogKeepers);
      break;
    case Confined::Reader:
      add(list, kReaders);
      break;
  }
  return list;
}

std::span<const char* const> ending_calls() {
  return kEnding;
}

}  // namespace glasstcp
