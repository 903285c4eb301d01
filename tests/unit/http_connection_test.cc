// One HTTP connection as its client sees it: keep-alive, pipelining, bodies, deadlines, and the
// close in stages.
#include "http/http_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/covers.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

using http::Want;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: example\r\n\r\n";
constexpr std::string_view kPage = "<p>hello</p>\n";

http::SiteConfig site_config() {
  http::SiteConfig config;
  config.sink_path = "/sink";
  return config;
}

class HttpConnectionTest : public ::testing::Test {
 protected:
  HttpConnectionTest() : world_(site_config()) {
    world_.put("index.html", kPage);
    world_.put("a.txt", "aaa");
    world_.put("b.txt", "bbbb");
  }
  /// The only response to a request that is sent whole, which must be the same when it is sent byte
  /// by byte.
  ParsedResponse ask(const std::string& request, bool is_head = false) {
    HttpPeer whole(world_);
    whole.send(request);
    const std::string output = whole.take_output();
    HttpPeer slow(world_);
    slow.send_slowly(request);
    EXPECT_EQ(slow.take_output(), output) << "byte by byte differs for: " << request.substr(0, 200);
    EXPECT_EQ(slow.wants(), whole.wants());
    const auto responses = parse_responses(output, is_head);
    EXPECT_EQ(responses.size(), 1u) << output;
    was_closed_ = whole.wants() == Want::CloseWhenSent;
    return responses.empty() ? ParsedResponse{} : responses.front();
  }

  HttpWorld world_;
  bool was_closed_ = false;
};

TEST_F(HttpConnectionTest, AnswersAGetAndStaysOpen) {
  COVERS("R9110-01", "R9112-28", "R9110-09", "R9110-07", "R9112-13");
  const ParsedResponse r = ask(std::string(kGet));
  EXPECT_THAT(r.head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(r.body, kPage);
  EXPECT_EQ(r.field("Server"), "glasstcp");
  EXPECT_EQ(r.field("Date"), "Fri, 02 Jan 2026 03:04:05 GMT");
  EXPECT_EQ(r.field("Content-Length"), "13");
  EXPECT_EQ(r.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_FALSE(r.has("Connection"));
  EXPECT_FALSE(was_closed_);
}

TEST_F(HttpConnectionTest, PersistsAsTheVersionAndTheClientSay) {
  COVERS("R9112-28", "R9112-32");
  struct Case {
    std::string request;
    std::string connection;
    bool closes;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close", true},
      {"GET / HTTP/1.0\r\n\r\n", "close", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "(absent)", false},
  };
  for (const Case& c : cases) {
    const ParsedResponse r = ask(c.request);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.field("Connection"), c.connection) << c.request;
    EXPECT_EQ(was_closed_, c.closes) << c.request;
  }
  HttpPeer peer(world_);
  peer.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(parse_responses(peer.take_output()).size(), 1u) << "nothing after close is answered";
}

TEST_F(HttpConnectionTest, PipelinedRequestsAreAnsweredInOrder) {
  COVERS("R9112-30");
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += i % 2 == 0 ? "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"
                           : "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  for (const bool slowly : {false, true}) {
    HttpPeer peer(world_);
    slowly ? peer.send_slowly(requests) : peer.send(requests);
    const auto responses = parse_responses(peer.take_output());
    ASSERT_EQ(responses.size(), 100u);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(responses[i].body, i % 2 == 0 ? "aaa" : "bbbb");
  }
}

TEST_F(HttpConnectionTest, ReadsNothingWhileAnAnswerWaits) {
  COVERS("R9112-30");
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(peer.unread(), kGet.size()) << "the second request stays with TCP, whose window closes";
  peer.stop_output(false);
  EXPECT_EQ(parse_responses(peer.take_output()).size(), 2u);
}

