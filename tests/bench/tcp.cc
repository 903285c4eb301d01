// What TCP alone costs: two stacks and a perfect link between them, no device and no HTTP. Prints
// nanoseconds of CPU for each unit, both ends counted.
//
//   bench_tcp [CASE] [N]    one case, N units: for callgrind, which counts instructions repeatably;
//                           bulk, requests, many, connects; cookies and drops (of a SYN flood);
//                           fragments (first ones of forged sources, of datagrams that never end)
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

void write_ip_checksum(std::vector<std::uint8_t>& packet) {
  store_be16(&packet[10], 0);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += load_be16(&packet[i]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store_be16(&packet[10], static_cast<std::uint16_t>(~sum));
}

// A SYN of 192.0.2.1 with the options of a Linux client; its port and number change with `n`.
std::vector<std::uint8_t> syn(std::uint32_t n) {
  std::vector<std::uint8_t> packet = {
      0x45, 0, 0, 60,   0, 0, 0x40, 0,  64, 6, 0, 0, 192,  0, 2,    1,    192, 0, 2, 2,
      0,    0, 0, 80,   0, 0, 0,    0,  0,  0, 0, 0, 0xa0, 2, 0xfa, 0xf0, 0,   0, 0, 0,
      2,    4, 5, 0xb4, 4, 2, 8,    10, 0,  0, 0, 1, 0,    0, 0,    0,    1,   3, 3, 7};
  packet[18] = 2;
  store_be16(&packet[20], static_cast<std::uint16_t>(1024 + n % 60000));
  store_be32(&packet[24], n * 7919);
  write_ip_checksum(packet);
  return packet;
}

// A SYN flood: each SYN is answered by a cookie, or nearly all are dropped unread. Both verify the
// checksum of IP alone, as behind a device that has verified TCP's.
void flood(long count, std::uint32_t answers_per_second) {
  StackConfig config;
  config.addresses = {*Cidr::parse("192.0.2.2/24")};
  config.checksum_offload = true;
  config.tcp.syn_cookies = SynCookieUse::Only;
  config.tcp.syn_answers_per_second = answers_per_second;
  Stack stack(config, Instant(1s));
  static_cast<void>(*stack.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 4096));
  OutPacket out;
  for (long n = 0; n < count; ++n) {
    stack.receive(syn(static_cast<std::uint32_t>(n)), {.checksum_valid = true}, Instant(1s));
    if (n % 64 != 63) continue;  // a turn of the loop
    while (stack.transmit(Instant(1s), out)) {
    }
  }
}

// Reassembly's memory is full from the 65th on: for each something has to go.
void fragments(long count) {
  StackConfig config;
  config.addresses = {*Cidr::parse("192.0.2.2/24")};
  Stack stack(config, Instant(1s));
  for (long n = 0; n < count; ++n) {
    std::vector<std::uint8_t> packet = syn(static_cast<std::uint32_t>(n));
    store_be32(&packet[12], 0xc6000000U + static_cast<std::uint32_t>(n) * 7919 % 0xffffffU);
    store_be16(&packet[6], 0x2000);  // more of them follow
    packet.resize(20 + 32);          // whole eights of bytes
    store_be16(&packet[2], 52);
    write_ip_checksum(packet);
    stack.receive(packet, {}, Instant(1s));
  }
}

void measure(const std::string& name, long units) {
  const std::clock_t start = std::clock();  // CPU time: the machine may be busy with other things
  if (name == "bulk") bulk(units);
  if (name == "requests") requests(units, 1);
  if (name == "many") requests(units, 1000);
  if (name == "connects") connects(units);
  if (name == "cookies") flood(units, 0);
  if (name == "drops") flood(units, 1);
  if (name == "fragments") fragments(units);
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
  measure("cookies", 300'000);
  measure("drops", 300'000);
  measure("fragments", 300'000);
}
