// The static site: what each request gets, and how large and changing files are sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/site.h"
#include "http/transfer.h"
#include "tests/support/covers.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

using http::Want;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kText = "0123456789abcdefghijklmnopqrstuvwxyz";
const std::string kModified = "Fri, 02 Jan 2026 02:47:25 GMT";  // kSomeSecond - 1000

class HttpSiteTest : public ::testing::Test {
 protected:
  explicit HttpSiteTest(http::SiteConfig config = {}) : world_(std::move(config)) {
    world_.put("index.html", "<p>root</p>");
    world_.put("docs/index.html", "<p>docs</p>");
    world_.put("docs/a b.txt", "spaced");
    world_.put("empty/x.txt", "x");
    world_.put("text.txt", kText);
    world_.put("nothing.txt", "");
    world_.store.put_forbidden("secret.txt");
  }
  ParsedResponse ask(const std::string& target, const std::string& fields = "",
                     const std::string& method = "GET") {
    HttpPeer peer(world_);
    peer.send(method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    const auto responses = parse_responses(peer.take_output(), method == "HEAD");
    EXPECT_EQ(responses.size(), 1u) << target;
    return responses.empty() ? ParsedResponse{} : responses.front();
  }
  HttpWorld world_;
};

TEST_F(HttpSiteTest, TargetsAndTheirStatus) {
  COVERS("R9110-33", "R9112-11");
  struct Case {
    std::string target;
    int status;
    std::string body;  // of a 200
  };
  const Case cases[] = {
      {"/", 200, "<p>root</p>"},
      {"/index.html", 200, "<p>root</p>"},
      {"/?query", 200, "<p>root</p>"},
      {"http://elsewhere/docs/", 200, "<p>docs</p>"},
      {"/docs/", 200, "<p>docs</p>"},
      {"/docs/a%20b.txt", 200, "spaced"},
      {"/docs/../text.txt", 200, kText},
      {"/%2e%2e/%2e%2e/text.txt", 200, kText},
      {"/nothing.txt", 200, ""},
      {"/docs", 301, ""},
      {"/missing", 404, ""},
      {"/../../etc/passwd", 404, ""},
      {"/text.txt/", 404, ""},
      {"/empty/", 404, ""},
      {"/secret.txt", 403, ""},
      {"/%00", 400, ""},
      {"/%zz", 400, ""},
  };
  for (const Case& c : cases) {
    const ParsedResponse r = ask(c.target);
    EXPECT_EQ(r.status, c.status) << c.target;
    if (c.status == 200) {
      EXPECT_EQ(r.body, c.body) << c.target;
    } else {
      EXPECT_THAT(r.body, HasSubstr("<h1>")) << "a page for people";
    }
  }
}

TEST_F(HttpSiteTest, ADirectoryIsRedirectedToItsSlash) {
  EXPECT_EQ(ask("/docs").field("Location"), "/docs/");
  EXPECT_EQ(ask("/docs?a=b").field("Location"), "/docs/?a=b");
  EXPECT_EQ(ask("//docs").field("Location"), "/docs/") << "never to another server";
  HttpPeer bare(world_);
  bare.send("GET /docs HTTP/1.1\r\nHost: 2001:db8::2\r\n\r\n");
  EXPECT_EQ(parse_responses(bare.take_output()).at(0).field("Location"), "/docs/")
      << "relative, whatever the Host";
  world_.put("\xc3\xa4 %/index.html", "x");
  EXPECT_EQ(ask("/%C3%A4%20%25").field("Location"), "/%C3%A4%20%25/");
}

TEST_F(HttpSiteTest, HeadIsGetWithoutContent) {
  COVERS("R9110-01", "R9110-04", "R9110-05", "R9110-06");
  for (const char* target : {"/", "/text.txt", "/docs", "/missing", "/nothing.txt"}) {
    for (int round = 0; round < 2; ++round) {  // the second time from the prepared answer
      const ParsedResponse get = ask(target);
      const ParsedResponse head = ask(target, "", "HEAD");
      EXPECT_EQ(head.head, get.head) << target;
      EXPECT_EQ(head.body, "") << target;
    }
  }
}

TEST_F(HttpSiteTest, MethodsThatAreNotAllowed) {
  COVERS("R9110-02", "R9110-03");
  for (const char* method : {"PUT", "POST", "DELETE", "PATCH", "TRACE", "CONNECT"}) {
    const ParsedResponse r = ask("/", "", method);
    EXPECT_EQ(r.status, 405) << method;
    EXPECT_EQ(r.field("Allow"), "GET, HEAD, OPTIONS");
  }
  EXPECT_EQ(ask("/", "", "BREW").status, 501);
}

TEST_F(HttpSiteTest, Options) {
  COVERS("R9112-12", "R9110-06");
  for (const char* target : {"*", "/", "/missing"}) {
    const ParsedResponse r = ask(target, "", "OPTIONS");
    EXPECT_EQ(r.status, 204);
    EXPECT_EQ(r.field("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_FALSE(r.has("Content-Length")) << "204 has none";
  }
}

TEST_F(HttpSiteTest, ValidatorsAndCaching) {
  COVERS("R9110-12", "R9110-13", "R9110-28", "R9111-01", "R9110-06", "R9110-15", "R9110-16");
  const ParsedResponse r = ask("/text.txt");
  EXPECT_EQ(r.field("Last-Modified"), kModified);
  EXPECT_EQ(r.field("Cache-Control"), "no-cache");
  EXPECT_EQ(r.field("Accept-Ranges"), "bytes");
  const std::string tag = r.field("ETag");
  EXPECT_THAT(tag, StartsWith("\""));

  for (const std::string& condition :
       {"If-None-Match: " + tag, "If-None-Match: W/" + tag, "If-Modified-Since: " + kModified}) {
    const ParsedResponse unchanged = ask("/text.txt", condition + "\r\n");
    EXPECT_EQ(unchanged.status, 304) << condition;
    EXPECT_EQ(unchanged.body, "");
    EXPECT_FALSE(unchanged.has("Content-Length"));
    EXPECT_FALSE(unchanged.has("Content-Type"));
    for (const char* name : {"Date", "ETag", "Cache-Control"})
      EXPECT_EQ(unchanged.field(name), r.field(name));
  }
  EXPECT_EQ(ask("/text.txt", "If-None-Match: \"other\"\r\n").status, 200);
  EXPECT_EQ(ask("/text.txt", "If-Match: \"other\"\r\n").status, 412);
  EXPECT_EQ(ask("/text.txt", "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n").status, 412);

  world_.put("future.txt", "x", kSomeSecond + 5000);
  EXPECT_EQ(ask("/future.txt").field("Last-Modified"), ask("/future.txt").field("Date"))
      << "never later than Date";
}

TEST_F(HttpSiteTest, PreconditionsCountOnlyWhereTheAnswerWouldBe200) {
  COVERS("R9110-19");
  EXPECT_EQ(ask("/missing", "If-Match: \"x\"\r\n").status, 404);
  EXPECT_EQ(ask("/docs", "If-None-Match: *\r\n").status, 301);
  EXPECT_EQ(ask("/", "If-Match: \"x\"\r\n", "POST").status, 405);
}

class HttpCachedSiteTest : public HttpSiteTest {
 protected:
  HttpCachedSiteTest() : HttpSiteTest({.server_name = "other", .max_age = 3600, .sink_path = {}}) {}
};

TEST_F(HttpCachedSiteTest, MaxAge) {
  COVERS("R9111-01");
  EXPECT_EQ(ask("/").field("Cache-Control"), "max-age=3600");
  EXPECT_EQ(ask("/").field("Server"), "other");
}

// -- Ranges

TEST_F(HttpSiteTest, OneRange) {
  COVERS("R9110-23", "R9110-25", "R9110-26", "R9110-27");
  const ParsedResponse full = ask("/text.txt");
  const ParsedResponse r = ask("/text.txt", "Range: bytes=10-12\r\n");
  EXPECT_EQ(r.status, 206);
  EXPECT_EQ(r.body, "abc");
  EXPECT_EQ(r.field("Content-Range"), "bytes 10-12/36");
  EXPECT_EQ(r.field("Content-Length"), "3");
  for (const char* name : {"Content-Type", "Date", "ETag", "Last-Modified", "Cache-Control"}) {
    EXPECT_EQ(r.field(name), full.field(name)) << name;
  }
  EXPECT_EQ(ask("/text.txt", "Range: bytes=10-12,99-\r\n").field("Content-Range"), "bytes 10-12/36")
      << "what is left of several is one";
  EXPECT_EQ(ask("/text.txt", "Range: bytes=0-\r\n").body, kText);
  EXPECT_EQ(ask("/text.txt", "Range: lines=1-2\r\n").status, 200);
  EXPECT_EQ(ask("/text.txt", "Range: bytes=1-2\r\n", "HEAD").status, 200);
}

TEST_F(HttpSiteTest, SeveralRanges) {
  const ParsedResponse r = ask("/text.txt", "Range: bytes=0-1,-2\r\n");
  EXPECT_EQ(r.status, 206);
  EXPECT_FALSE(r.has("Content-Range"));
  const std::string type = r.field("Content-Type");
  ASSERT_THAT(type, StartsWith("multipart/byteranges; boundary="));
  const std::string boundary = type.substr(type.find('=') + 1);
  const std::string part =
      "\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
  EXPECT_EQ(r.body,
            part + "0-1/36\r\n\r\n01" + part + "34-35/36\r\n\r\nyz\r\n--" + boundary + "--\r\n");
}

TEST_F(HttpSiteTest, UnsatisfiableRange) {
  COVERS("R9110-23", "R9110-24");
  const ParsedResponse r = ask("/text.txt", "Range: bytes=36-\r\n");
  EXPECT_EQ(r.status, 416);
  EXPECT_EQ(r.field("Content-Range"), "bytes */36");
}

TEST_F(HttpSiteTest, IfRange) {
  COVERS("R9110-18");
  const std::string tag = ask("/text.txt").field("ETag");
  EXPECT_EQ(ask("/text.txt", "Range: bytes=1-2\r\nIf-Range: " + tag + "\r\n").status, 206);
  EXPECT_EQ(ask("/text.txt", "Range: bytes=1-2\r\nIf-Range: \"old\"\r\n").status, 200);
}

// -- Time

TEST_F(HttpSiteTest, ChangesShowWithinASecond) {
  HttpPeer peer(world_);
  const std::string request = "GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto ask_again = [&] {
    peer.send(request);
    return parse_responses(peer.take_output()).at(0);
  };
  EXPECT_EQ(ask_again().body, kText);
  world_.put("text.txt", "new");
  EXPECT_EQ(ask_again().body, kText) << "the prepared answer is used again";
  peer.wait(1s);
  const ParsedResponse later = ask_again();
  EXPECT_EQ(later.body, "new");
  EXPECT_EQ(later.field("Date"), "Fri, 02 Jan 2026 03:04:06 GMT");
  world_.store.remove("text.txt");
  peer.wait(1s);
  EXPECT_EQ(ask_again().status, 404);
}

TEST_F(HttpSiteTest, APreparedAnswerIsOnePieceWhenSmallAndNoCopyWhenLarge) {
  const std::string large(100000, 'x');
  world_.put("large.txt", large);
  for (const bool is_small : {true, false}) {
    HttpPeer peer(world_);
    const std::string request = std::string("GET /") + (is_small ? "text.txt" : "large.txt") +
                                " HTTP/1.1\r\nHost: a\r\n\r\n";
    peer.send(request);
    const std::string first = peer.take_output();
    const std::size_t pieces = peer.pieces();
    const std::size_t memory = world_.pool.in_use();
    peer.send(request);
    EXPECT_EQ(peer.take_output(), first);
    EXPECT_EQ(peer.pieces() - pieces, is_small ? 1u : 2u);
    EXPECT_EQ(world_.pool.in_use(), memory);
  }
}

TEST_F(HttpSiteTest, ManyTargetsDoNotDisturbEachOther) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 1000; ++i) bodies.push_back("file " + std::to_string(i));
  for (int i = 0; i < 1000; ++i)
    world_.put("f" + std::to_string(i), bodies[static_cast<std::size_t>(i)]);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(ask("/f" + std::to_string(i)).body, bodies[static_cast<std::size_t>(i)]);
    }
  }
}

