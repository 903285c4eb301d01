// See file_store.h.
#include "tun/file_store.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

#include "tun/folder_entries.h"

namespace glasstcp {
namespace {

// openat2 has no wrapper in the C library.
int open_beneath(int root, const char* path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed while the kernel walked, so that it cannot be sure; ask again.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
  return -1;
}

LookupStatus status_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return LookupStatus::Forbidden;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EINTR:
    case EIO:
      return LookupStatus::Unavailable;
    default:  // ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EXDEV (it leads out): nothing that we serve
      return LookupStatus::NotFound;
  }
}

// Timestamps of files advance in steps of some milliseconds: a change right after our look may
// leave the stamp as it was. Two steps of the coarsest common file system (FAT) are enough.
constexpr std::int64_t kStampStep = 4'000'000'000;

std::int64_t wall_nanoseconds() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

DiskStore::DiskStore(Descriptor root, Options options)
    : root_(std::move(root)), options_(options) {}

std::expected<DiskStore, Failure> DiskStore::open(const std::string& path, Options options) {
  const auto failed = [&](int error, const char* cure) {
    return std::unexpected(
        Failure{"cannot open the site " + path + ": " + std::strerror(error), cure});
  };
  DiskStore store(Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), options);
  if (!store.root_.is_open()) {
    const int error = errno;
    return failed(error, error == EACCES ? "make it readable with 'chmod -R a+rX' (and 'chmod a+x' "
                                           "on the folders above it)"
                                         : "give an existing folder with --site DIR");
  }
  struct stat status;
  if (::fstat(store.root_.get(), &status) != 0) return failed(errno, "");
  store.name_ = path;
  store.owner_ = status.st_uid;
  store.group_ = status.st_gid;
  const Descriptor probe(open_beneath(store.root_.get(), ".", O_PATH));
  if (!probe.is_open() && errno == ENOSYS) return failed(ENOSYS, "it needs Linux 5.6 or newer");
  return store;
}

std::expected<void, Failure> DiskStore::check_readable() const {
  const auto unreadable = [&](const char* what) {
    const std::string who =
        "the user this server runs as (uid " + std::to_string(::geteuid()) + ")";
    return std::unexpected(
        Failure{std::string("the ") + what + " of the site " + name_ + " cannot be read by " + who,
                "make it readable with 'chmod -R a+rX " + name_ +
                    "', or choose the user with --user NAME"});
  };
  const Descriptor folder(open_beneath(root_.get(), ".", O_RDONLY | O_DIRECTORY));
  if (!folder.is_open()) return unreadable("folder");
  const Descriptor index(open_beneath(root_.get(), "index.html", O_RDONLY | O_NONBLOCK));
  if (!index.is_open() && (errno == EACCES || errno == EPERM)) {
    // EACCES for a file that may not exist means that the folder cannot be searched.
    return unreadable("page index.html");
  }
  return {};
}

Lookup DiskStore::lookup(std::string_view path, Instant now) noexcept {
  const auto known = by_path_.find(path);
  const auto is_usable = [](const Entry& entry) {
    // A large file is not held in memory: one that changed cannot be served any more, however
    // fresh.
    const bool is_large = entry.file && entry.file->info().size > kWholeFileLimit;
    return !is_large || entry.file->unchanged();
  };
  const bool is_fresh = known != by_path_.end() && now - known->second->checked < kFreshFor;
  if (is_fresh && is_usable(*known->second)) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return answer(known->second);
  }
  try {
    return look_at_disk(path, now);
  } catch (const std::bad_alloc&) {
    return {LookupStatus::Unavailable, {}, now};
  }
}

