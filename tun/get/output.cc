// See output.h.
#include "tun/get/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace glasstcp {

std::expected<GetOutput, Failure> GetOutput::open(const std::string& path) {
  if (path.empty() || path == "-") {
    Descriptor out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!out.is_open()) return std::unexpected(Failure{"stdout is closed", "give -o FILE"});
    return GetOutput(std::move(out), "stdout");
  }
  constexpr int kHow = O_WRONLY | O_CLOEXEC | O_NOCTTY;
  Descriptor file(::open(path.c_str(), kHow | O_CREAT | O_EXCL, 0666));
  const bool created = file.is_open();
  if (!created) file = Descriptor(::open(path.c_str(), kHow | O_CREAT, 0666));
  if (!file.is_open()) {
    return std::unexpected(Failure{"cannot write " + path + ": " + std::strerror(errno), {}});
  }
  GetOutput output(std::move(file), path);
  if (created) output.created_ = path;
  return output;
}

GetOutput::GetOutput(Descriptor file, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::Socket;
  if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return;
  // O_NONBLOCK belongs to the open file, which a shell may share with us: open one of our own.
  const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
  Descriptor own(::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  kind_ = own.is_open() ? Kind::Stream : Kind::SharedStream;
  if (own.is_open()) file_ = std::move(own);
}

void GetOutput::begin() {
  if (begun_) return;
  begun_ = true;
  // What stdout leads to belongs to the shell, which may have chosen to append.
  if (kind_ == Kind::Disk && name_ != "stdout") static_cast<void>(!::ftruncate(file_.get(), 0));
}

std::expected<std::size_t, int> GetOutput::write(ByteView bytes) {
  std::size_t count = bytes.size();
  if (kind_ == Kind::SharedStream) {
    // A pipe that is writable takes PIPE_BUF bytes without blocking.
    pollfd ready{file_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return 0;
    count = std::min<std::size_t>(count, PIPE_BUF);
  }
  const ssize_t written =
      kind_ == Kind::Socket ? ::send(file_.get(), bytes.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL)
                            : ::write(file_.get(), bytes.data(), count);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return std::unexpected(errno);
}

void GetOutput::discard_if_unused() {
  // Without the right to remove it, an empty file stays.
  if (!begun_ && !created_.empty()) static_cast<void>(::unlink(created_.c_str()));
}

}  // namespace glasstcp
