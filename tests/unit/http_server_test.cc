// The server over two real stacks joined by a wire in virtual time: accept, answer, close in
// stages, shut down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/server.h"
#include "tests/support/covers.h"
#include "tests/support/dot_stream.h"
#include "tests/support/http_server_fixture.h"

namespace glasstcp::test {
namespace {

using ::testing::HasSubstr;

TEST_F(HttpServerTest, AnswersOverTcp) {
  put("index.html", "<p>hello</p>");
  const std::size_t c = connect(kGet);
  run(10ms);
  auto responses = parse_responses(clients_[c].received);
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].body, "<p>hello</p>");
  send(c, std::string(kGet) + std::string(kGet));
  run(100ms);
  EXPECT_EQ(parse_responses(clients_[c].received).size(), 3u) << "keep-alive and pipelining";
  EXPECT_EQ(server_->connection_count(), 1u);
  EXPECT_EQ(server_->loan_count(), 0u) << "everything lent came back";
}

TEST_F(HttpServerTest, ManyClientsGetALargeBody) {
  std::string body;
  for (int i = 0; i < 300000; ++i) body += static_cast<char>('a' + i * 11 % 26);
  put("index.html", body);
  for (int i = 0; i < 20; ++i) connect(kGet);
  run(500ms);
  for (const HttpClientEnd& c : clients_) {
    const auto responses = parse_responses(c.received);
    ASSERT_EQ(responses.size(), 1u);
    EXPECT_TRUE(responses[0].body == body);
  }
}

TEST_F(HttpServerTest, ClosesInStagesWithoutAReset) {
  COVERS("R9112-33");
  put("index.html", "x");
  const std::size_t c = connect("nonsense\r\n\r\n" + std::string(50000, 'x'));
  run(100ms);
  EXPECT_EQ(parse_responses(clients_[c].received).at(0).status, 400);
  EXPECT_TRUE(clients_[c].peer_closed) << "our FIN came";
  EXPECT_FALSE(clients_[c].failed);
  EXPECT_EQ(resets_, 0);
  ASSERT_TRUE(client_stack_->shutdown_send(clients_[c].id, now_).has_value());
  run(100ms);
  EXPECT_EQ(server_->connection_count(), 0u);
  EXPECT_EQ(resets_, 0);
}

TEST_F(HttpServerTest, ARefusedUploadOfAnySizeGetsItsAnswer) {
  COVERS("R9112-33", "R9112-29");
  constexpr std::size_t kSize = 8u << 20;
  for (const char* framing : {"Content-Length: 8388608", "Transfer-Encoding: chunked"}) {
    const bool is_chunked = framing[0] == 'T';
    const std::size_t c = connect("POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(framing) +
                                  "\r\n\r\n" + (is_chunked ? "800000\r\n" : "") +
                                  std::string(kSize, 'x') + (is_chunked ? "\r\n0\r\n\r\n" : ""));
    clients_[c].is_reading = false;  // it sends all before it reads
    run(500ms);
    EXPECT_TRUE(clients_[c].to_send.empty());
    clients_[c].is_reading = true;
    run(100ms);
    EXPECT_FALSE(clients_[c].failed);
    EXPECT_TRUE(clients_[c].peer_closed) << "the end is a FIN";
    const auto responses = parse_responses(clients_[c].received);
    ASSERT_EQ(responses.size(), 1u);
    EXPECT_EQ(responses[0].status, is_chunked ? 413 : 405);
    ASSERT_TRUE(client_stack_->shutdown_send(clients_[c].id, now_).has_value());
    run(100ms);
  }
  EXPECT_EQ(server_->connection_count(), 0u);
  EXPECT_EQ(resets_, 0);
}

TEST_F(HttpServerTest, OfTooManyThatLingerTheOldestEndsFirst) {
  http::ServerConfig config;
  config.max_lingering = 2;
  restart(config);
  put("index.html", "x");
  const std::size_t idle = connect(kGet);
  for (int i = 0; i < 4; ++i) connect("nonsense\r\n\r\n");
  run(50ms);
  EXPECT_EQ(server_->connection_count(), 5u) << "who sends nothing more does not count";
  for (std::size_t i = 1; i <= 4; ++i) {
    send(i, "more");
    run(50ms);
  }
  EXPECT_EQ(server_->connection_count(), 3u);
  EXPECT_EQ(resets_, 0) << "what came was read";
  for (const HttpClientEnd& c : clients_) EXPECT_FALSE(c.failed);
  send(3, "more");
  send(4, "more");
  run(50ms);
  EXPECT_EQ(server_->connection_count(), 3u) << "the two newest stay";
  send(1, "more");
  run(50ms);
  EXPECT_TRUE(clients_[1].failed) << "the oldest is gone";
  EXPECT_EQ(parse_responses(clients_[1].received).at(0).status, 400) << "and had its answer";
  ASSERT_TRUE(client_stack_->shutdown_send(clients_[3].id, now_).has_value());
  run(50ms);
  EXPECT_EQ(server_->connection_count(), 2u);
  run(6s);
  send(idle, kGet);
  run(50ms);
  EXPECT_EQ(parse_responses(clients_[idle].received).size(), 2u);
  EXPECT_EQ(server_->connection_count(), 1u);
}

