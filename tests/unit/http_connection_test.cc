// One HTTP connection as its client sees it: keep-alive, pipelining, bodies, deadlines, and the close in stages.
#include "http/http_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/covers.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

using http::Want;
using ::testing::HasSubstr;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: example\r\n\r\n";

class HttpConnectionTest : public ::testing::Test {
 protected:
  HttpConnectionTest() : world_({.sink_path = "/sink"}) {
    world_.put("index.html", "<p>hello</p>\n");
    world_.put("a.txt", "aaa");
    world_.put("b.txt", "bbbb");
  }
  /// The only response to a request that is sent whole, and the same sent byte by byte.
  ParsedResponse ask(std::string_view request) {
    HttpPeer whole(world_);
    whole.send(request);
    const std::string output = whole.take_output();
    HttpPeer slow(world_);
    slow.send_slowly(request);
    EXPECT_EQ(slow.take_output(), output) << "byte by byte differs for: " << request;
    EXPECT_EQ(slow.is_closing(), whole.is_closing());
    const auto responses = parse_responses(output);
    EXPECT_EQ(responses.size(), 1u) << output;
    was_closed_ = whole.is_closing();
    return responses.empty() ? ParsedResponse{} : responses.front();
  }

  HttpWorld world_;
  bool was_closed_ = false;
};

TEST_F(HttpConnectionTest, AnswersAGetAndStaysOpen) {
  COVERS("R9110-01", "R9112-28");
  const ParsedResponse r = ask(kGet);
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "<p>hello</p>\n");
  EXPECT_EQ(r.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_FALSE(was_closed_);
}

}  // namespace
}  // namespace glasstcp::test
