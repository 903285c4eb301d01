// No client takes what the others need: memory for answers, for requests that are not whole, and
// places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/copied_file.h"
#include "tests/support/http_server_fixture.h"

namespace glasstcp::test {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kLarge = 20u << 20;
constexpr std::string_view kGetLarge = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kPut =
    "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n";

class PressureTest : public HttpServerTest {
 protected:
  PressureTest() {
    put("index.html", "<p>hello</p>");
    store_.put("large", FileRef(new CopiedFile(kLarge)));
  }
  static http::ServerConfig config(std::size_t memory) {
    http::ServerConfig config;
    config.memory = memory;
    config.site.sink_path = "/sink";
    return config;
  }
  std::size_t read_nothing(std::string_view request) {
    const std::size_t c = connect(request);
    clients_[c].is_reading = false;
    return c;
  }
  void take(HttpClientEnd& c, std::size_t most) {
    const auto bytes = client_stack_->peek(c.id);
    if (!bytes.has_value() || bytes->empty()) return;
    client_stack_->consume(c.id, std::min(bytes->size(), most), now_);
  }
  /// Connections that hold the memory for answers as those do that read nothing.
  void fill_memory() {
    while (!server_->pool().is_pressed()) {
      slow_.push_back(read_nothing(kGetLarge));
      ASSERT_LT(slow_.size(), 500U);
      run(20ms);
    }
  }
  [[nodiscard]] bool is_all_there(std::size_t c) const {
    const auto all = parse_responses(clients_[c].received);
    if (all.size() != 1 || all[0].status != 200) return false;
    for (std::size_t i = 0; i < all[0].body.size(); ++i) {
      if (static_cast<std::uint8_t>(all[0].body[i]) != CopiedFile::byte_at(i)) return false;
    }
    return true;
  }
  int status(std::size_t c) const {
    const auto all = parse_responses(clients_[c].received);
    return all.empty() ? 0 : all[0].status;
  }
  std::vector<std::size_t> slow_;
};

// -- Large files that are copied

TEST_F(PressureTest, ReadersThatTakeNothingLeaveTheMemoryToOthers) {
  restart(config(64u << 20));
  for (int i = 0; i < 60; ++i) read_nothing(kGetLarge);
  run(200ms);
  EXPECT_LE(server_->pool().in_use(), 60 * ((256u << 10) + 8192U));
  EXPECT_FALSE(server_->pool().is_pressed());
  const std::size_t other = connect(kGetLarge);
  run(3s);
  EXPECT_TRUE(is_all_there(other)) << clients_[other].received.size();
}

TEST_F(PressureTest, WhereLittleIsLeftEverybodyHasSmallPieces) {
  restart(config(2u << 20));
  fill_memory();
  const std::size_t more = slow_.size() + 20;
  while (slow_.size() < more) slow_.push_back(read_nothing(kGetLarge));
  run(100ms);
  const std::size_t large = connect(kGetLarge);
  const std::size_t small = connect(kGet);
  run(10s);
  EXPECT_TRUE(is_all_there(large)) << clients_[large].received.size();
  EXPECT_EQ(status(small), 200);
  EXPECT_EQ(resets_, 0);
}

TEST_F(PressureTest, OnlyWhileMemoryIsShortSlowReadersEnd) {
  http::ServerConfig small = config(1u << 20);
  small.least_rate = {500, 10s};
  restart(small);
  const std::size_t paused = read_nothing(kGetLarge);
  run(5min, 10ms);
  EXPECT_FALSE(clients_[paused].failed) << "a player that is paused";
  EXPECT_EQ(server_->connection_count(), 1U);
  clients_[paused].is_reading = true;
  run(4s);
  EXPECT_TRUE(is_all_there(paused));

  fill_memory();
  const std::size_t reader = connect(kGetLarge);
  run(5s);
  EXPECT_EQ(server_->counters().slow_readers, 0U);
  run(10s);
  EXPECT_GT(server_->counters().slow_readers, 0U);
  EXPECT_FALSE(server_->pool().is_pressed());
  EXPECT_LT(server_->counters().slow_readers, slow_.size()) << "no more than is needed";
  EXPECT_TRUE(is_all_there(reader)) << "and only those that are slow";
  EXPECT_EQ(static_cast<std::uint64_t>(resets_), server_->counters().slow_readers);
}

TEST_F(PressureTest, OneThatTakesEnoughStays) {
  http::ServerConfig few = config(1u << 20);
  few.least_rate = {500, 5s};
  few.max_connections = 4;  // places are short all the time
  restart(few);
  for (int i = 0; i < 4; ++i) read_nothing(kGetLarge);
  run(50ms);
  for (int second = 0; second < 30; ++second) {
    for (HttpClientEnd& c : clients_) take(c, 4096);
    run(1s, 10ms);
  }
  EXPECT_EQ(server_->connection_count(), 4U);
  EXPECT_EQ(server_->counters().slow_readers, 0U);
  run(20s, 10ms);
  EXPECT_EQ(server_->counters().slow_readers, 1U) << "one gives the others room";
}

TEST_F(PressureTest, WhereThereAreOnlyTwoPlacesTheyAreShortToo) {
  http::ServerConfig few = config(8u << 20);
  few.least_rate = {500, 5s};
  few.max_connections = 2;
  restart(few);
  read_nothing(kGetLarge);
  run(20s, 10ms);
  EXPECT_EQ(server_->counters().slow_readers, 0U) << "one place is free";
  read_nothing(kGetLarge);
  run(20s, 10ms);
  EXPECT_EQ(server_->counters().slow_readers, 1U);
}

// After a rest the memory of connections is in the order in which they asked again, or its reverse.
TEST_F(PressureTest, ASlowReaderIsFoundAlsoAfterItsConnectionWasAtRest) {
  http::ServerConfig few = config(1u << 20);
  few.least_rate = {500, 5s};
  few.max_connections = 4;
  for (const bool asks_first : {false, true}) {
    restart(few);
    const std::size_t slow = connect(kGet);
    const std::size_t fast = connect(kGet);
    run(2s, 10ms);
    server_->release_idle_memory();
    ASSERT_EQ(server_->resting_count(), 2U);
    for (const std::size_t c : {asks_first ? slow : fast, asks_first ? fast : slow}) {
      clients_[c].is_reading = false;
      send(c, kGetLarge);
      run(50ms);
    }
    const std::size_t others[] = {fast, read_nothing(kGetLarge), read_nothing(kGetLarge)};
    for (int second = 0; second < 15; ++second) {
      for (const std::size_t c : others) take(clients_[c], 32768);
      run(1s, 10ms);
    }
    EXPECT_TRUE(clients_[slow].failed) << asks_first;
    for (const std::size_t c : others) EXPECT_FALSE(clients_[c].failed) << asks_first;
    EXPECT_EQ(server_->counters().slow_readers, 1U) << asks_first;
  }
}

// Six clients that lose every third packet; places are short all the time.
class LossUnderPressure : public PressureTest {
 protected:
  void begin(Duration after) {
    http::ServerConfig few = config(1u << 20);
    few.least_rate = {500, after};
    few.max_connections = 6;
    restart(few);
  }
  void expect_that_all_stay() {
    run(2ms);
    loss_ = 0.3;
    run(25s, 2ms);
    EXPECT_EQ(server_->counters().slow_readers, 0U);
    EXPECT_EQ(server_->counters().slow_senders, 0U);
    for (const HttpClientEnd& c : clients_) EXPECT_FALSE(c.failed);
    EXPECT_EQ(server_->connection_count(), 6U);
  }
};

TEST_F(LossUnderPressure, IsNoOffence) {
  begin(10s);
  for (int i = 0; i < 3; ++i) connect(kGetLarge);
  for (int i = 0; i < 3; ++i) clients_[connect(kPut)].to_send += std::string(20u << 20, 'x');
  expect_that_all_stay();
}

// Nor where the time in which something seems lost is counted.
TEST_F(LossUnderPressure, IsNoOffenceHoweverLong) {
  begin(5s);
  for (int i = 0; i < 6; ++i) connect(kGetLarge);
  expect_that_all_stay();
}

// To us it is as if all but one segment in a quarter of a minute were lost; but acknowledgments
// come, and a path that bad is of no use to anybody. So it looks, too, where SACK claims a hole.
TEST_F(PressureTest, WhoAcknowledgesASegmentNowAndThenIsSlowWhateverSeemsLost) {
  http::ServerConfig one = config(1u << 20);
  one.least_rate = {500, 10s};
  one.max_connections = 1;
  restart(one);
  const std::size_t c = connect(kGetLarge);
  passing_ = 20;
  run(100ms);
  int times = 0;
  for (; times < 20 && server_->counters().slow_readers == 0; ++times) {
    passing_ = 0;
    run(12s, 5ms);
    passing_ = 2;  // a segment, and what acknowledges it
    for (int i = 0; i < 1200 && passing_ > 0U; ++i) run(45ms, 50ms);
  }
  EXPECT_EQ(server_->counters().slow_readers, 1U);
  EXPECT_GE(times, 4) << "four times as long as for one whose window is closed";
  EXPECT_FALSE(is_all_there(c));
}

TEST_F(PressureTest, PipelinedRequestsOfOneThatReadsNothingLeaveRoom) {
  restart(config(1u << 20));
  std::string requests;
  for (int i = 0; i < 3000; ++i) requests += "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";
  for (int i = 0; i < 20; ++i) read_nothing(requests);
  run(500ms);
  const std::size_t other = connect(kGet);
  run(50ms);
  EXPECT_EQ(status(other), 200);
  EXPECT_EQ(server_->counters().no_room, 0U);
  for (HttpClientEnd& c : clients_) c.is_reading = true;
  run(20s);
  EXPECT_EQ(parse_responses(clients_[0].received).size(), 3000U) << "they have it when they read";
}

// -- TCP's memory

// Bodies that come octet by octet hold nothing of the pool; but each holds a connection, and is
// never idle. Where TCP's memory was used up so, nobody else was let in for as long as they liked.
TEST_F(PressureTest, WhoSendsTooLittleEndsWhileTheMemoryOfTcpIsShort) {
  http::ServerConfig ten_seconds = config(64u << 20);
  ten_seconds.least_rate = {500, 10s};
  restart(ten_seconds, 1u << 20);
  const auto is_short = [this] {
    return server_stack_->memory().used > server_stack_->memory().limit / 4 * 3;
  };
  const auto drip = [this] {
    for (const std::size_t c : slow_) {
      if (!clients_[c].failed) send(c, "x");
    }
  };
  while (!is_short()) {
    slow_.push_back(connect(kPut));
    ASSERT_LT(slow_.size(), 1000U);
    if (slow_.size() % 50 == 0) drip();
    run(2ms);
  }
  EXPECT_FALSE(server_->pool().is_pressed());
  for (int i = 0; i < 30; ++i) {
    drip();
    run(500ms, 10ms);
  }
  EXPECT_GT(server_->counters().slow_senders, 0U);
  EXPECT_LT(server_->counters().slow_senders, slow_.size() / 2) << "no more than is needed";
  EXPECT_FALSE(is_short());
  const std::size_t other = connect(kGet);
  run(100ms);
  EXPECT_EQ(status(other), 200);
}

// -- Bodies

TEST_F(PressureTest, ABodyThatComesByteByByteEndsOnlyWhileMemoryIsShort) {
  http::ServerConfig small = config(1u << 20);
  small.least_rate = {500, 10s};
  restart(small);
  const std::size_t c = connect(kPut);
  for (int i = 0; i < 24; ++i) {
    run(15s, 20ms);
    send(c, "x");
  }
  EXPECT_FALSE(clients_[c].failed);
  EXPECT_EQ(server_->connection_count(), 1U);
  // Readers that end first hold more: so that it is short for longer, they take enough.
  fill_memory();
  for (int second = 0; second < 20 && !clients_[c].failed; ++second) {
    for (std::size_t s : slow_) take(clients_[s], 32768);
    if (second % 5 == 0) send(c, "x");
    run(1s, 10ms);
  }
  EXPECT_TRUE(clients_[c].failed);
  EXPECT_EQ(server_->counters().slow_senders, 1U);
  EXPECT_EQ(server_->counters().slow_readers, 0U);
}

// -- Partial heads

TEST_F(PressureTest, PartialHeadsHaveAShareOfTheirOwn) {
  restart(config(8u << 20));
  const std::string part =
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x');  // and does not end
  for (int i = 0; i < 100; ++i) connect(part);
  run(50ms);
  EXPECT_LE(server_->partial_heads().pool().in_use(), 1u << 20);
  EXPECT_GT(server_->counters().partial_heads, 0U);
  for (int i = 0; i < 26; ++i) connect(kGet);
  const std::size_t in_two = connect(kGet.substr(0, 20));
  run(20ms);
  send(in_two, kGet.substr(20));
  run(20ms);
  for (std::size_t c = 100; c < clients_.size(); ++c) EXPECT_EQ(status(c), 200) << c;
  EXPECT_EQ(status(0), 408) << "the oldest goes first";
  EXPECT_EQ(status(99), 0) << "the newest is waited for";
  EXPECT_EQ(resets_, 0);
}

TEST_F(PressureTest, AHeadThatGrowsEndsOlderOnesAndNotItself) {
  restart(config(1u << 20));
  std::vector<std::size_t> heads;
  for (int i = 0; i < 40; ++i) heads.push_back(connect("GET / HTTP/1.1\r\nHost: a\r\n"));
  run(20ms);
  send(heads[0], "X: " + std::string(25000, 'x'));  // the oldest, and the largest
  send(heads[39], "Y: " + std::string(25000, 'y'));
  run(20ms);
  for (std::size_t c : {heads[0], heads[39]}) send(c, "\r\n\r\n");
  run(20ms);
  EXPECT_EQ(status(heads[39]), 200);
  EXPECT_EQ(resets_, 0);
}

// -- Places

TEST_F(PressureTest, WhereAllPlacesAreTakenAnIdleConnectionEnds) {
  http::ServerConfig few = config(1u << 20);
  few.max_connections = 3;
  restart(few);
  const std::size_t busy = read_nothing(kGetLarge);
  const std::size_t idle = connect(kGet);
  run(20ms);
  const std::size_t later = connect(kGet);
  run(20ms);
  const std::size_t newcomer = connect(kGet);
  run(20ms);
  EXPECT_EQ(status(newcomer), 200);
  EXPECT_TRUE(clients_[idle].peer_closed) << "the one that was idle longest";
  EXPECT_FALSE(clients_[later].peer_closed);
  EXPECT_FALSE(clients_[busy].failed);
  EXPECT_EQ(server_->counters().idle_closed, 1U);
  EXPECT_EQ(resets_, 0);
}

// RFC 9293 §3.8.6.1, RFC 6429: who answers the probes of its closed window is a player that is
// paused, for ten minutes. Without scaled windows none of its buffer is left, so no probe is taken.
TEST_F(PressureTest, AClosedWindowIsWaitedForTenMinutes) {
  for (const bool resumes : {true, false}) {
    restart(config(16u << 20));
    StackConfig unscaled = http_stack_config(1);
    unscaled.tcp.use_window_scale = false;
    client_stack_ = std::make_unique<Stack>(unscaled, now_);
    const std::size_t player = read_nothing(kGetLarge);
    run(9min, 10ms);
    EXPECT_FALSE(clients_[player].failed);
    EXPECT_EQ(server_->connection_count(), 1U) << "send_timeout is a minute";
    if (resumes) {
      clients_[player].is_reading = true;
      run(4s);
      EXPECT_TRUE(is_all_there(player));
    } else {
      run(2min, 10ms);
      EXPECT_TRUE(clients_[player].failed);
      EXPECT_EQ(server_->connection_count(), 0U);
    }
    clients_.clear();
  }
}

}  // namespace
}  // namespace glasstcp::test
