// Damaged requests: whatever the bytes are and however they are cut, the same answers come out,
// each of them well-formed.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/covers.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

const std::string kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0,2-2\r\nIf-Range: \"x\"\r\n\r\n",
    "GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\", W/\"b\", *\r\nIf-Modified-Since: Sun, "
    "06 Nov 1994 08:49:37 GMT\r\n\r\n",
    "PUT /sink?sha256 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: "
    "keep-alive, close\r\n\r\nhello",
    "HEAD http://a:80/d/%2e%2e/../?q HTTP/1.1\r\nHost: [::1]:80\r\n\r\nOPTIONS * "
    "HTTP/1.1\r\nHost:\r\n\r\n",
};
const std::string kPieces[] = {"\r\n",
                               "\r",
                               "\n",
                               " ",
                               ":",
                               "%",
                               "\"",
                               "0",
                               "9999999999999999999",
                               "chunked",
                               "Host: b\r\n",
                               "Content-Length: 3\r\n",
                               "Transfer-Encoding: chunked\r\n",
                               "bytes=",
                               "-",
                               "../",
                               std::string(1, '\0')};

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  std::string request() {
    std::string text = kRequests[below(std::size(kRequests))];
    for (std::size_t changes = below(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        case 2:
          text.insert(at, kPieces[below(std::size(kPieces))]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(40)));
          break;
      }
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

class HttpMutationTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(HttpMutationTest, AnswersDoNotDependOnTheCuts) {
  COVERS("R9112-01", "R9112-06", "R9112-34");
  http::SiteConfig config;
  config.sink_path = "/sink";
  HttpWorld world(config);
  world.put("index.html", "<p>root</p>");
  world.put("a.txt", "aaaa");
  world.put("d/index.html", "d");
  Mutator mutator(GetParam());
  for (int round = 0; round < 2000; ++round) {
    const std::string text = mutator.request();
    HttpPeer whole(world);
    whole.send(text);
    whole.close();
    std::string output = whole.take_output();
    HttpPeer cut(world);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + mutator.below(20);
      cut.send(std::string_view(text).substr(at, length));
      at += length;
    }
    cut.close();
    std::string cut_output = cut.take_output();
    // A boundary is different in each response, on purpose; its digits may even differ in number.
    if (output.find("boundary=") == std::string::npos) {
      EXPECT_EQ(cut_output, output) << "seed " << GetParam() << ", round " << round << ":\n"
                                    << text;
    }
    EXPECT_TRUE(output.empty() || output.starts_with("HTTP/1.1 ")) << text;
    EXPECT_EQ(whole.wants(), cut.wants()) << text;
    EXPECT_EQ(whole.wants(), http::Want::Release) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HttpMutationTest, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace glasstcp::test
