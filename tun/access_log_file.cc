// See access_log_file.h.
#include "tun/access_log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace glasstcp {

std::expected<std::unique_ptr<AccessLogFile>, Failure> AccessLogFile::open(
    const std::string& path) {
  const bool is_stdout = path == "-" || path == "/dev/stdout";
  Descriptor file(is_stdout ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                            : ::open(path.c_str(),
                                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!file.is_open()) {
    const int error = errno;
    return std::unexpected(
        Failure{"cannot write the access log " + path + ": " + std::strerror(error),
                "choose a file that user " + std::to_string(::geteuid()) +
                    " may write, or the user with --user NAME"});
  }
  return std::unique_ptr<AccessLogFile>(new AccessLogFile(std::move(file)));
}

void AccessLogFile::write(std::string_view line) noexcept {
  if (lines_.size() + line.size() > kRoom) flush();
  if (lines_.size() + line.size() > kRoom) {
    ++lost_;
    return;
  }
  lines_.append(line);  // within the reserved room: does not allocate
}

void AccessLogFile::flush() noexcept {
  std::size_t done = 0;
  while (done < lines_.size()) {
    const ssize_t written = ::write(file_.get(), lines_.data() + done, lines_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) break;
    if (written <= 0) {  // a full disk, a closed pipe: these lines are lost, the next may not be
      ++lost_;
      done = lines_.size();
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  lines_.erase(0, done);
}

}  // namespace glasstcp
