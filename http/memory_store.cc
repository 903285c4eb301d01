// Files that live in memory. See memory_store.h.
#include "http/memory_store.h"

#include "http/memory_file.h"

namespace glasstcp::http {

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
