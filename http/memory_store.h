// Files that live in memory: the built-in site, and the sites of tests.
//
// Invariants:
//   1. A directory exists exactly when some file lies below it.
//   2. The bytes of an entry belong to the caller and outlive the store and all its files.
//
// Next: site.h.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/file_store.h"

namespace glasstcp::http {

/// A FileStore over a table. Filled at start-up; changes are for tests.
class MemoryStore final : public FileStore {
 public:
  /// Adds or replaces the file at `path` ("index.html", "css/site.css"). `bytes` are borrowed;
  /// `mtime` in seconds since 1970.
  void put(std::string_view path, ByteView bytes, std::int64_t mtime);
  /// Adds any File, for instance one that plays a large or a changing one.
  void put(std::string_view path, FileRef file);
  /// Adds a path that may not be read.
  void put_forbidden(std::string_view path);
  void remove(std::string_view path);

  [[nodiscard]] Lookup lookup(std::string_view path, Instant now) noexcept override;
  [[nodiscard]] FolderContent list(std::string_view path, std::size_t most) noexcept override;

 private:
  std::map<std::string, FileRef, std::less<>> files_;  // an empty Ref is a forbidden path
  Duration validity_ = 1s;
};

}  // namespace glasstcp::http
