// See control_client.h.
#include "tun/control/control_client.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
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
