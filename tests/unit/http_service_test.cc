// What a server answers about itself, beside the files of its site: which requests belong to it,
// and answers that have no end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/service.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ServicePath, IsFoundHoweverItIsWritten) {
  std::uint8_t memory[256];
  const auto below = [&memory](std::string_view target) {
    return http::path_below("_glass", target, memory);
  };
  EXPECT_EQ(below("/_glass/a/b"), "a/b");
  EXPECT_EQ(below("/_glass/a?live=1"), "a");
  EXPECT_EQ(below("/_glass"), "");
  EXPECT_EQ(below("/_glass/"), "");
  EXPECT_EQ(below("/%5fgl%61ss/a"), "a");
  EXPECT_EQ(below("/%5Fglass%2Fa"), "a");
  EXPECT_EQ(below("/x/../_glass/./a"), "a");
  EXPECT_EQ(below("/x/%2e%2e/_glass/a"), "a");
  EXPECT_EQ(below("//_glass/a"), "a");
  EXPECT_EQ(below("http://host/_glass/a"), "a");
  EXPECT_FALSE(below("/_glassy/a"));
  EXPECT_FALSE(below("/x/_glass/a"));
  EXPECT_FALSE(below("/_glass/../a"));
  EXPECT_FALSE(below("/a?_glass/"));
  EXPECT_FALSE(below("/%zz"));
  EXPECT_FALSE(below("*"));
  EXPECT_EQ(http::authority_of("http://evil.example:80/_glass/a?x"), "evil.example:80");
  EXPECT_EQ(http::authority_of("/_glass/a?to=http://b/"), "");
}

// A stream that a test fills.
class Script final : public http::BodyStream {
 public:
  explicit Script(bool& is_alive) : is_alive_(is_alive) { is_alive_ = true; }
  ~Script() override { is_alive_ = false; }
  std::size_t read(ByteSpan out) noexcept override {
    const std::size_t n = std::min(out.size(), waiting.size());
    std::copy_n(waiting.begin(), n, out.begin());
    waiting.erase(0, n);
    return n;
  }
  bool is_over() const noexcept override { return over && waiting.empty(); }
  void end() noexcept override {
    over = true;
    ended = true;
  }
  std::string waiting;
  bool over = false;
  bool ended = false;

 private:
  bool& is_alive_;
};

class OneService final : public http::Service {
 public:
  std::string_view folder() const noexcept override { return "_glass"; }
  http::ServiceAnswer answer(const http::ServiceCall& call) noexcept override {
    last_path = std::string(call.path);
    last_query = std::string(call.query);
    last_host = call.host ? std::string(*call.host) : "-";
    last_authority = std::string(call.authority);
    last_origin = call.origin ? std::string(*call.origin) : "-";
    last_type = call.content_type ? std::string(*call.content_type) : "-";
    client = call.tuple.remote_address;
    ++calls;
    http::ServiceAnswer answer;
    if (call.path == "live") {
      answer.status = 200;
      answer.type = "application/x-pcapng";
      if (call.method == http::Method::Head) return answer;
      const Ref<Script> made(new Script(is_alive));
      made->waiting = "first";
      script = made.get();
      answer.stream = Ref<http::BodyStream>(made.get());
    } else if (call.path == "text") {
      answer.status = 200;
      answer.type = "text/plain";
      answer.body.bytes = http::as_bytes("some text");
    } else if (call.path == "form") {
      answer.most_body = 10;
      answer.on_body = [this](std::string_view body) {
        last_body = std::string(body);
        http::ServiceAnswer said;
        said.status = 400;
        said.type = "application/json";
        said.body.bytes = http::as_bytes("{}");
        return said;
      };
      if (call.query == "own") {
        answer.on_bad_body = [](int status) {
          http::ServiceAnswer said;
          said.status = status;
          said.type = "application/json";
          said.body.bytes = http::as_bytes("{\"bad\":1}");
          return said;
        };
      }
    } else {
      answer.explanation = "not here, and why";
    }
    return answer;
  }
  std::string last_path, last_query, last_host, last_authority, last_origin, last_type;
  std::string last_body = "-";
  IpAddress client;
  int calls = 0;
  bool is_alive = false;
  Script* script = nullptr;
};

