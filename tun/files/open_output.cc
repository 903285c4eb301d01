// See open_output.h.
#include "tun/files/open_output.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace glasstcp {
namespace {

// The descriptor that a path means; empty: it is a file's.
std::optional<int> open_already(const std::string& path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  constexpr std::string_view kFolder = "/dev/fd/";
  if (!path.starts_with(kFolder)) return std::nullopt;
  int number = -1;
  const char* const end = path.data() + path.size();
  const auto [rest, error] = std::from_chars(path.data() + kFolder.size(), end, number);
  return error == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

int flags_of(const OutputRequest& request) {
  int how = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
  if (request.mode == OutputMode::Append) how |= O_APPEND;
  if (request.mode == OutputMode::Replace) how |= O_TRUNC;
  if (!request.waits_for_reader) how |= O_NONBLOCK;
  return how;
}

Descriptor open_for_writing(const OutputRequest& request, int more) {
  if (const auto number = open_already(request.path)) {
    return Descriptor(::fcntl(*number, F_DUPFD_CLOEXEC, 3));
  }
  return Descriptor(::open(request.path.c_str(), flags_of(request) | more, 0644));
}

Descriptor open_as(const OutputRequest& request) {
  {
    const FileRights theirs(request.owner);
    Descriptor file = open_for_writing(request, 0);
    if (file.is_open() || !request.owner || (errno != EACCES && errno != EPERM)) return file;
  }
  if (request.real_path.empty()) return open_for_writing(request, O_NOFOLLOW);
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags_of(request));
  how.mode = 0644;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return Descriptor(static_cast<int>(
      ::syscall(SYS_openat2, AT_FDCWD, request.real_path.c_str(), &how, sizeof how)));
}

std::string cure_of(int error, const OutputRequest& request) {
  switch (error) {
    case EISDIR:
      return "give a file in it, like " + request.path + (request.path.ends_with('/') ? "" : "/") +
             (request.mode == OutputMode::Append ? "access.log" : "glasstcp.pcapng");
    case ENOENT:
    case ENOTDIR:
      return "make its folder first, or choose another";
    case EROFS:
    case ENOSPC:
      return "choose a file on another disk";
    case ELOOP:
      return "it is a link into a place of root's: name that place itself";
    default:
      return "choose a file that user " + std::to_string(::geteuid()) + " may write";
  }
}

}  // namespace

bool names_a_file(const std::string& path) {
  return !open_already(path);
}

std::expected<Descriptor, Failure> open_output(const OutputRequest& request) {
  Descriptor file = open_as(request);
  if (file.is_open()) return file;
  const int error = errno;
  Failure failure{"cannot write " + request.what + " " + request.path + ": " + std::strerror(error),
                  cure_of(error, request)};
  errno = error;  // for those who have words of their own
  return std::unexpected(std::move(failure));
}

}  // namespace glasstcp
