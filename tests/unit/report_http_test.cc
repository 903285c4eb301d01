// HTTP in captures: where messages begin and end, which frame carried which bytes, what a page
// needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/talk_capture.h"
#include "tun/report/analyze.h"
#include "tun/report/html_links.h"

namespace glasstcp::report {
namespace {

using test::Talk;
using testing::ElementsAre;

constexpr std::uint16_t kData = kAck | kPsh, kFinAck = kFin | kAck;

// A talk whose numbers follow from what was said.
class HttpTalk {
 public:
  HttpTalk() { talk_.handshake(); }
  HttpTalk& ask(const std::string& text) {
    talk_.client({.seq = client_, .ack = server_, .flags = kData, .data = text});
    client_ += static_cast<std::uint32_t>(text.size());
    return *this;
  }
  HttpTalk& answer(const std::string& text) {
    talk_.server({.seq = server_, .ack = client_, .flags = kData, .data = text});
    server_ += static_cast<std::uint32_t>(text.size());
    return *this;
  }
  HttpTalk& lose(std::uint32_t bytes) {
    server_ += bytes;
    return *this;
  }
  HttpTalk& server_closes() {
    talk_.server({.seq = server_++, .ack = client_, .flags = kFinAck});
    talk_.client({.seq = client_, .ack = server_});
    return *this;
  }
  [[nodiscard]] Capture read() const { return talk_.read(); }

 private:
  Talk talk_;
  std::uint32_t client_ = 1, server_ = 1;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: example\r\n" + fields + "\r\n";
}
std::string ok(const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

const std::vector<Message>& messages(const Capture& capture) {
  return capture.connections.at(0).messages;
}

TEST(ReportHttp, PairsRequestsAndResponses) {
  const Capture capture =
      HttpTalk().ask(get("/a")).answer(ok("hello")).ask(get("/b")).answer(ok("")).read();
  const auto& all = messages(capture);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].target, "/a");
  EXPECT_EQ(all[0].partner, 1U);
  EXPECT_EQ(all[1].partner, 0U);
  EXPECT_EQ(all[1].status, 200);
  EXPECT_EQ(all[1].reason, "OK");
  EXPECT_EQ(all[1].body_begin, "hello");
  EXPECT_TRUE(all[1].is_complete);
  EXPECT_EQ(all[3].partner, 2U);
  EXPECT_EQ(all[3].body_bytes, 0U);
  ASSERT_NE(all[0].header("host"), nullptr);
  EXPECT_EQ(*all[0].header("host"), "example");
  EXPECT_TRUE(capture.connections[0].frames[4].is(Event::MessageEnd));
  EXPECT_FALSE(capture.connections[0].is_idle);
}

TEST(ReportHttp, TellsWhichFrameCarriedWhichBytes) {
  const std::string whole = ok("0123456789");
  const Capture capture = HttpTalk()
                              .ask(get("/"))
                              .answer(whole.substr(0, 17))
                              .answer(whole.substr(17, whole.size() - 20))
                              .answer(whole.substr(whole.size() - 3))
                              .read();
  const Message& m = messages(capture).at(1);
  ASSERT_EQ(m.pieces.size(), 3U);
  EXPECT_EQ(m.pieces[0].frame, 5U);
  EXPECT_EQ(m.pieces[0].end, 17U);
  EXPECT_EQ(m.pieces[2].frame, 7U);
  EXPECT_EQ(m.pieces[2].end, whole.size());
  EXPECT_EQ(m.head_bytes + m.body_bytes, whole.size());
}

TEST(ReportHttp, KnowsTheWaysABodyEnds) {
  const Capture chunked =
      HttpTalk()
          .ask(get("/"))
          .answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
          .ask(get("/next"))
          .answer(ok("x"))
          .read();
  EXPECT_EQ(messages(chunked).at(1).content_bytes, 5U);
  EXPECT_EQ(messages(chunked).at(1).body_begin, "hello");
  EXPECT_EQ(messages(chunked).at(3).body_begin, "x");

  const Capture closed = HttpTalk()
                             .ask(get("/"))
                             .answer("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                             .answer("until the end")
                             .server_closes()
                             .read();
  EXPECT_EQ(messages(closed).at(1).framing, BodyFraming::UntilClose);
  EXPECT_EQ(messages(closed).at(1).content_bytes, 13U);
  EXPECT_TRUE(messages(closed).at(1).is_complete);

  const Capture head = HttpTalk()
                           .ask("HEAD / HTTP/1.1\r\nHost: example\r\n\r\n")
                           .answer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
                           .ask(get("/", "If-None-Match: \"1\"\r\n"))
                           .answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")
                           .ask(get("/x"))
                           .answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
                           .read();
  const auto& all = messages(head);
  ASSERT_EQ(all.size(), 7U);
  EXPECT_TRUE(all[1].is_complete);
  EXPECT_EQ(all[3].status, 304);
  EXPECT_EQ(all[4].partner, 6U);
  EXPECT_EQ(all[6].status, 204);
}

TEST(ReportHttp, SeesPipelining) {
  const Capture capture =
      HttpTalk().ask(get("/a") + get("/b")).answer(ok("a")).answer(ok("b")).read();
  const auto& all = messages(capture);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1].target, "/b");
  EXPECT_EQ(all[1].pipelined_behind, 1U);
  EXPECT_EQ(all[1].partner, 3U);
}