TEST_F(HttpServerTest, TheClientsCloseEndsTheConnection) {
  put("index.html", "x");
  const std::size_t c = connect(kGet);
  run(10ms);
  ASSERT_TRUE(client_stack_->shutdown_send(clients_[c].id, now_).has_value());
  run(10ms);
  EXPECT_TRUE(clients_[c].peer_closed);
  EXPECT_EQ(server_->connection_count(), 0u);
}

TEST_F(HttpServerTest, AnAbortedClientLeavesNothingBehind) {
  const std::string body(3u << 20, 'x');
  put("index.html", body);
  const std::size_t c = connect(kGet);
  clients_[c].is_reading = false;
  run(50ms);
  EXPECT_GT(server_->loan_count(), 0u);
  client_stack_->abort(clients_[c].id, now_);
  run(50ms);
  EXPECT_EQ(server_->connection_count(), 0u);
  EXPECT_EQ(server_->loan_count(), 0u);
}

TEST_F(HttpServerTest, EndlessPipeliningIsBounded) {
  const std::string body(100000, 'x');
  put("index.html", body);
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += kGet;
  const std::size_t c = connect(requests);
  clients_[c].is_reading = false;
  run(200ms);
  EXPECT_LE(server_->loan_count(), 40u) << "reading stops while answers pile up";
  clients_[c].is_reading = true;
  run(10s);
  EXPECT_EQ(parse_responses(clients_[c].received).size(), 2000u) << "and goes on";
}

TEST_F(HttpServerTest, IdleConnectionsAreClosedInOrder) {
  COVERS("R9112-31");
  put("index.html", "x");
  const std::size_t c = connect(kGet);
  run(59s);
  EXPECT_FALSE(clients_[c].peer_closed);
  run(5s);
  EXPECT_TRUE(clients_[c].peer_closed);
  EXPECT_FALSE(clients_[c].failed);
}

TEST_F(HttpServerTest, StopLetsAnswersFinish) {
  const std::string body(1u << 20, 'x');
  put("index.html", body);
  const std::size_t busy = connect(kGet);
  const std::size_t idle = connect("");
  clients_[busy].is_reading = false;
  run(20ms);
  server_->stop(moment());
  run(20ms);
  EXPECT_FALSE(server_->is_finished());
  EXPECT_TRUE(clients_[idle].peer_closed);
  clients_[busy].is_reading = true;
  run(100ms);
  EXPECT_TRUE(parse_responses(clients_[busy].received).at(0).body == body);
  for (HttpClientEnd& c : clients_) (void)client_stack_->shutdown_send(c.id, now_);
  run(100ms);
  EXPECT_TRUE(server_->is_finished());
  EXPECT_EQ(resets_, 0);
}

TEST_F(HttpServerTest, StopDoesNotWaitForever) {
  const std::string body(3u << 20, 'x');
  put("index.html", body);
  const std::size_t c = connect(kGet);
  clients_[c].is_reading = false;
  run(20ms);
  server_->stop(moment());
  run(4900ms);
  EXPECT_FALSE(server_->is_finished());
  run(200ms);
  EXPECT_TRUE(server_->is_finished());
}

TEST_F(HttpServerTest, BeyondItsLimitConnectionsAreRefused) {
  http::ServerConfig config;
  config.max_connections = 2;
  restart(config);
  put("index.html", "x");
  for (int i = 0; i < 3; ++i) connect(kGet.substr(0, 10));  // none of them is idle
  run(50ms);
  EXPECT_EQ(server_->connection_count(), 2u);
  EXPECT_TRUE(clients_[2].failed);
  EXPECT_EQ(server_->counters().refused, 1u);
}

// -- Streams

class TickerService final : public http::Service {
 public:
  std::string_view folder() const noexcept override { return "_glass"; }
  http::ServiceAnswer answer(const http::ServiceCall& call) noexcept override {
    client = call.tuple.remote();
    ticker = Ref<test::DotStream>(new test::DotStream);
    http::ServiceAnswer answer;
    answer.status = 200;
    answer.type = "text/plain";
    answer.stream = Ref<http::BodyStream>(ticker.get());
    return answer;
  }
  Ref<test::DotStream> ticker;
  Endpoint client;
};

