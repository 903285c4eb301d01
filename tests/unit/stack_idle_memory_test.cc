// What an idle connection costs, and what a peak leaves behind.
#include <gtest/gtest.h>

#include "tests/support/typed_clients.h"

namespace glasstcp {
namespace {

using test::TypedClients;

constexpr std::uint32_t kMany = 100'000;

// Slabs, tables, the ledger by peer: all that grows. Each connection has carried a request and its
// answer, so that nothing is left out that only a fresh one does without.
TEST(IdleConnections, CostAtMost512BytesEach) {
  for (const std::uint32_t peers : {100U, kMany}) {
    TypedClients server(test::typed_config(8ULL << 30));
    const std::uint64_t before = server.stack.memory_bytes();
    for (std::uint32_t n = 0; n < kMany; ++n) {
      const IpAddress client = test::typed_v4(n % peers);
      const std::uint16_t port = test::port_of(n / peers);
      ASSERT_TRUE(server.visit(client, port));
      ASSERT_TRUE(server.thank(client, port));
    }
    server.now += 10s;
    server.settle();
    server.stack.release_idle_memory();
    EXPECT_EQ(server.stack.connection_count(), kMany);
    const std::uint64_t each = (server.stack.memory_bytes() - before) / kMany;
    EXPECT_LE(each, 512U) << "with " << peers << " peers";
    RecordProperty("bytes_each_of_" + std::to_string(peers), std::to_string(each));
    server.stack.check_invariants();
  }
}

TEST(MemoryOfAPeak, IsGivenBack) {
  TypedClients server(test::typed_config(8ULL << 30));
  const std::uint64_t before = server.stack.memory_bytes();
  for (std::uint32_t n = 0; n < kMany; ++n) server.open(test::typed_v4(n), 1024);
  const std::uint64_t peak = server.stack.memory_bytes();
  EXPECT_EQ(server.stack.release_idle_memory(), 0U) << "all of it is used";
  // The tenth that stays, and what comes later, find what they had.
  for (std::uint32_t n = 0; n < kMany; ++n) {
    if (n % 1000 < 100) continue;
    server.send(test::typed_v4(n), 1024, test::kRst, 1, 0);
    server.settle();
  }
  EXPECT_GT(server.stack.release_idle_memory(), (peak - before) / 2);
  EXPECT_LT(server.stack.memory_bytes() - before, (peak - before) / 2);
  server.stack.check_invariants();
  for (std::uint32_t n = 0; n < 100; ++n) EXPECT_TRUE(server.ask(test::typed_v4(n), 1024));
  for (std::uint32_t n = 0; n < kMany / 2; ++n)
    ASSERT_TRUE(server.visit(test::typed_v4(kMany + n), 1024));
  server.stack.check_invariants();
  server.stack.abort_all(server.now);
  server.settle();
  EXPECT_EQ(server.stack.connection_count(), 0U);
  server.stack.release_idle_memory();
  EXPECT_LT(server.stack.memory_bytes() - before, 2U << 20);
}

}  // namespace
}  // namespace glasstcp
