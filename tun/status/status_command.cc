// See status_command.h.
#include "tun/status/status_command.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <expected>
#include <string>

#include "tun/cli/options.h"
#include "tun/control/control_client.h"
#include "tun/files/error_lines.h"

namespace glasstcp {
namespace {

constexpr timeval kPatience{10, 0};  // for a server that is stopped, or very busy

std::expected<std::string, Failure> ask(const StatusOptions& options) {
  auto server = find_server(options.tun);
  if (!server) return std::unexpected(server.error());
  ::setsockopt(server->get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const char* const text = options.language == Language::Chinese ? "text zh" : "text en";
  const std::string line = fmt::format("status {}", options.json ? "json" : text);
  std::string refusal = ask_server(server->get(), line);
  if (!refusal.empty()) return std::unexpected(Failure{std::move(refusal), {}});
  std::string answer;
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t n = ::recv(server->get(), piece.data(), piece.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Failure{std::strerror(errno), {}});
    if (n == 0) return answer;
    answer.append(piece.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

int status(const StatusOptions& options) {
  const auto answer = ask(options);
  if (!answer) {
    ErrorLines(options.language).say(answer.error().to_string());
    return kExitFailure;
  }
  const bool is_written =
      std::fwrite(answer->data(), 1, answer->size(), stdout) == answer->size() &&
      std::fflush(stdout) == 0;
  return is_written ? 0 : kExitFailure;
}

}  // namespace glasstcp
