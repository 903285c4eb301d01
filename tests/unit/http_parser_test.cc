// The head and the body of a request, read whole and byte by byte: what is accepted, and with which
// error the rest is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/body_decoder.h"
#include "http/request_parser.h"
#include "tests/support/covers.h"

namespace glasstcp::test {
namespace {

using http::BodyDecoder;
using http::Field;
using http::Framing;
using http::HeadError;
using http::HeadLimits;
using http::HeadParser;
using http::Method;
using Status = HeadParser::Status;

constexpr std::string_view kHost = "Host: a\r\n";

/// Parses `text` whole and byte by byte, expects the same, and returns the parser of the first.
HeadParser parse(const std::string& text, const HeadLimits& limits = {}) {
  HeadParser whole;
  const Status status = whole.parse(text, limits);
  HeadParser slow;
  Status slow_status = Status::Incomplete;
  for (std::size_t n = 1; n <= text.size() && slow_status == Status::Incomplete; ++n) {
    const std::string copy = text.substr(0, n);  // the bytes move each time
    slow_status = slow.parse(copy, limits);
  }
  EXPECT_EQ(slow_status, status) << text.substr(0, 200);
  EXPECT_EQ(slow.error(), whole.error()) << text.substr(0, 200);
  EXPECT_EQ(slow.head().size, whole.head().size);
  return whole;
}

HeadError error_of(const std::string& text, const HeadLimits& limits = {}) {
  return parse(text, limits).error();
}

std::string get_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n";
}

TEST(HttpParser, ReadsAPlainRequest) {
  COVERS("R9110-32", "R9112-01");
  const std::string text = "GET /a?b HTTP/1.1\r\nHost: example\r\nRange:  bytes=0-1 \r\n\r\nGET";
  const HeadParser p = parse(text);
  ASSERT_EQ(p.error(), HeadError::None);
  EXPECT_EQ(p.head().size, text.size() - 3) << "the next request is not touched";
  const http::Request request{.head = p.head(), .bytes = text};
  EXPECT_EQ(p.head().method, Method::Get);
  EXPECT_EQ(request.target(), "/a?b");
  EXPECT_EQ(request.value(Field::Host), "example");
  EXPECT_EQ(request.value(Field::Range), "bytes=0-1");
  EXPECT_FALSE(request.value(Field::IfMatch).has_value());
  EXPECT_EQ(HeadParser().parse(text.substr(0, text.size() - 4), {}), Status::Incomplete);
}

TEST(HttpParser, MethodsAreCaseSensitive) {
  COVERS("R9110-02", "R9112-07");
  EXPECT_EQ(parse("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").head().method, Method::Head);
  EXPECT_EQ(parse("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n").head().method, Method::Patch);
  EXPECT_EQ(error_of("get / HTTP/1.1\r\nHost: a\r\n\r\n"), HeadError::UnknownMethod);
  EXPECT_EQ(error_of("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), HeadError::UnknownMethod);
  EXPECT_EQ(error_of(std::string(9000, 'A')), HeadError::UnknownMethod);
}

TEST(HttpParser, RequestLines) {
  COVERS("R9112-03", "R9112-06");
  struct Case {
    std::string line;
    HeadError error;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1", HeadError::None},
      {"GET / HTTP/1.0", HeadError::None},
      {"GET / HTTP/1.7", HeadError::None},  // a later minor version is answered as 1.1
      {"OPTIONS * HTTP/1.1", HeadError::None},
      {"GET * HTTP/1.1", HeadError::BadRequestLine},
      {"GET http://a/b HTTP/1.1", HeadError::None},
      {"GET https://a/b HTTP/1.1", HeadError::BadRequestLine},
      {"GET a/b HTTP/1.1", HeadError::BadRequestLine},
      {"GET /", HeadError::BadRequestLine},  // HTTP/0.9
      {"GET  HTTP/1.1", HeadError::BadRequestLine},
      {"GET /a b HTTP/1.1", HeadError::BadRequestLine},
      {" GET / HTTP/1.1", HeadError::BadRequestLine},
      {"GET\t/ HTTP/1.1", HeadError::BadRequestLine},
      {"GET / HTTP/1.1 ", HeadError::BadRequestLine},
      {"GET / http/1.1", HeadError::BadRequestLine},
      {"GET / HTTP/1.10", HeadError::BadRequestLine},
      {"GET /\r HTTP/1.1", HeadError::BadRequestLine},
      {"G(T / HTTP/1.1", HeadError::BadRequestLine},
      {"GET / HTTP/2.0", HeadError::UnsupportedVersion},
      {"PRI * HTTP/2.0", HeadError::UnsupportedVersion},
      {"GET / HTTP/0.9", HeadError::UnsupportedVersion},
  };
  for (const Case& c : cases)
    EXPECT_EQ(error_of(c.line + "\r\nHost: a\r\n\r\n"), c.error) << c.line;
}

TEST(HttpParser, TlsIsRecognisedByItsFirstByte) {
  EXPECT_EQ(error_of(std::string("\x16\x03\x01\x02\x00\x01", 6)), HeadError::TlsClientHello);
}

TEST(HttpParser, EmptyLinesBeforeTheRequestAreSkipped) {
  COVERS("R9112-04");
  const HeadParser p = parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(p.error(), HeadError::None);
  EXPECT_EQ(p.head().size, 31u);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "\r\n";
  EXPECT_EQ(error_of(many), HeadError::BadRequestLine) << "but not without end";
}

TEST(HttpParser, ABareLineFeedEndsALine) {
  COVERS("R9112-02");
  EXPECT_EQ(error_of("GET / HTTP/1.1\nHost: a\n\n"), HeadError::None);
}

TEST(HttpParser, FieldLines) {
  COVERS("R9110-31", "R9112-05", "R9112-14", "R9112-15");
  struct Case {
    std::string line;
    HeadError error;
  };
  const Case cases[] = {
      {"X-Any: thing", HeadError::None},
      {"X-Empty:", HeadError::None},
      {"X-Tab:\ta\tb", HeadError::None},
      {"X-Bytes: \xc3\xa4", HeadError::None},
      {"X-Space : a", HeadError::BadField},
      {" X-Folded: a", HeadError::BadField},
      {"\tfolded", HeadError::BadField},
      {"no colon", HeadError::BadField},
      {": no name", HeadError::BadField},
      {"X-Return: a\rb", HeadError::BadField},
      {std::string("X-Nul: a\0b", 10), HeadError::BadField},
      {"X-Delete: 1234567\x7f", HeadError::BadField},
      {"X-Control: 123456789\x01", HeadError::BadField},
  };
  for (const Case& c : cases) EXPECT_EQ(error_of(get_with(c.line + "\r\n")), c.error) << c.line;
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"), HeadError::BadField);
}

TEST(HttpParser, HostIsNeededOnceAndValid) {
  COVERS("R9112-10");
  const std::string line = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(error_of(line + "\r\n"), HeadError::BadHost);
  EXPECT_EQ(error_of("GET / HTTP/1.0\r\n\r\n"), HeadError::None) << "HTTP/1.0 did not know it";
  EXPECT_EQ(error_of(line + "Host: a\r\nhost: a\r\n\r\n"), HeadError::BadHost);
  for (const char* good :
       {"a", "a:80", "192.0.2.2:80", "[2001:db8::2]", "[2001:db8::2]:80", "", "a:"}) {
    EXPECT_EQ(error_of(line + "Host: " + good + "\r\n\r\n"), HeadError::None) << good;
  }
  for (const char* bad :
       {"a b", "a:b", "a/b", "[::1", "[x]", "[::1]b", "user@a", "a:123456", "[1:2]", "[::1::2]",
        "[192.0.2.2]", "[2001:db8::2%25tun0]", "[1:2:3:4:5:6:7:8:9]", "[]", "[...]"}) {
    EXPECT_EQ(error_of(line + "Host: " + bad + "\r\n\r\n"), HeadError::BadHost) << bad;
  }
}

TEST(HttpParser, AHostMayBeAnIpv6AddressWithoutBrackets) {
  COVERS("R9112-10");
  const std::string line = "GET / HTTP/1.1\r\n";
  // With "8080" behind it the whole is an address still: no port is split off.
  for (const char* good : {"2001:db8::2", "::1", "::", "2001:db8::2:8080", "1:2:3:4:5:6:7:8",
                           "::ffff:192.0.2.2", "2001:DB8::A", "fe80::1 "}) {
    EXPECT_EQ(error_of(line + "Host: " + good + "\r\n\r\n"), HeadError::None) << good;
  }
  for (const char* bad :
       {"1:2:3:4:5:6:7:8:80", "2001:db8::2::80", "2001:db8::2:80800", "::1]", "::1]:80",
        ":80:", "2001:db8::2%tun0", "2001:db8::2 :80", "::g", ":::", "::1,::2", "::ffff:192.0.2"}) {
    EXPECT_EQ(error_of(line + "Host: " + bad + "\r\n\r\n"), HeadError::BadHost) << bad;
  }
  EXPECT_EQ(error_of(line + "Host: ::1\r\nHost: ::1\r\n\r\n"), HeadError::BadHost);
  EXPECT_EQ(error_of("GET http://2001:db8::2/ HTTP/1.1\r\nHost: a\r\n\r\n"),
            HeadError::BadRequestLine)
      << "in a target the brackets are what tells the port";
}

TEST(HttpParser, AbsoluteFormReplacesTheHost) {
  COVERS("R9112-11");
  struct Case {
    std::string_view target, path, query;
  };
  const Case cases[] = {
      {"/a?b", "/a", "b"},         {"http://x/a?b", "/a", "b"},
      {"HTTP://x:80/a", "/a", ""}, {"http://x", "/", ""},
      {"http://x?q", "/", "q"},    {"http://[::1]/a", "/a", ""},
      {"/a#fragment?b", "/a", ""}, {"*", "*", ""},
  };
  for (const Case& c : cases) {
    const auto parts = http::split_target(c.target);
    ASSERT_TRUE(parts.has_value()) << c.target;
    EXPECT_EQ(parts->path, c.path) << c.target;
    EXPECT_EQ(parts->query, c.query) << c.target;
  }
  for (const char* bad :
       {"", "a", "http://", "http:///a", "http://u@x/", "ftp://x/", "http://:80/"}) {
    EXPECT_FALSE(http::split_target(bad).has_value()) << bad;
  }
}

TEST(HttpParser, LimitsHoldExactly) {
  COVERS("R9112-08", "R9112-09");
  const auto line_of = [](std::size_t length) {
    return "GET /" + std::string(length - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(error_of(line_of(8000)), HeadError::None);
  EXPECT_EQ(error_of(line_of(8192)), HeadError::None);
  EXPECT_EQ(error_of(line_of(8193)), HeadError::TargetTooLong);
  EXPECT_EQ(error_of("GET /" + std::string(9000, 'a')), HeadError::TargetTooLong)
      << "without waiting for the line's end";

  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: y\r\n";
  EXPECT_EQ(error_of(get_with(fields)), HeadError::None);
  EXPECT_EQ(error_of(get_with(fields + "X: y\r\n")), HeadError::FieldsTooLarge);
  EXPECT_EQ(error_of(get_with("X: " + std::string(32000, 'y') + "\r\n")), HeadError::None);
  EXPECT_EQ(error_of(get_with("X: " + std::string(33000, 'y'))), HeadError::FieldsTooLarge);
}

TEST(HttpParser, FramingIsNeverGuessed) {
  COVERS("R9110-08", "R9112-17", "R9112-19", "R9112-22", "R9112-23", "R9112-34");
  struct Case {
    std::string fields;
    HeadError error;
    Framing framing;
  };
  const Case cases[] = {
      {"", HeadError::None, Framing::None},
      {"Content-Length: 0\r\n", HeadError::None, Framing::None},
      {"Content-Length: 5\r\n", HeadError::None, Framing::Length},
      {"Content-Length: 18446744073709551615\r\n", HeadError::None, Framing::Length},
      {"Content-Length: 18446744073709551616\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length: 5, 5\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length: +5\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length: -5\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length: 0x5\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Content-Length:\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Transfer-Encoding: chunked\r\n", HeadError::None, Framing::Chunked},
      {"Transfer-Encoding: CHUNKED\r\n", HeadError::None, Framing::Chunked},
      {"Transfer-Encoding: , chunked ,\r\n", HeadError::None, Framing::Chunked},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", HeadError::AmbiguousFraming,
       Framing::None},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HeadError::AmbiguousFraming,
       Framing::None},
      {"Transfer-Encoding: chunked, chunked\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Transfer-Encoding: chunked, gzip\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", HeadError::AmbiguousFraming,
       Framing::None},
      {"Transfer-Encoding: \r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Transfer-Encoding: ch\"unked\r\n", HeadError::AmbiguousFraming, Framing::None},
      {"Transfer-Encoding: gzip, chunked\r\n", HeadError::UnknownCoding, Framing::None},
      {"Transfer-Encoding: xchunked\r\n", HeadError::UnknownCoding, Framing::None},
  };
  for (const Case& c : cases) {
    const HeadParser p = parse("POST / HTTP/1.1\r\nHost: a\r\n" + c.fields + "\r\n");
    EXPECT_EQ(p.error(), c.error) << c.fields;
    EXPECT_EQ(p.head().framing, c.framing) << c.fields;
  }
}

TEST(HttpParser, Http10KnowsNoTransferCoding) {
  COVERS("R9112-20");
  EXPECT_EQ(error_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            HeadError::AmbiguousFraming);
}

TEST(HttpParser, ConnectionOptionsAndExpectations) {
  COVERS("R9112-28");
  EXPECT_TRUE(parse(get_with("")).head().may_persist());
  EXPECT_FALSE(parse(get_with("Connection: foo, Close\r\n")).head().may_persist());
  EXPECT_FALSE(
      parse(get_with("Connection: keep-alive\r\nConnection: close\r\n")).head().may_persist());
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").head().may_persist());
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head().may_persist());
  EXPECT_TRUE(parse(get_with("Expect: 100-Continue\r\n")).head().expects_continue);
  EXPECT_TRUE(parse(get_with("Expect: wonders\r\n")).head().expects_unknown);
}

TEST(HttpParser, ListsOnSeveralLinesAreFoundAgain) {
  const std::string text = get_with("If-None-Match: \"a\"\r\nX: y\r\nif-none-match:  \"b\" \r\n");
  const HeadParser p = parse(text);
  ASSERT_TRUE(p.head().is_repeated(Field::IfNoneMatch));
  std::vector<std::string> values;
  http::for_each_field_line({.head = p.head(), .bytes = text}, "if-none-match",
                            [&](std::string_view v) { values.emplace_back(v); });
  EXPECT_THAT(values, ::testing::ElementsAre("\"a\"", "\"b\""));
}

// -- Bodies

struct Decoded {
  BodyDecoder::Status status = BodyDecoder::Status::More;
  std::string content;
  std::size_t consumed = 0;
};

Decoded decode(BodyDecoder decoder, std::string_view text, std::size_t step_size) {
  Decoded d;
  std::size_t offered = 0;
  while (d.status == BodyDecoder::Status::More && d.consumed < text.size()) {
    offered = std::max(offered, std::min(text.size(), d.consumed + step_size));
    const auto step = decoder.decode(http::as_bytes(text.substr(d.consumed, offered - d.consumed)));
    d.content += http::as_text(step.content);
    d.consumed += step.consumed;
    d.status = step.status;
    if (step.consumed == 0) break;
  }
  return d;
}

Decoded decode_both_ways(const BodyDecoder& decoder, std::string_view text) {
  const Decoded whole = decode(decoder, text, text.size());
  const Decoded slow = decode(decoder, text, 1);
  EXPECT_EQ(slow.status, whole.status) << text;
  EXPECT_EQ(slow.content, whole.content) << text;
  EXPECT_EQ(slow.consumed, whole.consumed) << text;
  return whole;
}

TEST(HttpBody, LengthEndsExactly) {
  const Decoded d = decode_both_ways(BodyDecoder(Framing::Length, 5), "helloGET");
  EXPECT_EQ(d.status, BodyDecoder::Status::Done);
  EXPECT_EQ(d.content, "hello");
  EXPECT_EQ(d.consumed, 5u);
}

TEST(HttpBody, Chunked) {
  COVERS("R9112-16", "R9112-25", "R9112-26");
  using BodyDecoder::Status::Done;
  using BodyDecoder::Status::Failed;
  using BodyDecoder::Status::More;
  struct Case {
    std::string text;
    BodyDecoder::Status status;
    std::string content;
  };
  const Case cases[] = {
      {"0\r\n\r\n", Done, ""},
      {"5\r\nhello\r\n0\r\n\r\n", Done, "hello"},
      {"5\r\nhello\r\n00A\r\n0123456789\r\n000\r\n\r\n", Done, "hello0123456789"},
      {"5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n", Done, "hello"},
      {"5 ;a\r\nhello\r\n0\r\n\r\n", Done, "hello"},
      {"0\r\nTrailer: x\r\nContent-Length: 7\r\n\r\n", Done, ""},
      {"5\r\nhel", More, "hel"},
      {"\r\n", Failed, ""},
      {"g\r\n", Failed, ""},
      {"-1\r\n", Failed, ""},
      {"5\nhello", Failed, ""},
      {"5\r\nhelloX", Failed, "hello"},
      {"5\r\nhello\n0\r\n\r\n", Failed, "hello"},
      {"5;a\nhello", Failed, ""},
      {"0\r\nTrailer: x\n", Failed, ""},
      {"0\r\n\rX", Failed, ""},
      {"ffffffffffffffff\r\n12345", More, "12345"},
      {"1ffffffffffffffff\r\n", Failed, ""},
      {"00000000000000005\r\n", Failed, ""},
  };
  for (const Case& c : cases) {
    const Decoded d = decode_both_ways(BodyDecoder(Framing::Chunked, 0), c.text);
    EXPECT_EQ(d.status, c.status) << c.text;
    EXPECT_EQ(d.content, c.content) << c.text;
  }
}

TEST(HttpBody, WhatIsNoChunkExtensionIsRefused) {
  COVERS("R9112-25");
  const std::string rest = "\r\nhello\r\n0\r\n\r\n";
  for (const char* good :
       {"5;a", "5 ;a", "5\t ; a", "5;a=b", "5;a = b", "5;a=\"\"", "5;a=\"b;\\\"c\\\\ \t\xff\"",
        "5;a;b;c=d;e=\"f\"", "5;a=\"b\" ;c", "5;a=b\t;c", "05;!#$%&'*+-.^_`|~9"}) {
    const Decoded d = decode_both_ways(BodyDecoder(Framing::Chunked, 0), good + rest);
    EXPECT_EQ(d.status, BodyDecoder::Status::Done) << good;
    EXPECT_EQ(d.content, "hello") << good;
  }
  const std::string with_nul("5;a\0", 4);
  for (const std::string& bad : {with_nul,
                                 std::string("5;a=\"\0\"", 7),
                                 std::string("5;a=\"\\\0\"", 8),
                                 std::string("5;"),
                                 std::string("5 "),
                                 std::string("5\t"),
                                 std::string("5 junk"),
                                 std::string(" 5"),
                                 std::string("5;;a"),
                                 std::string("5; "),
                                 std::string("5;a "),
                                 std::string("5;a="),
                                 std::string("5;a= "),
                                 std::string("5;=b"),
                                 std::string("5;a=b "),
                                 std::string("5;a=b=c"),
                                 std::string("5;a b"),
                                 std::string("5;a=b c"),
                                 std::string("5;a=\"b"),
                                 std::string("5;a=\"b\"c"),
                                 std::string("5;a=\"b\" "),
                                 std::string("5;a=\"b\n\""),
                                 std::string("5;a=\"b\x7f\""),
                                 std::string("5;\xc3\xa4"),
                                 std::string("5;a=/"),
                                 std::string("5,a"),
                                 std::string("0x5"),
                                 std::string("5\r"),
                                 std::string("+5")}) {
    const Decoded d = decode_both_ways(BodyDecoder(Framing::Chunked, 0), bad + rest);
    EXPECT_EQ(d.status, BodyDecoder::Status::Failed) << bad;
    EXPECT_EQ(d.content, "") << bad;
  }
}

TEST(HttpBody, WhatIsNoTrailerFieldIsRefused) {
  COVERS("R9112-26");
  for (const char* good : {"", "A:\r\n", "A: b\r\n", "A:b\r\nC: d \te\r\n", "A: \xff:\r\n"}) {
    EXPECT_EQ(
        decode_both_ways(BodyDecoder(Framing::Chunked, 0), "0\r\n" + std::string(good) + "\r\n")
            .status,
        BodyDecoder::Status::Done)
        << good;
  }
  for (const std::string& bad :
       {std::string("no colon\r\n"), std::string("A\r\n"), std::string(": b\r\n"),
        std::string("A : b\r\n"), std::string(" A: b\r\n"), std::string("A: b\r\n folded\r\n"),
        std::string("A: \0\r\n", 6), std::string("A\0: b\r\n", 7), std::string("A: \x7f\r\n"),
        std::string("A: b\n"), std::string("A: b\rc\r\n"), std::string("\n")}) {
    EXPECT_EQ(decode_both_ways(BodyDecoder(Framing::Chunked, 0), "0\r\n" + bad + "\r\n").status,
              BodyDecoder::Status::Failed)
        << bad;
  }
}

TEST(HttpBody, OnlyAClientTakesBlanksBehindASize) {
  const BodyDecoder client(Framing::Chunked, 0, BodyDecoder::Padding::Skipped);
  const Decoded d = decode_both_ways(client, "5  \r\nhello\r\n0\t\r\n\r\n");
  EXPECT_EQ(d.status, BodyDecoder::Status::Done);
  EXPECT_EQ(d.content, "hello");
  for (const char* bad : {"5;\r\n", "5 junk\r\n", "5;a \r\n"}) {
    EXPECT_EQ(decode_both_ways(client, bad).status, BodyDecoder::Status::Failed) << bad;
  }
}

TEST(HttpBody, ExtensionsAndTrailersAreBounded) {
  COVERS("R9112-25");
  const std::string extension = "5;" + std::string(BodyDecoder::kMaxOverhead + 10, 'x');
  EXPECT_EQ(decode_both_ways(BodyDecoder(Framing::Chunked, 0), extension).status,
            BodyDecoder::Status::Failed);
  std::string many;  // one byte of content for each five of extension
  for (int i = 0; i < 5000; ++i) many += "1;abcd\r\nx\r\n";
  EXPECT_EQ(decode_both_ways(BodyDecoder(Framing::Chunked, 0), many).status,
            BodyDecoder::Status::Failed);
  const std::string trailer = "0\r\nT: " + std::string(BodyDecoder::kMaxOverhead + 10, 'x');
  EXPECT_EQ(decode_both_ways(BodyDecoder(Framing::Chunked, 0), trailer).status,
            BodyDecoder::Status::Failed);
}

}  // namespace
}  // namespace glasstcp::test