// -- Large files

/// A file too large for memory, whose bytes are a function of their position.
class LargeFile final : public File {
 public:
  LargeFile(std::uint64_t size, bool may_map) : may_map_(may_map) {
    info_.size = size;
    info_.mtime_seconds = kSomeSecond - 1000;
    for (std::uint64_t i = 0; i < size; ++i) bytes_ += static_cast<char>('a' + i * 7 % 26);
  }
  const FileInfo& info() const noexcept override { return info_; }
  std::optional<ByteView> whole() const noexcept override { return std::nullopt; }
  std::optional<ByteView> mapped(std::uint64_t offset, std::size_t length) noexcept override {
    if (!may_map_) return std::nullopt;
    last_mapped_end_ = std::max<std::uint64_t>(last_mapped_end_, offset + length);
    return http::as_bytes(bytes_).subspan(offset, length);
  }
  bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    if (is_truncated_ || offset + out.size() > bytes_.size()) return false;
    std::ranges::copy(http::as_bytes(bytes_).subspan(offset, out.size()), out.begin());
    return true;
  }
  FileState state() noexcept override { return state_; }

  void become(FileState state) { state_ = state; }
  void change() { state_ = FileState::Changed; }
  void truncate() { is_truncated_ = true; }
  const std::string& bytes() const { return bytes_; }
  std::uint64_t last_mapped_end() const { return last_mapped_end_; }

 private:
  FileInfo info_;
  std::string bytes_;
  std::uint64_t last_mapped_end_ = 0;
  bool may_map_;
  FileState state_ = FileState::Same;
  bool is_truncated_ = false;
};