FolderContent DiskStore::list(std::string_view path, std::size_t most) noexcept {
  try {
    const std::string name = path.empty() ? std::string(".") : std::string(path);
    const Descriptor folder(open_beneath(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    if (!folder.is_open()) return {.status = status_of(errno)};
    const auto behind_link = [&](const std::string& link, struct stat& status) {
      const std::string full = name + "/" + link;
      const Descriptor found(open_beneath(root_.get(), full.c_str(), O_PATH));
      return found.is_open() && ::fstat(found.get(), &status) == 0;
    };
    return read_folder(folder, most, behind_link);
  } catch (const std::bad_alloc&) {
    return {.status = LookupStatus::Unavailable};
  }
}

Lookup DiskStore::answer(Entries::iterator entry) {
  // Of a large file no answer is prepared ahead: its stamp is looked at for each request.
  const bool is_large = entry->file && entry->file->info().size > kWholeFileLimit;
  return {entry->status, entry->file, is_large ? entry->checked : entry->checked + kFreshFor};
}

Lookup DiskStore::look_at_disk(std::string_view path, Instant now) {
  const std::string name = path.empty() ? std::string(".") : std::string(path);
  const auto without_file = [&](LookupStatus status) -> Lookup {
    forget(path);
    return {status, {}, status == LookupStatus::Unavailable ? now : now + kFreshFor};
  };
  const Descriptor found(open_beneath(root_.get(), name.c_str(), O_PATH));
  if (!found.is_open()) return without_file(status_of(errno));
  struct stat status;
  if (::fstat(found.get(), &status) != 0) return without_file(LookupStatus::Unavailable);
  if (S_ISDIR(status.st_mode)) {
    return keep({std::string(path), LookupStatus::Directory, {}, {}, now, false});
  }
  if (!S_ISREG(status.st_mode)) return without_file(LookupStatus::NotFound);

  FileStamp stamp = FileStamp::of(status);
  if (const auto known = by_path_.find(path);
      known != by_path_.end() && known->second->stamp == stamp && !known->second->is_recent) {
    known->second->checked = now;
    entries_.splice(entries_.begin(), entries_, known->second);
    return answer(known->second);
  }
  LookupStatus why = LookupStatus::Found;
  const std::int64_t before = wall_nanoseconds();
  FileRef file = read_file(name.c_str(), stamp, why);
  if (!file) return without_file(why);
  if (const auto known = by_path_.find(path); known != by_path_.end() && known->second->file &&
                                              known->second->file->info() == file->info()) {
    file = known->second->file;
  }
  const bool is_recent = before - stamp.changed_ns < kStampStep;
  return keep({std::string(path), LookupStatus::Found, std::move(file), stamp, now, is_recent});
}

FileRef DiskStore::read_file(const char* path, FileStamp& stamp, LookupStatus& status) {
  // A file that changes while it is read is read again; one that keeps changing is not served.
  for (int attempt = 0; attempt < 4; ++attempt) {
    // O_NONBLOCK: what was a file a moment ago may be a FIFO now, and must not stop us.
    Descriptor file(open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat now;
    if (!file.is_open() || ::fstat(file.get(), &now) != 0) {
      status = status_of(errno);
      return {};
    }
    if (!S_ISREG(now.st_mode)) break;
    stamp = FileStamp::of(now);
    if (stamp.size <= kWholeFileLimit) make_room(stamp.size);
    if (stamp.size > kWholeFileLimit || use_->bytes + stamp.size > options_.memory) {
      const Ref<LargeFile> large = LargeFile::open(std::move(file), stamp, options_.may_map);
      if (large) return FileRef(large.get());
      break;
    }
    const Ref<WholeFile> whole = WholeFile::read_from(file.get(), stamp, *use_);
    if (whole) return FileRef(whole.get());
  }
  status = LookupStatus::Unavailable;
  return {};
}

Lookup DiskStore::keep(Entry entry) {
  forget(entry.path);
  while (entries_.size() >= kMaxEntries) forget(entries_.back().path);
  entries_.push_front(std::move(entry));
  by_path_.emplace(entries_.front().path, entries_.begin());
  return answer(entries_.begin());
}

void DiskStore::forget(std::string_view path) {
  const auto known = by_path_.find(path);
  if (known == by_path_.end()) return;
  const Entries::iterator entry = known->second;
  by_path_.erase(known);
  entries_.erase(entry);
}

void DiskStore::make_room(std::uint64_t bytes) {
  while (use_->bytes + bytes > options_.memory && !entries_.empty()) forget(entries_.back().path);
}

}  // namespace glasstcp
