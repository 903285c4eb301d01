// The client side: URLs, the request it writes, and responses read whole and byte by byte.
#include <gtest/gtest.h>

#include <string>

#include "http/client.h"

namespace glasstcp::test {
namespace {

using http::ResponseReader;
using Status = ResponseReader::Status;

TEST(HttpClient, Urls) {
  struct Case {
    std::string_view text, host, target;
    int port;
  };
  const Case cases[] = {
      {"http://192.0.2.2/", "192.0.2.2", "/", 80},
      {"HTTP://a", "a", "/", 80},
      {"http://a:8080/b?c#d", "a", "/b?c", 8080},
      {"http://a?q", "a", "?q", 80},
      {"http://[2001:db8::2]:81/x", "2001:db8::2", "/x", 81},
      {"http://a:/", "a", "/", 80},
  };
  for (const Case& c : cases) {
    const auto url = http::parse_url(c.text);
    ASSERT_TRUE(url.has_value()) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->target, c.target) << c.text;
    EXPECT_EQ(number(url->port), c.port) << c.text;
  }
  for (const char* bad :
       {"", "a", "https://a/", "http://", "http:///a", "http://:80/", "http://a:0/",
        "http://a:65536/", "http://a b/", "http://a/\r\nX: y", "http://[x]/"}) {
    EXPECT_FALSE(http::parse_url(bad).has_value()) << bad;
  }
}

TEST(HttpClient, WritesARequest) {
  std::uint8_t memory[512];
  http::TextWriter out(memory, sizeof memory);
  http::write_request(
      out, {.url = *http::parse_url("http://[::1]:81?q"), .is_head = false, .range = "0-9"});
  EXPECT_EQ(out.written(),
            "GET /?q HTTP/1.1\r\nHost: [::1]:81\r\nUser-Agent: glasstcp\r\nAccept: "
            "*/*\r\nConnection: close\r\n"
            "Range: bytes=0-9\r\n\r\n");
}

struct Outcome {
  Status status = Status::More;
  int code = 0;
  std::string content;
  bool complete_at_close = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view text, bool to_head, std::size_t step_size) {
  ResponseReader reader(to_head);
  Outcome o;
  std::size_t at = 0;
  while (at < text.size() && o.status == Status::More) {
    const auto step = reader.feed(http::as_bytes(text.substr(at, step_size)));
    o.content += http::as_text(step.content);
    o.status = step.status;
    at += step.consumed;
  }
  o.code = reader.status();
  o.complete_at_close = reader.is_complete_at_close();
  return o;
}

TEST(HttpClient, ReadsResponses) {
  struct Case {
    std::string text;
    Outcome outcome;
    bool to_head = false;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", {Status::Done, 200, "hello", true}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", {Status::More, 200, "hel", false}},
      {"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", {Status::Done, 200, "", true}},
      {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
       {Status::Done, 200, "ab", true}},
      {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nab\r\n0\t\r\n\r\n",
       {Status::Done, 200, "ab", true}},
      {"HTTP/1.0 200 OK\r\n\r\nuntil close", {Status::More, 200, "until close", true}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {Status::Done, 200, "", true}, true},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", {Status::Done, 304, "", true}},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
       {Status::Done, 204, "", true}},
      {"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", {Status::Done, 200, "x", true}},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", {Status::Failed, 0, "", false}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", {Status::Failed, 0, "", false}},
      {"HTTP/2 200\r\n\r\n", {Status::Failed, 0, "", false}},
      {"SSH-2.0-server\r\n", {Status::Failed, 0, "", false}},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(40000, 'x'), {Status::Failed, 0, "", false}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(read(c.text, c.to_head, c.text.size()), c.outcome) << c.text.substr(0, 80);
    EXPECT_EQ(read(c.text, c.to_head, 1), c.outcome) << "byte by byte: " << c.text.substr(0, 80);
  }
}

TEST(HttpClient, FindsFields) {
  ResponseReader reader(false);
  const std::string text =
      "HTTP/1.1 206 Partial Content\r\nContent-Range:  bytes 0-1/5 \r\nContent-Length: 2\r\n\r\nab";
  EXPECT_EQ(reader.feed(http::as_bytes(text)).status, Status::Done);
  EXPECT_EQ(reader.field("content-range"), "bytes 0-1/5");
  EXPECT_FALSE(reader.field("etag").has_value());
  EXPECT_TRUE(reader.head().ends_with("Content-Length: 2\r\n\r\n"));
}

}  // namespace
}  // namespace glasstcp::test
