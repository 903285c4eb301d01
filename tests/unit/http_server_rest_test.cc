// Between requests a connection keeps no more than its deadline, and nobody notices.
#include <gtest/gtest.h>

#include <string>

#include "http/server.h"
#include "tests/support/http_server_fixture.h"

namespace glasstcp::test {
namespace {

TEST_F(HttpServerTest, BetweenRequestsOnlyADeadlineIsKept) {
  put("index.html", "x");
  for (int i = 0; i < 3; ++i) connect(kGet);
  const std::size_t silent = connect("");
  const std::size_t half = connect("GET / HTT");
  run(100ms);
  EXPECT_EQ(server_->resting_count(), 0U);
  server_->release_idle_memory();
  EXPECT_EQ(server_->resting_count(), 3U) << "not who has asked for nothing, or for a half";
  send(0, kGet);
  send(half, "P/1.1\r\nHost: a\r\n\r\n");
  send(silent, kGet);
  run(100ms);
  EXPECT_EQ(server_->resting_count(), 2U);
  EXPECT_EQ(parse_responses(clients_[0].received).size(), 2U);
  EXPECT_EQ(parse_responses(clients_[half].received).size(), 1U);
  EXPECT_EQ(parse_responses(clients_[silent].received).size(), 1U);
  EXPECT_EQ(server_->connection_count(), 5U);
}

TEST_F(HttpServerTest, AConnectionAtRestEndsWhenItWouldHaveEnded) {
  put("index.html", "x");
  connect(kGet);
  run(100ms);
  server_->release_idle_memory();
  run(59s, 50ms);
  EXPECT_FALSE(clients_[0].peer_closed);
  send(0, kGet);  // which begins the minute anew
  run(100ms);
  server_->release_idle_memory();
  EXPECT_EQ(server_->resting_count(), 1U);
  run(59s, 50ms);
  EXPECT_FALSE(clients_[0].peer_closed);
  run(2s, 50ms);
  EXPECT_TRUE(clients_[0].peer_closed);
  EXPECT_EQ(resets_, 0);
}

TEST_F(HttpServerTest, ConnectionsAtRestAreClosedInOrder) {
  put("index.html", "x");
  for (int i = 0; i < 2; ++i) connect(kGet);
  run(100ms);
  server_->release_idle_memory();
  ASSERT_TRUE(client_stack_->shutdown_send(clients_[0].id, now_).has_value());
  run(100ms);
  EXPECT_TRUE(clients_[0].peer_closed);
  EXPECT_EQ(server_->connection_count(), 1U);
  server_->stop(moment());
  run(100ms);
  EXPECT_TRUE(clients_[1].peer_closed);
  EXPECT_FALSE(clients_[1].failed);
  EXPECT_EQ(resets_, 0);
}

// The one that has been idle longest, as before.
TEST_F(HttpServerTest, AConnectionAtRestMakesRoomForANewcomer) {
  http::ServerConfig config;
  config.max_connections = 2;
  restart(config);
  put("index.html", "x");
  connect(kGet);
  run(2s, 10ms);
  connect(kGet);
  run(2s, 10ms);
  server_->release_idle_memory();
  EXPECT_EQ(server_->resting_count(), 2U);
  const std::size_t third = connect(kGet);
  run(100ms);
  EXPECT_EQ(parse_responses(clients_[third].received).size(), 1U);
  EXPECT_TRUE(clients_[0].peer_closed || clients_[0].failed);
  EXPECT_FALSE(clients_[1].peer_closed || clients_[1].failed);
}

}  // namespace
}  // namespace glasstcp::test
