// See control_client.h.
#include "tun/control/control_client.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tun/control/control_name.h"

namespace glasstcp {

// Num RefCount Protocol Flags Type St Inode Path
std::vector<std::string> listening_servers(std::string_view table) {
  constexpr std::string_view kListening = "00010000";
  std::vector<std::string> names;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, references, protocol, flags, type, state, inode, path;
    words >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
    const std::string prefix = "@" + std::string(kControlPrefix);
    if (flags == kListening && path.starts_with(prefix))
      names.push_back(path.substr(prefix.size()));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::expected<std::string, Failure> choose_server(const std::vector<std::string>& running,
                                                  const std::string& wanted) {
  std::string list;
  for (const std::string& name : running) list += (list.empty() ? "" : ", ") + name;
  if (running.empty()) {
    return std::unexpected(Failure{"no glasstcp server runs in this network",
                                   "start one, or ask in its container: docker exec -i NAME "
                                   "glasstcp capture"});
  }
  if (!wanted.empty()) {
    if (std::ranges::find(running, wanted) != running.end()) return wanted;
    return std::unexpected(
        Failure{"no glasstcp server runs on " + wanted, "there are servers on " + list});
  }
  if (running.size() == 1) return running.front();
  return std::unexpected(
      Failure{"several servers run here, on " + list, "choose one by --tun " + running.front()});
}

std::expected<Descriptor, Failure> find_server(const std::string& wanted) {
  std::ifstream table("/proc/net/unix");
  const std::string text{std::istreambuf_iterator<char>(table), {}};
  const auto name = choose_server(listening_servers(text), wanted);
  if (!name) return std::unexpected(name.error());
  return call_server(*name);
}

std::string ask_server(int socket, std::string_view line) {
  const std::string request = std::string(line) + "\n";
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    // It may have said why it closed.
    if (errno != EPIPE) return std::strerror(errno);
  }
  std::string answer;
  for (char c = 0; answer.size() < 1024; answer += c) {
    const ssize_t n = ::recv(socket, &c, 1, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::string("the server does not answer: ") + std::strerror(errno);
    if (n == 0) return "the server closed without an answer";
    if (c == '\n') break;
  }
  if (answer == "ok") return {};
  return answer.starts_with("error ") ? answer.substr(6) : "the server's answer is not understood";
}

std::expected<Descriptor, Failure> call_server(const std::string& interface) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const ControlAddress address = control_address(interface);
  if (!socket.is_open() || ::connect(socket.get(), address.get(), address.size) != 0) {
    return std::unexpected(
        Failure{"cannot reach the server on " + interface + ": " + std::strerror(errno), {}});
  }
  const auto user = user_behind(socket.get());
  if (!user || (*user != 0 && *user != ::getuid())) {
    return std::unexpected(Failure{
        "what calls itself the server on " + interface + " is neither root's nor yours", {}});
  }
  return socket;
}

}  // namespace glasstcp
