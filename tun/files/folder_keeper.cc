// See folder_keeper.h.
#include "tun/files/folder_keeper.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace glasstcp {
namespace {

// A folder is found in microseconds; where a disk sleeps the next look asks again. A file is waited
// for nearly as long as the server would wait for the disk itself.
constexpr int kFolderPatienceMs = 50;
constexpr int kFilePatienceMs = 2000;

constexpr std::uint32_t kFindFolder = 0;
constexpr std::uint32_t kOpenFile = 1;
constexpr std::uint32_t kGiveUpRight = 2;
constexpr std::uint32_t kWhat = 3;  // the bits that say so
constexpr std::uint64_t kMeaningful = O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

// -- The keeper's side

Descriptor open_by(int folder, const char* path, const open_how& how) {
  // EAGAIN: something was renamed while the kernel walked, so that it cannot be sure; ask again.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const long found = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (found >= 0) return Descriptor(static_cast<int>(found));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return {};
}

open_how how_to(std::uint64_t flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  return how;
}

// The one capability: in effect while a path is looked for, and kept for the next one.
class SearchRight {
 public:
  // False: there is none.
  [[nodiscard]] bool raise() const { return set(true, true); }
  void lower() const { static_cast<void>(set(false, true)); }
  void give_up() const { static_cast<void>(set(false, false)); }

 private:
  [[nodiscard]] static bool set(bool in_effect, bool is_kept) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    data[0].permitted = is_kept ? 1U << CAP_DAC_READ_SEARCH : 0;
    data[0].effective = in_effect ? data[0].permitted : 0;
    return ::syscall(SYS_capset, &header, data.data()) == 0;
  }
};

// What the keeper's process does.
class Finder {
 public:
  explicit Finder(FolderKeeper::Folder folder) : folder_(std::move(folder)) {}

  std::string begin() const {
    right_.lower();
    return {};
  }
  Descriptor open(std::uint32_t question, const std::string& words) const {
    switch (question & kWhat) {
      case kFindFolder:
        return find_with_right();
      case kOpenFile:
        return open_file(words);
      case kGiveUpRight:
        right_.give_up();
        break;
      default:
        break;
    }
    errno = EINVAL;
    return {};
  }

 private:
  // As the server looks for it: with its own rights first.
  [[nodiscard]] Descriptor find() const {
    Descriptor found(::open(folder_.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (found.is_open() || errno != EACCES) return found;
    return find_with_right();
  }
  [[nodiscard]] Descriptor find_with_right() const {
    const bool has_right = right_.raise();
    errno = EACCES;
    if (!has_right) return {};
    Descriptor found = open_by(AT_FDCWD, folder_.real_path.c_str(),
                               how_to(O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS));
    right_.lower();
    struct stat status;
    if (!found.is_open() || ::fstat(found.get(), &status) != 0) return {};
    if (status.st_uid == folder_.owner) return found;
    errno = EACCES;
    return {};
  }
  // `words`: the flags, then the path.
  [[nodiscard]] Descriptor open_file(const std::string& words) const {
    std::uint64_t flags = 0;
    errno = EINVAL;
    if (words.size() < sizeof flags) return {};
    std::memcpy(&flags, words.data(), sizeof flags);
    const Descriptor folder = find();
    if (!folder.is_open()) return {};
    return open_by(
        folder.get(), words.c_str() + sizeof flags,
        how_to((flags & kMeaningful) | O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS));
  }

  FolderKeeper::Folder folder_;
  SearchRight right_;
};

}  // namespace

// -- The server's side

FolderKeeper FolderKeeper::start(const Folder& folder, const Terms& terms) {
  FolderKeeper keeper;
  capng_get_caps_process();
  const bool has_right = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) != 0;
  if (!has_right && !terms.has_sandbox) return keeper;
  const Finder finder(folder);
  KeeperDuties duties{.capabilities = {CAP_DAC_READ_SEARCH}, .become = terms.become};
  if (terms.has_sandbox) duties.sandbox = Confined::FolderKeeper;
  duties.folders = {{"/", FileUse::Read}};
  duties.begin = [&finder] { return finder.begin(); };
  duties.open = [&finder](std::uint32_t question, const std::string& words) {
    return finder.open(question, words);
  };
  keeper.keeper_ = Keeper::start(duties);
  return keeper;
}

void FolderKeeper::give_up_right() {
  const std::uint32_t question = next_question(kGiveUpRight);
  if (keeper_.ask(question)) static_cast<void>(answer_to(question, kFilePatienceMs));
}

Descriptor FolderKeeper::find() {
  const std::uint32_t question = next_question(kFindFolder);
  return keeper_.ask(question) ? answer_to(question, kFolderPatienceMs) : Descriptor();
}

Descriptor FolderKeeper::open_beneath(const std::string& path, std::uint64_t flags) {
  std::string words(reinterpret_cast<const char*>(&flags), sizeof flags);
  words += path;
  const std::uint32_t question = next_question(kOpenFile);
  errno = EAGAIN;
  return keeper_.ask(question, words) ? answer_to(question, kFilePatienceMs) : Descriptor();
}

Descriptor FolderKeeper::answer_to(std::uint32_t question, int patience_ms) {
  // What came late, to a question that was not waited for to the end, is no answer to this one.
  while (auto answer = keeper_.answer(patience_ms)) {
    if (answer->what != question) continue;
    if (!answer->file.is_open()) errno = answer->error;
    return std::move(answer->file);
  }
  errno = EAGAIN;
  return {};
}

}  // namespace glasstcp
