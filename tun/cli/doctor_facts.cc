// See doctor.h: what the system says. Judges nothing.
#include <arpa/inet.h>
#include <cap-ng.h>
#include <fcntl.h>
#include <linux/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tun/cli/doctor.h"
#include "tun/container.h"
#include "tun/descriptor.h"
#include "tun/tun_device.h"
#include "tun/tun_node.h"

namespace glasstcp {
namespace {

constexpr int kPatienceMs = 3000;

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

bool is_ready(int socket, short what) {
  pollfd wait{socket, what, 0};
  return ::poll(&wait, 1, kPatienceMs) == 1;
}

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
  if (::connect(socket.get(), to, size) == 0) return socket;
  int error = 0;
  socklen_t length = sizeof(error);
  if (errno != EINPROGRESS || !is_ready(socket.get(), POLLOUT) ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
    socket.reset();
  }
  return socket;
}

}  // namespace

bool is_answering(const IpAddress& address, std::uint16_t port) {
  const Descriptor socket = connect_to(address, port);
  if (!socket.is_open()) return false;
  // HEAD, and read to the end, so that a capture shows a short exchange with an orderly close.
  constexpr std::string_view kRequest =
      "HEAD / HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kRequest.size())) {
    return false;
  }
  std::string answer;
  std::array<char, 1024> piece;
  while (answer.size() < 64 * piece.size() && is_ready(socket.get(), POLLIN)) {
    const ssize_t got = ::recv(socket.get(), piece.data(), piece.size(), 0);
    if (got <= 0) break;
    answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  return answer.starts_with("HTTP/1.");
}

DoctorFacts gather_doctor_facts(const ServeOptions& options) {
  DoctorFacts facts;
  facts.in_container = is_in_container();
  facts.is_root = ::geteuid() == 0;
  facts.networks = local_networks();
  facts.interface_is_up = is_up(options.tun);
  facts.is_answering = is_answering(options.address.address, options.port);

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
  facts.has_nft = ::access("/usr/sbin/nft", X_OK) == 0 || ::access("/sbin/nft", X_OK) == 0;
  facts.port_is_taken = has_listener(text_of("/proc/net/tcp"), options.port) ||
                        has_listener(text_of("/proc/net/tcp6"), options.port);
  // HTTP_PROXY in capitals is for others than curl, which fears what CGI makes of it.
  facts.proxy = variable({"http_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"});
  facts.no_proxy = variable({"no_proxy", "NO_PROXY"});
  return facts;
}

}  // namespace glasstcp
