// See output_file.h.
#include "tun/files/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace glasstcp {
namespace {

constexpr int kPipeBytes = 1 << 20;          // the most that a pipe of a user may have
constexpr int kLastWaitMilliseconds = 1000;  // for a slow reader, at the very end

}  // namespace

std::expected<std::unique_ptr<OutputFile>, Failure> OutputFile::open(const Request& request) {
  auto file = open_output(request.file);
  if (!file) return std::unexpected(std::move(file.error()));
  struct stat status;
  if (::fstat(file->get(), &status) == 0 && S_ISFIFO(status.st_mode)) {
    ::fcntl(file->get(), F_SETPIPE_SZ, kPipeBytes);
    ::fcntl(file->get(), F_SETFL, ::fcntl(file->get(), F_GETFL) | O_NONBLOCK);
  }
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(*file), request.room));
}

OutputFile::OutputFile(Descriptor file, std::size_t room)
    : file_(std::move(file)), room_(room), bytes_(new std::uint8_t[room]) {}

OutputFile::~OutputFile() {
  flush();
  pollfd ready{file_.get(), POLLOUT, 0};
  while (has_pending() && ::poll(&ready, 1, kLastWaitMilliseconds) > 0) flush();
}

void OutputFile::write(ByteView record) noexcept {
  if (record.size() > room_ - end_) flush();
  if (broken_ || record.size() > room_ - end_) {
    ++lost_;
    return;
  }
  std::memcpy(bytes_.get() + end_, record.data(), record.size());
  end_ += record.size();
}

void OutputFile::flush() noexcept {
  while (has_pending() && !broken_) {
    const ssize_t written = ::write(file_.get(), bytes_.get() + begin_, end_ - begin_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) break;
    broken_ = written <= 0;
    if (!broken_) begin_ += static_cast<std::size_t>(written);
  }
  if (broken_) begin_ = end_;
  if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
}

}  // namespace glasstcp