TEST(ReportHttp, ReadsRanges) {
  const Capture capture =
      HttpTalk()
          .ask(get("/song", "Range: bytes=0-\r\n"))
          .answer(
              "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4\r\nContent-Length: "
              "4\r\n\r\nabcd")
          .read();
  const Message& m = messages(capture).at(1);
  EXPECT_EQ(m.range_first, 0U);
  EXPECT_EQ(m.range_last, 3U);
  EXPECT_EQ(m.range_total, 4U);
  for (const Finding& finding : capture.findings) {
    if (finding.kind != FindingKind::WhyPartialContent) continue;
    EXPECT_EQ(finding.value(ValueName::IsWhole)->number, 1);
    EXPECT_EQ(finding.value(ValueName::Range)->text, "bytes=0-");
    EXPECT_EQ(finding.frame(Role::Request), 4U);
  }
}

TEST(ReportHttp, CountsOverAGap) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n";
  const Capture capture = HttpTalk()
                              .ask(get("/"))
                              .answer(head + std::string(1000, 'a'))
                              .lose(1000)
                              .answer(std::string(1000, 'c'))
                              .ask(get("/next"))
                              .answer(ok("x"))
                              .read();
  const auto& all = messages(capture);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(all[1].has_gap);
  EXPECT_TRUE(all[1].is_complete);
  EXPECT_EQ(all[1].body_bytes, 3000U);
  EXPECT_EQ(all[1].content_bytes, 2000U);
  EXPECT_EQ(all[3].body_begin, "x");
  EXPECT_EQ(capture.connections[0].end(Side::Server).missing, 1000U);
}

TEST(ReportHttp, OtherProtocolsAreNoMessages) {
  const Capture capture = HttpTalk().ask("EHLO example\r\n").answer("250 ok\r\n").read();
  EXPECT_TRUE(messages(capture).empty());
  EXPECT_FALSE(capture.connections[0].is_http);
}

TEST(ReportHttp, FindsWhatABrowserLoads) {
  EXPECT_THAT(
      links_of("<!-- <img src=no> --><IMG alt='>' SRC=\"a.png?x=1&amp;y=2\"><a href=page.html>"
               "<link rel=stylesheet href='s.css'><link rel=next href=n><script src=j.js></script>"
               "<img src=a.png?x=1&amp;y=2><audio src = m.mp3"),
      ElementsAre("a.png?x=1&y=2", "s.css", "j.js", "m.mp3"));
}

