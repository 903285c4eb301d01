// What TCP alone costs: two stacks and a perfect link between them, no device and no HTTP. Prints
// nanoseconds of CPU for each unit, both ends counted.
//
//   bench_tcp [bulk|requests|many|connects] [N]    one case, N units: for callgrind, which counts
//                                                  instructions repeatably
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "stack/socket/stack.h"

namespace {

using namespace glasstcp;  // NOLINT: a program of one file

constexpr std::size_t kRequest = 100;
constexpr std::size_t kResponse = 1200;

/// Two ends with the offloads of a TUN device; packets arrive 20 us after they left.
class Pair {
 public:
  Pair()
      : client_(config("192.0.2.1/24", 1), now_),
        server_(config("192.0.2.2/24", 2), now_),
        page_(1 << 20, 'x') {
    listener_ = *server_.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 4096);
  }

  ConnectionId connect() {
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
    return *client_.connect(options, now_);
  }
  /// A packet's time passes; what left on one side arrives on the other.
  void turn() {
    now_ += 20us;
    cross(client_, server_);
    cross(server_, client_);
    client_.advance(now_);
    server_.advance(now_);
    while (server_.next_released()) {
    }
    while (client_.next_released()) {
    }
  }
  /// The server accepts, and answers each kRequest bytes with `response` bytes.
  void serve(std::size_t response) {
    while (const auto event = server_.next_event()) {
      if (event->is_listener) {
        while (server_.accept(event->listener)) {
        }
        continue;
      }
      const ConnectionId id = event->connection;
      std::size_t got = drain(server_, id);
      for (; got >= kRequest; got -= kRequest) {
        static_cast<void>(server_.send_borrowed(id, page().first(response), 1, {}, now_));
      }
      if ((event->mask & EventMask::kPeerClosed) != 0) server_.close(id, now_);
    }
  }
  void request(ConnectionId id) {
    static_cast<void>(client_.send_borrowed(id, page().first(kRequest), 1, {}, now_));
  }
  std::size_t drain(Stack& stack, ConnectionId id) {
    std::size_t total = 0;
    for (auto bytes = stack.peek(id); bytes && !bytes->empty(); bytes = stack.peek(id)) {
      total += bytes->size();
      stack.consume(id, bytes->size(), now_);
    }
    return total;
  }
  [[nodiscard]] ByteView page() const {
    return {reinterpret_cast<const std::uint8_t*>(page_.data()), page_.size()};
  }
  Stack& client() { return client_; }
  Stack& server() { return server_; }
  [[nodiscard]] Instant now() const { return now_; }

 private:
  static StackConfig config(const char* address, std::uint64_t seed) {
    StackConfig c;
    c.addresses = {*Cidr::parse(address)};
    c.seed = Seed::from_number(seed);
    c.checksum_offload = true;
    c.gso_max = 65535;
    c.tcp.msl = Duration(1ms);
    return c;
  }
  void cross(Stack& from, Stack& to) {
    OutPacket out;
    while (from.transmit(now_, out)) {
      std::size_t size = out.header_length;
      std::memcpy(buffer_.data(), out.header.data(), size);
      for (int i = 0; i < out.payload_slices; ++i) {
        std::memcpy(buffer_.data() + size, out.payload[i].data(), out.payload[i].size());
        size += out.payload[i].size();
      }
      to.receive(ByteView(buffer_.data(), size),
                 {.checksum_partial = out.checksum_partial, .gso_size = out.gso_size}, now_);
    }
  }

  Instant now_{1s};
  Stack client_;
  Stack server_;
  ListenerId listener_;
  std::string page_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(70000);
};

void bulk(long megabytes) {
  Pair pair;
  const ConnectionId id = pair.connect();
  for (int i = 0; i < 4; ++i) {
    pair.turn();
    pair.serve(pair.page().size());
  }
  std::size_t got = 0;
  for (long asked = 0; asked < megabytes; ++asked) {
    pair.request(id);
    const std::size_t goal = got + pair.page().size();
    while (got < goal) {
      pair.turn();
      pair.serve(pair.page().size());
      got += pair.drain(pair.client(), id);
    }
  }
}

void requests(long rounds, std::size_t connections) {
  Pair pair;
  std::vector<ConnectionId> ids;
  for (std::size_t i = 0; i < connections; ++i) ids.push_back(pair.connect());
  for (int i = 0; i < 4; ++i) {
    pair.turn();
    pair.serve(kResponse);
  }
  for (long done = 0; done < rounds; done += static_cast<long>(connections)) {
    for (const ConnectionId id : ids) pair.request(id);
    pair.turn();
    pair.serve(kResponse);
    pair.turn();
    for (const ConnectionId id : ids) pair.drain(pair.client(), id);
  }
}

void connects(long rounds) {
  Pair pair;
  for (long done = 0; done < rounds; ++done) {
    const ConnectionId id = pair.connect();
    pair.turn();
    pair.request(id);
    for (int i = 0; i < 3; ++i) {
      pair.turn();
      pair.serve(kResponse);
    }
    pair.drain(pair.client(), id);
    pair.client().close(id, pair.now());
    for (int i = 0; i < 3; ++i) {
      pair.turn();
      pair.serve(kResponse);
    }
  }
}

void measure(const std::string& name, long units) {
  const std::clock_t start = std::clock();  // CPU time: the machine may be busy with other things
  if (name == "bulk") bulk(units);
  if (name == "requests") requests(units, 1);
  if (name == "many") requests(units, 1000);
  if (name == "connects") connects(units);
  const double nanoseconds = static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC;
  std::printf("%-10s %9ld x %9.1f ns\n", name.c_str(), units,
              nanoseconds / static_cast<double>(units));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    measure(argv[1], argc > 2 ? std::atol(argv[2]) : 1000);
    return 0;
  }
  measure("bulk", 2000);
  measure("requests", 300'000);
  measure("many", 300'000);
  measure("connects", 50'000);
}
