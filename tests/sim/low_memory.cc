// See low_memory.h. The wire takes a millisecond, and the harness itself has no heap.
#include "tests/sim/low_memory.h"

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "http/memory_store.h"
#include "http/server.h"
#include "stack/socket/stack.h"
#include "tests/sim/allocations.h"

namespace glasstcp::sim {
namespace {

constexpr std::size_t kPage = 2000;
constexpr std::size_t kLargeFile = 600'000;
constexpr std::size_t kWire = 70'000;
constexpr Duration kPatience = 300s;  // of a visit: longer than every timeout of the server
constexpr std::uint64_t kMostAllocations = 2000;

constexpr std::array<std::string_view, 4> kRequests = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n"
    "01234567890123456789012345678901234567890123456789",
    "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
};

StackConfig stack_config(const char* address, std::uint64_t seed) {
  StackConfig config;
  config.addresses = {*Cidr::parse(address)};
  config.seed = Seed::from_number(seed);
  config.memory = 16U << 20;
  return config;
}

http::ServerConfig server_config() {
  http::ServerConfig config;
  config.site.sink_path = "/sink";
  config.memory = 4U << 20;
  return config;
}

/// A server with its client; each call into them counts its allocations.
class Visits {
  static ByteView bytes(const std::vector<std::uint8_t>& v) { return v; }

  template <typename Call>
  static auto watched(Call call) {
    const WatchedAllocations watch;
    return call();
  }
  template <typename Call>
  auto watched_of(const Stack& stack, Call call) {
    const bool is_watched = is_client_watched_ || &stack != &*client_;
    return is_watched ? watched(call) : call();
  }

 public:
  Visits() : large_(kLargeFile, 'x') {
    store_.put("index.html", bytes(large_).first(kPage), 1);
    store_.put("large.bin", bytes(large_), 1);
    server_stack_.emplace(stack_config("192.0.2.2/24", 2), now_);
    client_.emplace(stack_config("192.0.2.1/24", 1), now_);
    server_.emplace(*server_stack_, store_, types_, server_config(), now_);
    is_listening_ = server_->listen({*IpAddress::parse("0.0.0.0"), Port(80)}).has_value();
  }

  /// Bytes that came back for all requests on one connection; empty: it ended before.
  std::optional<std::size_t> visit() {
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
    const auto id = watched_of(*client_, [&] { return client_->connect(options, now_); });
    if (!id) return std::nullopt;
    received_ = 0;
    asked_ = 0;
    const Instant end = now_ + kPatience;
    while (now_ < end && !is_over(*id)) turn(*id);
    const bool is_whole = ended_well_;
    watched_of(*client_, [&] {
      client_->abort(*id, now_);
      return 0;
    });
    for (int i = 0; i < 100; ++i) turn(ConnectionId{});
    return is_whole ? std::optional(received_) : std::nullopt;
  }
  [[nodiscard]] bool is_listening() const { return is_listening_; }
  /// The server gets the memory of a few visits before there is none; its client always has some.
  [[nodiscard]] bool reserve() {
    is_client_watched_ = false;
    return server_->reserve();
  }
  void check() const {
    server_stack_->check_invariants();
    client_->check_invariants();
  }
  void release_idle_memory() {
    static_cast<void>(server_->release_idle_memory());
    server_stack_->release_idle_memory();
  }
  /// As at the end of a program: every connection is reset, in order.
  void stop() {
    watched([&] {
      server_->stop({now_, 0});
      server_stack_->abort_all(now_);
      return 0;
    });
    for (int i = 0; i < 100; ++i) turn(ConnectionId{});
  }
  [[nodiscard]] bool is_empty() const { return server_stack_->connection_count() == 0; }

 private:
  bool is_over(ConnectionId id) {
    // Requests go one after the other, as their predecessors' answers have come.
    ended_well_ = false;
    if (client_->error(id)) return true;
    const auto status = client_->status(id);
    if (!status || status->state == State::Closed) return true;
    const auto rest = client_->peek(id);
    if (rest && rest->empty()) {
      ended_well_ = asked_ == kRequests.size();
      return true;
    }
    return false;
  }

