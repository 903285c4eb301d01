// See disk_file.h.
#include "tun/files/disk_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <new>

namespace glasstcp {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

FileInfo info_of(const FileStamp& stamp, std::uint64_t identity) {
  FileInfo info;
  info.size = stamp.size;
  // Rounded down also before 1970, so that the nanoseconds are never negative.
  std::int64_t seconds = stamp.modified_ns / kNanoseconds;
  std::int64_t rest = stamp.modified_ns % kNanoseconds;
  if (rest < 0) {
    --seconds;
    rest += kNanoseconds;
  }
  info.mtime_seconds = seconds;
  info.mtime_nanoseconds = static_cast<std::uint32_t>(rest);
  info.identity = identity;
  return info;
}

constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15U;

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  return std::rotl((hash ^ word) * kMix, 29);
}

// Of content or of a few numbers: only has to differ between states of one file, so speed is all
// that is asked of it.
std::uint64_t hash_of(ByteView bytes) {
  std::uint64_t hash = bytes.size();
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    hash = mix(hash, word);
  }
  for (; i < bytes.size(); ++i) hash = mix(hash, bytes[i]);
  return hash ^ (hash >> 32);
}

// Reads out.size() bytes, or what there is up to the end of the file; empty when it cannot be read.
std::optional<std::size_t> read_some(int descriptor, std::uint64_t offset, ByteSpan out) {
  std::size_t all = 0;
  while (all < out.size()) {
    const ssize_t got =
        ::pread(descriptor, out.data() + all, out.size() - all, static_cast<off_t>(offset + all));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    all += static_cast<std::size_t>(got);
  }
  return all;
}

bool has_stamp(int descriptor, const FileStamp& stamp) {
  struct stat status;
  return ::fstat(descriptor, &status) == 0 && FileStamp::of(status) == stamp;
}

}  // namespace

FileStamp FileStamp::of(const struct stat& status) noexcept {
  FileStamp stamp;
  stamp.device = status.st_dev;
  stamp.inode = status.st_ino;
  stamp.size = static_cast<std::uint64_t>(status.st_size);
  stamp.modified_ns = status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec;
  stamp.changed_ns = status.st_ctim.tv_sec * kNanoseconds + status.st_ctim.tv_nsec;
  stamp.links = status.st_nlink;
  return stamp;
}

FileState compare(const FileStamp& promised, const FileStamp& now) noexcept {
  if (now.size < promised.size) return FileState::Changed;
  if (now.size > promised.size) return FileState::Grown;
  // The change time alone moves with rights, links and names, and the bytes stay what they are.
  return now.modified_ns == promised.modified_ns ? FileState::Same : FileState::Touched;
}

Ref<WholeFile> WholeFile::read_from(int descriptor, const FileStamp& stamp, MemoryUse& use,
                                    Snapshot snapshot) noexcept {
  std::unique_ptr<std::uint8_t[]> bytes(new (std::nothrow) std::uint8_t[stamp.size + 1]);
  if (bytes == nullptr) return {};
  const auto size = read_some(descriptor, 0, {bytes.get(), stamp.size});
  if (!size) return {};
  const bool is_settled = *size == stamp.size && has_stamp(descriptor, stamp);
  if (!is_settled && snapshot == Snapshot::Settled) return {};
  FileInfo info = info_of(stamp, hash_of({bytes.get(), *size}));
  info.size = *size;  // less where the file was cut meanwhile
  return Ref<WholeFile>(new (std::nothrow) WholeFile(std::move(bytes), info, use));
}

WholeFile::WholeFile(std::unique_ptr<std::uint8_t[]> bytes, const FileInfo& info,
                     MemoryUse& use) noexcept
    : bytes_(std::move(bytes)), info_(info), use_(&use) {
  use_->bytes += info_.size;
}

WholeFile::~WholeFile() {
  use_->bytes -= info_.size;
}

bool WholeFile::read(std::uint64_t offset, ByteSpan out) noexcept {
  if (offset > info_.size || out.size() > info_.size - offset) return false;
  if (!out.empty()) std::memcpy(out.data(), bytes_.get() + offset, out.size());
  return true;
}

Ref<LargeFile> LargeFile::open(Descriptor descriptor, const FileStamp& stamp, bool may_map,
                               MemoryUse& use) noexcept {
  return Ref<LargeFile>(new (std::nothrow) LargeFile(std::move(descriptor), stamp, may_map, use));
}

LargeFile::LargeFile(Descriptor descriptor, const FileStamp& stamp, bool may_map,
                     MemoryUse& use) noexcept
    : descriptor_(std::move(descriptor)),
      stamp_(stamp),
      info_(info_of(stamp, mix(mix(stamp.device, stamp.inode),
                               static_cast<std::uint64_t>(stamp.changed_ns)))),
      may_map_(may_map),
      use_(&use) {
  ++use_->descriptors;
}

LargeFile::~LargeFile() {
  --use_->descriptors;
  if (map_ != nullptr) ::munmap(const_cast<std::uint8_t*>(map_), stamp_.size);
}

std::optional<ByteView> LargeFile::mapped(std::uint64_t offset, std::size_t length) noexcept {
  if (!may_map_ || offset > stamp_.size || length > stamp_.size - offset) return std::nullopt;
  if (map_ == nullptr) {
    void* const map = ::mmap(nullptr, stamp_.size, PROT_READ, MAP_SHARED, descriptor_.get(), 0);
    if (map == MAP_FAILED) {
      may_map_ = false;
      return std::nullopt;
    }
    map_ = static_cast<const std::uint8_t*>(map);
  }
#ifdef MADV_POPULATE_READ
  // One call for the whole piece instead of a page fault every 64 KB inside writev; and where the
  // file has been truncated it fails here (EFAULT), so that the piece is read and found short.
  const std::uintptr_t page_mask = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)) - 1;
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(map_ + offset);
  const std::uintptr_t first = begin & ~page_mask;
  if (::madvise(reinterpret_cast<void*>(first), begin + length - first, MADV_POPULATE_READ) != 0 &&
      errno == EFAULT) {
    return std::nullopt;
  }
#endif
  return ByteView(map_ + offset, length);
}

bool LargeFile::read(std::uint64_t offset, ByteSpan out) noexcept {
  return read_some(descriptor_.get(), offset, out) == out.size();
}

FileState LargeFile::state() noexcept {
  struct stat status;
  if (::fstat(descriptor_.get(), &status) != 0) return FileState::Changed;
  return compare(stamp_, FileStamp::of(status));
}

}  // namespace glasstcp
