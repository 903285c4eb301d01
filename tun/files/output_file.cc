// See output_file.h.
#include "tun/files/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr int kPipeBytes = 1 << 20;          // the most that a pipe of a user may have
constexpr int kLastWaitMilliseconds = 1000;  // for a slow reader, at the very end

// Pipes and terminals: a description of our own that does not block, so that those who share the
// old one keep theirs. Where there is none to be had, a pipe's own is changed.
Descriptor without_blocking(Descriptor file) {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return file;
  const bool is_pipe = S_ISFIFO(status.st_mode);
  if (!is_pipe && ::isatty(file.get()) != 1) return file;
  if (is_pipe) ::fcntl(file.get(), F_SETPIPE_SZ, kPipeBytes);
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  Descriptor own(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own.is_open()) return own;
  if (is_pipe) ::fcntl(file.get(), F_SETFL, ::fcntl(file.get(), F_GETFL) | O_NONBLOCK);
  return file;
}

bool is_for_ever(int error) {
  return error == EPIPE || error == EBADF || error == ECONNRESET || error == ENXIO;
}

}  // namespace

std::expected<std::unique_ptr<OutputFile>, Failure> OutputFile::open(const Request& request) {
  auto file = open_output(request.file);
  if (!file) return std::unexpected(std::move(file.error()));
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(*file), request));
}

OutputFile::OutputFile(Descriptor file, const Request& request)
    : what_(request.file.what), room_(request.room), bytes_(new std::uint8_t[request.room]) {
  take(std::move(file));
}

OutputFile::~OutputFile() {
  finish();
}

void OutputFile::take(Descriptor file) noexcept {
  file_ = without_blocking(std::move(file));
  struct stat status;
  is_socket_ = ::fstat(file_.get(), &status) == 0 && S_ISSOCK(status.st_mode);
}

void OutputFile::finish() noexcept {
  retry_at_ = Instant::min();
  flush(SystemClock::now());
  pollfd ready{file_.get(), POLLOUT, 0};
  while (has_pending() && state_ == State::Fine && ::poll(&ready, 1, kLastWaitMilliseconds) > 0) {
    flush(SystemClock::now());
  }
  drop_pending();
}

void OutputFile::write(ByteView record) noexcept {
  if (record.size() > room_ - end_) flush(SystemClock::now());
  if (state_ == State::Gone || record.size() > room_ - end_) {
    ++lost_;
    return;
  }
  std::memcpy(bytes_.get() + end_, record.data(), record.size());
  end_ += record.size();
}

std::int64_t OutputFile::write_some() const noexcept {
  const std::uint8_t* const bytes = bytes_.get() + begin_;
  if (is_socket_) return ::send(file_.get(), bytes, end_ - begin_, MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(file_.get(), bytes, end_ - begin_);
}

void OutputFile::flush(Instant now) noexcept {
  if (!has_pending() || (state_ == State::Failing && now < retry_at_)) return;
  while (has_pending()) {
    const std::int64_t written = write_some();
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      on_error(written < 0 ? errno : EIO, now);
      break;
    }
    begin_ += static_cast<std::size_t>(written);
    last_byte_ = bytes_[begin_ - 1];
  }
  if (!has_pending()) on_all_written();
  if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
}

void OutputFile::on_error(int error, Instant now) noexcept {
  if (error == EAGAIN) {
    retry_at_ = now + kReaderPause;
    return;
  }
  if (is_for_ever(error)) {
    state_ = State::Gone;
    drop_pending();
    return;
  }
  retry_at_ = now + kDiskPause;
  if (state_ == State::Failing) return;
  state_ = State::Failing;
  if (lines_ != nullptr) {
    lines_->say(fmt::format("{} cannot be written: {}; trying again", what_, std::strerror(error)));
  }
}

void OutputFile::on_all_written() noexcept {
  if (state_ != State::Failing) return;
  state_ = State::Fine;
  const std::uint64_t missing = lost_ - std::exchange(told_, lost_);
  if (lines_ == nullptr) return;
  const std::string again = what_ + " is written again";
  lines_->say(missing == 0 ? again : fmt::format("{}; {} lines are missing", again, missing));
}

bool OutputFile::is_within_record() const noexcept {
  return last_byte_ != '\n';
}

// The old file may have got the beginning of a record; the rest of it means nothing in a new one.
void OutputFile::go_on_in(Descriptor file, Instant now) noexcept {
  retry_at_ = Instant::min();
  flush(now);
  if (has_pending() && is_within_record()) {
    const std::uint8_t* const first = bytes_.get() + begin_;
    const std::uint8_t* const end = bytes_.get() + end_;
    begin_ += static_cast<std::size_t>(std::find(first, end, '\n') - first) + 1;
    ++lost_;
  }
  take(std::move(file));
  last_byte_ = '\n';
  if (state_ == State::Gone) state_ = State::Fine;
  retry_at_ = Instant::min();
  flush(now);
}

void OutputFile::drop_pending() noexcept {
  const std::uint8_t* const bytes = bytes_.get();
  lost_ += static_cast<std::uint64_t>(std::count(bytes + begin_, bytes + end_, '\n'));
  begin_ = end_;
}

}  // namespace glasstcp
