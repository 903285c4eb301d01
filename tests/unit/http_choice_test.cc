// Which file answers and how it is called: charset, compressed neighbours, folders, 404.html, added
// fields.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/extra_field.h"
#include "http/site.h"
#include "http/text_encoding.h"
#include "tests/support/copied_file.h"
#include "tests/support/http_harness.h"

namespace glasstcp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::string_view_literals;

ParsedResponse ask(HttpWorld& world, const std::string& target, const std::string& fields = "",
                   const std::string& method = "GET") {
  HttpPeer peer(world);
  peer.send(method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
  const auto responses = parse_responses(peer.take_output(), method == "HEAD");
  EXPECT_EQ(responses.size(), 1u) << target;
  return responses.empty() ? ParsedResponse{} : responses.front();
}

// -- Charset

TEST(HttpTextEncoding, APrescanFindsWhatABrowserFinds) {
  const std::string far(1024, ' ');
  const std::pair<std::string, bool> cases[] = {
      {"<meta charset=gbk>", true},
      {"<META CHARSET='GB2312'>", true},
      {"<!doctype html><html><head><meta charset=\"utf-8\">", true},
      {"<meta/charset = gbk />", true},
      {"<meta http-equiv=Content-Type content='text/html; charset=gb2312'>", true},
      {"<meta content=\"text/html;charset = 'big5' ;x\" http-equiv=content-type>", true},
      {"<meta content='text/html; charset=gbk'>", false},  // no pragma
      {"<meta http-equiv=refresh content='0; charset=gbk'>", false},
      {"<meta charset=nonsense>", false},
      {"<meta http-equiv=Content-Type content='text/html'>", false},
      {"<meta http-equiv=Content-Type content='text/html; charset gbk'>", false},
      {"<meta charset=>", false},
      {"<metadata charset=gbk>", false},
      {"<!-- <meta charset=gbk> -->", false},
      {"<!--><meta charset=gbk>", true},  // a comment that ended at once
      {"<!-- a --><meta charset=gbk>", true},
      {"<p title='<meta charset=gbk>'>", false},
      {"<p title=a><meta charset=gbk>", true},
      {"<? <meta charset=gbk>", false},
      {"</p x='>'><meta charset=gbk>", true},
      {far.substr(18) + "<meta charset=gbk>", true},
      {far.substr(17) + "<meta charset=gbk>", false},  // the last byte is the 1,025th
      {"\xef\xbb\xbfplain", true},
      {std::string("\xff\xfe<\0"sv), true},
      {std::string("\xfe\xff\0<"sv), true},
      {std::string("<\0?\0x\0"sv), true},
      {"<?xml version='1.0' encoding='gbk'?>", true},
      {"<?xml version='1.0'?>", false},
      {"charset=gbk", false},
      {"<", false},
      {"<meta", false},
      {"<meta charset='gbk", false},
      {"", false},
  };
  for (const auto& [text, is_declared] : cases) {
    EXPECT_EQ(http::declares_encoding(http::as_bytes(text), "text/html"), is_declared) << text;
  }
  EXPECT_TRUE(http::declares_encoding(http::as_bytes("@charset \"gbk\";"), "text/css"));
  EXPECT_FALSE(http::declares_encoding(http::as_bytes(" @charset \"gbk\";"), "text/css"));
  EXPECT_TRUE(http::declares_encoding(http::as_bytes("<?xml encoding=\"gbk\"?>"), "text/xml"));
  EXPECT_FALSE(http::declares_encoding(http::as_bytes("<meta charset=gbk>"), "text/plain"));
}

TEST(HttpTextEncoding, Utf8) {
  for (const char* good :
       {"", "abcdefghijk", "\xc3\xa4", "12345678\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(http::is_utf8(http::as_bytes(good), true)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "1234567\xc4\xe3"}) {
    EXPECT_FALSE(http::is_utf8(http::as_bytes(bad), true)) << bad;
  }
  EXPECT_FALSE(http::is_utf8(http::as_bytes("a\xe4\xb8"), true));
  EXPECT_TRUE(http::is_utf8(http::as_bytes("a\xe4\xb8"), false)) << "cut off by our reading";
  EXPECT_FALSE(http::is_utf8(http::as_bytes("a\xe4\x20"), false));
}

TEST(HttpChoice, ACharsetIsSaidOnlyOfUtf8ThatDoesNotDeclareItself) {
  HttpWorld world;
  world.put("gbk.html", "<meta charset=gbk><p>\xc4\xe3\xba\xc3");
  world.put("declared.html", "<meta charset=gbk><p>ascii");
  world.put("undeclared.html", "<p>\xc4\xe3\xba\xc3");
  world.put("utf8.html", "<p>\xe4\xbd\xa0");
  world.put("gbk.txt", "\xc4\xe3\xba\xc3");
  world.put("gbk.css", "/*\xc4\xe3*/");
  world.put("plain.txt", "abc");
  const std::pair<const char*, const char*> cases[] = {
      {"/gbk.html", "text/html"},
      {"/declared.html", "text/html"},
      {"/undeclared.html", "text/html"},
      {"/utf8.html", "text/html; charset=utf-8"},
      {"/gbk.txt", "text/plain"},
      {"/gbk.css", "text/css"},
      {"/plain.txt", "text/plain; charset=utf-8"},
  };
  for (const auto& [target, type] : cases) {
    EXPECT_EQ(ask(world, target).field("Content-Type"), type) << target;
    EXPECT_EQ(ask(world, target).field("Content-Type"), type) << "prepared: " << target;
    EXPECT_EQ(ask(world, target, "Range: bytes=0-1\r\n").field("Content-Type"), type) << target;
  }
}

/// Larger than what is kept in memory; zeros behind its beginning.
class LargeText final : public File {
 public:
  explicit LargeText(std::string start) : start_(std::move(start)) {
    info_.size = kWholeFileLimit + 1;
  }
  const FileInfo& info() const noexcept override { return info_; }
  std::optional<ByteView> whole() const noexcept override { return std::nullopt; }
  std::optional<ByteView> mapped(std::uint64_t, std::size_t) noexcept override {
    return std::nullopt;
  }
  bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    std::ranges::fill(out, std::uint8_t{'x'});
    if (offset == 0) start_.copy(reinterpret_cast<char*>(out.data()), out.size());
    ++reads;
    return true;
  }
  FileState state() noexcept override { return FileState::Same; }
  int reads = 0;

 private:
  std::string start_;
  FileInfo info_;
};

TEST(HttpChoice, OfALargeTextTheFirst64KilobytesCount) {
  HttpWorld world;
  auto* const gbk = new LargeText("\xc4\xe3");
  // A character that the end of the look cuts in two.
  auto* const utf8 = new LargeText(std::string(65535, 'a') + "\xc3\xa4");
  world.store.put("gbk.log", FileRef(gbk));
  world.store.put("utf8.log", FileRef(utf8));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ask(world, "/gbk.log", "", "HEAD").field("Content-Type"), "text/plain");
    EXPECT_EQ(ask(world, "/utf8.log", "", "HEAD").field("Content-Type"),
              "text/plain; charset=utf-8");
  }
  EXPECT_EQ(gbk->reads, 1) << "looked at once";
}