  void turn(ConnectionId id) {
    watched([&] {
      server_stack_->advance(now_);
      server_->turn({now_, to_ms(now_.time_since_epoch()) / 1000});
      return 0;
    });
    watched_of(*client_, [&] {
      client_->advance(now_);
      while (client_->next_event()) {
      }
      while (client_->next_released()) {
      }
      return 0;
    });
    if (!id.is_none()) talk(id);
    const bool moved = carry(*server_stack_, *client_) | carry(*client_, *server_stack_);
    const Instant next = std::min({server_stack_->next_deadline(), client_->next_deadline(),
                                   server_->next_deadline(), now_ + 1s});
    now_ = moved ? now_ + 1ms : std::max(now_ + 1ms, next);
  }
  void talk(ConnectionId id) {
    watched_of(*client_, [&] {
      for (auto got = client_->peek(id); got && !got->empty(); got = client_->peek(id)) {
        received_ += got->size();
        client_->consume(id, got->size(), now_);
      }
      if (asked_ < kRequests.size() && client_->unacknowledged(id) == 0) {
        const std::string_view text = kRequests[asked_];
        const ByteView request(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
        const auto sent = client_->send(id, request, {}, now_);
        if (sent && *sent == text.size()) ++asked_;
      }
      return 0;
    });
  }
  bool carry(Stack& from, Stack& to) {
    bool moved = false;
    while (watched_of(from, [&] { return from.transmit(now_, out_); })) {
      std::size_t size = out_.header_length;
      std::memcpy(wire_.data(), out_.header.data(), size);
      for (std::size_t i = 0; i < out_.payload_slices; ++i) {
        std::memcpy(wire_.data() + size, out_.payload[i].data(), out_.payload[i].size());
        size += out_.payload[i].size();
      }
      watched_of(to, [&] { return to.receive(ByteView(wire_.data(), size), {}, now_); });
      moved = true;
    }
    return moved;
  }

  Instant now_{1s};
  std::vector<std::uint8_t> large_;
  http::MemoryStore store_;
  http::MediaTypes types_;
  std::optional<Stack> server_stack_;
  std::optional<Stack> client_;
  std::optional<http::HttpServer> server_;
  bool is_listening_ = false;
  bool is_client_watched_ = true;
  bool ended_well_ = false;
  std::size_t received_ = 0;
  std::size_t asked_ = 0;
  OutPacket out_;
  std::array<std::uint8_t, kWire> wire_{};
};

// One world in which the n-th allocation fails, alone or with all that follow, until there is
// memory again. Empty: all is well; `was_reached`: there were so many.
std::string play(std::uint64_t n, bool all_that_follow, std::size_t whole, bool& was_reached) {
  const auto visits = std::make_unique<Visits>();
  fail_allocations(n, all_that_follow ? ~std::uint64_t{0} : n);
  static_cast<void>(visits->visit());
  if (all_that_follow) visits->check();
  was_reached = watched_allocations() >= n;
  fail_allocations(0, 0);
  visits->check();
  const auto after = visits->visit();
  if (!after) return "the visit after it was not served";
  if (*after != whole) return "the visit after it brought " + std::to_string(*after) + " bytes";
  fail_allocations(1, ~std::uint64_t{0});
  visits->stop();
  fail_allocations(0, 0);
  return visits->is_empty() ? "" : "without memory its connections do not end";
}

// What a server gets at its start is enough for visits when there is no memory at all, and after a
// quiet time in which it gave back what it could.
std::string play_reserved(std::size_t whole) {
  const auto visits = std::make_unique<Visits>();
  if (!visits->reserve()) return "with enough memory nothing can be reserved";
  fail_allocations(1, ~std::uint64_t{0});
  std::string complaint;
  for (int i = 0; i < 3 && complaint.empty(); ++i) {
    const auto bytes = visits->visit();
    if (bytes != whole) complaint = "what was reserved is not enough for a visit";
    visits->release_idle_memory();
  }
  fail_allocations(0, 0);
  visits->check();
  return complaint;
}

}  // namespace

std::string check_low_memory_is_survived() {
  std::size_t whole = 0;
  {
    const auto plain = std::make_unique<Visits>();
    if (!plain->is_listening()) return "it does not listen";
    const auto bytes = plain->visit();
    if (!bytes || *bytes < kLargeFile + kPage) return "a visit with enough memory is not served";
    whole = *bytes;
  }
  if (std::string complaint = play_reserved(whole); !complaint.empty()) return complaint;
  std::uint64_t most = 0;
  for (std::uint64_t n = 1; n <= kMostAllocations; ++n) {
    bool was_reached = false;
    for (const bool all : {false, true}) {
      std::string complaint;
      try {
        complaint = play(n, all, whole, was_reached);
      } catch (const std::bad_alloc&) {
        complaint = "an exception";
      }
      fail_allocations(0, 0);
      if (!complaint.empty()) {
        return "allocation " + std::to_string(n) + (all ? " and all after it" : "") +
               " failed: " + complaint;
      }
    }
    if (!was_reached) break;
    most = n;
  }
  return most < 10 ? "a visit made only " + std::to_string(most) + " allocations" : "";
}

}  // namespace glasstcp::sim
