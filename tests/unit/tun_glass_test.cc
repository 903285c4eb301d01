// Who may see /_glass/, and what is answered there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/memory_store.h"
#include "tun/glass/access.h"
#include "tun/glass/capture_page.h"
#include "tun/glass/glass_service.h"
#include "tun/glass/lab_page.h"
#include "tun/serve/glass.h"

namespace glasstcp {
namespace {

using testing::HasSubstr;

AccessRule rule() {
  return {{*Cidr::parse("192.0.2.2/24"), *Cidr::parse("2001:db8::2/64")}, {"glass.example"}};
}

Access from(const char* client, std::optional<std::string_view> host = "192.0.2.2",
            std::string_view authority = "") {
  return access_of(rule(), *IpAddress::parse(client), host, authority);
}

TEST(GlassAccess, IsForClientsOfTheNetworks) {
  EXPECT_EQ(from("192.0.2.1"), Access::Granted);
  EXPECT_EQ(from("2001:db8::1"), Access::Granted);
  EXPECT_EQ(from("203.0.113.9"), Access::WrongClient);
  EXPECT_EQ(from("2001:db8:0:1::1"), Access::WrongClient);
  // An IPv4 address in IPv6's clothes is none of the IPv4 network.
  EXPECT_EQ(from("::ffff:192.0.2.1"), Access::WrongClient);
  EXPECT_EQ(access_of({}, *IpAddress::parse("192.0.2.1"), "192.0.2.2", ""), Access::WrongClient);
}

// DNS rebinding: evil.example is made to mean our address, and its page asks by that name.
TEST(GlassAccess, IsForNamesThatNobodyCanTakeOver) {
  for (const char* host :
       {"192.0.2.2", "192.0.2.2:80", "192.0.2.2:8080", "127.0.0.1", "localhost", "localhost:8080",
        "LocalHost", "localhost.", "[2001:db8::2]", "[2001:db8::2]:80", "[::1]", "2001:db8::2",
        "[::ffff:192.0.2.2]:80", "glass.example", "GLASS.example:8080"}) {
    EXPECT_EQ(from("192.0.2.1", host), Access::Granted) << host;
  }
  for (const char* host :
       {"evil.example", "evil.example:80", "", ":80", "localhost.evil.example", "evil-localhost",
        "192.0.2.2.evil.example", "glass.example.evil.example", "[evil.example]", "[192.0.2.2]",
        "[2001:db8::2", "[2001:db8::2]x", "192.0.2.2:80:80", "192.0.2.2:evil", "0x7f000001",
        "2130706433", "127.1", "localhost:80x", "glass.example@evil.example"}) {
    EXPECT_EQ(from("192.0.2.1", host), Access::WrongHost) << host;
  }
  EXPECT_EQ(from("192.0.2.1", std::nullopt), Access::WrongHost) << "absent, or given twice";
  // A target in absolute-form has a name of its own.
  EXPECT_EQ(from("192.0.2.1", "192.0.2.2", "evil.example"), Access::WrongHost);
  EXPECT_EQ(from("192.0.2.1", "evil.example", "192.0.2.2"), Access::WrongHost);
  EXPECT_EQ(from("192.0.2.1", "192.0.2.2", "localhost:80"), Access::Granted);
}

TEST(GlassAccess, NetworksAndNamesAreReadFromText) {
  EXPECT_EQ(parse_network("192.0.2.0/24")->to_string(), "192.0.2.0/24");
  EXPECT_EQ(parse_network("192.0.2.9")->to_string(), "192.0.2.9/32");
  EXPECT_EQ(parse_network("2001:db8::1")->to_string(), "2001:db8::1/128");
  EXPECT_FALSE(parse_network("192.0.2.0/33"));
  EXPECT_FALSE(parse_network("home"));
  EXPECT_TRUE(is_host_name("glass.example"));
  for (const char* name : {"", "a b", "-a", ".a", "192.0.2.1", "::1", "a:80", "a/b", "名字"}) {
    EXPECT_FALSE(is_host_name(name)) << name;
  }
}

TEST(GlassAccess, WithoutOptionsIsForTheLinkAndWhatThisMachineIsConnectedTo) {
  ServeOptions options;
  const std::vector<LocalAddress> own = {{"lo", *Cidr::parse("127.0.0.1/8")},
                                         {"eth0", *Cidr::parse("10.1.2.3/16")},
                                         {"tun0", *Cidr::parse("192.0.2.1/24")},
                                         {"tun0", *Cidr::parse("2001:db8::1/64")},
                                         {"ppp0", *Cidr::parse("10.9.9.9/0")}};
  const auto has = [](const AccessRule& r, const char* address) {
    return access_of(r, *IpAddress::parse(address), "localhost", "") == Access::Granted;
  };
  EXPECT_TRUE(has(access_rule(options, own), "192.0.2.1"));
  EXPECT_TRUE(has(access_rule(options, own), "2001:db8::1"));
  EXPECT_TRUE(has(access_rule(options, own), "127.0.0.1")) << "loopback is a network";
  EXPECT_TRUE(has(access_rule(options, own), "10.1.200.1"));
  EXPECT_FALSE(has(access_rule(options, own), "198.51.100.77"));
  options.publish = true;
  EXPECT_TRUE(has(access_rule(options, own), "10.1.200.1"));
  EXPECT_TRUE(has(access_rule(options, own), "192.0.2.1")) << "this machine alone has it";
  EXPECT_FALSE(has(access_rule(options, own), "198.51.100.77"));
  options.view = {*Cidr::parse("198.51.100.0/24")};
  EXPECT_TRUE(has(access_rule(options, own), "198.51.100.77"));
  EXPECT_FALSE(has(access_rule(options, own), "192.0.2.1")) << "--view replaces the networks";
}

// -- Answers

class GlassTest : public testing::Test {
 protected:
  GlassTest() : glass_(rule(), [this](const FourTuple& tuple) { callers_.push_back(tuple); }) {
    glass_.add("page", [](const http::ServiceCall& call) {
      http::ServiceAnswer answer;
      answer.status = 200;
      answer.fields = std::string(call.query);
      return answer;
    });
  }
  static http::ServiceCall call(std::string_view path, const char* client = "192.0.2.1") {
    http::ServiceCall c;
    c.path = path;
    c.host = "192.0.2.2";
    c.tuple.remote_address = *IpAddress::parse(client);
    return c;
  }
  std::vector<FourTuple> callers_;
  GlassService glass_;
};

TEST_F(GlassTest, RefusalsNameTheFlagThatHelps) {
  http::ServiceAnswer answer = glass_.answer(call("page", "203.0.113.9"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.explanation, HasSubstr("--view 203.0.113.9"));
  http::ServiceCall foreign = call("page");
  foreign.host = "evil.example";
  answer = glass_.answer(foreign);
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.explanation, HasSubstr("--view-host"));
  EXPECT_EQ(answer.explanation.find("evil"), std::string::npos);
  EXPECT_TRUE(callers_.empty());
}

TEST_F(GlassTest, AsksThePageAndHidesTheCaller) {
  EXPECT_EQ(glass_.answer(call("page")).status, 200);
  EXPECT_EQ(callers_.size(), 1U);
  const http::ServiceAnswer none = glass_.answer(call("nothing"));
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.explanation, HasSubstr("/_glass/page"));
  http::ServiceCall post = call("page");
  post.method = http::Method::Post;
  EXPECT_EQ(glass_.answer(post).status, 405);
  EXPECT_EQ(glass_.answer(post).fields, "Allow: GET, HEAD\r\n");
}

// What a page needs and the system has not costs the page; nothing that is thrown passes the stack.
TEST_F(GlassTest, WithoutMemoryAPageIsUnavailable) {
  const auto lacks = [](const auto&) -> http::ServiceAnswer { throw std::bad_alloc(); };
  glass_.add("full", lacks);
  glass_.add_form("form", [lacks](const http::ServiceCall&) {
    http::ServiceAnswer answer;
    answer.on_body = lacks;
    answer.on_bad_body = lacks;
    return answer;
  });
  EXPECT_EQ(glass_.answer(call("full")).status, 503);
  http::ServiceCall post = call("form");
  post.method = http::Method::Post;
  const http::ServiceAnswer asked = glass_.answer(post);
  EXPECT_EQ(asked.on_body("{}").status, 503);
  EXPECT_EQ(asked.on_bad_body(400).status, 503);
}

TEST_F(GlassTest, ACaptureNeedsRecentPacketsOrIsLive) {
  CaptureHub hub({}, 0);
  http::ServiceAnswer answer = answer_with_capture(hub, call("capture.pcapng"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.explanation, HasSubstr("--recent"));
  http::ServiceCall live = call("capture.pcapng");
  live.query = "a=b&live=1";
  answer = answer_with_capture(hub, live);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.stream);
  EXPECT_TRUE(hub.is_wanted());
  answer = {};
  EXPECT_FALSE(hub.is_wanted()) << "it ends with its answer";
  live.method = http::Method::Head;
  answer = answer_with_capture(hub, live);
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.stream);
  live.method = http::Method::Get;
  std::vector<http::ServiceAnswer> many;
  for (std::size_t i = 0; i < CaptureHub::kMostTaps; ++i) {
    many.push_back(answer_with_capture(hub, live));
    EXPECT_EQ(many.back().status, 200);
  }
  EXPECT_EQ(answer_with_capture(hub, live).status, 503);
  CaptureHub keeps({}, 1U << 20);
  EXPECT_EQ(answer_with_capture(keeps, call("capture.pcapng")).status, 200);
}

TEST_F(GlassTest, AFolderOfItsNameInTheSiteIsToldOf) {
  http::MemoryStore store;
  EXPECT_EQ(note_of_shadowed(store, glass_, Instant{}), "");
  store.put("_glass/index.html", ByteView{}, 0);
  EXPECT_THAT(note_of_shadowed(store, glass_, Instant{}), HasSubstr("/_glass"));
}

TEST(GlassLab, IsThePageOrTheCommandThatBringsIt) {
  const std::string page = "<!DOCTYPE html>";
  const auto there =
      answer_with_lab_page({reinterpret_cast<const std::uint8_t*>(page.data()), page.size()});
  EXPECT_EQ(there.status, 200);
  EXPECT_EQ(there.type, "text/html; charset=utf-8");
  EXPECT_EQ(there.body.bytes.size(), page.size());
  const auto missing = answer_with_lab_page({});
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.explanation, HasSubstr("scripts/setup web && scripts/build"));
}

}  // namespace
}  // namespace glasstcp
