// See access_log_file.h.
#include "tun/files/access_log_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace glasstcp {
namespace {

constexpr std::size_t kRoom = 64 * 1024;

}  // namespace

std::expected<std::unique_ptr<AccessLogFile>, Failure> AccessLogFile::open(
    const OutputRequest& request, ErrorLines& lines, bool has_sandbox) {
  auto file = OutputFile::open({request, kRoom});
  if (!file) return std::unexpected(std::move(file.error()));
  (*file)->set_listener(lines);
  return std::unique_ptr<AccessLogFile>(
      new AccessLogFile(std::move(*file), Reopening::start({request}, has_sandbox), lines));
}

void AccessLogFile::flush(Instant now) noexcept {
  file_->flush(now);
  again_.take(now, [this, now](KeeperAnswer answer) { take(std::move(answer), now); });
}

void AccessLogFile::take(KeeperAnswer answer, Instant now) noexcept {
  if (answer.file.is_open()) {
    file_->go_on_in(std::move(answer.file), now);
    return;
  }
  lines_.say(fmt::format("the access log cannot be opened again: {}; it goes on in the old file",
                         std::strerror(answer.error)));
}

Instant AccessLogFile::next_deadline() const noexcept {
  return std::min(file_->next_try(), again_.next_deadline());
}

}  // namespace glasstcp
