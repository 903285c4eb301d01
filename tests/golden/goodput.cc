// The loop of one download. See goodput.h.
#include "tests/golden/goodput.h"

#include <algorithm>
#include <vector>

#include "stack/base/assert.h"
#include "stack/link/bad_link.h"
#include "stack/socket/stack.h"

namespace glasstcp::test {
namespace {

constexpr std::uint32_t kMtu = 1500;
constexpr std::uint32_t kText = 1448;  // with timestamps
constexpr std::size_t kPiece = 1U << 20;
constexpr std::size_t kQueued = 4 * kPiece;

StackConfig config(const char* address, std::uint64_t seed, CongestionAlgorithm algorithm) {
  StackConfig c;
  c.addresses = {*Cidr::parse(address)};
  c.mtu = kMtu;
  c.seed = Seed::from_number(seed);
  c.tcp.congestion = algorithm;
  return c;
}

Impairment towards_client(const GoodputCell& cell) {
  Impairment how;
  how.delay = cell.rtt / 2;
  how.loss = cell.loss;
  how.reorder = cell.reorder;
  how.rate = kLinkRate;
  const auto bits = kLinkRate * static_cast<std::uint64_t>(to_us(cell.rtt)) / 1'000'000;
  how.queue = static_cast<std::uint32_t>(std::max<std::uint64_t>(bits / 8 / kMtu, 10));
  return how;
}

Impairment towards_server(const GoodputCell& cell) {
  Impairment how;
  how.delay = cell.rtt / 2;
  return how;
}

class Download {
 public:
  Download(const GoodputCell& cell, std::uint64_t seed)
      : server_(config("192.0.2.2/24", 2 * seed, cell.algorithm), now_),
        client_(config("192.0.2.1/24", 2 * seed - 1, cell.algorithm), now_),
        down_(towards_client(cell), SeededRandom(2 * seed - 1)),
        up_(towards_server(cell), SeededRandom(2 * seed)),
        piece_(kPiece, 0x55) {}

  std::uint64_t run() {
    const Instant end = now_ + kDownload;
    const ListenerId listener = *server_.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 1);
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
    connection_ = *client_.connect(options, now_);
    for (;;) {
      exchange(listener);
      const Instant next = std::min({down_.next_arrival(), up_.next_arrival(),
                                     server_.next_deadline(), client_.next_deadline()});
      if (next > end) return received_;
      now_ = std::max(now_, next);
      deliver(down_, client_);
      deliver(up_, server_);
      server_.advance(now_);
      client_.advance(now_);
    }
  }

 private:
  void exchange(ListenerId listener) {
    if (const auto accepted = server_.accept(listener)) sender_ = *accepted;
    feed();
    drain();
    carry(server_, down_);
    carry(client_, up_);
    while (server_.next_event()) {
    }
    while (client_.next_event()) {
    }
  }
  // The queue of the server never runs empty.
  void feed() {
    while (sender_ != ConnectionId{} && server_.unacknowledged(sender_) < kQueued) {
      if (!server_.send_borrowed(sender_, piece_, 1, {}, now_)) break;
    }
    while (server_.next_released()) {
    }
  }
  void drain() {
    for (;;) {
      const auto bytes = client_.peek(connection_);
      if (!bytes || bytes->empty()) return;
      received_ += bytes->size();
      client_.consume(connection_, bytes->size(), now_);
    }
  }
  void carry(Stack& from, BadLink& link) {
    OutPacket out;
    while (from.transmit(now_, out)) {
      std::vector<ByteView> pieces;
      pieces.emplace_back(out.header.data(), out.header_length);
      for (std::size_t i = 0; i < out.payload_slices; ++i) pieces.push_back(out.payload[i]);
      static_cast<void>(link.carry(pieces, {}, now_));
    }
  }
  void deliver(BadLink& link, Stack& to) {
    while (link.next_arrival() <= now_) {
      to.receive(link.front().packet, link.front().meta, now_);
      link.pop();
    }
  }

  Instant now_{1s};
  Stack server_;
  Stack client_;
  BadLink down_;
  BadLink up_;
  std::vector<std::uint8_t> piece_;
  ConnectionId connection_{};
  ConnectionId sender_{};
  std::uint64_t received_ = 0;
};

}  // namespace

std::uint32_t goodput(const GoodputCell& cell, std::uint64_t seed) {
  const std::uint64_t received = Download(cell, seed).run();
  const auto seconds = static_cast<std::uint64_t>(kDownload / 1s);
  const std::uint64_t possible = kLinkRate / 8 * seconds * kText / kMtu;
  return static_cast<std::uint32_t>((received * 1000 + possible / 2) / possible);
}

}  // namespace glasstcp::test
