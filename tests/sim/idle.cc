// See idle.h. Clients are typed by hand, so that all of the memory is the server's.
#include "tests/sim/idle.h"

#include <cstdio>

#include "tests/support/typed_clients.h"

namespace glasstcp::sim {
namespace {

constexpr std::uint32_t kConnectionsOfOne = 100;  // of one address
constexpr std::uint64_t kMostBytes = 512;         // of one connection, all tables counted
constexpr std::uint32_t kAskEvery = 97;

using test::TypedClients;

struct Client {
  explicit Client(std::uint32_t n)
      : address(test::typed_v4(n / kConnectionsOfOne)),
        port(static_cast<std::uint16_t>(1024 + n % kConnectionsOfOne)) {}
  IpAddress address;
  std::uint16_t port;
};

}  // namespace

std::string check_idle_connections(std::uint32_t count) {
  StackConfig config = test::typed_config(std::uint64_t{count} * 32 * 1024 + (64U << 20));
  config.tcp.max_connections = count;
  TypedClients server(config);
  const std::uint64_t before = server.stack.memory_bytes();
  for (std::uint32_t n = 0; n < count; ++n) {
    const Client client(n);
    if (server.open(client.address, client.port) != Verdict::HandshakeComplete)
      return "connection " + std::to_string(n) + " was not accepted";
  }
  server.now += 1h;
  server.settle();
  server.stack.release_idle_memory();
  const std::uint64_t each = (server.stack.memory_bytes() - before) / count;
  std::printf("%u idle connections of %u addresses: %llu bytes each\n",
              static_cast<unsigned>(count),
              static_cast<unsigned>((count + kConnectionsOfOne - 1) / kConnectionsOfOne),
              static_cast<unsigned long long>(each));
  if (server.stack.connection_count() != count) return "some of them ended";
  for (std::uint32_t n = 0; n < count; n += kAskEvery) {
    const Client client(n);
    if (!server.ask(client.address, client.port)) return "one does not answer after an hour";
  }
  server.stack.check_invariants();
  return each <= kMostBytes ? "" : "an idle connection costs " + std::to_string(each) + " bytes";
}

}  // namespace glasstcp::sim
