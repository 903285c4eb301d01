// See low_memory_crowd.h. The clients are segments typed by hand: they cost nothing.
#include "tests/sim/low_memory_crowd.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "stack/socket/stack.h"
#include "tests/sim/allocations.h"
#include "tests/support/raw_packet.h"

namespace glasstcp::sim {
namespace {

using test::kAck;
using test::kFin;
using test::kRst;
using test::kSyn;

// More than the newcomers of a ledger of peers (1024) and the names that its first table has room
// for (960), so that this table has to grow.
constexpr std::uint32_t kClients = 2100;
constexpr std::uint32_t kLateClients = 50;
constexpr std::uint32_t kCalls = 1000;
constexpr std::uint32_t kServers = 20;
constexpr std::uint32_t kPorts = 1000;
constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kFastPort = 81;
// Each table that grows to a size is to be the first one that cannot; there are fewer than these.
constexpr int kMostOfASize = 8;

StackConfig crowd_config() {
  StackConfig config;
  config.addresses = {*Cidr::parse("2001:db8::1/64")};
  config.seed = Seed::from_number(1);
  config.tcp.half_open_per_second = 1'000'000;
  config.tcp.syn_answers_per_second = 0;
  return config;
}

struct Client {
  std::uint32_t number = 0;
  std::uint32_t next = 0;  // to send
  std::uint32_t ack = 0;   // 0: nobody has answered

  [[nodiscard]] bool is_fast() const { return number % 3 == 2; }
  // Two of each /64.
  [[nodiscard]] FourTuple tuple() const {
    std::array<std::uint8_t, 16> from{0x20, 0x01, 0x0d, 0xb8};
    store_be32(&from[4], 1 + number / 2);
    from[15] = static_cast<std::uint8_t>(1 + number % 2);
    return {IpAddress::v6(from.data()), *IpAddress::parse("2001:db8::1"), Port(4000),
            Port(is_fast() ? kFastPort : kPlainPort)};
  }
};

class Crowd {
  template <typename Call>
  static auto watched(Call call) {
    const WatchedAllocations watch;
    return call();
  }

 public:
  Crowd() : stack_(crowd_config(), now_) {
    packet_.reserve(200);
    for (std::uint32_t i = 0; i < clients_.size(); ++i) clients_[i].number = i;
    const auto plain = listen(kPlainPort, 4096);
    const auto fast = listen(kFastPort, 4096);
    is_listening_ = plain && fast;
    if (!is_listening_) return;
    stack_.set_listener_fast_open(*fast, {.limit = 4096, .needs_cookie = false, .keys = {}});
  }
  [[nodiscard]] bool is_listening() const { return is_listening_; }

  /// Everybody comes, some go and others come, and all go.
  void play() {
    for (std::uint32_t i = 0; i < kPorts; ++i) {
      const auto port = static_cast<std::uint16_t>(1000 + i);
      static_cast<void>(watched([&] { return listen(port, 1); }));
    }
    for (std::uint32_t i = 0; i < kClients; ++i) knock(clients_[i]);
    for (std::uint32_t i = 0; i < kClients; ++i) enter(clients_[i]);
    stack_.check_invariants();
    for (std::uint32_t i = 0; i < kCalls; ++i) call(i);
    for (std::uint32_t i = 0; i < kServers; ++i) call_fast(i);
    for (std::uint32_t i = 0; i < kLateClients; ++i) {
      say(clients_[i], kRst);
      knock(clients_[kClients + i]);
      enter(clients_[kClients + i]);
    }
    stack_.check_invariants();
    close_all();
    stack_.check_invariants();
  }
  /// What TIME-WAIT, timers and retransmissions still have to do.
  void wait() {
    for (const Instant end = now_ + 600s; now_ < end;) {
      now_ = std::clamp(stack_.next_deadline(), now_ + 1ms, end);
      settle();
    }
  }
  [[nodiscard]] std::uint64_t memory_used() const { return stack_.memory().used; }
  /// Empty: nothing is left.
  [[nodiscard]] std::string what_is_left() const {
    stack_.check_invariants();
    if (stack_.connection_count() != 0) return "connections";
    if (stack_.half_open_count() != 0) return "half-open records";
    if (stack_.time_wait_count() != 0) return "TIME-WAIT records";
    return "";
  }
  /// Whether somebody is served now: plainly, and with Fast Open.
  [[nodiscard]] bool serves() {
    for (Client client : {Client{kClients + 500}, Client{kClients + 502}}) {
      const std::uint64_t before = accepted_;
      knock(client);
      enter(client);
      if (accepted_ != before + 1) return false;
    }
    return true;
  }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t waited() const { return waited_; }
  [[nodiscard]] std::uint64_t known() const { return known_; }

