// Files that live in memory. See memory_store.h.
#include "http/memory_store.h"

#include <algorithm>

namespace glasstcp::http {
namespace {

/// FNV-1a: tells contents apart for the entity tag; not a defence against anybody, since the
/// content is ours.
std::uint64_t fingerprint(ByteView bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint8_t b : bytes) hash = (hash ^ b) * 0x100000001b3u;
  return hash;
}

class MemoryFile final : public File {
 public:
  MemoryFile(ByteView bytes, std::int64_t mtime)
      : bytes_(bytes),
        info_{.size = bytes.size(),
              .mtime_seconds = mtime,
              .mtime_nanoseconds = 0,
              .identity = fingerprint(bytes)} {}

  const FileInfo& info() const noexcept override { return info_; }
  std::optional<ByteView> whole() const noexcept override { return bytes_; }
  std::optional<ByteView> mapped(std::uint64_t offset, std::size_t length) noexcept override {
    return bytes_.subspan(static_cast<std::size_t>(offset), length);
  }
  bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return false;
    std::ranges::copy(bytes_.subspan(static_cast<std::size_t>(offset), out.size()), out.begin());
    return true;
  }
  FileState state() noexcept override { return FileState::Same; }

 private:
  ByteView bytes_;
  FileInfo info_;
};

}  // namespace

void MemoryStore::put(std::string_view path, ByteView bytes, std::int64_t mtime) {
  put(path, FileRef(new MemoryFile(bytes, mtime)));
}

void MemoryStore::put(std::string_view path, FileRef file) {
  files_.insert_or_assign(std::string(path), std::move(file));
}

void MemoryStore::put_forbidden(std::string_view path) {
  put(path, FileRef{});
}

void MemoryStore::remove(std::string_view path) {
  if (const auto at = files_.find(path); at != files_.end()) files_.erase(at);
}

Lookup MemoryStore::lookup(std::string_view path, Instant now) noexcept {
  Lookup answer{.status = LookupStatus::NotFound, .file = {}, .valid_until = now + validity_};
  auto at = files_.lower_bound(path);
  if (at != files_.end() && at->first == path) {
    answer.status = at->second ? LookupStatus::Found : LookupStatus::Forbidden;
    answer.file = at->second;
    return answer;
  }
  // A directory is a prefix of some path, cut at a slash. Names that sort between ("a-b" before
  // "a/b") are passed over.
  for (; at != files_.end() && at->first.starts_with(path); ++at) {
    if (path.empty() || at->first[path.size()] == '/') answer.status = LookupStatus::Directory;
  }
  if (path.empty()) answer.status = LookupStatus::Directory;
  return answer;
}

FolderContent MemoryStore::list(std::string_view path, std::size_t most) noexcept {
  FolderContent content;
  const std::string prefix = path.empty() ? std::string() : std::string(path) + "/";
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix);
       ++at) {
    content.status = LookupStatus::Directory;
    const std::string_view rest = std::string_view(at->first).substr(prefix.size());
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    // What lies below one folder stands together.
    const bool is_known = !content.entries.empty() && content.entries.back().name == name;
    if (name.starts_with('.') || is_known) continue;
    content.is_cut = content.entries.size() == most;
    if (content.is_cut) break;
    FolderEntry entry{.name = std::string(name), .is_folder = slash != std::string_view::npos};
    if (at->second) {
      entry.mtime_seconds = at->second->info().mtime_seconds;
      if (!entry.is_folder) entry.size = at->second->info().size;
    }
    content.entries.push_back(std::move(entry));
  }
  if (path.empty()) content.status = LookupStatus::Directory;
  return content;
}

}  // namespace glasstcp::http