class StreamTest : public HttpServerTest {
 protected:
  StreamTest() {
    http::ServerConfig config;
    config.service = &service_;
    config.in_flight_bytes = 64u << 10;
    restart(config);
  }
  ~StreamTest() override { server_.reset(); }
  static constexpr std::string_view kLive = "GET /_glass/live HTTP/1.1\r\nHost: a\r\n\r\n";
  TickerService service_;
};

TEST_F(StreamTest, WakesTheServerWhenItHasSomethingAndThenNoMore) {
  const std::size_t c = connect(kLive);
  run(10ms);
  EXPECT_EQ(service_.client.address, IpAddress::v4(192, 0, 2, 1));
  const std::size_t head = clients_[c].received.size();
  EXPECT_GT(server_->next_deadline(), now_);
  service_.ticker->give(5000);
  EXPECT_LE(server_->next_deadline(), now_) << "it is asked at once";
  run(10ms);
  EXPECT_EQ(clients_[c].received.size(), head + 5000);
  EXPECT_GT(server_->next_deadline(), now_);
  EXPECT_FALSE(clients_[c].peer_closed);
  // Silence alone ends nothing, as long as the peer answers TCP's question.
  run(3min);
  EXPECT_FALSE(clients_[c].failed);
  service_.ticker->give(100);
  run(10ms);
  EXPECT_EQ(clients_[c].received.size(), head + 5100);
}

TEST_F(StreamTest, ASlowReaderKeepsNothingAwake) {
  const std::size_t c = connect(kLive);
  run(10ms);
  clients_[c].is_reading = false;
  service_.ticker->give(10u << 20);
  for (int i = 0; i < 1000; ++i, now_ += 1ms) step();
  EXPECT_GT(service_.ticker->waiting, 0U);
  service_.ticker->give(1);
  server_->turn(moment());
  EXPECT_GT(server_->next_deadline(), now_) << "there is news, but no room for it";
  clients_[c].is_reading = true;
  run(5s);
  EXPECT_EQ(service_.ticker->waiting, 0U);
}

TEST_F(StreamTest, EndsWhenTheClientOrTheServerCloses) {
  const std::size_t c = connect(kLive);
  run(10ms);
  ASSERT_TRUE(client_stack_->shutdown_send(clients_[c].id, now_).has_value());
  run(100ms);
  EXPECT_TRUE(clients_[c].peer_closed);
  EXPECT_TRUE(service_.ticker->over);
  EXPECT_EQ(server_->connection_count(), 0U);

  const std::size_t d = connect(kLive);
  run(10ms);
  server_->stop(moment());
  run(100ms);
  EXPECT_TRUE(clients_[d].peer_closed);
  EXPECT_EQ(resets_, 0);
}

TEST_F(StreamTest, EndsWhenTheClientIsGone) {
  const std::size_t c = connect(kLive);
  run(10ms);
  client_stack_->abort(clients_[c].id, now_);
  clients_[c].failed = true;
  run(100ms);
  EXPECT_EQ(server_->connection_count(), 0U);
}

// Streams are asked for news one after the other, so their list has a limit.
TEST_F(StreamTest, OneMoreThanTheListHoldsIsReset) {
  constexpr std::size_t kStreams = 4096;
  for (std::size_t i = 0; i < kStreams; ++i) {
    connect(kLive);
    if (i % 256 == 255) run(2ms);
  }
  EXPECT_EQ(server_->connection_count(), kStreams);
  EXPECT_EQ(resets_, 0);
  const std::size_t c = connect(kLive);
  run(5ms);
  EXPECT_TRUE(clients_[c].failed);
  EXPECT_EQ(resets_, 1);
  EXPECT_EQ(server_->connection_count(), kStreams);
}

// The live view changes what a listener's next connections begin with.
TEST_F(HttpServerTest, NamesItsListeners) {
  ASSERT_EQ(server_->listeners().size(), 1U);
  ConnectionSettings settings = server_stack_->default_settings();
  settings.mss = 1000;
  server_stack_->apply_listener_settings(server_->listeners()[0], settings);
  const std::string page(5000, 'x');
  put("index.html", page);
  std::size_t largest = 0;
  connect(kGet);
  for (int i = 0; i < 10; ++i, now_ += 1ms) {
    server_stack_->advance(now_);
    server_->turn(moment());
    turn_clients();
    carry(*client_stack_, *server_stack_);
    OutPacket out;
    while (server_stack_->transmit(now_, out)) {
      largest = std::max(largest, std::size_t{out.payload_length});
      client_stack_->receive(flatten(out), {}, now_);
    }
  }
  EXPECT_EQ(parse_responses(clients_[0].received).size(), 1U);
  EXPECT_GT(largest, 900U);
  EXPECT_LE(largest, 1000U);
}

}  // namespace
}  // namespace glasstcp::test
