// See reader_process.h.
#include "tun/report/reader_process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "tun/host/descriptor.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp::report {
namespace {

// What stands before each file in the pipe.
struct Head {
  std::uint32_t is_error = 0;  // the content is the sentence
  std::uint32_t name_size = 0;
  std::uint64_t content_size = 0;
};

bool send_all(int pipe, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(pipe, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_file(int pipe, const Head& head, const ReportFile& file) {
  return send_all(pipe, {reinterpret_cast<const char*>(&head), sizeof head}) &&
         send_all(pipe, file.name) && send_all(pipe, file.content);
}

bool send_report(int pipe, const MadeReport& made) {
  if (!made) return send_file(pipe, {1, 0, made.error().size()}, {{}, made.error()});
  return std::ranges::all_of(*made, [pipe](const ReportFile& file) {
    const auto name_size = static_cast<std::uint32_t>(file.name.size());
    return send_file(pipe, {0, name_size, file.content.size()}, file);
  });
}

[[noreturn]] void make_there(const std::function<MadeReport()>& make, int pipe, Language language) {
  constexpr int kPipe = STDERR_FILENO + 1;
  const int nowhere = ::open("/dev/null", O_RDWR);
  const int high = ::fcntl(pipe, F_DUPFD, kPipe + 1);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(high, kPipe);
  ::close_range(kPipe + 1, ~0U, 0);
  Sandbox sandbox(true, language);
  sandbox.limit_files({});
  sandbox.limit_calls(Confined::Reader);
  ::_exit(send_report(kPipe, make()) ? 0 : 1);
}

std::string receive_all(int pipe) {
  std::string bytes;
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t n = ::read(pipe, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(n));
  }
}

// Empty: what came is no report.
std::optional<MadeReport> read_report(std::string_view bytes) {
  ReportFiles files;
  while (!bytes.empty()) {
    Head head;
    if (bytes.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, bytes.data(), sizeof head);
    bytes.remove_prefix(sizeof head);
    if (bytes.size() < head.name_size || bytes.size() - head.name_size < head.content_size) {
      return std::nullopt;
    }
    ReportFile file{std::string(bytes.substr(0, head.name_size)),
                    std::string(bytes.substr(head.name_size, head.content_size))};
    bytes.remove_prefix(head.name_size + head.content_size);
    if (head.is_error != 0) return MadeReport(std::unexpected(std::move(file.content)));
    if (!is_name_of_report(file.name)) return std::nullopt;
    files.push_back(std::move(file));
  }
  return files;
}

std::unexpected<std::string> failed(const std::string& why) {
  return std::unexpected("cannot read the capture in a process of its own: " + why);
}

}  // namespace

bool is_name_of_report(std::string_view name) {
  if (name.empty() || name == "report.md") return true;
  constexpr std::string_view kFolder = "figures/";
  constexpr std::string_view kEnd = ".svg";
  if (!name.starts_with(kFolder) || !name.ends_with(kEnd)) return false;
  const std::string_view stem =
      name.substr(kFolder.size(), name.size() - kFolder.size() - kEnd.size());
  return !stem.empty() && std::ranges::all_of(stem, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

MadeReport made_in_sandbox(const std::function<MadeReport()>& make, Language language) {
  if (!kSandboxDefault) return make();
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(std::strerror(errno));
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) make_there(make, writing.get(), language);
  if (child < 0) return failed(std::strerror(errno));
  writing.reset();
  const std::string bytes = receive_all(reading.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status)) return failed(std::string(::strsignal(WTERMSIG(status))));
  auto made = read_report(bytes);
  if (!made || WEXITSTATUS(status) != 0) return failed("it has no memory, or a fault");
  return std::move(*made);
}

}  // namespace glasstcp::report
