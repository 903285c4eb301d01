// See file_store.h.
#include "tun/files/file_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <memory>
#include <new>

#include "tun/files/folder_entries.h"

namespace glasstcp {
namespace {

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

// What the site asks for beside a file (http/negotiation.h).
bool is_coded_neighbour(std::string_view path) {
  return path.ends_with(".br") || path.ends_with(".gz");
}

}  // namespace

DiskStore::DiskStore(SiteRoot root, Options options) : root_(std::move(root)), options_(options) {}

std::expected<DiskStore, Failure> DiskStore::open(const std::string& path, Options options) {
  auto root = SiteRoot::open(path);
  if (!root) return std::unexpected(root.error());
  return DiskStore(std::move(*root), options);
}

bool DiskStore::is_empty() const {
  const int folder = root_.open_beneath(".", O_RDONLY | O_DIRECTORY);
  if (folder < 0) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(folder), ::closedir);
  if (stream == nullptr) {
    ::close(folder);
    return false;
  }
  while (const dirent* const found = ::readdir(stream.get())) {
    const std::string_view name = found->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

std::expected<void, Failure> DiskStore::check_readable() const {
  const auto unreadable = [&](const char* what) {
    const std::string who =
        "the user this server runs as (uid " + std::to_string(::geteuid()) + ")";
    return std::unexpected(Failure{
        std::string("the ") + what + " of the site " + root_.name() + " cannot be read by " + who,
        "make it readable with 'chmod -R a+rX " + root_.name() +
            "', or choose the user with --user NAME"});
  };
  const Descriptor folder(root_.open_beneath(".", O_RDONLY | O_DIRECTORY));
  if (!folder.is_open()) return unreadable("folder");
  const Descriptor index(root_.open_beneath("index.html", O_RDONLY | O_NONBLOCK));
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
    // fresh; and one that grew has more to give.
    const bool is_large = entry.file && entry.file->info().size > kWholeFileLimit;
    return !is_large || entry.file->state() == FileState::Same;
  };
  const bool is_fresh = known != by_path_.end() && now - known->second->checked < kFreshFor;
  if (is_fresh && is_usable(*known->second)) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return answer(known->second);
  }
  try {
    if (is_coded_neighbour(path)) {
      const auto gone = missing_.find(std::string(path));
      if (gone != missing_.end() && now - gone->second < kFreshFor) {
        return {LookupStatus::NotFound, {}, gone->second + kFreshFor};
      }
    }
    lacked_descriptor_ = false;
    return note_shortage(look_at_disk(path, now), now);
  } catch (const std::bad_alloc&) {
    return {LookupStatus::Unavailable, {}, now};
  }
}

FolderContent DiskStore::list(std::string_view path, std::size_t most) noexcept {
  try {
    const std::string name = path.empty() ? std::string(".") : std::string(path);
    const Descriptor folder(open_beneath(name, O_RDONLY | O_DIRECTORY));
    if (!folder.is_open()) return {.status = status_of(errno)};
    const auto behind_link = [&](const std::string& link, struct stat& status) {
      const std::string full = name + "/" + link;
      const Descriptor found(open_beneath(full, O_PATH));
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
    if (status == LookupStatus::NotFound && is_coded_neighbour(path)) {
      if (missing_.size() >= kMaxMissing) missing_.clear();
      missing_.insert_or_assign(std::string(path), now);
    }
    return {status, {}, status == LookupStatus::Unavailable ? now : now + kFreshFor};
  };
  root_.look_again(now);
  const Descriptor found(open_beneath(name, O_PATH));
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
  FileRef file = read_file(name, stamp, why);
  if (!file) return without_file(why);
  if (const auto known = by_path_.find(path); known != by_path_.end() && known->second->file &&
                                              known->second->file->info() == file->info()) {
    file = known->second->file;
  }
  const bool is_recent = before - stamp.changed_ns < kStampStep;
  return keep({std::string(path), LookupStatus::Found, std::move(file), stamp, now, is_recent});
}

FileRef DiskStore::read_file(const std::string& path, FileStamp& stamp, LookupStatus& status) {
  // A file that changes while it is read is read again; of one that keeps changing we take what the
  // last time gave.
  constexpr int kAttempts = 4;
  status = LookupStatus::Unavailable;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    // O_NONBLOCK: what was a file a moment ago may be a FIFO now, and must not stop us.
    Descriptor file(open_beneath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat now;
    if (!file.is_open() || ::fstat(file.get(), &now) != 0) {
      status = status_of(errno);
      return {};
    }
    if (!S_ISREG(now.st_mode)) {
      status = LookupStatus::NotFound;
      return {};
    }
    stamp = FileStamp::of(now);
    if (stamp.size <= kWholeFileLimit) make_room(stamp.size);
    if (stamp.size > kWholeFileLimit || use_->bytes + stamp.size > options_.memory) {
      if (!has_descriptor_for_large()) return {};
      return FileRef(LargeFile::open(std::move(file), stamp, options_.may_map, *use_).get());
    }
    const auto snapshot =
        attempt < kAttempts ? WholeFile::Snapshot::Settled : WholeFile::Snapshot::Any;
    const Ref<WholeFile> whole = WholeFile::read_from(file.get(), stamp, *use_, snapshot);
    if (whole) return FileRef(whole.get());
  }
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

// What others still hold is not forgotten: that would free nothing.
void DiskStore::make_room(std::uint64_t bytes) {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    if (use_->bytes + bytes <= options_.memory) return;
    --entry;
    const bool is_in_memory = entry->file && entry->file->whole().has_value();
    if (!is_in_memory || !entry->file->is_held_once()) continue;
    by_path_.erase(entry->path);
    entry = entries_.erase(entry);
  }
}

// -- Descriptors

int DiskStore::open_beneath(const std::string& path, std::uint64_t flags) {
  while (true) {
    const int found = root_.open_beneath(path, flags);
    if (found >= 0 || (errno != EMFILE && errno != ENFILE)) return found;
    const int error = errno;
    if (close_unread_file()) continue;
    lacked_descriptor_ = true;
    errno = error;
    return -1;
  }
}

bool DiskStore::has_descriptor_for_large() {
  while (use_->descriptors >= options_.descriptors) {
    if (close_unread_file()) continue;
    lacked_descriptor_ = true;
    return false;
  }
  return true;
}

// Closes the longest unused large file that nobody reads. False: there is none.
bool DiskStore::close_unread_file() {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    const bool is_open = entry->file && !entry->file->whole().has_value();
    if (!is_open || !entry->file->is_held_once()) continue;
    by_path_.erase(entry->path);
    entries_.erase(entry);
    return true;
  }
  return false;
}

Lookup DiskStore::note_shortage(Lookup found, Instant now) {
  if (lacked_descriptor_) {
    ++refused_;
    refused_at_ = now;
  }
  const bool is_over = is_short_ && !lacked_descriptor_ && now - refused_at_ >= kShortageEnds;
  if ((lacked_descriptor_ && !is_short_) || is_over) {
    is_short_ = !is_over;
    if (on_shortage_) on_shortage_(is_short_);
  }
  return found;
}

}  // namespace glasstcp
