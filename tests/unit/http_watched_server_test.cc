// What somebody who watches the server's stack is told by the server itself: which packet carries
// which request and response, and why the server ends a connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "stack/trace/annotator.h"
#include "stack/trace/fields.h"
#include "tests/support/http_server_fixture.h"

namespace glasstcp::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

// The messages and the reasons of closing, in order.
class Watcher : public AnnotatedSink {
 public:
  void on_annotated(const AnnotatedPacket& packet) noexcept override {
    for (const MessagePart& part : packet.messages.all()) {
      messages.push_back((part.role == MessageRole::Request ? "request " : "response ") +
                         std::string(part.label));
      ends.push_back(part.ends);
    }
    if (packet.close.cause != CloseCause::Unknown) closes.push_back(packet.close.cause);
  }
  std::vector<std::string> messages;
  std::vector<bool> ends;
  std::vector<CloseCause> closes;
};

class WatchedServer : public HttpServerTest {
 protected:
  WatchedServer() : annotator_({.wait = true}) {
    annotator_.add(watcher_);
    server_stack_->set_observer(&annotator_);
    put("index.html", "<p>hello</p>");
  }
  ~WatchedServer() override { server_stack_->set_observer(nullptr); }
  // Time passes, and what waits is told.
  void watch(Duration duration) {
    run(duration);
    annotator_.on_application_done();
    annotator_.on_turn_done(now_);
  }

  Watcher watcher_;
  Annotator annotator_;
};

TEST_F(WatchedServer, NamesRequestsAndResponses) {
  const std::size_t client = connect(kGet);
  watch(10ms);
  send(client, "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n");
  watch(10ms);
  EXPECT_THAT(watcher_.messages, Contains("response HTTP/1.1 200 OK"));
  EXPECT_THAT(watcher_.messages, Contains("request GET / HTTP/1.1"));
  EXPECT_THAT(watcher_.messages, Contains("response HTTP/1.1 404 Not Found"));
  EXPECT_THAT(watcher_.messages, Contains("request GET /missing HTTP/1.1"));
  EXPECT_EQ(watcher_.messages.size(), 4U);
  EXPECT_THAT(watcher_.ends, testing::Each(true)) << "each fits one packet";
  EXPECT_EQ(server_stack_->states()[static_cast<std::size_t>(State::Established)], 1U);
  EXPECT_EQ(server_stack_->states()[static_cast<std::size_t>(State::Listen)], 1U);
}

TEST_F(WatchedServer, SaysThatNoRequestCame) {
  connect("");
  watch(11s);
  EXPECT_THAT(watcher_.closes, ElementsAre(CloseCause::Idle));
  connect("\r\n");  // RFC 9112 §2.2: an empty line before a request is no part of it
  watch(11s);
  EXPECT_THAT(watcher_.closes, ElementsAre(CloseCause::Idle, CloseCause::HeaderTimeout));
  for (const HttpClientEnd& client : clients_) EXPECT_EQ(client.received, "");
}

TEST_F(WatchedServer, WhoIsNotWatchedIsToldNothing) {
  server_stack_->set_observer(nullptr);
  const std::size_t client = connect(kGet);
  watch(10ms);
  EXPECT_THAT(watcher_.messages, testing::IsEmpty());
  EXPECT_EQ(parse_responses(clients_[client].received).size(), 1U);
}

}  // namespace
}  // namespace glasstcp::test