constexpr std::string_view kGetLarge = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::uint64_t kLargeSize = (2u << 20) + 12345;

class HttpLargeFileTest : public HttpSiteTest, public ::testing::WithParamInterface<bool> {
 protected:
  HttpLargeFileTest() : file_(new LargeFile(kLargeSize, GetParam())) {
    world_.store.put("large", FileRef(file_.get()));
  }
  Ref<LargeFile> file_;
};

TEST_P(HttpLargeFileTest, IsSentCompletely) {
  HttpPeer peer(world_);
  peer.send(kGetLarge);
  peer.acknowledge_all();
  const ParsedResponse r = parse_responses(peer.take_output()).at(0);
  EXPECT_EQ(r.status, 200);
  EXPECT_TRUE(r.body == file_->bytes());
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
  peer.send(kGetLarge);
  peer.acknowledge_all();
  EXPECT_TRUE(parse_responses(peer.take_output()).at(0).body == file_->bytes())
      << "and again on the same connection";
}

TEST_P(HttpLargeFileTest, ItsEndWaitsUntilMappedBytesAreAcknowledged) {
  HttpPeer peer(world_);
  peer.send(kGetLarge);
  const ParsedResponse so_far = parse_responses(peer.take_output()).at(0);
  if (GetParam()) {
    EXPECT_EQ(so_far.body.size(), kLargeSize - (64u << 10)) << "the last piece is held back";
    EXPECT_LE(file_->last_mapped_end(), kLargeSize - (64u << 10))
        << "and never lent from the mapping";
  } else {
    EXPECT_EQ(so_far.body.size(), kLargeSize) << "copies cannot change any more";
  }
}

