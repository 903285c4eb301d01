// Conditional requests, in the order of RFC 9110 §13.2.2.
#include <gtest/gtest.h>

#include <string>

#include "http/conditional.h"
#include "tests/support/covers.h"

namespace glasstcp::test {
namespace {

using http::Precondition;

constexpr std::int64_t kModified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kNow = kModified + 1000;
const http::Validators kCurrent{.entity_tag = "\"now\"", .last_modified = kModified};
const std::string kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string kLater = "Sun, 06 Nov 1994 08:49:38 GMT";

/// A request with these fields, kept alive with its bytes.
struct Given {
  explicit Given(const std::string& fields, const std::string& method = "GET")
      : text(method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") {
    EXPECT_EQ(parser.parse(text, {}), http::HeadParser::Status::Complete) << text;
  }
  http::Request request() const { return {.head = parser.head(), .bytes = text}; }
  std::string text;
  http::HeadParser parser;
};

Precondition evaluate(const std::string& fields, const std::string& method = "GET") {
  const Given given(fields, method);
  return http::evaluate_preconditions(given.request(), kCurrent, kNow);
}

bool range_counts(const std::string& fields, const std::string& method = "GET") {
  const Given given("Range: bytes=0-1\r\n" + fields, method);
  return http::range_counts(given.request(), kCurrent, kNow);
}

TEST(HttpConditional, IfMatchComparesStrongly) {
  COVERS("R9110-14");
  EXPECT_EQ(evaluate("If-Match: \"now\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Match: \"old\", \"now\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Match: \"a,b\" , \"now\"\r\n"), Precondition::Proceed)
      << "commas may stand in tags";
  EXPECT_EQ(evaluate("If-Match: *\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Match: W/\"now\"\r\n"), Precondition::Failed);
  EXPECT_EQ(evaluate("If-Match: \"old\"\r\n"), Precondition::Failed);
  EXPECT_EQ(evaluate("If-Match: now\r\n"), Precondition::Failed) << "malformed: fail safe";
  EXPECT_EQ(evaluate("If-Match: \"old\"\r\nIf-Match: \"now\"\r\n"), Precondition::Proceed)
      << "on several lines";
}

TEST(HttpConditional, IfNoneMatchComparesWeakly) {
  COVERS("R9110-15");
  EXPECT_EQ(evaluate("If-None-Match: \"now\"\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-None-Match: W/\"now\"\r\n", "HEAD"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-None-Match: \"old\",W/\"now\"\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-None-Match: *\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-None-Match: \"old\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-None-Match: \"now\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-None-Match: *\r\n", "PUT"), Precondition::Failed);
  EXPECT_EQ(evaluate("If-None-Match: \"old\"\r\nIf-None-Match: \"now\"\r\n"),
            Precondition::NotModified);
}

TEST(HttpConditional, IfModifiedSince) {
  COVERS("R9110-16");
  EXPECT_EQ(evaluate("If-Modified-Since: " + kSame + "\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-Modified-Since: " + kLater + "\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-Modified-Since: " + kEarlier + "\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Modified-Since: whenever\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Modified-Since: " + kSame + "\r\n", "POST"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-None-Match: \"old\"\r\nIf-Modified-Since: " + kSame + "\r\n"),
            Precondition::Proceed)
      << "ignored beside If-None-Match";
  EXPECT_EQ(evaluate("If-Modified-Since: " + kSame + "\r\nIf-Modified-Since: " + kSame + "\r\n"),
            Precondition::Proceed)
      << "not a list";
}

TEST(HttpConditional, IfUnmodifiedSince) {
  COVERS("R9110-17");
  EXPECT_EQ(evaluate("If-Unmodified-Since: " + kSame + "\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Unmodified-Since: " + kEarlier + "\r\n"), Precondition::Failed);
  EXPECT_EQ(evaluate("If-Unmodified-Since: whenever\r\n"), Precondition::Proceed);
  EXPECT_EQ(evaluate("If-Match: \"now\"\r\nIf-Unmodified-Since: " + kEarlier + "\r\n"),
            Precondition::Proceed)
      << "ignored beside If-Match";
}

TEST(HttpConditional, TheOrderIsFixed) {
  COVERS("R9110-20");
  EXPECT_EQ(evaluate("If-None-Match: \"now\"\r\nIf-Match: \"old\"\r\n"), Precondition::Failed);
  EXPECT_EQ(evaluate("If-None-Match: \"now\"\r\nIf-Match: \"now\"\r\n"), Precondition::NotModified);
  EXPECT_EQ(evaluate("If-None-Match: \"now\"\r\nIf-Unmodified-Since: " + kEarlier + "\r\n"),
            Precondition::Failed);
}

TEST(HttpConditional, IfRangeNeedsAStrongMatch) {
  COVERS("R9110-18", "R9110-21");
  EXPECT_TRUE(range_counts(""));
  EXPECT_FALSE(range_counts("", "HEAD"));
  EXPECT_TRUE(range_counts("If-Range: \"now\"\r\n"));
  EXPECT_FALSE(range_counts("If-Range: W/\"now\"\r\n"));
  EXPECT_FALSE(range_counts("If-Range: \"old\"\r\n"));
  EXPECT_TRUE(range_counts("If-Range: " + kSame + "\r\n"));
  EXPECT_FALSE(range_counts("If-Range: " + kLater + "\r\n")) << "equal, not just later";
  EXPECT_FALSE(range_counts("If-Range: nonsense\r\n"));
  EXPECT_FALSE(range_counts("Range: bytes=3-4\r\n")) << "two Range lines are none";
  const Given given("Range: bytes=0-1\r\nIf-Range: " + kSame + "\r\n");
  EXPECT_FALSE(http::range_counts(given.request(), kCurrent, kModified + 1))
      << "it may change again within its second";
}

TEST(HttpConditional, EntityTagsDifferWithContent) {
  COVERS("R9110-13");
  const FileInfo a{.size = 10, .mtime_seconds = 5, .mtime_nanoseconds = 7, .identity = 1};
  EXPECT_EQ(http::entity_tag(a).text(), "\"a-12a05f207-1\"");
  for (const FileInfo& b : {FileInfo{11, 5, 7, 1}, FileInfo{10, 6, 7, 1}, FileInfo{10, 5, 8, 1},
                            FileInfo{10, 5, 7, 2}}) {
    EXPECT_NE(http::entity_tag(b).text(), http::entity_tag(a).text());
  }
  const FileInfo longest{
      .size = ~0ULL, .mtime_seconds = -1, .mtime_nanoseconds = 999'999'999, .identity = ~0ULL};
  EXPECT_TRUE(http::entity_tag(longest).text().ends_with('"')) << "the longest tag fits";
}

}  // namespace
}  // namespace glasstcp::test
