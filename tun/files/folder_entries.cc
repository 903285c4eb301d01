// See folder_entries.h.
#include "tun/files/folder_entries.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

namespace glasstcp {

FolderContent read_folder(
    const Descriptor& folder, std::size_t most,
    const std::function<bool(const std::string& name, struct stat& status)>& status_of) {
  FolderContent content{.status = LookupStatus::Unavailable};
  struct stat status;
  if (::fstat(folder.get(), &status) != 0) return content;
  content.mtime_seconds = status.st_mtim.tv_sec;
  const int copy = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3);  // closedir() closes it
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (stream == nullptr) {
    if (copy >= 0) ::close(copy);
    return content;
  }
  content.status = LookupStatus::Directory;
  while (const dirent* found = ::readdir(stream.get())) {
    if (found->d_name[0] == '.') continue;
    FolderEntry entry{.name = found->d_name};
    bool is_there = ::fstatat(folder.get(), found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && S_ISLNK(status.st_mode)) is_there = status_of(entry.name, status);
    if (!is_there || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) continue;
    content.is_cut = content.entries.size() == most;
    if (content.is_cut) break;
    entry.is_folder = S_ISDIR(status.st_mode);
    entry.size = static_cast<std::uint64_t>(status.st_size);
    entry.mtime_seconds = status.st_mtim.tv_sec;
    content.entries.push_back(std::move(entry));
  }
  return content;
}

}  // namespace glasstcp
