// See reopening.h.
#include "tun/files/reopening.h"

#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace glasstcp {

// Its own process, since it has other capabilities than the one that undoes what was done to the
// network: those with which open_output() acts for another user, and as root for itself.
Reopening Reopening::start(std::vector<OutputRequest> files, bool has_sandbox) {
  Reopening all;
  if (!std::ranges::any_of(files, names_a_file, &OutputRequest::path)) return all;
  KeeperDuties duties{.capabilities = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE}};
  if (has_sandbox) duties.sandbox = Confined::LogKeeper;
  for (OutputRequest& file : files) {
    if (!names_a_file(file.path)) continue;
    file.path = std::filesystem::absolute(file.path);  // the keeper leaves our folder
    file.waits_for_reader = false;
    const std::filesystem::path path = file.path;
    std::error_code none;
    file.real_path = std::filesystem::canonical(path.parent_path(), none) / path.filename();
    duties.folders.push_back({path.parent_path(), FileUse::Write});
  }
  duties.open = [&files](std::uint32_t what, const std::string&) {
    errno = EINVAL;
    if (what >= files.size() || !names_a_file(files[what].path)) return Descriptor();
    auto file = open_output(files[what]);
    return file ? std::move(*file) : Descriptor();
  };
  all.keeper_ = Keeper::start(duties);
  all.files_ = static_cast<std::uint32_t>(files.size());
  return all;
}

void Reopening::begin(Instant now) noexcept {
  for (std::uint32_t what = 0; what < files_; ++what) {
    if (!keeper_.ask(what)) break;
    ++questions_;
    look_at_ = now;
  }
}

void Reopening::take(Instant now, const std::function<void(KeeperAnswer)>& on_answer) noexcept {
  while (questions_ > 0) {
    auto answer = keeper_.answer();
    if (!answer) break;
    --questions_;
    on_answer(std::move(*answer));
  }
  if (!keeper_.is_running()) questions_ = 0;
  look_at_ = questions_ > 0 ? now + kLook : kNever;
}

}  // namespace glasstcp