TEST_F(HttpConnectionTest, AnIdleConnectionHoldsNoMemory) {
  HttpPeer peer(world_);
  peer.send(kGet.substr(0, 10));
  EXPECT_GT(world_.heads.pool().in_use(), 0u) << "half a request is kept";
  peer.send(kGet.substr(10));
  const std::size_t prepared = world_.pool.in_use();
  for (int i = 0; i < 100; ++i) peer.send(kGet);
  EXPECT_EQ(world_.heads.pool().in_use(), 0u);
  EXPECT_EQ(world_.pool.in_use(), prepared) << "only the prepared answer remains, for everybody";
  EXPECT_LE(sizeof(http::HttpConnection), 88u);
}

// Keeps why connections were closed.
class Closings : public http::MessageListener {
 public:
  void on_request_line(std::uint32_t, std::string_view) noexcept override {}
  void on_request_end(std::uint32_t) noexcept override {}
  void on_response_begin(std::uint32_t, std::string_view, std::uint64_t) noexcept override {}
  void on_response_end(std::uint32_t) noexcept override {}
  void on_closing(std::uint32_t, const CloseNote& note) noexcept override { last = note; }
  CloseNote last{};
};

TEST_F(HttpConnectionTest, SaysHowLongItWasSilentBeforeItClosed) {
  Closings closings;
  world_.services.messages = &closings;
  HttpPeer never(world_);
  never.wait(11s);
  EXPECT_EQ(closings.last.cause, CloseCause::Idle);
  EXPECT_EQ(closings.last.after, 10s) << "nothing was ever asked";
  HttpPeer once(world_);
  once.send(kGet);
  (void)once.take_output();
  once.acknowledge_all();
  once.wait(61s);
  EXPECT_EQ(closings.last.cause, CloseCause::Idle);
  EXPECT_EQ(closings.last.after, 60s);
}

