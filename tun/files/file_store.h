// The site on disk: every lookup stays beneath one open directory, whatever the path says
// (site_root.h), and what was found is kept.
//
// Invariants:
//   1. What was found is used again for at most kFreshFor without looking at the disk.
//   2. At most kMaxEntries paths and `memory` bytes of content are kept; the longest unused go
//   first. Paths that lead nowhere are not kept, so they push nothing out.
//   3. The same content keeps the same File, and so the same entity tag.
//   4. A file that fits into memory is served also while it keeps changing: as many bytes as it had
//   when they were read.
//   5. Large files have at most Options::descriptors open. Beyond, the longest unused that nobody
//   reads is closed for the next; where there is none, or the system has none left, only what needs
//   one is not served, and that is told once.
//
// Leaves out: noticing changes by inotify (a look per second and path is cheap).
// Next: application.h.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/file_store.h"
#include "tun/files/disk_file.h"
#include "tun/files/site_root.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// A FileStore over a directory.
class DiskStore final : public FileStore {
 public:
  static constexpr Duration kFreshFor = 1s;
  static constexpr std::size_t kMaxEntries = 4096;
  static constexpr std::size_t kMaxMissing = 1024;

  struct Options {
    bool may_map = false;                 ///< large files: only the kernel reads mapped bytes
    std::uint64_t memory = 256ULL << 20;  ///< content kept in memory, bytes
    std::uint32_t descriptors = 1024;     ///< of large files, open at once
  };
  /// Told when descriptors are short (true), and when they are not any more (false).
  using ShortageListener = std::function<void(bool is_short)>;
  /// How long nothing may have been refused until they are not short any more.
  static constexpr Duration kShortageEnds = 5s;

  /// Opens the directory `path`.
  static std::expected<DiskStore, Failure> open(const std::string& path, Options options);
  DiskStore(DiskStore&&) = default;

  /// Whether the directory, and its index page if there is one, can be read with the rights that we
  /// have now.
  [[nodiscard]] std::expected<void, Failure> check_readable() const;
  /// Whether nothing is in the folder; false where that cannot be seen.
  [[nodiscard]] bool is_empty() const;
  /// Who owns the directory.
  [[nodiscard]] uid_t owner() const { return root_.owner(); }
  [[nodiscard]] gid_t group() const { return root_.group(); }
  /// See SiteRoot.
  void start_keeper(const FolderKeeper::Terms& terms) { root_.start_keeper(terms); }
  void on_rights_given_up(bool is_confined) { root_.on_rights_given_up(is_confined); }
  [[nodiscard]] int descriptor() const { return root_.descriptor(); }

  [[nodiscard]] Lookup lookup(std::string_view path, Instant now) noexcept override;

  [[nodiscard]] FolderContent list(std::string_view path, std::size_t most) noexcept override;

  void limit_descriptors(std::uint32_t most) { options_.descriptors = most; }
  void set_shortage_listener(ShortageListener listener) { on_shortage_ = std::move(listener); }

  [[nodiscard]] std::size_t entries() const { return entries_.size(); }
  [[nodiscard]] std::uint32_t open_descriptors() const { return use_->descriptors; }
  /// Lookups that found none.
  [[nodiscard]] std::uint64_t refused_for_descriptors() const { return refused_; }
  [[nodiscard]] std::uint64_t bytes_in_memory() const { return use_->bytes; }

 private:
  struct Entry {
    std::string path;
    LookupStatus status;
    FileRef file;
    FileStamp stamp;
    Instant checked;
    bool is_recent;  // changed so shortly before it was read that its stamp may not tell
  };
  using Entries = std::list<Entry>;  // the last used first

  DiskStore(SiteRoot root, Options options);
  [[nodiscard]] Lookup look_at_disk(std::string_view path, Instant now);
  [[nodiscard]] FileRef read_file(const std::string& path, FileStamp& stamp, LookupStatus& status);
  Lookup keep(Entry entry);
  Lookup answer(Entries::iterator entry);
  void forget(std::string_view path);
  void make_room(std::uint64_t bytes);
  [[nodiscard]] int open_beneath(const std::string& path, std::uint64_t flags);
  [[nodiscard]] bool has_descriptor_for_large();
  bool close_unread_file();
  Lookup note_shortage(Lookup found, Instant now);

  SiteRoot root_;
  Options options_;
  // Files in flight may outlive the store's move, so what they count into stands still.
  std::unique_ptr<MemoryUse> use_ = std::make_unique<MemoryUse>();
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_path_;
  // Compressed neighbours that do not exist, and when that was seen: each request for the file
  // itself asks for them. Of other names nothing is kept, so that a new file is found at once.
  std::unordered_map<std::string, Instant> missing_;
  ShortageListener on_shortage_;
  bool lacked_descriptor_ = false;  // in the lookup that runs
  bool is_short_ = false;
  Instant refused_at_{};  // last
  std::uint64_t refused_ = 0;
};

}  // namespace glasstcp