TEST_P(HttpLargeFileTest, AChangeAbortsTheConnection) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGetLarge);
  file_->change();
  peer.stop_output(false);
  peer.acknowledge_all();
  EXPECT_EQ(peer.wants(), Want::Abort);
}

// Mapped bytes that are gone cannot be sent again, so no acknowledgment would ask for more.
TEST_P(HttpLargeFileTest, AChangeIsFoundThoughNothingIsAcknowledgedAnyMore) {
  HttpPeer peer(world_);
  peer.send(kGetLarge);
  file_->change();
  peer.wait(http::Transfer::kLook);
  peer.stop_output(false);  // the server asks for output once a second
  EXPECT_EQ(peer.wants(), GetParam() ? Want::Abort : Want::KeepOpen) << "copies are still there";
}

TEST_P(HttpLargeFileTest, AFileThatGrowsIsSentAsFarAsPromised) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGetLarge);
  file_->become(FileState::Grown);
  peer.stop_output(false);
  peer.acknowledge_all();
  EXPECT_TRUE(parse_responses(peer.take_output()).at(0).body == file_->bytes());
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
}

TEST_P(HttpLargeFileTest, AFileWhoseSizeFollowsItsTimeGoesOn) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGetLarge);
  file_->become(FileState::Touched);  // an append: the time has moved, the size not yet
  peer.stop_output(false);
  peer.acknowledge_all();
  peer.wait(150ms);
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
  file_->become(FileState::Grown);
  peer.wait(10ms);
  peer.acknowledge_all();
  EXPECT_TRUE(parse_responses(peer.take_output()).at(0).body == file_->bytes());
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
}

TEST_P(HttpLargeFileTest, AFileThatStaysAsLongAndHasAnotherTimeAbortsTheConnection) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGetLarge);
  file_->become(FileState::Touched);
  peer.stop_output(false);
  peer.wait(190ms);
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
  peer.wait(20ms);
  EXPECT_EQ(peer.wants(), Want::Abort);
  EXPECT_LT(peer.take_output().size(), kLargeSize) << "never the last byte";
}