// -- Compressed neighbours

class HttpNeighboursTest : public ::testing::Test {
 protected:
  HttpNeighboursTest() {
    world_.put("a.txt", "as it is");
    world_.put("a.txt.gz", "as it is");  // the same bytes: only the coding tells them apart
    world_.put("a.txt.br", "BROTLI");
    world_.put("index.html", "<p>home");
    world_.put("index.html.gz", "GZIP-HOME");
    world_.put("gbk.html", "<meta charset=gbk>");
    world_.put("gbk.html.gz", "GBK");
    world_.put("photo.jpg", "jpeg");
    world_.put("photo.jpg.gz", "gz");
    world_.put("bare.txt", "bare");
    world_.put("only.js.gz", "no original");
    world_.put("refused.txt", "refused");
    world_.store.put_forbidden("refused.txt.gz");
  }
  std::string coding(const std::string& accepted, const std::string& target = "/a.txt") {
    return ask(world_, target, "Accept-Encoding: " + accepted + "\r\n").field("Content-Encoding");
  }
  HttpWorld world_;
};

TEST_F(HttpNeighboursTest, AcceptEncodingChooses) {
  const std::string none = "(absent)";
  const std::pair<const char*, std::string> cases[] = {
      {"gzip", "gzip"},
      {"GZip", "gzip"},
      {"x-gzip", "gzip"},
      {"br", "br"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip, deflate, br, *", "br"},
      {"br;q=0.5, gzip;q=0.8", "gzip"},
      {"br;q=0, gzip", "gzip"},
      {"br; q=0.000 , gzip ;Q=0.1", "gzip"},
      {"br;q=0, gzip;q=0", none},
      {"gzip;q=0.5, identity", none},
      {"gzip;q=0.5, identity;q=0.5", "gzip"},
      {"*", none},
      {"*, identity;q=0", "br"},
      {"*;q=0", none},
      {"*;q=0, gzip", "gzip"},
      {"br;q=0, *, identity;q=0.5", "gzip"},
      {"identity;q=0", none},
      {"deflate", none},
      {"", none},
      {"gzip;q=2", none},
      {"gzip;q=1.001", none},
      {"gzip;q=", none},
      {"gzip;level=9", none},
      {"gzipped", none},
      {"gzip;q=1.000", "gzip"},
      {",,gzip,,", "gzip"},
  };
  for (const auto& [accepted, expected] : cases) EXPECT_EQ(coding(accepted), expected) << accepted;
  EXPECT_EQ(ask(world_, "/a.txt", "Accept-Encoding: br;q=0\r\nAccept-Encoding: gzip\r\n")
                .field("Content-Encoding"),
            "gzip")
      << "on two lines";
}

TEST_F(HttpNeighboursTest, ACodedAnswerIsARepresentationOfItsOwn) {
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  const ParsedResponse plain = ask(world_, "/a.txt");
  const ParsedResponse coded = ask(world_, "/a.txt", gzip);
  EXPECT_EQ(plain.body, "as it is");
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding") << "also where nothing was coded";
  EXPECT_EQ(coded.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(coded.field("Content-Type"), "text/plain; charset=utf-8") << "that of the original";
  EXPECT_EQ(coded.field("Content-Length"), "8");
  EXPECT_NE(coded.field("ETag"), plain.field("ETag"));
  EXPECT_EQ(ask(world_, "/a.txt", gzip, "HEAD").head, coded.head);
  EXPECT_EQ(ask(world_, "/gbk.html", gzip).field("Content-Type"), "text/html")
      << "the charset is asked of the original, not of compressed bytes";
  EXPECT_EQ(ask(world_, "/", gzip).body, "GZIP-HOME");

  const ParsedResponse same =
      ask(world_, "/a.txt", gzip + "If-None-Match: " + coded.field("ETag") + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(same.field("ETag"), coded.field("ETag"));
  EXPECT_EQ(ask(world_, "/a.txt", "If-None-Match: " + coded.field("ETag") + "\r\n").status, 200);

  const ParsedResponse part = ask(world_, "/a.txt", "Accept-Encoding: br\r\nRange: bytes=1-2\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "RO") << "of the bytes that are sent";
  EXPECT_EQ(part.field("Content-Range"), "bytes 1-2/6");
  EXPECT_EQ(part.field("Content-Encoding"), "br");
  EXPECT_EQ(part.field("Vary"), "Accept-Encoding");
  const ParsedResponse parts =
      ask(world_, "/a.txt", "Accept-Encoding: br\r\nRange: bytes=0-0,2-2\r\n");
  EXPECT_EQ(parts.status, 200);
  EXPECT_EQ(parts.body, "BROTLI");
}

TEST_F(HttpNeighboursTest, WhereThereIsNoChoiceNothingVaries) {
  const std::string all = "Accept-Encoding: gzip, br\r\n";
  for (const char* target : {"/bare.txt", "/photo.jpg", "/refused.txt"}) {
    for (int round = 0; round < 2; ++round) {
      const ParsedResponse r = ask(world_, target, all);
      EXPECT_EQ(r.status, 200) << target;
      EXPECT_FALSE(r.has("Vary")) << target;
      EXPECT_FALSE(r.has("Content-Encoding")) << target;
    }
  }
  EXPECT_EQ(ask(world_, "/only.js", all).status, 404);
  const ParsedResponse itself = ask(world_, "/a.txt.gz", all);
  EXPECT_EQ(itself.field("Content-Type"), "application/gzip");
  EXPECT_FALSE(itself.has("Content-Encoding"));
}

TEST_F(HttpNeighboursTest, APreparedAnswerIsNotGivenToWhoTakesAnother) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ask(world_, "/a.txt").body, "as it is");
    EXPECT_EQ(ask(world_, "/a.txt", "Accept-Encoding: br\r\n").body, "BROTLI");
  }
}

// -- 404.html

TEST(HttpChoice, TheSitesOwn404Page) {
  HttpWorld world;
  world.put("404.html", "<meta charset=gbk>gone");
  world.put("404.html.gz", "GZ");
  for (const char* fields :
       {"", "Range: bytes=0-1\r\n", "If-None-Match: *\r\n", "Accept-Encoding: gzip\r\n"}) {
    const ParsedResponse r = ask(world, "/no/such", fields);
    EXPECT_EQ(r.status, 404) << fields;
    EXPECT_EQ(r.body, "<meta charset=gbk>gone") << fields;
    EXPECT_EQ(r.field("Content-Type"), "text/html");
    for (const char* absent : {"ETag", "Last-Modified", "Accept-Ranges", "Content-Range"}) {
      EXPECT_FALSE(r.has(absent)) << absent;
    }
  }
  EXPECT_EQ(ask(world, "/no/such", "", "HEAD").head, ask(world, "/no/such").head);
  EXPECT_EQ(ask(world, "/404.html").status, 200);
  EXPECT_EQ(ask(world, "/no/such", "", "DELETE").status, 405);
  world.store.put_forbidden("404.html");
  EXPECT_THAT(ask(world, "/no/such").body, HasSubstr("<h1>")) << "ours, where theirs is unreadable";
}

// -- Folders

TEST(HttpChoice, AFolderIsListedOnlyOnDemand) {
  HttpWorld world;
  world.put("docs/a.txt", "a");
  EXPECT_EQ(ask(world, "/docs/").status, 404);
  EXPECT_EQ(ask(world, "/").status, 404);
}

class HttpListingTest : public ::testing::Test {
 protected:
  HttpListingTest() : world_({.lists_folders = true}) {
    world_.put("docs/b.txt", std::string_view("b"));
    world_.put("docs/A.txt", big_);
    world_.put("docs/zoo/x", "x");
    world_.put("docs/.secret", "s");
    world_.put("docs/<b>&\"'.txt", "x");
    world_.put("docs/j:avascript%41?#.txt", "x");
    world_.put("docs/\xc4\xe3\x01.txt", "x");
    world_.put("docs/\xe4\xbd\xa0.txt", "x");
    world_.put(".git/config", "c");
    world_.put("page/index.html", "page");
    world_.put("a b/<i>/x", "x");
  }
  const std::string big_ = std::string(12345, 'a');
  HttpWorld world_;
};

TEST_F(HttpListingTest, SortedEscapedAndWithoutHiddenNames) {
  const ParsedResponse r = ask(world_, "/docs/");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.field("Content-Type"), "text/html; charset=utf-8");
  const std::string& page = r.body;
  EXPECT_THAT(page, HasSubstr("<a href=\"../\">"));
  EXPECT_THAT(page, HasSubstr("<a href=\"zoo/\"><bdi>zoo/</bdi></a>"));
  EXPECT_THAT(page, HasSubstr("title=\"12345 bytes\">12.3 kB"));
  EXPECT_THAT(page, HasSubstr("2026-01-02 02:47"));
  EXPECT_THAT(page,
              HasSubstr("<a href=\"%3Cb%3E%26%22%27.txt\"><bdi>&lt;b&gt;&amp;&quot;&#39;.txt"));
  EXPECT_THAT(page, HasSubstr("href=\"j%3Aavascript%2541%3F%23.txt\""));
  EXPECT_THAT(page, HasSubstr("href=\"%C4%E3%01.txt\"><bdi>\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
  EXPECT_THAT(page, HasSubstr("\xe4\xbd\xa0.txt</bdi>"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
  EXPECT_TRUE(http::is_utf8(http::as_bytes(page), true));
  EXPECT_LT(page.find("zoo/"), page.find("A.txt")) << "folders first";
  EXPECT_LT(page.find(">A.txt"), page.find(">b.txt")) << "whatever their case";
  // Every link leads to its file.
  for (std::size_t at = 0; (at = page.find("<td><a href=\"", at)) != std::string::npos;) {
    at += 13;
    const std::string link = page.substr(at, page.find('"', at) - at);
    if (link == "../" || link == "zoo/") continue;
    EXPECT_EQ(ask(world_, "/docs/" + link).status, 200) << link;
  }
}

TEST_F(HttpListingTest, TheRootHasNoParentAndAPathIsEscaped) {
  const ParsedResponse root = ask(world_, "/");
  EXPECT_EQ(root.status, 200);
  EXPECT_THAT(root.body, Not(HasSubstr("../")));
  EXPECT_THAT(root.body, HasSubstr("<a href=\"a%20b/\">"));
  EXPECT_THAT(root.body, Not(HasSubstr(".git")));
  EXPECT_THAT(ask(world_, "/a%20b/%3Ci%3E/").body, HasSubstr("<title>/a b/&lt;i&gt;/</title>"));
}

TEST_F(HttpListingTest, WhatIsNotListed) {
  EXPECT_EQ(ask(world_, "/.git/").status, 404);
  EXPECT_EQ(ask(world_, "/none/").status, 404);
  EXPECT_EQ(ask(world_, "/page/").body, "page");
  EXPECT_EQ(ask(world_, "/docs").status, 301);
  world_.store.put_forbidden("closed/index.html");
  EXPECT_EQ(ask(world_, "/closed/").status, 403);
}

TEST_F(HttpListingTest, AnswersConditionsAndFollowsChanges) {
  const ParsedResponse r = ask(world_, "/docs/");
  EXPECT_EQ(ask(world_, "/docs/", "", "HEAD").head, r.head);
  EXPECT_EQ(ask(world_, "/docs/", "If-None-Match: " + r.field("ETag") + "\r\n").status, 304);
  world_.put("docs/new.txt", "n");
  HttpPeer later(world_);
  later.wait(2s);
  later.send("GET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(later.take_output(), HasSubstr("new.txt"));
}

TEST(HttpListing, AVeryLargeFolderIsCutAndSaysSo) {
  HttpWorld world({.lists_folders = true});
  for (int i = 0; i < 10'100; ++i) world.put(std::to_string(i), "x");
  const ParsedResponse r = ask(world, "/");
  EXPECT_EQ(r.status, 200);
  EXPECT_THAT(r.body, HasSubstr("There is more here"));
}

// -- Added fields

TEST(HttpExtraField, WhatMayBeAdded) {
  EXPECT_EQ(http::extra_field_line("X-A:b").value_or(""), "X-A: b\r\n");
  EXPECT_EQ(http::extra_field_line("Access-Control-Allow-Origin:  * ").value_or(""),
            "Access-Control-Allow-Origin: *\r\n");
  EXPECT_EQ(http::extra_field_line("X-Empty:").value_or(""), "X-Empty: \r\n");
  for (const char* bad : {"",
                          "X-A",
                          ": a",
                          "X A: b",
                          "X-A : b",
                          "X-A: b\r\nX-B: c",
                          "X-A: b\nc",
                          "X-A: b\rc",
                          "X\r\n-A: b",
                          "X-A: \x7f",
                          "Content-Length: 0",
                          "content-length: 0",
                          "TRANSFER-ENCODING: x",
                          "Connection: close",
                          "Keep-Alive: timeout=1",
                          "Date: now",
                          "Trailer: x",
                          "Upgrade: h2c",
                          "Content-Type: a/b",
                          "Content-Encoding: gzip",
                          "Content-Range: x",
                          "ETag: \"a\"",
                          "Last-Modified: x",
                          "Location: /"}) {
    EXPECT_FALSE(http::extra_field_line(bad).has_value()) << bad;
  }
  EXPECT_FALSE(http::extra_field_line("X-A: b\0c"sv).has_value());
}

TEST(HttpExtraField, StandsInEveryHead) {
  HttpWorld world({.extra_fields = "X-A: b\r\nX-Long: " + std::string(4000, 'c') + "\r\n"});
  world.put("a.txt", "text");
  for (const char* fields : {"", "Range: bytes=0-1\r\n", "Range: bytes=9-\r\n",
                             "If-None-Match: *\r\n", "If-Match: \"x\"\r\n", "Expect: x\r\n"}) {
    EXPECT_EQ(ask(world, "/a.txt", fields).field("X-A"), "b") << fields;
  }
  EXPECT_EQ(ask(world, "/none").field("X-A"), "b");
  EXPECT_EQ(ask(world, "/", "", "OPTIONS").field("X-A"), "b");
  EXPECT_EQ(ask(world, "/", "", "PUT").field("X-A"), "b");
}

TEST(HttpExtraField, ReplacesOurCacheControlAndServer) {
  HttpWorld world({.extra_fields = "cache-control: no-store\r\nServer: x\r\n"});
  world.put("a.txt", "text");
  const ParsedResponse r = ask(world, "/a.txt");
  EXPECT_EQ(r.head.find("Cache-Control"), std::string::npos);
  EXPECT_EQ(r.field("cache-control"), "no-store");
  EXPECT_EQ(r.field("Server"), "x");
  EXPECT_EQ(r.head.find("glasstcp"), std::string::npos);
}

// -- Keep-Alive

TEST(HttpKeepAlive, SaysHowLongAnIdleConnectionMayBeUsed) {
  HttpWorld world({.keep_alive_seconds = 55});
  world.put("a.txt", "text");
  const ParsedResponse open = ask(world, "/a.txt");
  EXPECT_EQ(open.field("Keep-Alive"), "timeout=55");
  EXPECT_EQ(open.field("Connection"), "keep-alive");
  const ParsedResponse closing = ask(world, "/a.txt", "Connection: close\r\n");
  EXPECT_FALSE(closing.has("Keep-Alive"));
  EXPECT_EQ(closing.field("Connection"), "close");
}

TEST_F(HttpListingTest, AnEmptyFolderSaysSo) {
  world_.put("hidden/.keep", "x");
  const ParsedResponse r = ask(world_, "/hidden/");
  EXPECT_EQ(r.status, 200);
  EXPECT_THAT(r.body, HasSubstr("This folder is empty."));
}

TEST_F(HttpListingTest, NamesThatDifferInCaseAloneHaveAnOrder) {
  world_.put("same/readme", "x");
  world_.put("same/README", "x");
  const std::string page = ask(world_, "/same/").body;
  EXPECT_LT(page.find(">README<"), page.find(">readme<"));
}

TEST_F(HttpListingTest, ALargeSizeHasAnUnitThatFits) {
  world_.store.put("large/film", FileRef(new CopiedFile(12'345'678'901)));
  EXPECT_THAT(ask(world_, "/large/").body, HasSubstr("title=\"12345678901 bytes\">12.3 GB"));
}

}  // namespace
}  // namespace glasstcp::test
