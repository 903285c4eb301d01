// See access_log_file.h.
#include "tun/files/access_log_file.h"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace glasstcp {
namespace {

constexpr std::size_t kRoom = 64 * 1024;

// Its own process, since it has other capabilities than the one that undoes what was done to the
// network: those with which open_output() acts for another user, and as root for itself.
Keeper start_keeper(const OutputRequest& request, bool has_sandbox) {
  KeeperDuties duties{.capabilities = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE}};
  OutputRequest again = request;
  again.path = std::filesystem::absolute(request.path);  // the keeper leaves our folder
  again.waits_for_reader = false;
  if (has_sandbox) duties.sandbox = Confined::LogKeeper;
  duties.folders = {{std::filesystem::path(again.path).parent_path(), FileUse::Write}};
  duties.open = [&again](std::uint32_t, const std::string&) {
    auto file = open_output(again);
    return file ? std::move(*file) : Descriptor();
  };
  return Keeper::start(duties);
}

}  // namespace

std::expected<std::unique_ptr<AccessLogFile>, Failure> AccessLogFile::open(
    const OutputRequest& request, ErrorLines& lines, bool has_sandbox) {
  auto file = OutputFile::open({request, kRoom});
  if (!file) return std::unexpected(std::move(file.error()));
  (*file)->set_listener(lines);
  Keeper keeper;
  if (names_a_file(request.path)) keeper = start_keeper(request, has_sandbox);
  return std::unique_ptr<AccessLogFile>(
      new AccessLogFile(std::move(*file), std::move(keeper), lines));
}

void AccessLogFile::reopen(Instant now) noexcept {
  if (!keeper_.ask(0)) return;
  ++questions_;
  look_at_ = now;
}

void AccessLogFile::flush(Instant now) noexcept {
  file_->flush(now);
  while (questions_ > 0) {
    auto answer = keeper_.answer();
    if (!answer) break;
    --questions_;
    take(std::move(*answer), now);
  }
  look_at_ = questions_ > 0 && keeper_.is_running() ? now + kLook : kNever;
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
  return std::min(file_->next_try(), look_at_);
}

}  // namespace glasstcp