TEST_F(HttpConnectionTest, ErrorsAreAnsweredAndTheConnectionCloses) {
  COVERS("R9112-06", "R9112-08", "R9110-02", "R9112-17");
  struct Case {
    std::string request;
    int status;
  };
  const Case cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n", 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40000, 'a') + "\r\n\r\n", 431},
      {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense", 400},
  };
  for (const Case& c : cases) {
    const ParsedResponse r = ask(c.request);
    EXPECT_EQ(r.status, c.status) << c.request.substr(0, 60);
    EXPECT_EQ(r.field("Connection"), "close");
    EXPECT_EQ(r.field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_THAT(r.body, HasSubstr(std::to_string(c.status)));
    EXPECT_TRUE(was_closed_);
  }
}

TEST_F(HttpConnectionTest, ABrowserThatSpeaksTlsIsToldHow) {
  const ParsedResponse r = ask(std::string("\x16\x03\x01\x00\xee\x01\x00\x00", 8));
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(r.body, HasSubstr("http://"));
  EXPECT_TRUE(was_closed_);
}

// -- Bodies

TEST_F(HttpConnectionTest, ABodyThatNobodyWantsIsReadToItsEnd) {
  COVERS("R9112-29", "R9112-16");
  for (const std::string& body :
       {std::string("Content-Length: 5\r\n\r\nhello"),
        std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n")}) {
    HttpPeer peer(world_);
    peer.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n" + body +
              "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto responses = parse_responses(peer.take_output());
    ASSERT_EQ(responses.size(), 2u);
    EXPECT_EQ(responses[0].body, "aaa");
    EXPECT_EQ(responses[1].body, "bbbb");
  }
}

TEST_F(HttpConnectionTest, TooLongABodyIsRefused) {
  COVERS("R9112-29");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").status, 413);
  EXPECT_TRUE(was_closed_);
  EXPECT_EQ(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").status, 405)
      << "the better reason";
  EXPECT_TRUE(was_closed_);
  world_.config.max_discarded_body = 10;
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                "chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n")
                .status,
            413);
  EXPECT_TRUE(was_closed_);
}

TEST_F(HttpConnectionTest, TheSinkCountsAndHashes) {
  ParsedResponse r = ask("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "{\"bytes\":3}\n");
  EXPECT_EQ(r.field("Content-Type"), "application/json");
  EXPECT_FALSE(was_closed_);
  r =
      ask("POST /sink?sha256 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
          "chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
  EXPECT_EQ(r.body,
            "{\"bytes\":3,\"sha256\":"
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}\n");
  EXPECT_EQ(ask("POST /sink HTTP/1.1\r\nHost: a\r\n\r\n").body, "{\"bytes\":0}\n");
  r = ask("GET /sink HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(r.status, 405);
  EXPECT_EQ(r.field("Allow"), "PUT, POST, OPTIONS");
}

TEST_F(HttpConnectionTest, AClientThatAsksFirstIsToldToGoOn) {
  COVERS("R9110-29");
  HttpPeer peer(world_);
  peer.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("abc");
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).body, "{\"bytes\":3}\n");
}

TEST_F(HttpConnectionTest, AClientThatAsksFirstIsRefusedAtOnce) {
  COVERS("R9110-29", "R9112-29");
  const ParsedResponse r =
      ask("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(r.status, 405);
  EXPECT_EQ(r.field("Connection"), "close") << "whether the body comes is unknown";
  EXPECT_TRUE(was_closed_);
  EXPECT_EQ(
      ask("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: wonders\r\n\r\n").status,
      417);
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n").status, 417);
}

TEST_F(HttpConnectionTest, AnOldClientGetsNoInterimAnswer) {
  COVERS("R9110-29", "R9110-30", "R9112-18");
  HttpPeer peer(world_);
  peer.send("PUT /sink HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.take_output(), "");
  peer.send("abc");
  const ParsedResponse r = parse_responses(peer.take_output()).at(0);
  EXPECT_EQ(r.body, "{\"bytes\":3}\n");
  EXPECT_FALSE(r.has("Transfer-Encoding"));
}

TEST_F(HttpConnectionTest, ABodyCutShortIsIncomplete) {
  COVERS("R9112-24");
  HttpPeer peer(world_);
  peer.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");
  peer.close();
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).status, 400);
  EXPECT_EQ(peer.wants(), Want::Release);
}

// -- Closing and time

TEST_F(HttpConnectionTest, AHalfClosedClientStillGetsItsAnswers) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(std::string(kGet) + std::string(kGet));
  peer.close();
  peer.stop_output(false);
  EXPECT_EQ(parse_responses(peer.take_output()).size(), 2u);
  EXPECT_EQ(peer.wants(), Want::Release);
}

TEST_F(HttpConnectionTest, HalfARequestIsAnsweredWhenThePeerCloses) {
  COVERS("R9112-27");
  HttpPeer peer(world_);
  peer.send("GET / HTTP/1.1\r\n");
  peer.close();
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).status, 400);
}

TEST_F(HttpConnectionTest, ClosesInStages) {
  COVERS("R9112-33");
  HttpPeer peer(world_);
  peer.send("nonsense\r\n\r\n");
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).status, 400);
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  peer.send(std::string(100000, 'x'));
  EXPECT_EQ(peer.unread(), 0u) << "what still comes is read, so that no reset destroys the answer";
  peer.wait(5s);
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent) << "the answer is not acknowledged: no hurry";
  peer.acknowledge_all();
  peer.wait(4900ms);
  peer.send(std::string(100000, 'x'));
  peer.wait(1s);
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  peer.wait(1s);
  EXPECT_EQ(peer.wants(), Want::Release) << "100 kB are worth six seconds";
}

