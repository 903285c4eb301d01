// See capture_files.h.
#include "tun/capture/capture_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>
#include <utility>

#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr int kPipeBytes = 1 << 20;  // the most that a pipe of a user may have

}  // namespace

std::string name_of_file(const std::string& path, std::uint32_t number, std::uint32_t files) {
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  std::size_t dot = path.rfind('.');
  if (dot == std::string::npos || dot <= begin) dot = path.size();
  const std::size_t digits = std::to_string(files).size();
  return fmt::format("{}_{:0{}}{}", path.substr(0, dot), number, digits, path.substr(dot));
}

std::expected<CaptureFiles, Failure> CaptureFiles::open(const std::string& path,
                                                        const std::optional<Identity>& owner,
                                                        const Rotation& rotation,
                                                        ByteView preamble) {
  CaptureFiles all;
  all.preamble_.assign(preamble.begin(), preamble.end());
  all.limit_ = rotation.size;
  for (const std::string& name : names(path, rotation)) {
    auto file = open_output({name, "the capture", OutputMode::Replace, owner});
    if (!file) return std::unexpected(std::move(file.error()));
    all.files_.push_back(std::move(*file));
  }
  struct stat status;
  const int first = all.files_.front().get();
  all.is_regular_ = ::fstat(first, &status) == 0 && S_ISREG(status.st_mode);
  if (!all.is_regular_) {
    ::fcntl(first, F_SETPIPE_SZ, kPipeBytes);
    ::fcntl(first, F_SETFL, ::fcntl(first, F_GETFL) | O_NONBLOCK);
  }
  // Each is a good file from the start, though no packet comes.
  for (std::size_t i = all.files_.size(); i-- > 0;) all.begin(i);
  return all;
}

std::vector<std::string> CaptureFiles::names(const std::string& path, const Rotation& rotation) {
  const std::uint32_t count = rotation.size > 0 ? rotation.files : 1;
  if (count == 1) return {path};
  std::vector<std::string> all;
  for (std::uint32_t i = 1; i <= count; ++i) all.push_back(name_of_file(path, i, count));
  return all;
}

// File `at`, which is empty, is the present one.
void CaptureFiles::begin(std::size_t at) {
  const std::atomic<std::int64_t> at_once{0};
  current_ = at;
  size_ = 0;
  needs_preamble_ = false;
  needs_preamble_ = write(preamble_, -1, at_once) == Result::Failed;
}

bool CaptureFiles::replace(std::size_t at, Descriptor file) {
  struct stat old, found;
  if (!is_regular_ || at >= files_.size() || ::fstat(files_[at].get(), &old) != 0 ||
      ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode) ||
      (old.st_dev == found.st_dev && old.st_ino == found.st_ino)) {
    return false;
  }
  static_cast<void>(!::ftruncate(file.get(), 0));
  files_[at] = std::move(file);
  if (at == current_) {
    begin(at);
    return true;
  }
  // One of the others: a whole file at once, too, and then the present one goes on.
  const auto present = std::tuple(current_, size_, needs_preamble_);
  begin(at);
  std::tie(current_, size_, needs_preamble_) = present;
  return true;
}

std::uint64_t CaptureFiles::room() const {
  if (limit_ == 0) return UINT64_MAX;
  const std::uint64_t used = size_ + (needs_preamble_ ? preamble_.size() : 0);
  return limit_ > used ? limit_ - used : 0;
}

bool CaptureFiles::is_full_for(std::size_t bytes) const {
  return bytes > room() && size_ > preamble_.size();
}

CaptureFiles::Result CaptureFiles::rotate() {
  current_ = (current_ + 1) % files_.size();
  const int file = files_[current_].get();
  if (::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0) error_ = errno;
  size_ = 0;
  needs_preamble_ = true;
  return Result::Written;
}

CaptureFiles::Result CaptureFiles::take_back(int error) {
  error_ = error;
  if (!is_regular_) {
    is_gone_ = true;
    return Result::Gone;
  }
  const int file = files_[current_].get();
  if (::ftruncate(file, static_cast<off_t>(size_)) != 0) return Result::Failed;
  ::lseek(file, static_cast<off_t>(size_), SEEK_SET);
  return Result::Failed;
}

// Whether a pipe that takes nothing now is not to be waited for any more.
bool CaptureFiles::waits_in_vain(int stop, const std::atomic<std::int64_t>& deadline_ns) const {
  std::array<pollfd, 2> files{{{files_[current_].get(), POLLOUT, 0}, {stop, POLLIN, 0}}};
  const std::int64_t deadline = deadline_ns.load();
  if (deadline == INT64_MAX) {
    ::poll(files.data(), files.size(), -1);
    return false;
  }
  const std::int64_t left = deadline - SystemClock::now().time_since_epoch().count();
  if (left <= 0) return true;
  ::poll(files.data(), 1, static_cast<int>(left / 1'000'000 + 1));
  return false;
}

CaptureFiles::Result CaptureFiles::write(ByteView blocks, int stop,
                                         const std::atomic<std::int64_t>& deadline_ns) {
  if (is_gone_) return Result::Gone;
  if (needs_preamble_) {
    needs_preamble_ = false;
    const Result begun = write(preamble_, stop, deadline_ns);
    needs_preamble_ = begun != Result::Written;
    if (begun != Result::Written) return begun;
  }
  std::size_t done = 0;
  while (done < blocks.size()) {
    const ssize_t n = ::write(files_[current_].get(), blocks.data() + done, blocks.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      if (waits_in_vain(stop, deadline_ns)) return take_back(ETIMEDOUT);
    } else if (n == 0 || errno != EINTR) {
      return take_back(n == 0 ? EIO : errno);
    }
  }
  size_ += blocks.size();
  return Result::Written;
}

}  // namespace glasstcp
