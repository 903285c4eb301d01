// The program's operator new counts; everything else here is two stacks and a wire without a heap.
#include "tests/sim/allocations.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

#include "stack/socket/stack.h"

namespace {
std::size_t allocation_count = 0;
bool is_watched = false;
std::uint64_t watched = 0;
std::uint64_t first_to_fail = 0;
std::uint64_t last_to_fail = 0;
std::array<std::size_t, 4096> sizes;  // of the watched ones
bool fails_by_size = false;
std::size_t size_to_fail = 0;

// Counts one of `size` bytes, and says whether it is to fail.
bool note_allocation(std::size_t size) {
  ++allocation_count;
  if (!is_watched) return false;
  if (watched < sizes.size()) sizes[watched] = size;
  ++watched;
  if (fails_by_size && watched == first_to_fail) size_to_fail = size;
  const bool is_chosen = first_to_fail != 0 && watched >= first_to_fail && watched <= last_to_fail;
  return is_chosen && (!fails_by_size || size == size_to_fail);
}
}  // namespace

void* operator new(std::size_t size) {
  if (note_allocation(size)) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (note_allocation(size)) throw std::bad_alloc();
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace glasstcp::sim {
namespace {

constexpr int kWarmUp = 200;
constexpr int kMeasured = 2000;
constexpr int kMostTurns = 1000;     // of an exchange: timers that fire
constexpr std::uint64_t kLose = 17;  // every so many-th packet
constexpr std::size_t kRequest = 120;
constexpr std::size_t kResponse = 9000;

StackConfig config_of(const char* address, std::uint8_t seed) {
  StackConfig config;
  config.addresses = {*Cidr::parse(address)};
  config.seed = Seed::from_number(seed);
  return config;
}

// Client and server with a wire that takes no time; `now` moves on with each exchange.
class PingPong {
 public:
  PingPong()
      : client_(config_of("192.0.2.1/24", 1), now_), server_(config_of("192.0.2.2/24", 2), now_) {
    listener_ = *server_.listen({*IpAddress::parse("0.0.0.0"), Port{80}}, 16);
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port{80}};
    caller_ = *client_.connect(options, now_);
    settle();
    accepted_ = server_.accept(listener_);
  }
  [[nodiscard]] bool is_open() const { return accepted_.has_value(); }

  /// From now on every `n`-th packet is lost.
  void lose_every(std::uint64_t n) { lose_every_ = n; }

  // One request, one response over a wire that loses; false when it does not end.
  bool exchange_with_losses() {
    const bool sent =
        client_.send(caller_, ByteView(text_).first(kRequest), {}, now_).has_value() &&
        server_.send(*accepted_, ByteView(text_).first(kResponse), {}, now_).has_value();
    std::size_t heard = 0;
    std::size_t got = 0;
    for (int turns = 0; turns < kMostTurns; ++turns) {
      settle();
      heard += drain(server_, *accepted_);
      got += drain(client_, caller_);
      if (heard == kRequest && got == kResponse) return sent;
      const Instant next = std::min(client_.next_deadline(), server_.next_deadline());
      if (next == kNever) return false;
      now_ = std::max(now_, next);
    }
    return false;
  }

  // One request, one response; false when bytes are missing.
  bool exchange() {
    const bool asked = client_.send(caller_, ByteView(text_).first(kRequest), {}, now_).has_value();
    settle();
    const std::size_t heard = drain(server_, *accepted_);
    const bool answered =
        server_.send(*accepted_, ByteView(text_).first(kResponse), {}, now_).has_value();
    settle();
    const std::size_t got = drain(client_, caller_);
    now_ += 50ms;  // longer than a delayed ACK: its timer fires as well
    settle();
    return asked && answered && heard == kRequest && got == kResponse;
  }

 private:
  void settle() {
    for (bool moved = true; moved;) {
      client_.advance(now_);
      server_.advance(now_);
      while (client_.next_event() || server_.next_event()) {
      }
      const bool out = move(client_, server_);
      const bool back = move(server_, client_);
      moved = out || back;
    }
  }
  bool move(Stack& from, Stack& to) {
    bool moved = false;
    while (from.transmit(now_, out_)) {
      std::size_t size = out_.header_length;
      std::memcpy(wire_.data(), out_.header.data(), size);
      for (std::size_t i = 0; i < out_.payload_slices; ++i) {
        std::memcpy(wire_.data() + size, out_.payload[i].data(), out_.payload[i].size());
        size += out_.payload[i].size();
      }
      moved = true;
      if (lose_every_ != 0 && ++carried_ % lose_every_ == 0) continue;
      to.receive(ByteView(wire_.data(), size), {}, now_);
    }
    return moved;
  }
  std::size_t drain(Stack& stack, ConnectionId id) {
    std::size_t total = 0;
    for (;;) {
      const auto count = stack.read(id, into_, now_);
      if (!count || *count == 0) return total;
      total += *count;
    }
  }

  Instant now_{100s};
  Stack client_;
  Stack server_;
  ListenerId listener_;
  ConnectionId caller_;
  std::optional<ConnectionId> accepted_;
  std::uint64_t lose_every_ = 0;
  std::uint64_t carried_ = 0;
  OutPacket out_;
  std::array<std::uint8_t, 65536> wire_{};
  std::array<std::uint8_t, 16384> into_{};
  std::array<std::uint8_t, 16384> text_{};
};

// Allocations in the exchanges after the warm-up, as a complaint; empty: none.
template <typename Exchange>
std::string count_allocations(const char* what, Exchange exchange) {
  const auto play = [&exchange](int times) {
    for (int i = 0; i < times; ++i) {
      if (!exchange()) return false;
    }
    return true;
  };
  if (!play(kWarmUp)) return std::string(what) + ": an exchange lost bytes";
  const std::size_t before = allocation_count;
  if (!play(kMeasured)) return std::string(what) + ": an exchange lost bytes";
  const std::size_t made = allocation_count - before;
  if (made == 0) return "";
  return std::to_string(made) + " allocations in " + std::to_string(kMeasured) + " " + what;
}

}  // namespace

WatchedAllocations::WatchedAllocations() {
  is_watched = true;
}
WatchedAllocations::~WatchedAllocations() {
  is_watched = false;
}
void fail_allocations(std::uint64_t first, std::uint64_t last) {
  first_to_fail = first;
  last_to_fail = last;
  fails_by_size = false;
  watched = 0;
}
void fail_allocations_like(std::uint64_t nth) {
  fail_allocations(nth, ~std::uint64_t{0});
  fails_by_size = true;
}
std::uint64_t watched_allocations() {
  return watched;
}
std::span<const std::size_t> watched_sizes() {
  return std::span(sizes).first(std::min<std::size_t>(watched, sizes.size()));
}

std::string check_steady_state_allocates_nothing() {
  PingPong play;
  if (!play.is_open()) return "the connection did not open";
  std::string complaint = count_allocations("exchanges", [&play] { return play.exchange(); });
  if (!complaint.empty()) return complaint;
  play.lose_every(kLose);
  return count_allocations("exchanges with losses",
                           [&play] { return play.exchange_with_losses(); });
}

}  // namespace glasstcp::sim
