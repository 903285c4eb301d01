// See folder_keeper.h.
#include "tun/files/folder_keeper.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace glasstcp {
namespace {

// A folder is found in microseconds; where a disk sleeps the answer is taken the next time.
constexpr int kPatienceMs = 50;

Descriptor open_folder(const std::string& path, uid_t owner) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  Descriptor folder(
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  struct stat status;
  if (folder.is_open() && (::fstat(folder.get(), &status) != 0 || status.st_uid != owner)) {
    return {};
  }
  return folder;
}

}  // namespace

FolderKeeper FolderKeeper::start(const std::string& path, uid_t owner) {
  FolderKeeper keeper;
  capng_get_caps_process();
  if (!path.starts_with('/') || capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) == 0) {
    return keeper;
  }
  KeeperDuties duties{.capabilities = {CAP_DAC_READ_SEARCH}};
  duties.open = [&path, owner](std::uint32_t) { return open_folder(path, owner); };
  keeper.keeper_ = Keeper::start(duties);
  return keeper;
}

Descriptor FolderKeeper::ask() {
  if (!is_answer_due_ && !keeper_.ask(0)) return {};
  is_answer_due_ = true;
  auto answer = keeper_.answer(kPatienceMs);
  if (!answer) return {};
  is_answer_due_ = false;
  return std::move(answer->file);
}

}  // namespace glasstcp
