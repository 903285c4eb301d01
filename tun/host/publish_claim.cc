// See publish_claim.h.
#include "tun/host/publish_claim.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace glasstcp {
namespace {

constexpr std::string_view kPrefix = "glasstcp-publish/";

Descriptor bind_name(const std::string& name) {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), size);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  return socket;
}

}  // namespace

// Num RefCount Protocol Flags Type St Inode Path
std::vector<Publisher> publishers_in(std::string_view table) {
  std::vector<Publisher> found;
  const std::string prefix = "@" + std::string(kPrefix);
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(prefix);
    if (at == std::string::npos) continue;
    const char* const end = line.data() + line.size();
    Publisher one;
    const auto [rest, error] = std::from_chars(line.data() + at + prefix.size(), end, one.port);
    if (error != std::errc{} || rest == end || *rest != '/') continue;
    one.interface.assign(rest + 1, end);
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<Publisher> publishers() {
  std::ifstream file("/proc/net/unix");
  return publishers_in(std::string{std::istreambuf_iterator<char>(file), {}});
}

Descriptor claim(const Publisher& publisher) {
  return bind_name(fmt::format("{}{}/{}", kPrefix, publisher.port, publisher.interface));
}

PublishLock::PublishLock() {
  constexpr int kAttempts = 100;
  constexpr timespec kPause{0, 10'000'000};
  for (int i = 0; i < kAttempts; ++i) {
    socket_ = bind_name("glasstcp-publish-lock");
    if (socket_.is_open()) return;
    ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace glasstcp