TEST_P(HttpLargeFileTest, ATruncationAbortsTheConnection) {
  HttpPeer peer(world_);
  peer.stop_output(true);
  peer.send(kGetLarge);
  file_->truncate();
  peer.stop_output(false);
  peer.acknowledge_all();
  EXPECT_EQ(peer.wants(), Want::Abort);
}

TEST_P(HttpLargeFileTest, RangesOfIt) {
  struct Case {
    std::string range;
    std::uint64_t first, length;
  };
  const Case cases[] = {
      {"0-0", 0, 1},
      {"100-200", 100, 101},
      {"5-1048580", 5, 1048576},
      {"-65536", kLargeSize - 65536, 65536},
      {"-65537", kLargeSize - 65537, 65537},
  };
  for (const Case& c : cases) {
    HttpPeer peer(world_);
    peer.send("GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=" + c.range + "\r\n\r\n");
    peer.acknowledge_all();
    const ParsedResponse r = parse_responses(peer.take_output()).at(0);
    EXPECT_EQ(r.status, 206);
    EXPECT_TRUE(r.body == file_->bytes().substr(c.first, c.length)) << c.range;
  }
  HttpPeer peer(world_);
  peer.send("GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999,200000-299999,-5\r\n\r\n");
  peer.acknowledge_all();
  const ParsedResponse r = parse_responses(peer.take_output()).at(0);
  EXPECT_EQ(r.status, 206);
  for (const std::string& part :
       {file_->bytes().substr(0, 100000), file_->bytes().substr(200000, 100000),
        file_->bytes().substr(kLargeSize - 5)}) {
    EXPECT_NE(r.body.find("\r\n\r\n" + part + "\r\n--"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(MappedAndRead, HttpLargeFileTest, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "Mapped" : "Read"; });

TEST_F(HttpSiteTest, ALargeFileWaitsForMemory) {
  HttpWorld small({}, 256u << 10);
  const Ref<LargeFile> file(new LargeFile(kLargeSize, false));
  small.store.put("large", FileRef(file.get()));
  std::vector<http::BufferRef> others;
  for (const std::size_t kilobytes : {64u, 64u, 64u, 32u, 16u})
    others.push_back(small.pool.take(kilobytes << 10));
  HttpPeer peer(small);
  peer.send(kGetLarge);
  EXPECT_EQ(parse_responses(peer.take_output()).at(0).body, "") << "the head only";
  others.clear();
  peer.wait(20ms);
  EXPECT_EQ(peer.take_output().size(), kLargeSize);
  EXPECT_EQ(peer.wants(), Want::KeepOpen);
}

TEST_F(HttpSiteTest, NoAnswerEverCarriesATransferCoding) {
  COVERS("R9112-18", "R9112-21");
  for (const char* target : {"/", "/missing", "/docs", "/text.txt"}) {
    EXPECT_FALSE(ask(target).has("Transfer-Encoding"));
    EXPECT_FALSE(ask(target, "TE: trailers, chunked\r\n").has("Transfer-Encoding"));
  }
}

// No descriptor or memory is left just now: the client may ask again.
TEST(HttpSite, WhatCannotBeOpenedNowIs503) {
  struct Full : FileStore {
    Lookup lookup(std::string_view, Instant) noexcept override {
      return {.status = LookupStatus::Unavailable};
    }
  } full;
  HttpWorld world;
  http::Site site(full, world.pool, world.types, {});
  const http::ConnectionServices services{
      .site = site, .config = world.config, .heads = world.heads, .counters = world.counters};
  const http::Moment at{Instant{}, kSomeSecond};
  http::HttpConnection connection(services, at);
  connection.on_bytes(http::as_bytes("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"), at);
  std::string output;
  while (connection.front_piece(at) != nullptr)
    output += http::as_text(connection.take_piece(at).bytes);
  const auto responses = parse_responses(output);
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_EQ(responses[0].status, 503);
  EXPECT_TRUE(responses[0].has("Retry-After"));
}

TEST(HttpSite, EachStatusThatIsAnsweredHasItsPhrase) {  // RFC 9110 §15
  EXPECT_EQ(http::reason_phrase(409), "Conflict") << "the live view's switches";
  EXPECT_EQ(http::reason_phrase(415), "Unsupported Media Type");
  EXPECT_EQ(http::reason_phrase(206), "Partial Content");
}

}  // namespace
}  // namespace glasstcp::test
