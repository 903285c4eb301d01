// See site_root.h.
#include "tun/files/site_root.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace glasstcp {
namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;

// openat2 has no wrapper in the C library.
int openat2_beneath(int root, const char* path, std::uint64_t flags) {
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

// What the link behind an O_PATH descriptor says; empty optional when it is no link.
std::optional<std::string> link_text(int link) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = ::readlinkat(link, "", text.data(), text.size());
  if (length <= 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(length));
}

std::string real_path_of(const Descriptor& folder) {
  std::array<char, PATH_MAX> text;
  const std::string link = "/proc/self/fd/" + std::to_string(folder.get());
  const ssize_t length = ::readlink(link.c_str(), text.data(), text.size());
  return length <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(length));
}

std::string real_path_of(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), ::free);
  return real ? std::string(real.get()) : path;
}

// Absolute, without slashes at its end; the folder "/" is "". Links are left as they are, but where
// the last component is no name ("." or "..").
std::string absolute(std::string path) {
  if (!path.starts_with('/')) path = real_path_of(".") + "/" + path;
  while (path.ends_with('/') || path.ends_with("/.")) path.pop_back();
  return path.ends_with("/..") ? absolute(real_path_of(path)) : path;
}

// Puts the components of `path` on `rest`, the first of them last.
void push_components(std::vector<std::string>& rest, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!name.empty() && name != ".") rest.emplace_back(name);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace

std::expected<SiteRoot, Failure> SiteRoot::open(const std::string& path) {
  const auto failed = [&](int error, const char* cure) {
    return std::unexpected(
        Failure{"cannot open the site " + path + ": " + std::strerror(error), cure});
  };
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) {
    const int error = errno;
    return failed(error, error == EACCES ? "make it readable with 'chmod -R a+rX' (and 'chmod a+x' "
                                           "on the folders above it)"
                                         : "give an existing folder with --site DIR");
  }
  const Descriptor probe(openat2_beneath(folder.get(), ".", O_PATH));
  if (!probe.is_open() && errno == ENOSYS) return failed(ENOSYS, "it needs Linux 5.6 or newer");
  SiteRoot root;
  root.name_ = path;
  root.path_ = absolute(path);
  const std::size_t slash = root.path_.rfind('/');
  const bool is_top = slash == std::string::npos;
  root.leaf_ = is_top ? "." : root.path_.substr(slash + 1);
  const std::string parent = is_top ? "/" : root.path_.substr(0, slash + 1);
  root.parent_ = Descriptor(::open(parent.c_str(), kFolder));
  if (!root.take(std::move(folder))) return failed(errno, "");
  return root;
}

void SiteRoot::start_keeper(const FolderKeeper::Terms& terms) {
  keeper_ = FolderKeeper::start({path_.empty() ? "/" : path_, real_path_, owner_}, terms);
}

/// Makes `folder` the one that is served.
bool SiteRoot::take(Descriptor folder) {
  struct stat status;
  if (::fstat(folder.get(), &status) != 0) return false;
  folder_ = std::move(folder);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  owner_ = status.st_uid;
  group_ = status.st_gid;
  real_path_ = real_path_of(folder_);
  return true;
}

// -- Made again

bool SiteRoot::look_again(Instant now) {
  Descriptor found = find_with_own_rights();
  if (!found.is_open() && errno == EACCES && keeper_.is_running() &&
      (asked_ == Instant::min() || now - asked_ >= kKeeperPause)) {
    asked_ = now;
    found = keeper_.find();
  }
  struct stat status;
  if (!found.is_open() || ::fstat(found.get(), &status) != 0) return false;
  // The old folder is held open, so that its number cannot have been given to another.
  if (status.st_dev == device_ && status.st_ino == inode_) return false;
  is_anew_ = true;
  return take(std::move(found));
}

Descriptor SiteRoot::find_with_own_rights() const {
  Descriptor found(::open(path_.empty() ? "/" : path_.c_str(), kFolder));
  if (found.is_open() || errno != EACCES) return found;
  return Descriptor(::openat(parent_.get(), leaf_.c_str(), kFolder));
}

void SiteRoot::on_rights_given_up(bool is_confined) {
  is_confined_ = is_confined;
  if (!find_with_own_rights().is_open()) return;
  if (is_confined) {
    keeper_.give_up_right();
  } else {
    keeper_ = {};
  }
}

// -- Beneath it

/// One that follows no absolute link. The sandbox lets us find anything beneath a folder that was
/// made anew, and read nothing of it: that is the keeper's.
int SiteRoot::open_plain(const std::string& path, std::uint64_t flags) const {
  const int found = openat2_beneath(folder_.get(), path.c_str(), flags);
  const bool is_for_keeper = is_confined_ && is_anew_ && keeper_.is_running();
  if (found >= 0 || errno != EACCES || !is_for_keeper || (flags & O_PATH) != 0) return found;
  return keeper_.open_beneath(path, flags).release();
}

int SiteRoot::open_beneath(const std::string& path, std::uint64_t flags) const {
  const int found = open_plain(path, flags);
  // EXDEV: it leads out, or over an absolute link, which the kernel takes for the same.
  if (found >= 0 || errno != EXDEV || path.starts_with('/')) return found;
  const std::optional<std::string> plain = without_links(path);
  return plain ? open_plain(*plain, flags) : -1;
}

/// The path that remains when the links on `path` have been followed; empty, and errno says why,
/// when it leads out, or nowhere.
std::optional<std::string> SiteRoot::without_links(std::string_view path) const {
  std::vector<std::string> rest;
  push_components(rest, path);
  std::string plain;
  int links = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.back());
    rest.pop_back();
    if (name == "..") {
      errno = EXDEV;
      if (plain.empty()) return std::nullopt;
      const std::size_t slash = plain.rfind('/');
      plain.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    std::string next = plain.empty() ? name : plain + "/" + name;
    const Descriptor found(openat2_beneath(folder_.get(), next.c_str(), O_PATH | O_NOFOLLOW));
    if (!found.is_open()) return std::nullopt;
    const std::optional<std::string> text = link_text(found.get());
    if (!text) {
      plain = std::move(next);
      continue;
    }
    errno = ELOOP;
    if (++links > kMaxLinks) return std::nullopt;
    std::string_view target = *text;
    if (target.starts_with('/')) {
      const std::optional<std::string_view> below = inside(target);
      errno = EXDEV;
      if (!below) return std::nullopt;
      target = *below;
      plain.clear();
    }
    push_components(rest, target);
  }
  return plain.empty() ? std::string(".") : plain;
}

/// What follows the path of the folder in the text of an absolute link; empty optional when the
/// text begins otherwise.
std::optional<std::string_view> SiteRoot::inside(std::string_view target) const {
  std::string_view real = real_path_;
  if (real == "/") real = {};
  for (const std::string_view base : {std::string_view(path_), real}) {
    if (!target.starts_with(base)) continue;
    const std::string_view below = target.substr(base.size());
    if (below.empty() || below.front() == '/') return below;
  }
  return std::nullopt;
}

}  // namespace glasstcp
