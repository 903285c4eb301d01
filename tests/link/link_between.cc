// A cable with faults between two network namespaces: two TUN devices, and a BadLink for each
// direction between them. `scripts/bench link` measures the kernel's TCP and ours over it, alike.
//
//   link_between SERVERS_NAMESPACE CLIENTS_NAMESPACE     (each a path like /run/netns/NAME)
//
// Makes the interface link0 in both, prints "ready", and reads orders from stdin, a line each:
// "SEED SPEC", where SPEC is that of --impair and "out" leads from the server to the client. From
// then on the link is a new one (what was on its way is lost), and "ok" is printed. Ends with
// stdin.
//
// Next: ../../tun/bad_link.h.
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <string>

#include "stack/link/bad_link.h"
#include "tun/device/tun_device.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr const char* kInterface = "link0";
constexpr int kBatch = 64;
constexpr Duration kRefusalPause = 1ms;

// The device, opened in the namespace at `path`; null with a message.
std::unique_ptr<TunDevice> open_in(const char* path) {
  const Descriptor space(::open(path, O_RDONLY | O_CLOEXEC));
  if (!space.is_open() || ::setns(space.get(), CLONE_NEWNET) != 0) {
    std::fprintf(stderr, "link_between: cannot enter %s\n", path);
    return nullptr;
  }
  auto device = TunDevice::open(kInterface, false);
  if (device) return std::move(*device);
  std::fprintf(stderr, "link_between: %s\n", device.error().to_string().c_str());
  return nullptr;
}

// One direction: from a device through the link to a device.
class OneWay {
 public:
  OneWay(TunDevice& from, TunDevice& to) : from_(from), to_(to) {}

  void renew(const Impairment& how, std::uint64_t seed) {
    link_ = BadLink(how, SeededRandom(seed));
  }
  // Moves what can be moved; true: there may be more at once.
  bool turn(Instant now) {
    ReceivedPacket packet;
    int reads = 0;
    while (reads < kBatch && from_.read(packet) == ReadOutcome::Packet) {
      link_.carry(std::span(&packet.bytes, 1), packet.meta, now);
      ++reads;
    }
    while (link_.next_arrival() <= now && now >= retry_at_) {
      OutPacket out;
      out.payload[0] = link_.front().packet;
      out.payload_slices = 1;
      if (to_.write(out) == WriteOutcome::Refused) {
        retry_at_ = now + kRefusalPause;
        break;
      }
      link_.pop();
    }
    return reads == kBatch;
  }
  [[nodiscard]] Instant next_deadline() const {
    const Instant next = link_.next_arrival();
    return next == kNever ? kNever : std::max(next, retry_at_);
  }

 private:
  TunDevice& from_;
  TunDevice& to_;
  BadLink link_{{}, SeededRandom(1)};
  Instant retry_at_ = Instant::min();
};

class Cable {
 public:
  Cable(TunDevice& server, TunDevice& client)
      : descriptors_{server.descriptor(), client.descriptor(), STDIN_FILENO},
        out_(server, client),
        in_(client, server) {}

  int run() {
    const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : descriptors_) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = fd;
      if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    for (bool has_orders = false;;) {
      const Instant now = SystemClock::now();
      const bool more_out = out_.turn(now);
      const bool more_in = in_.turn(now);
      if (has_orders && !take_orders()) return 0;
      has_orders = wait(epoll.get(), more_out || more_in);
    }
  }

 private:
  // Until something is due; whether stdin has something.
  bool wait(int epoll, bool has_more) const {
    std::array<epoll_event, 3> events;
    const Instant next = std::min(out_.next_deadline(), in_.next_deadline());
    const Instant now = SystemClock::now();
    const Duration pause =
        has_more || next <= now ? Duration::zero() : std::min<Duration>(next - now, 1h);
    const timespec timeout{pause / 1s, (pause % 1s).count()};
    const int count = ::epoll_pwait2(epoll, events.data(), 3, &timeout, nullptr);
    bool has_orders = false;
    for (int i = 0; i < count; ++i) {
      has_orders |= events[static_cast<std::size_t>(i)].data.fd == STDIN_FILENO;
    }
    return has_orders;
  }

  // False: stdin has ended, or an order makes no sense.
  bool take_orders() {
    std::array<char, 4096> piece;
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got <= 0) return false;
    orders_.append(piece.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = orders_.find('\n')) != std::string::npos;) {
      if (!obey(orders_.substr(0, end))) return false;
      orders_.erase(0, end + 1);
    }
    return true;
  }

  bool obey(const std::string& order) {
    std::uint64_t seed = 0;
    const char* const end = order.data() + order.size();
    const auto [rest, error] = std::from_chars(order.data(), end, seed);
    const auto plan = parse_impairment(rest == end ? "" : std::string_view(rest + 1, end));
    if (error != std::errc{} || !plan) {
      std::printf("'%s': %s\n", order.c_str(), plan ? "no seed" : plan.error().c_str());
      return false;
    }
    out_.renew(plan->out, 2 * seed);
    in_.renew(plan->in, 2 * seed + 1);
    std::puts("ok");
    std::fflush(stdout);
    return true;
  }

  std::array<int, 3> descriptors_;
  OneWay out_;
  OneWay in_;
  std::string orders_;
};

}  // namespace
}  // namespace glasstcp

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: link_between SERVERS_NAMESPACE CLIENTS_NAMESPACE\n");
    return 2;
  }
  const auto server = glasstcp::open_in(argv[1]);
  const auto client = server ? glasstcp::open_in(argv[2]) : nullptr;
  if (!client) return 1;
  // Deadlines are met to the microsecond, not to the 50 us that the kernel grants itself.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  return glasstcp::Cable(*server, *client).run();
}