/// How long a connection lingers whose peer sends `bytes` each `pause` after its last answer, up to
/// a minute.
Duration lingers(HttpWorld& world, std::size_t bytes, Duration pause) {
  HttpPeer peer(world);
  peer.send("nonsense\r\n\r\n");
  peer.acknowledge_all();
  Duration all{};
  while (peer.wants() == Want::CloseWhenSent && all < 60s) {
    if (bytes > 0) peer.send(std::string(bytes, 'x'));
    EXPECT_EQ(peer.unread(), 0u) << "while it lasts everything is read";
    for (Duration waited{}; waited < pause && peer.wants() == Want::CloseWhenSent;
         waited += 100ms) {
      peer.wait(100ms);
      all += 100ms;
    }
  }
  EXPECT_EQ(peer.wants(), Want::Release);
  return all;
}

TEST_F(HttpConnectionTest, LingeringIsBoundedByTimeAndRate) {
  COVERS("R9112-33");
  EXPECT_EQ(lingers(world_, 0, 1s), 5s) << "five seconds of silence";
  EXPECT_EQ(lingers(world_, 1, 1s), 5s) << "a byte a second is not enough";
  EXPECT_EQ(lingers(world_, 15'000, 1s), 5s) << "nor are 15 kB";
  EXPECT_EQ(lingers(world_, 17'000, 1s), 30s) << "17 kB are; but half a minute is all there is";
  EXPECT_EQ(lingers(world_, 5'000'000, 1s), 30s) << "any number of bytes";
  EXPECT_EQ(lingers(world_, 400'000, 4900ms), 30s);
  EXPECT_EQ(lingers(world_, 400'000, 6s), 5s) << "silence counts whatever came before";
}

TEST_F(HttpConnectionTest, BeforeTheAnswerIsAcknowledgedLingeringIsBoundedByBytes) {
  COVERS("R9112-33");
  HttpPeer peer(world_);
  peer.send("nonsense\r\n\r\n");
  peer.send(std::string(3u << 20, 'x'));
  EXPECT_EQ(peer.unread(), 2u << 20) << "the rest waits with TCP";
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  EXPECT_FALSE(peer.connection().is_lingering());
  peer.acknowledge_all();
  EXPECT_EQ(peer.unread(), 0u);
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  EXPECT_TRUE(peer.connection().is_lingering());
  peer.close();
  EXPECT_EQ(peer.wants(), Want::Release);
}

TEST_F(HttpConnectionTest, ThePeersCloseEndsTheLingering) {
  HttpPeer peer(world_);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  peer.close();
  EXPECT_EQ(peer.wants(), Want::Release);
}

TEST_F(HttpConnectionTest, Deadlines) {
  COVERS("R9112-27", "R9112-31");
  HttpPeer silent(world_);
  silent.wait(9900ms);
  EXPECT_EQ(silent.wants(), Want::KeepOpen);
  silent.wait(200ms);
  EXPECT_EQ(silent.take_output(), "") << "nothing was asked, so nothing is answered";
  EXPECT_EQ(silent.wants(), Want::CloseWhenSent);

  HttpPeer slow(world_);
  slow.wait(9s);
  slow.send("GET / HT");
  slow.wait(9900ms);
  slow.send("TP");
  slow.wait(200ms);
  EXPECT_EQ(parse_responses(slow.take_output()).at(0).status, 408)
      << "ten seconds from the first byte";

  HttpPeer stuck(world_);
  stuck.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  stuck.wait(19s);
  stuck.send("c");
  stuck.wait(19s);
  EXPECT_EQ(stuck.wants(), Want::KeepOpen);
  stuck.wait(2s);
  EXPECT_EQ(parse_responses(stuck.take_output()).at(0).status, 408);

  HttpPeer idle(world_);
  idle.send(kGet);
  idle.acknowledge_all();
  idle.take_output();
  idle.wait(59s);
  EXPECT_EQ(idle.wants(), Want::KeepOpen);
  idle.wait(2s);
  EXPECT_EQ(idle.take_output(), "");
  EXPECT_EQ(idle.wants(), Want::CloseWhenSent);
  idle.wait(5s);
  EXPECT_EQ(idle.wants(), Want::Release);
}

TEST_F(HttpConnectionTest, APeerThatTakesNothingIsAborted) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGet);
  peer.wait(61s);
  EXPECT_EQ(peer.wants(), Want::Abort);
}

TEST_F(HttpConnectionTest, ShutdownLetsTheAnswerFinish) {
  HttpPeer idle(world_);
  idle.shut_down();
  EXPECT_EQ(idle.wants(), Want::CloseWhenSent);
  HttpPeer busy(world_);
  busy.stop_output(true);
  busy.send(kGet);
  busy.shut_down();
  EXPECT_EQ(busy.wants(), Want::KeepOpen);
  busy.stop_output(false);
  EXPECT_EQ(parse_responses(busy.take_output()).at(0).status, 200);
  EXPECT_EQ(busy.wants(), Want::CloseWhenSent);
}

TEST_F(HttpConnectionTest, WithoutMemoryNothingBreaks) {
  HttpWorld poor({}, 300);  // one smallest block
  poor.put("index.html", kPage);
  HttpPeer peer(poor);
  peer.send(kGet);
  const ParsedResponse r = parse_responses(peer.take_output()).at(0);
  EXPECT_EQ(r.status, 503) << "never a reset";
  EXPECT_EQ(r.field("Retry-After"), "5");
  EXPECT_EQ(r.field("Connection"), "close");
  EXPECT_EQ(peer.wants(), Want::CloseWhenSent);
  EXPECT_EQ(poor.counters.no_room, 1u);
  EXPECT_EQ(poor.pool.in_use(), 0u);
}

// -- The log

class Lines final : public http::AccessLogSink, public http::PeerNames {
 public:
  void write(std::string_view line) noexcept override { text += line; }
  FourTuple tuple_of(std::uint32_t) const noexcept override {
    FourTuple tuple;
    tuple.remote_address = IpAddress::v4(192, 0, 2, 1);
    return tuple;
  }
  std::string text;
};

TEST_F(HttpConnectionTest, LogsInTheCombinedFormat) {
  Lines log;
  world_.services.access_log = &log;
  world_.services.peers = &log;
  HttpPeer peer(world_);
  peer.send(kGet);
  peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  peer.send("GET /\"\\ HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.send(
      "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nReferer: http://b/\"\r\n"
      "User-Agent: c/1 \xff\t(d)\r\n\r\n");
  const std::string start = "192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] \"";
  const std::string end = " \"-\" \"-\"\n";
  EXPECT_THAT(log.text,
              StartsWith(start + "GET / HTTP/1.1\" 200 13" + end + start +
                         "HEAD / HTTP/1.1\" 200 0" + end + start + "PUT /sink HTTP/1.1\" 200 12" +
                         end + start + "GET /\\x22\\x5c HTTP/1.1\" 404 "));
  EXPECT_THAT(log.text, EndsWith(start + "GET /a.txt HTTP/1.1\" 206 2 \"http://b/\\x22\" "
                                         "\"c/1 \\xff\\x09(d)\"\n"))
      << "also behind a number that was known at the end";
  log.text.clear();
  peer.send(
      "PUT /sink HTTP/1.1\r\nHost: a\r\nUser-Agent: up/2\r\nReferer: r\r\n"
      "Content-Length: 2\r\n\r\nx");
  peer.send("y");
  EXPECT_EQ(log.text, start + "PUT /sink HTTP/1.1\" 200 12 \"r\" \"up/2\"\n") << "after its body";
  log.text.clear();
  peer.send("GET /" + std::string(5000, '"') +
            " HTTP/1.1\r\nHost: a\r\nUser-Agent: " + std::string(9000, '\\') + "\r\n\r\n");
  EXPECT_THAT(log.text, EndsWith("\\x5c\"\n")) << "cut, and still a line";
  EXPECT_EQ(std::count(log.text.begin(), log.text.end(), '\n'), 1);
}

}  // namespace
}  // namespace glasstcp::test