class OneClient final : public http::PeerNames {
 public:
  FourTuple tuple_of(std::uint32_t) const noexcept override {
    FourTuple tuple;
    tuple.remote_address = IpAddress::v4(192, 0, 2, 1);
    return tuple;
  }
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() : world_({.extra_fields = "Access-Control-Allow-Origin: *\r\n"}) {
    world_.services.service = &service_;
    world_.services.peers = &client_;
    world_.put("_glass/text", "of the site");
    world_.put("a", "A");
  }
  std::string answer_to(std::string_view request) {
    HttpPeer peer(world_);
    peer.send(request);
    EXPECT_TRUE(peer.is_closing());
    return peer.take_output();
  }
  OneService service_;
  OneClient client_;
  HttpWorld world_;
};

TEST_F(ServiceTest, WinsOverTheSiteAndCloses) {
  const std::string answer = answer_to("GET /_glass/text?q HTTP/1.1\r\nHost: h:8080\r\n\r\n");
  const auto responses = parse_responses(answer);
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_EQ(responses[0].status, 200);
  EXPECT_EQ(responses[0].body, "some text");
  EXPECT_EQ(responses[0].field("Connection"), "close");
  EXPECT_EQ(responses[0].field("Cache-Control"), "no-store");
  EXPECT_EQ(responses[0].field("Content-Type"), "text/plain");
  EXPECT_THAT(answer, Not(HasSubstr("Access-Control"))) << "what the user adds is for the site";
  EXPECT_EQ(service_.last_query, "q");
  EXPECT_EQ(service_.last_host, "h:8080");
  EXPECT_EQ(service_.client, IpAddress::v4(192, 0, 2, 1));
}

