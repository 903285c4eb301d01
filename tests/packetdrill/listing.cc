// See listing.h.
#include "tests/packetdrill/listing.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>
#include <vector>

namespace glasstcp::packetdrill {
namespace {

// TCP_INFO's numbers, in the words of sockstat.
constexpr std::array<const char*, 12> kStates = {
    "?",         "ESTABLISHED", "SYN_SENT",   "SYN_RCVD", "FIN_WAIT_1", "FIN_WAIT_2",
    "TIME_WAIT", "CLOSED",      "CLOSE_WAIT", "LAST_ACK", "LISTEN",     "CLOSING"};

const char* state_name(int state) {
  return kStates[static_cast<std::size_t>(std::clamp(state, 0, 11))];
}

// "192.0.2.1:80", a mapped address as IPv4; "*:*" where there is none.
std::string endpoint_text(const sockaddr_storage& address) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address);
  char text[INET6_ADDRSTRLEN] = "*";
  if (address.ss_family == AF_UNSPEC) return "*:*";
  const std::string port = std::to_string(bytes[2] << 8 | bytes[3]);
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, bytes + offsetof(sockaddr_in, sin_addr), text, sizeof text);
    return std::string(text) + ":" + port;
  }
  const std::uint8_t* v6 = bytes + offsetof(sockaddr_in6, sin6_addr);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(v6));
  inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? v6 + 12 : v6, text, sizeof text);
  return std::string(text) + ":" + port;
}

char family_of(const std::string& local) {
  return std::count(local.begin(), local.end(), ':') > 1 ? '6' : '4';
}

std::vector<glasstcp_entry> entries_of(glasstcp_stack* stack) {
  std::vector<glasstcp_entry> entries(glasstcp_list(stack, nullptr, 0));
  for (glasstcp_entry& entry : entries) entry.size = sizeof entry;
  entries.resize(std::min(glasstcp_list(stack, entries.data(), entries.size()), entries.size()));
  return entries;
}

struct Line {
  std::string local = "*:*", remote = "*:*";
  int state = 0;
};

bool describe(glasstcp_stack* stack, glasstcp_handle handle, Line& line) {
  glasstcp_tcp_info info{};
  socklen_t length = sizeof info;
  constexpr int kTcpInfo = 11;
  if (glasstcp_getsockopt(stack, handle, IPPROTO_TCP, kTcpInfo, &info, &length) != 0) return false;
  line.state = info.tcpi_state;
  sockaddr_storage address{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  length = sizeof address;
  if (glasstcp_getsockname(stack, handle, generic, &length) == 0) {
    line.local = endpoint_text(address);
  }
  length = sizeof address;
  if (glasstcp_getpeername(stack, handle, generic, &length) == 0) {
    line.remote = endpoint_text(address);
  }
  return true;
}

}  // namespace

std::string list_sockets(glasstcp_stack* stack,
                         const std::unordered_map<int, glasstcp_handle>& handles) {
  std::ostringstream out;
  std::vector<Line> held;
  for (const auto& [fd, handle] : handles) {
    Line line;
    if (!describe(stack, handle, line)) continue;
    held.push_back(line);
    out << family_of(line.local) << " packetdril " << fd << ' ' << line.local << ' ' << line.remote
        << ' ' << state_name(line.state) << '\n';
  }
  for (const glasstcp_entry& entry : entries_of(stack)) {
    const std::string local = endpoint_text(entry.local), remote = endpoint_text(entry.remote);
    const bool is_held = std::ranges::any_of(held, [&](const Line& line) {
      return line.local == local && (line.remote == remote || line.state == entry.state);
    });
    if (is_held) continue;
    out << family_of(local) << " ? ? " << local << ' ' << remote << ' ' << state_name(entry.state)
        << '\n';
  }
  return out.str();
}

std::string drop_connections(glasstcp_stack* stack, const std::string& words) {
  std::istringstream in(words);
  std::string kind, state, local_address, local_port, remote_address, remote_port;
  in >> kind;
  if (kind == "state") in >> state;
  if (kind == "tuple") in >> local_address >> local_port >> remote_address >> remote_port;
  std::string dropped;
  for (const glasstcp_entry& entry : entries_of(stack)) {
    const std::string local = endpoint_text(entry.local), remote = endpoint_text(entry.remote);
    const bool wanted = kind == "all" || (kind == "state" && state == state_name(entry.state)) ||
                        (kind == "tuple" && local == local_address + ":" + local_port &&
                         remote == remote_address + ":" + remote_port);
    if (!wanted || entry.remote.ss_family == AF_UNSPEC) continue;
    const int result = glasstcp_drop(stack, reinterpret_cast<const sockaddr*>(&entry.local),
                                     reinterpret_cast<const sockaddr*>(&entry.remote));
    if (result == 0) dropped += local + " " + remote + ": dropped\n";
  }
  return dropped;
}

}  // namespace glasstcp::packetdrill
