// See keeper.h.
#include "tun/host/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "tun/sandbox/sandbox.h"

namespace glasstcp {
namespace {

constexpr int kSocket = STDERR_FILENO + 1;  // in the keeper: behind three that lead nowhere
constexpr std::size_t kLongestRefusal = 1000;

struct Question {
  std::uint32_t what = 0;
  std::array<char, Keeper::kMostWords> words;
};
constexpr std::size_t kQuestionHead = offsetof(Question, words);

struct Reply {
  std::uint32_t what;
  std::int32_t error;
};

// A message and the descriptor that may go with it.
struct Letter {
  explicit Letter(void* bytes, std::size_t size) : piece{bytes, size} {
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  iovec piece;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
};

void send_reply(const Reply& reply, int file) {
  Reply copy = reply;
  Letter letter(&copy, sizeof copy);
  if (file < 0) {
    letter.message.msg_controllen = 0;
  } else {
    cmsghdr* const head = CMSG_FIRSTHDR(&letter.message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &file, sizeof file);
  }
  while (::sendmsg(kSocket, &letter.message, MSG_NOSIGNAL) < 0 && errno == EINTR) continue;
}

// Keys reach the whole process group, and `pkill glasstcp` finds this process by its name: it ends
// when its owner has.
void ignore_signals() {
  constexpr std::array kKept = {SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGSEGV, SIGBUS,
                                SIGILL,  SIGFPE,  SIGABRT, SIGSYS,  SIGTRAP};
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (std::ranges::find(kKept, number) == kKept.end()) ::signal(number, SIG_IGN);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Nothing is left open but the socket, behind three descriptors that lead nowhere.
void close_all_but(int socket) {
  const int nowhere = ::open("/dev/null", O_RDWR);
  const int high = ::fcntl(socket, F_DUPFD, kSocket + 1);
  for (int number = STDIN_FILENO; number < kSocket; ++number) ::dup2(nowhere, number);
  ::dup2(high, kSocket);
  ::close_range(kSocket + 1, ~0U, 0);
}

void enter_sandbox(const KeeperDuties& duties) {
  std::vector<Descriptor> folders;
  std::vector<FileRule> rules;
  for (const KeeperFolder& one : duties.folders) {
    folders.emplace_back(::open(one.path.c_str(), O_PATH | O_CLOEXEC));
    if (folders.back().is_open()) rules.push_back({folders.back().get(), one.use});
  }
  Sandbox sandbox(true, Language::English);
  sandbox.limit_files(rules);
  folders.clear();
  sandbox.limit_calls(*duties.sandbox);
}

std::string begin(const KeeperDuties& duties) {
  if (!become_helper(duties.become, duties.capabilities)) return std::strerror(errno);
  return duties.begin ? duties.begin() : "";
}

// Waits for the owner, and for what else it watches. False: the owner is gone.
bool take_question(const KeeperDuties& duties) {
  const int watched = duties.watched ? duties.watched() : -1;
  std::array<pollfd, 2> files{{{kSocket, POLLIN, 0}, {watched, POLLIN, 0}}};
  if (::poll(files.data(), files.size(), -1) < 0) return errno == EINTR;
  if (files[1].revents != 0) duties.on_watched();
  if (files[0].revents == 0) return true;
  Question question;
  const ssize_t size = ::recv(kSocket, &question, sizeof question, MSG_DONTWAIT);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (size <= 0) return false;
  const auto length = static_cast<std::size_t>(size);
  if (length < kQuestionHead || !duties.open) return true;
  errno = 0;
  const Descriptor file =
      duties.open(question.what, {question.words.data(), length - kQuestionHead});
  send_reply({question.what, file.is_open() ? 0 : errno}, file.get());
  return true;
}

[[noreturn]] void keep_until_end(int socket, const KeeperDuties& duties) {
  ::prctl(PR_SET_NAME, "glasstcp-keeper");
  ignore_signals();
  close_all_but(socket);
  static_cast<void>(!::chdir("/"));
  const std::string refusal = begin(duties).substr(0, kLongestRefusal);
  // One byte in front, so that a message without words is no end.
  const std::string beginning = "b" + refusal;
  if (duties.begin) ::send(kSocket, beginning.data(), beginning.size(), MSG_NOSIGNAL);
  if (!refusal.empty()) ::_exit(1);
  if (duties.sandbox) enter_sandbox(duties);
  while (take_question(duties)) continue;
  if (duties.undo) duties.undo();
  ::_exit(0);
}

}  // namespace

Keeper Keeper::start(const KeeperDuties& duties) {
  Keeper keeper;
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    keeper.refusal_ = std::strerror(errno);
    return keeper;
  }
  const Descriptor theirs(ends[0]);
  keeper.socket_ = Descriptor(ends[1]);
  keeper.process_ = ::fork();
  if (keeper.process_ == 0) {
    keeper.socket_.reset();
    keep_until_end(theirs.get(), duties);
  }
  if (keeper.process_ < 0) {
    keeper.refusal_ = std::strerror(errno);
  } else if (duties.begin) {
    keeper.refusal_ = keeper.wait_for_beginning();
  }
  if (!keeper.refusal_.empty()) keeper.socket_.reset();
  return keeper;
}

Keeper::~Keeper() {
  socket_.reset();
  int status = 0;
  if (process_ > 0 && ::waitpid(process_, &status, 0) == process_) {
    tell_of_end("glasstcp-keeper", status);
  }
}

std::string Keeper::wait_for_beginning() const {
  std::array<char, kLongestRefusal + 1> words;
  ssize_t size = 0;
  do {
    size = ::recv(socket_.get(), words.data(), words.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return "the process that would undo it has ended";
  return {words.data() + 1, static_cast<std::size_t>(size) - 1};
}

bool Keeper::ask(std::uint32_t what, std::string_view words) const noexcept {
  Question question;
  if (words.size() > question.words.size()) return false;
  question.what = what;
  std::ranges::copy(words, question.words.begin());
  const std::size_t size = kQuestionHead + words.size();
  return ::send(socket_.get(), &question, size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(size);
}

std::optional<KeeperAnswer> Keeper::answer(int patience) noexcept {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (!is_running() || ::poll(&waiting, 1, patience) <= 0) return std::nullopt;
  Reply reply{};
  Letter letter(&reply, sizeof reply);
  const ssize_t size = ::recvmsg(socket_.get(), &letter.message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
  if (size != sizeof reply) {
    socket_.reset();  // it is gone
    return std::nullopt;
  }
  const cmsghdr* const head = CMSG_FIRSTHDR(&letter.message);
  int file = -1;
  if (head != nullptr && head->cmsg_type == SCM_RIGHTS) {
    std::memcpy(&file, CMSG_DATA(head), sizeof file);
  }
  return KeeperAnswer{reply.what, Descriptor(file), reply.error};
}

}  // namespace glasstcp
