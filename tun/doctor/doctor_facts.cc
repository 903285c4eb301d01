// See doctor.h: what the system says. Judges nothing.
#include <arpa/inet.h>
#include <cap-ng.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tun/control/control_name.h"
#include "tun/device/tun_device.h"
#include "tun/device/tun_node.h"
#include "tun/doctor/doctor.h"
#include "tun/host/container.h"
#include "tun/host/descriptor.h"
#include "tun/host/nftables.h"
#include "tun/sandbox/call_filter.h"

namespace glasstcp {
namespace {

constexpr int kPatienceMs = 3000;      // for all
constexpr int kLeastPatienceMs = 500;  // for each

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string variable(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

DoctorFacts::V6 v6_state() {
  const std::string value = text_of("/proc/sys/net/ipv6/conf/default/disable_ipv6");
  if (value.empty()) return DoctorFacts::V6::Absent;
  const std::string all = text_of("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  return value.front() == '0' && !all.starts_with('1') ? DoctorFacts::V6::Enabled
                                                       : DoctorFacts::V6::Disabled;
}

bool is_up(const std::string& interface) {
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return ::ioctl(any.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

std::int64_t milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1000} + now.tv_nsec / 1'000'000;
}

bool is_ready(int socket, short what, std::int64_t until) {
  pollfd wait{socket, what, 0};
  // What is ready already counts, however long another address was waited for.
  return ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(until - milliseconds(), 0))) == 1;
}

// Begins to connect. Closed: it is refused at once.
Descriptor connect_to(const IpAddress& address, std::uint16_t port) {
  Descriptor socket(::socket(address.is_v4() ? AF_INET : AF_INET6,
                             SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const ByteView bytes = address.bytes();
  if (address.is_v4()) {
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
  } else {
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  }
  const auto* const to = address.is_v4() ? reinterpret_cast<const sockaddr*>(&v4)
                                         : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t size = address.is_v4() ? sizeof(v4) : sizeof(v6);
  if (::connect(socket.get(), to, size) != 0 && errno != EINPROGRESS) socket.reset();
  return socket;
}

bool is_connected(int socket, std::int64_t until) {
  int error = 0;
  socklen_t length = sizeof(error);
  return is_ready(socket, POLLOUT, until) &&
         ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

bool is_answering(int socket, std::int64_t until) {
  if (!is_connected(socket, until)) return false;
  // HEAD, and read to the end, so that a capture shows a short exchange with an orderly close.
  constexpr std::string_view kRequest =
      "HEAD / HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\n\r\n";
  if (::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kRequest.size())) {
    return false;
  }
  std::string answer;
  std::array<char, 1024> piece;
  while (answer.size() < 64 * piece.size() && is_ready(socket, POLLIN, until)) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  return answer.starts_with("HTTP/1.");
}

// Of the process that listens on the control socket of the interface.
std::optional<DoctorFacts::Server> server_on(const std::string& interface) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const ControlAddress address = control_address(interface);
  ucred who{};
  socklen_t size = sizeof who;
  if (::connect(socket.get(), address.get(), address.size) != 0 ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.pid <= 0) {
    return std::nullopt;
  }
  const std::string status = text_of(("/proc/" + std::to_string(who.pid) + "/status").c_str());
  if (status.empty()) return std::nullopt;
  return DoctorFacts::Server{who.pid, status.find("\nSeccomp:\t2") != std::string::npos};
}

std::uint32_t mtu_of(const std::string& interface) {
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(any.get(), SIOCGIFMTU, &request) != 0) return 0;
  return static_cast<std::uint32_t>(request.ifr_mtu);
}

// Of the interface where there is one, since others may differ.
DoctorFacts::V6 v6_state_of(const std::string& interface) {
  const std::string own =
      text_of(("/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6").c_str());
  if (own.empty()) return v6_state();
  return own.front() == '0' ? DoctorFacts::V6::Enabled : DoctorFacts::V6::Disabled;
}

}  // namespace

// All are called at once, and the kernel goes on with the later ones while the first is waited for.
std::vector<bool> who_answers(const std::vector<IpAddress>& addresses, std::uint16_t port) {
  std::vector<Descriptor> sockets;
  for (const IpAddress& address : addresses) sockets.push_back(connect_to(address, port));
  const std::int64_t until = milliseconds() + kPatienceMs;
  std::vector<bool> answers;
  for (const Descriptor& socket : sockets) {
    // One that waited long for another has still time to answer.
    const std::int64_t least = milliseconds() + kLeastPatienceMs;
    answers.push_back(socket.is_open() && is_answering(socket.get(), std::max(until, least)));
  }
  return answers;
}

ServingFacts gather_serving_facts(const ServeOptions& options) {
  ServingFacts facts;
  const std::vector<bool> answers =
      who_answers({options.address.address, options.address6.address}, options.port);
  facts.v4_answers = answers[0];
  facts.v6_answers = answers[1];
  facts.v6 = v6_state_of(options.tun);
  facts.mtu = mtu_of(options.tun);
  facts.interface_is_up = is_up(options.tun);
  facts.addresses = local_addresses();
  return facts;
}

DoctorFacts gather_doctor_facts(const ServeOptions& options) {
  DoctorFacts facts;
  facts.in_container = is_in_container();
  facts.is_root = ::geteuid() == 0;
  facts.networks = local_networks();
  facts.interface_is_up = is_up(options.tun);
  const std::vector<bool> answers =
      who_answers({options.address.address, options.address6.address}, options.port);
  facts.is_answering = answers[0];

  make_missing_tun_node();
  const TunDevice::Wish wish{options.tun, options.address, options.address6, options.offload,
                             options.language};
  if (auto device = TunDevice::open(wish); !device) {
    facts.device = device.error();
  }
  capng_get_caps_process();
  facts.has_net_admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) != 0;

  facts.v6 = v6_state();
  facts.forwarding = text_of("/proc/sys/net/ipv4/ip_forward").starts_with('1');
  facts.may_forward =
      Descriptor(::open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC)).is_open();
  facts.has_nft = Nftables::is_here();
  facts.port_is_taken = has_listener(text_of("/proc/net/tcp"), options.port) ||
                        has_listener(text_of("/proc/net/tcp6"), options.port);
  // HTTP_PROXY in capitals is for others than curl, which fears what CGI makes of it.
  facts.proxy = variable({"http_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"});
  facts.no_proxy = variable({"no_proxy", "NO_PROXY"});
  facts.sandbox = {could_limit_calls(), could_limit_files()};
  facts.server = server_on(options.tun);
  if (!facts.has_net_admin) {
    facts.own_network = try_own_network();
    facts.forbidding_setting = forbidding_setting();
  }
  return facts;
}

}  // namespace glasstcp
