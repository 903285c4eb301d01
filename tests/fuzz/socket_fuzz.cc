// libFuzzer target: any sequence of calls of the C ABI, on two stacks with a link between them, any
// numbers as options, and any packets in between, is survivable; and a call answers a count, 0 or a
// small -errno, never anything else.
//
// Each step is four bytes: which call, which handle, and two that it uses.
//
// Inputs have at most 1200 bytes.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "stack/socket/glasstcp.h"

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::size_t kHandles = 8;

struct World {
  World() { stacks = {make("192.0.2.1/24", 1), make("192.0.2.2/24", 2)}; }
  ~World() {
    for (glasstcp_stack* s : stacks) glasstcp_stack_free(s);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  static glasstcp_stack* make(const char* address, std::uint8_t seed) {
    glasstcp_config c;
    glasstcp_config_init(&c);
    c.addresses = &address;
    c.address_count = 1;
    c.seed[0] = seed;
    c.memory = 64 << 20;
    c.max_connections = 64;
    c.personality = seed == 1 ? GLASSTCP_PERSONALITY_LINUX : GLASSTCP_PERSONALITY_RFC;
    glasstcp_stack* s = nullptr;
    if (glasstcp_stack_new(&c, 0, &s) != 0) std::abort();
    return s;
  }

  // Everything that left arrives, or is lost.
  void carry(std::size_t from, bool is_lost) {
    glasstcp_packet packet{};
    packet.size = sizeof packet;
    while (glasstcp_transmit(stacks[from], now, &packet) == 1) {
      std::vector<std::uint8_t> bytes;
      for (int i = 0; i < packet.slice_count; ++i) {
        const auto* slice = static_cast<const std::uint8_t*>(packet.slices[i].iov_base);
        bytes.insert(bytes.end(), slice, slice + packet.slices[i].iov_len);
      }
      if (is_lost) continue;
      glasstcp_receive(stacks[1 - from], bytes.data(), bytes.size(), &packet.vnet, now);
    }
  }

  std::array<glasstcp_stack*, 2> stacks{};
  std::array<std::array<glasstcp_handle, kHandles>, 2> handles{};
  std::uint64_t now = 0;
};

sockaddr_in somewhere(std::uint8_t host, std::uint8_t port) {
  sockaddr_in address{};
  address.sin_family = host == 255 ? AF_UNSPEC : AF_INET;
  const std::uint8_t bytes[4] = {192, 0, 2, static_cast<std::uint8_t>(host % 4)};
  std::memcpy(&address.sin_addr, bytes, sizeof bytes);
  if (host % 4 == 3) address.sin_addr.s_addr = 0;
  address.sin_port = static_cast<in_port_t>(port % 4 * 256);
  return address;
}

ssize_t transfer(glasstcp_stack* s, glasstcp_handle h, bool is_send, std::uint8_t a,
                 std::uint8_t b) {
  static std::array<std::uint8_t, 65536> buffer{};
  const std::size_t length = std::size_t{a} * a;
  constexpr std::array<int, 8> kFlags = {0,           MSG_PEEK,  MSG_OOB,      MSG_DONTWAIT,
                                         MSG_WAITALL, MSG_TRUNC, MSG_ZEROCOPY, MSG_MORE};
  const int flags = kFlags[b % 8];
  return is_send ? glasstcp_send(s, h, buffer.data(), length, flags)
                 : glasstcp_recv(s, h, buffer.data(), length, flags);
}

ssize_t option(glasstcp_stack* s, glasstcp_handle h, bool is_set, std::uint8_t a, std::uint8_t b) {
  constexpr std::array<int, 4> kLevels = {SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6};
  std::array<int, 80> value{};
  value[0] = b < 128 ? b : -static_cast<int>(b) * 65537;
  auto length = static_cast<socklen_t>(b % 2 == 0 ? sizeof(int) : sizeof value);
  const int level = kLevels[a / 64];
  return is_set ? glasstcp_setsockopt(s, h, level, a % 64, value.data(), length)
                : glasstcp_getsockopt(s, h, level, a % 64, value.data(), &length);
}

ssize_t watch(glasstcp_stack* s, glasstcp_handle h, glasstcp_handle other, std::uint8_t b) {
  std::array<epoll_event, 3> events{};
  events[0].events = b * 0x00800001U;
  if (b % 4 == 3) return glasstcp_epoll_wait(s, h, events.data(), events.size());
  return glasstcp_epoll_ctl(s, h, b % 4 + 1, other, events.data());
}

ssize_t step(World& w, const std::uint8_t* code) {
  const std::size_t side = code[1] & 1U;
  glasstcp_stack* s = w.stacks[side];
  glasstcp_handle& h = w.handles[side][code[1] / 2 % kHandles];
  const std::uint8_t a = code[2], b = code[3];
  const sockaddr_in address = somewhere(a, b);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  int number = b;
  switch (code[0] % 18) {
    case 0:
      if (h != 0) glasstcp_unref(s, h);
      return glasstcp_socket(s, a % 2 == 0 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0,
                             &h);
    case 1:
      return glasstcp_bind(s, h, generic, b % 32);
    case 2:
      return glasstcp_listen(s, h, b - 5);
    case 3:
      return glasstcp_connect(s, h, generic, sizeof address);
    case 4:
      return glasstcp_accept(s, h, nullptr, nullptr, 0, &w.handles[side][a % kHandles]);
    case 5:
    case 6:
      return transfer(s, h, code[0] % 18 == 5, a, b);
    case 7:
    case 8:
      return option(s, h, code[0] % 18 == 7, a, b);
    case 9:
      return glasstcp_shutdown(s, h, b % 4);
    case 10:
      return glasstcp_close(s, h);
    case 11:
      return glasstcp_ioctl(s, h, 0x5400UL + a, &number);
    case 12:
      return glasstcp_epoll_create(s, &h);
    case 13:
      return watch(s, h, w.handles[side][a % kHandles], b);
    case 14:
      w.carry(side, b == 0);
      return 0;
    case 15:
      w.now += kMillisecond * a * (b + 1U);
      for (glasstcp_stack* each : w.stacks) glasstcp_advance(each, w.now);
      return 0;
    case 16:
      glasstcp_receive(s, code, 4, nullptr, w.now);
      return glasstcp_level(s, h) < 0 ? -EBADF : 0;
    default:
      return glasstcp_fcntl(s, h, a % 5, number * 16);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  constexpr ssize_t kLastErrno = 4095, kMostBytes = 65536;
  for (std::size_t at = 0; at + 4 <= size && at < 4000; at += 4) {
    const ssize_t result = step(world, data + at);
    if (result < -kLastErrno || result > kMostBytes) std::abort();
  }
  return 0;
}