 private:
  std::expected<ListenerId, OpenError> listen(std::uint16_t port, std::uint32_t backlog) {
    return stack_.listen({*IpAddress::parse("::"), Port(port)}, backlog);
  }
  void knock(Client& client) {
    syn_ack_ = {};
    say(client, kSyn);
    if (!syn_ack_.has(kSyn)) return;
    client.next = syn_ack_.ack;
    client.ack = syn_ack_.seq + 1;
  }
  void enter(Client& client) {
    if (client.ack != 0) say(client, kAck);
  }
  // A SYN with Fast Open brings data along.
  void say(const Client& client, std::uint16_t flags) {
    test::RawTcp segment;
    segment.tuple = client.tuple();
    segment.flags = flags;
    segment.seq = client.next;
    segment.ack = (flags & kAck) != 0 ? client.ack : 0;
    segment.text = flags == kSyn && client.is_fast() ? 10 : 0;
    send(segment);
  }
  void send(const test::RawTcp& segment) {
    test::write_raw_packet(segment, packet_);
    PacketMeta verified;
    verified.checksum_valid = true;
    watched([&] { return stack_.receive(packet_, verified, now_); });
    settle();
  }
  // To somebody who is silent, every second one with settings of its own.
  void call(std::uint32_t number) {
    ConnectOptions options;
    options.remote = {*IpAddress::parse("2001:db8:ffff::1"), Port(9)};
    if (number % 2 == 0) options.settings = stack_.default_settings();
    calls_ += watched([&] { return stack_.connect(options, now_).has_value(); }) ? 1 : 0;
    settle();
  }
  // To servers that answer, and give their cookies.
  void call_fast(std::uint32_t number) {
    std::array<std::uint8_t, 16> server{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xfe};
    server[15] = static_cast<std::uint8_t>(1 + number);
    ConnectOptions options;
    options.remote = {IpAddress::v6(server.data()), Port(9)};
    options.fast_open = FastOpenUse::Yes;
    const auto id = watched([&] { return stack_.connect(options, now_); });
    settle();
    if (!id || !syn_.has(kSyn)) return;
    test::RawTcp answer;
    answer.tuple = {options.remote.address, *IpAddress::parse("2001:db8::1"), Port(9), syn_port_};
    answer.flags = kSyn | kAck;
    answer.ack = syn_.seq + 1;
    answer.options = {34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1};  // RFC 7413 §4.1.1
    send(answer);
    known_ += stack_.can_fast_open(options.remote.address, now_) ? 1 : 0;
  }
  // We close first, and stay in TIME-WAIT.
  void close_all() {
    for (const ConnectionId id : stack_.connections()) {
      watched([&] {
        stack_.close(id, now_);
        return 0;
      });
    }
    settle();
    for (Client& client : clients_) {
      if (client.ack == 0) continue;
      ++client.ack;
      say(client, kFin | kAck);
    }
    waited_ = stack_.time_wait_count();
  }
  // Output leaves, and the application accepts and reads; 10 us pass.
  void settle() {
    now_ += 10us;
    watched([&] {
      stack_.advance(now_);
      for (bool moved = true; moved;) {
        moved = false;
        while (const auto event = stack_.next_event()) {
          moved = true;
          act_on(*event);
        }
        while (stack_.transmit(now_, out_)) {
          moved = true;
          const test::SentTcp sent = test::read_sent(out_);
          if (!sent.has(kSyn)) continue;
          (sent.has(kAck) ? syn_ack_ : syn_) = sent;
          syn_port_ = Port(load_be16(out_.header.data() + 40));
        }
      }
      return 0;
    });
  }
  void act_on(const Event& event) {
    if (event.is_listener) {
      while (const auto id = stack_.accept(event.listener)) {
        ++accepted_;
        read(*id);
      }
    } else if ((event.mask & EventMask::kError) != 0) {
      stack_.close(event.connection, now_);
    } else {
      read(event.connection);
    }
  }
  void read(ConnectionId id) {
    if (const auto bytes = stack_.peek(id)) stack_.consume(id, bytes->size(), now_);
  }

  Instant now_{1s};
  Stack stack_;
  bool is_listening_ = false;
  std::array<Client, kClients + kLateClients> clients_{};
  test::SentTcp syn_ack_, syn_;  // the last ones that left
  Port syn_port_{};              // of whichever left last
  std::uint64_t accepted_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t waited_ = 0;
  std::uint64_t known_ = 0;  // servers whose cookies came
  OutPacket out_;
  test::Bytes packet_;
};

// The n-th allocation of a crowd fails, and all later ones like it.
std::string play(std::uint64_t n) {
  const auto crowd = std::make_unique<Crowd>();
  const std::uint64_t before = crowd->memory_used();
  fail_allocations_like(n);
  crowd->play();
  const bool was_reached = watched_allocations() >= n;
  fail_allocations(0, 0);
  if (!was_reached) return "it is not made again";
  crowd->wait();
  const std::string left = crowd->what_is_left();
  if (!left.empty()) return left + " are left of it";
  if (crowd->memory_used() != before) return "memory stays counted that nobody holds";
  return crowd->serves() ? "" : "who came after it was not served";
}

// With enough memory; empty: everybody is served. `sizes`: of the allocations.
std::string play_plainly(std::vector<std::size_t>& sizes) {
  const auto plain = std::make_unique<Crowd>();
  if (!plain->is_listening()) return "it does not listen";
  fail_allocations(0, 0);
  plain->play();
  sizes.assign(watched_sizes().begin(), watched_sizes().end());
  if (plain->accepted() != kClients + kLateClients) return "with enough memory not all are served";
  if (plain->calls() != kCalls) return "with enough memory not all are called";
  if (plain->known() != kServers) return "with enough memory not all cookies are kept";
  if (plain->waited() != kClients) return "with enough memory not all are closed in order";
  return "";
}

}  // namespace

std::string check_low_memory_in_a_crowd() {
  std::vector<std::size_t> sizes;
  if (std::string complaint = play_plainly(sizes); !complaint.empty()) return complaint;
  std::map<std::size_t, int> worlds;  // for each size
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (++worlds[sizes[i]] > kMostOfASize) continue;
    std::string complaint;
    try {
      complaint = play(i + 1);
    } catch (const std::bad_alloc&) {
      complaint = "an exception";
    }
    fail_allocations(0, 0);
    if (!complaint.empty())
      return "allocation " + std::to_string(i + 1) + " and all of its size failed: " + complaint;
  }
  return worlds.size() < 10 ? "a crowd makes allocations of a few sizes only" : "";
}

}  // namespace glasstcp::sim