TEST(ReportHttp, ResolvesLinks) {
  EXPECT_EQ(resolve("img/a.png", "/dir/page.html?q", "h"), "/dir/img/a.png");
  EXPECT_EQ(resolve("../a.png", "/dir/page.html", "h"), "/a.png");
  EXPECT_EQ(resolve("/b.css#part", "/dir/", "h"), "/b.css");
  EXPECT_EQ(resolve("?v=2", "/dir/p", "h"), "/dir/p?v=2");
  EXPECT_EQ(resolve("http://H:80/x", "/", "h:80"), "/x");
  EXPECT_EQ(resolve("//other/x", "/", "h"), "");
  EXPECT_EQ(resolve("https://h/x", "/", "h"), "");
  EXPECT_EQ(resolve("data:image/png;base64,AA", "/", "h"), "");
  EXPECT_EQ(resolve("../../../x", "/a/b", "h"), "/x");
}

TEST(ReportHttp, TellsWhatWasNotRequestedAndWhy) {
  const std::string page = "<img src=logo.jpg><img src=new.jpg><img src=//cdn/x.js>";
  const std::string html = "Content-Type: text/html; charset=utf-8\r\n";
  const Capture capture = HttpTalk()
                              .ask(get("/"))
                              .answer(ok(page, html))
                              .ask(get("/logo.jpg"))
                              .answer(ok("jpg", "Cache-Control: max-age=60\r\n"))
                              .ask(get("/"))
                              .answer(ok(page, html))
                              .read();
  ASSERT_EQ(capture.resources.size(), 6U);
  EXPECT_EQ(capture.resources[0].fate, ResourceFate::Requested);
  EXPECT_EQ(capture.resources[0].requested, 6U);
  EXPECT_EQ(capture.resources[1].fate, ResourceFate::NotVisible);
  EXPECT_EQ(capture.resources[2].fate, ResourceFate::OtherServer);
  EXPECT_EQ(capture.resources[3].fate, ResourceFate::Reused);
  EXPECT_EQ(capture.resources[3].allowed_by, 7U);
  EXPECT_EQ(capture.resources[3].validity, "max-age=60");
}

TEST(ReportHttp, APageThatIsAsItWasNamesTheSameResources) {
  const std::string page = "<img src=fresh.jpg><img src=asks.jpg>";
  const std::string html = "Content-Type: text/html\r\nETag: \"1\"\r\n";
  const Capture capture = HttpTalk()
                              .ask(get("/"))
                              .answer(ok(page, html))
                              .ask(get("/fresh.jpg"))
                              .answer(ok("jpg", "Cache-Control: max-age=60\r\n"))
                              .ask(get("/asks.jpg"))
                              .answer(ok("jpg", "Cache-Control: no-cache\r\n"))
                              .ask(get("/", "If-None-Match: \"1\"\r\n"))
                              .answer("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n")
                              .read();
  ASSERT_EQ(capture.resources.size(), 4U);
  EXPECT_EQ(capture.resources[0].fate, ResourceFate::Requested);
  EXPECT_EQ(capture.resources[1].fate, ResourceFate::Requested);
  EXPECT_EQ(capture.resources[2].message, 7U) << "the 304";
  EXPECT_EQ(capture.resources[2].fate, ResourceFate::Reused);
  EXPECT_EQ(capture.resources[2].allowed_by, 7U);
  EXPECT_EQ(capture.resources[3].fate, ResourceFate::NotVisible) << "no-cache allows no reuse";
}

TEST(ReportHttp, SmallWritesAndPushesAreTold) {
  const Capture capture = HttpTalk()
                              .ask(get("/"))
                              .answer("HTTP/1.0 200 OK\r\n")
                              .answer("Content-Length: 5\r\n\r\n")
                              .answer("hello")
                              .read();
  bool is_told = false;
  for (const Finding& finding : capture.findings) {
    if (finding.kind == FindingKind::WhySmallWrites) is_told = finding.is_shown;
    if (finding.kind != FindingKind::WhyPush) continue;
    EXPECT_EQ(finding.frame(Role::LastSegment), 7U);
    EXPECT_EQ(finding.value(ValueName::SegmentsOfMessage)->number, 3);
    EXPECT_EQ(finding.value(ValueName::PushedInMiddle)->number, 2);
  }
  EXPECT_TRUE(is_told);
}

}  // namespace
}  // namespace glasstcp::report
