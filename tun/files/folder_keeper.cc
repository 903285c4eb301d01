// See folder_keeper.h.
#include "tun/files/folder_keeper.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace glasstcp {
namespace {

// A folder is found in microseconds; where a disk sleeps the answer is taken the next time.
constexpr int kPatienceMs = 50;

int open_folder(const std::string& path, uid_t owner) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const int folder =
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
  struct stat status;
  if (folder >= 0 && (::fstat(folder, &status) != 0 || status.st_uid != owner)) {
    ::close(folder);
    return -1;
  }
  return folder;
}

// A message of one byte, with room for one descriptor beside it.
struct Message {
  Message() {
    part.iov_base = &byte;
    part.iov_len = 1;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
  }
  char byte = 0;
  iovec part{};
  msghdr header{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
};

void send_folder(int socket, int folder) {
  Message message;
  if (folder >= 0) {
    message.header.msg_control = message.room.data();
    message.header.msg_controllen = message.room.size();
    cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof folder);
    std::memcpy(CMSG_DATA(control), &folder, sizeof folder);
  }
  static_cast<void>(::sendmsg(socket, &message.header, MSG_NOSIGNAL));
}

[[noreturn]] void answer_until_end(int socket, const std::string& path, uid_t owner) {
  // Ctrl-C reaches the whole process group; this process ends when its parent has.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  capng_clear(CAPNG_SELECT_CAPS);
  capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                CAP_DAC_READ_SEARCH, -1);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    ::_exit(1);
  }
  ::dup2(socket, STDIN_FILENO);
  ::close_range(STDIN_FILENO + 1, ~0U, 0);
  static_cast<void>(!::chdir("/"));
  while (true) {
    char byte;
    const ssize_t got = ::recv(STDIN_FILENO, &byte, 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ::_exit(0);
    const int folder = open_folder(path, owner);
    send_folder(STDIN_FILENO, folder);
    if (folder >= 0) ::close(folder);
  }
}

}  // namespace

FolderKeeper FolderKeeper::start(const std::string& path, uid_t owner) {
  FolderKeeper keeper;
  capng_get_caps_process();
  if (!path.starts_with('/') || capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) == 0) {
    return keeper;
  }
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return keeper;
  const Descriptor theirs(ends[1]);
  keeper.socket_ = Descriptor(ends[0]);
  keeper.process_ = ::fork();
  if (keeper.process_ == 0) {
    keeper.socket_.reset();
    answer_until_end(theirs.get(), path, owner);
  }
  if (keeper.process_ < 0) keeper.socket_.reset();
  return keeper;
}

FolderKeeper::~FolderKeeper() {
  socket_.reset();
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
}

Descriptor FolderKeeper::ask() {
  if (!is_answer_due_) {
    const char byte = 0;
    if (::send(socket_.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return {};
    is_answer_due_ = true;
  }
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) return {};
  Message message;
  message.header.msg_control = message.room.data();
  message.header.msg_controllen = message.room.size();
  if (::recvmsg(socket_.get(), &message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0) {
    socket_.reset();  // it is gone
    return {};
  }
  is_answer_due_ = false;
  const cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
  if (control == nullptr || control->cmsg_type != SCM_RIGHTS) return {};
  int folder;
  std::memcpy(&folder, CMSG_DATA(control), sizeof folder);
  return Descriptor(folder);
}

}  // namespace glasstcp