TEST_F(ServiceTest, IsNotAskedForTheSite) {
  HttpPeer peer(world_);
  peer.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(parse_responses(peer.take_output()).size(), 2U);
  EXPECT_FALSE(peer.is_closing());
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(ServiceTest, SeesTheNamesByWhichItIsAsked) {
  answer_to("GET http://evil.example/_glass/text HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(service_.last_authority, "evil.example");
  answer_to("GET /_glass/text HTTP/1.0\r\n\r\n");
  EXPECT_EQ(service_.last_host, "-");
}

TEST_F(ServiceTest, ExplainsItsErrorsAndAnswersEveryMethod) {
  const auto error = parse_responses(answer_to("GET /_glass/x HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_EQ(error.size(), 1U);
  EXPECT_EQ(error[0].status, 404);
  EXPECT_THAT(error[0].body, HasSubstr("not here, and why"));
  EXPECT_EQ(error[0].field("Cache-Control"), "no-store");
  answer_to("POST /_glass/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(service_.calls, 2);
  const std::string head = answer_to("HEAD /_glass/text HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(ServiceTest, ReadsABodyForWhoeverAsksForIt) {
  const std::string head =
      "POST /_glass/form HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\n"
      "Content-Type: application/json\r\n";
  for (const bool slowly : {false, true}) {
    for (const char* body :
         {"Content-Length: 5\r\n\r\nabcde",
          "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"}) {
      service_.last_body = "-";
      HttpPeer peer(world_);
      slowly ? peer.send_slowly(head + body) : peer.send(head + body);
      const auto answers = parse_responses(peer.take_output());
      ASSERT_EQ(answers.size(), 1U);
      EXPECT_EQ(answers[0].status, 400);
      EXPECT_EQ(answers[0].body, "{}") << "an error may have a body of its own";
      EXPECT_EQ(answers[0].field("Content-Type"), "application/json");
      EXPECT_EQ(service_.last_body, "abcde");
      EXPECT_TRUE(peer.is_closing());
    }
  }
  EXPECT_EQ(service_.last_origin, "http://h");
  EXPECT_EQ(service_.last_type, "application/json");
  answer_to(head + "\r\n");
  EXPECT_EQ(service_.last_body, "") << "there is none";
  answer_to(head + "Origin: http://other\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(service_.last_origin, "-") << "given twice";
}

TEST_F(ServiceTest, ReadsNoMoreOfABodyThanIsWanted) {
  const std::string head = "POST /_glass/form HTTP/1.1\r\nHost: h\r\n";
  for (const char* body : {"Content-Length: 11\r\n\r\n", "Content-Length: 99999999999\r\n\r\n",
                           "Transfer-Encoding: chunked\r\n\r\nff\r\n0123456789ab"}) {
    const auto answers = parse_responses(answer_to(head + body));
    ASSERT_EQ(answers.size(), 1U) << body;
    EXPECT_EQ(answers[0].status, 413) << body;
  }
  EXPECT_EQ(service_.last_body, "-");
  // One that is cut short is nobody's.
  HttpPeer peer(world_);
  peer.send(head + "Content-Length: 5\r\n\r\nabc");
  peer.close();
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).status, 400);
  EXPECT_EQ(service_.last_body, "-");
}

TEST_F(ServiceTest, ABodyThatIsBadIsRefusedInTheServicesOwnForm) {
  const std::string head = "POST /_glass/form?own HTTP/1.1\r\nHost: h\r\n";
  const std::pair<const char*, int> bodies[] = {
      {"Content-Length: 11\r\n\r\n", 413},
      {"Transfer-Encoding: chunked\r\n\r\nff\r\n0123456789ab", 413},
      {"Transfer-Encoding: chunked\r\n\r\nno size\r\n", 400}};
  for (const auto& [body, status] : bodies) {
    HttpPeer peer(world_);
    peer.send(head + body);
    const auto answers = parse_responses(peer.take_output());
    ASSERT_EQ(answers.size(), 1U) << body;
    EXPECT_EQ(answers[0].status, status) << body;
    EXPECT_EQ(answers[0].body, "{\"bad\":1}") << body;
    EXPECT_EQ(answers[0].field("Content-Type"), "application/json") << body;
    EXPECT_EQ(answers[0].field("Cache-Control"), "no-store") << body;
    EXPECT_TRUE(peer.is_closing()) << body;
  }
  EXPECT_EQ(service_.last_body, "-");
}

TEST_F(ServiceTest, AStreamEndsWithItsConnection) {
  HttpPeer peer(world_);
  peer.send("GET /_glass/live HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string begin = peer.take_output();
  EXPECT_THAT(begin, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(begin, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(begin, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(begin.ends_with("\r\n\r\nfirst"));
  EXPECT_FALSE(peer.is_closing());
  // Nothing to say for an hour is no reason to end, once all that was said has arrived.
  peer.acknowledge_all();
  peer.wait(1h);
  EXPECT_FALSE(peer.is_closing());
  service_.script->waiting = "second";
  peer.stop_output(false);
  EXPECT_EQ(peer.take_output(), "second");
  service_.script->over = true;
  peer.stop_output(false);
  EXPECT_TRUE(peer.is_closing());
  EXPECT_FALSE(service_.is_alive);
}

TEST_F(ServiceTest, AStreamWhoseReaderTakesNothingEnds) {
  HttpPeer peer(world_);
  peer.send("GET /_glass/live HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(peer.wants(), http::Want::KeepOpen);
  peer.wait(2min);
  EXPECT_EQ(peer.wants(), http::Want::Abort);
  EXPECT_FALSE(service_.is_alive);
}

TEST_F(ServiceTest, AStreamEndsWhenTheServerOrTheClientDoes) {
  HttpPeer peer(world_);
  peer.send("GET /_glass/live HTTP/1.1\r\nHost: h\r\n\r\n");
  static_cast<void>(peer.take_output());
  service_.script->waiting = "last";
  peer.shut_down();
  EXPECT_EQ(peer.take_output(), "last");
  EXPECT_TRUE(peer.is_closing());

  HttpPeer other(world_);
  other.send("GET /_glass/live HTTP/1.1\r\nHost: h\r\n\r\n");
  other.connection().on_peer_closed(other.moment());
  EXPECT_TRUE(service_.script->ended);
  other.stop_output(false);
  EXPECT_TRUE(other.is_closing());
}

}  // namespace
}  // namespace glasstcp::test
