// Byte ranges of a file, and the dates and paths that stand in requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/date.h"
#include "http/media_types.h"
#include "http/path.h"
#include "http/ranges.h"
#include "tests/support/covers.h"

namespace glasstcp::test {
namespace {

using http::ByteRange;
using http::RangeSet;
using Kind = RangeSet::Kind;

std::vector<ByteRange> ranges_of(const RangeSet& set) {
  return {set.ranges.begin(), set.ranges.begin() + static_cast<std::ptrdiff_t>(set.count)};
}

TEST(HttpRanges, OfAFileOfTenBytes) {
  COVERS("R9110-21", "R9110-23");
  struct Case {
    std::string value;
    Kind kind;
    std::vector<ByteRange> ranges;
  };
  const Case cases[] = {
      {"bytes=0-4", Kind::Satisfiable, {{0, 4}}},
      {"BYTES=0-4", Kind::Satisfiable, {{0, 4}}},
      {"bytes=9-9", Kind::Satisfiable, {{9, 9}}},
      {"bytes=5-", Kind::Satisfiable, {{5, 9}}},
      {"bytes=5-99", Kind::Satisfiable, {{5, 9}}},
      {"bytes=5-99999999999999999999999", Kind::Satisfiable, {{5, 9}}},
      {"bytes=-3", Kind::Satisfiable, {{7, 9}}},
      {"bytes=-30", Kind::Satisfiable, {{0, 9}}},
      {"bytes=0-0,-1", Kind::Satisfiable, {{0, 0}, {9, 9}}},
      {"bytes= 0-0 ,, 2-2 ", Kind::Satisfiable, {{0, 0}, {2, 2}}},
      {"bytes=0-0,50-60", Kind::Satisfiable, {{0, 0}}},
      {"bytes=10-", Kind::Unsatisfiable, {}},
      {"bytes=-0", Kind::Unsatisfiable, {}},
      {"bytes=99999999999999999999999-", Kind::Unsatisfiable, {}},
      {"bytes=4-3", Kind::Ignored, {}},
      {"bytes=", Kind::Ignored, {}},
      {"bytes=a-b", Kind::Ignored, {}},
      {"bytes=1", Kind::Ignored, {}},
      {"bytes=-", Kind::Ignored, {}},
      {"bytes=1-2-3", Kind::Ignored, {}},
      {"bytes=0-1,x", Kind::Ignored, {}},
      {"lines=0-4", Kind::Ignored, {}},
      {"bytes 0-4", Kind::Ignored, {}},
      {"", Kind::Ignored, {}},
  };
  for (const Case& c : cases) {
    const RangeSet set = http::parse_ranges(c.value, 10);
    EXPECT_EQ(set.kind, c.kind) << c.value;
    EXPECT_EQ(ranges_of(set), c.ranges) << c.value;
  }
}

TEST(HttpRanges, OfAnEmptyFileNoByteCanBeHad) {
  COVERS("R9110-23");
  EXPECT_EQ(http::parse_ranges("bytes=0-", 0).kind, Kind::Unsatisfiable);
  EXPECT_EQ(http::parse_ranges("bytes=0-0", 0).kind, Kind::Unsatisfiable);
  EXPECT_EQ(http::parse_ranges("bytes=-0", 0).kind, Kind::Unsatisfiable);
  EXPECT_EQ(http::parse_ranges("bytes=0-,-0", 0).kind, Kind::Unsatisfiable);
}

TEST(HttpRanges, TheLastBytesOfAnEmptyFileAreTheWholeFile) {
  COVERS("R9110-23");
  for (const char* value : {"bytes=-1", "bytes=-5", "bytes=-99999999999999999999999", "bytes=0-,-5",
                            "bytes=-0,-5", "bytes=-5,-5"}) {
    EXPECT_EQ(http::parse_ranges(value, 0).kind, Kind::Ignored) << value;
  }
}

TEST(HttpRanges, AbusiveSetsAreIgnored) {
  COVERS("R9110-22");
  EXPECT_EQ(http::parse_ranges("bytes=0-,0-", 10).kind, Kind::Ignored)
      << "more bytes than the file has";
  std::string many = "bytes=0-0";
  for (int i = 1; i < 16; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(http::parse_ranges(many, 1000).kind, Kind::Satisfiable);
  EXPECT_EQ(http::parse_ranges(many + ",40-40", 1000).kind, Kind::Ignored) << "one too many";
  EXPECT_EQ(
      http::parse_ranges("bytes=0-18446744073709551614,0-18446744073709551614,0-", ~0ULL).kind,
      Kind::Ignored)
      << "sums do not wrap";
}

TEST(HttpDates, ThreeFormatsAreRead) {
  COVERS("R9110-10");
  constexpr std::int64_t kNow = 1767323045;  // 2026
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(http::parse_date(text, kNow), 784111777) << text;
  }
  EXPECT_EQ(http::parse_date("Friday, 06-Nov-70 08:49:37 GMT", kNow), 3182489377)
      << "not more than 50 years ahead";
  EXPECT_EQ(http::parse_date("Friday, 06-Nov-77 08:49:37 GMT", kNow), 247654177)
      << "else in the past";
  for (const char* bad :
       {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMTx", "784111777"}) {
    EXPECT_FALSE(http::parse_date(bad, kNow).has_value()) << bad;
  }
}

TEST(HttpDates, OneFormatIsWritten) {
  COVERS("R9110-10");
  const auto text = [](std::int64_t t) {
    const http::DateText d = http::format_date(t);
    return std::string(d.data(), d.size());
  };
  EXPECT_EQ(text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(text(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(text(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  for (std::int64_t t = -5'000'000'000; t < 20'000'000'000; t += 123'456'789) {
    EXPECT_EQ(http::parse_date(text(t), t), t);
  }
  const auto log = http::format_log_date(784111777);
  EXPECT_EQ(std::string(log.data(), log.size()), "06/Nov/1994:08:49:37 +0000");
}

TEST(HttpPaths, AreDecodedAndStayBelowTheRoot) {
  COVERS("R9110-33");
  struct Case {
    std::string_view raw, path;
    bool has_slash;
  };
  const Case cases[] = {
      {"/", "", true},
      {"/a", "a", false},
      {"/a/", "a", true},
      {"/a/b.html", "a/b.html", false},
      {"//a///b", "a/b", false},
      {"/a/./b", "a/b", false},
      {"/a/.", "a", true},
      {"/a/..", "", true},
      {"/a/../b", "b", false},
      {"/a/b/../../c", "c", false},
      {"/../../etc/passwd", "etc/passwd", false},
      {"/%2e%2e/%2E%2e/etc", "etc", false},
      {"/a%2f..%2f..%2fetc", "etc", false},
      {"/a%2Fb", "a/b", false},
      {"/a%20b%25", "a b%", false},
      {"/%C3%A4", "\xc3\xa4", false},
      {"/...", "...", false},
      {"/a%5c..", "a\\..", false},
      {"/%252e%252e/a", "%2e%2e/a", false},
  };
  std::array<std::uint8_t, 64> memory;
  for (const Case& c : cases) {
    const http::DecodedPath d = http::decode_path(c.raw, memory);
    EXPECT_TRUE(d.is_valid) << c.raw;
    EXPECT_EQ(d.path, c.path) << c.raw;
    EXPECT_EQ(d.has_trailing_slash, c.has_slash) << c.raw;
  }
  for (const char* bad : {"/%", "/%4", "/%zz", "/a%00b", "/%1g"}) {
    EXPECT_FALSE(http::decode_path(bad, memory).is_valid) << bad;
  }
}

TEST(HttpMediaTypes, BuiltInAndAddedTo) {
  COVERS("R9110-11");
  http::MediaTypes types;
  EXPECT_EQ(types.type_of("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.type_of("a/b.c/song.MP3"), "audio/mpeg");
  EXPECT_EQ(types.type_of("a.b/readme"), "application/octet-stream");
  EXPECT_EQ(types.type_of("x.unknown"), "application/octet-stream");
  EXPECT_EQ(types.type_of("x.averyveryverylongextension"), "application/octet-stream");
  types.add_mime_types(
      "# comment\naudio/x-song\tmp3  song # more\nbroken\ntext/fancy fancy\r\nevil/t\"ype evil\n");
  EXPECT_EQ(types.type_of("song.mp3"), "audio/mpeg") << "built in";
  EXPECT_EQ(types.type_of("x.song"), "audio/x-song");
  EXPECT_EQ(types.type_of("x.fancy"), "text/fancy; charset=utf-8");
  EXPECT_EQ(types.type_of("x.evil"), "application/octet-stream");
  types.add_mime_types("text/fancier fancy\n");
  EXPECT_EQ(types.type_of("x.fancy"), "text/fancier; charset=utf-8") << "the later line";
}

TEST(HttpMediaTypes, WhatAPageNeedsIsBuiltInWhateverTheSystemSays) {
  http::MediaTypes types;
  const std::pair<const char*, const char*> cases[] = {
      {"ts", "video/mp2t"},
      {"m3u8", "application/vnd.apple.mpegurl"},
      {"srt", "application/x-subrip"},
      {"vtt", "text/vtt; charset=utf-8"},
      {"xhtml", "application/xhtml+xml"},
      {"mjs", "text/javascript; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"wasm", "application/wasm"},
      {"webmanifest", "application/manifest+json"},
      {"epub", "application/epub+zip"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
  };
  std::string stray;
  for (const auto& [extension, type] : cases)
    stray += std::string("text/stray ") + extension + "\n";
  types.add_mime_types(stray);
  for (const auto& [extension, type] : cases) {
    EXPECT_EQ(types.type_of(std::string("a.") + extension), type);
  }
}

}  // namespace
}  // namespace glasstcp::test
