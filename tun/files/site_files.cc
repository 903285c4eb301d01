// See site_files.h.
#include "tun/files/site_files.h"

#include <fstream>
#include <iterator>

#include "http/site/builtin_site.h"

namespace glasstcp {

std::expected<SiteFiles, Failure> SiteFiles::open(const std::string& folder,
                                                  DiskStore::Options options) {
  SiteFiles files;
  if (folder.empty()) {
    files.memory_ = std::make_unique<http::MemoryStore>();
    for (const http::BuiltinFile& file : http::builtin_site()) {
      files.memory_->put(file.path, file.content, http::kBuiltinSiteMtime);
    }
    return files;
  }
  auto disk = DiskStore::open(folder, options);
  if (!disk) return std::unexpected(disk.error());
  files.disk_.emplace(std::move(*disk));
  return files;
}

std::optional<Identity> SiteFiles::owner() const {
  if (!disk_) return std::nullopt;
  return Identity{disk_->owner(), disk_->group()};
}

std::expected<void, Failure> SiteFiles::check_readable() const {
  if (!disk_) return {};
  return disk_->check_readable();
}

http::MediaTypes system_media_types() {
  http::MediaTypes types;
  std::ifstream file("/etc/mime.types");
  if (file) types.add_mime_types(std::string(std::istreambuf_iterator<char>(file), {}));
  return types;
}

}  // namespace glasstcp
