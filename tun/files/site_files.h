// The files to serve: a folder of the disk, or the page that the program carries.
//
// Invariants:
//   1. What can be opened only with privileges is open once open() has returned.
//
// Next: main.cc.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "http/file_store.h"
#include "http/media_types.h"
#include "http/memory_store.h"
#include "tun/files/file_store.h"
#include "tun/host/failure.h"
#include "tun/host/privileges.h"

namespace glasstcp {

/// A site, wherever its files are.
class SiteFiles {
 public:
  /// `folder`: empty for the built-in page.
  static std::expected<SiteFiles, Failure> open(const std::string& folder,
                                                DiskStore::Options options);

  [[nodiscard]] FileStore& store() { return disk_ ? static_cast<FileStore&>(*disk_) : *memory_; }
  /// Who owns the folder; empty for the built-in page.
  [[nodiscard]] std::optional<Identity> owner() const;
  /// Before rights are given up: see SiteRoot.
  void start_keeper(const FolderKeeper::Terms& terms) {
    if (disk_) disk_->start_keeper(terms);
  }
  /// Our rights were given up: what was kept for want of them, and is not needed, is let go.
  void on_rights_given_up(bool is_confined) {
    if (disk_) disk_->on_rights_given_up(is_confined);
  }
  /// The folder's; empty for the built-in page.
  [[nodiscard]] std::optional<int> descriptor() const {
    return disk_ ? std::optional(disk_->descriptor()) : std::nullopt;
  }
  /// Bytes of files that are kept in memory; those of the built-in page are part of the program.
  [[nodiscard]] std::uint64_t bytes_in_memory() const {
    return disk_ ? disk_->bytes_in_memory() : 0;
  }
  /// Lookups that found no file descriptor.
  [[nodiscard]] std::uint64_t refused_for_descriptors() const {
    return disk_ ? disk_->refused_for_descriptors() : 0;
  }
  /// See DiskStore.
  void watch_descriptors(std::uint32_t most, DiskStore::ShortageListener listener) {
    if (!disk_) return;
    disk_->limit_descriptors(most);
    disk_->set_shortage_listener(std::move(listener));
  }
  /// Whether it is a folder in which nothing stands.
  [[nodiscard]] bool is_empty() const { return disk_ && disk_->is_empty(); }
  /// Whether it can be read with the rights that we have now.
  [[nodiscard]] std::expected<void, Failure> check_readable() const;

 private:
  SiteFiles() = default;
  std::optional<DiskStore> disk_;
  std::unique_ptr<http::MemoryStore> memory_;
};

/// The built-in table of media types, overridden by /etc/mime.types where there is one.
[[nodiscard]] http::MediaTypes system_media_types();

}  // namespace glasstcp
