// The questions of a report about what travels: SYNs, segments, pace, and what HTTP makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/talk_capture.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/report.h"
#include "tun/report/view/sections.h"

namespace glasstcp::report {
namespace {

using test::Talk;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint16_t kData = kAck | kPsh;
constexpr std::uint32_t kMss = 1460;
const std::string kGet = "GET /a HTTP/1.1\r\nHost: example\r\n\r\n";

// The only finding of a kind.
Finding the(const Capture& capture, FindingKind kind) {
  const Finding* found = nullptr;
  for (const Finding& one : capture.findings) {
    if (one.kind != kind) continue;
    EXPECT_EQ(found, nullptr) << "two of a kind";
    found = &one;
  }
  return found != nullptr ? *found : Finding{};
}
std::int64_t number(const Finding& finding, ValueName name) {
  return finding.value(name) != nullptr ? finding.value(name)->number : -1;
}
// Its sentences about this capture and in general, in both languages.
std::string told(const Capture& capture, const Finding& finding, Language language) {
  const View view{capture, language, {}, 0};
  std::string all;
  for (const std::string& text : answer_of(view, finding).paragraphs) all += to_plain(text) + "\n";
  return all;
}

// A request, and a response of `bytes` in full segments and a rest, of which the first `before`
// leave before an ACK.
Capture transfer(std::uint32_t bytes, std::uint32_t before) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: ";
  std::uint32_t body = bytes - static_cast<std::uint32_t>(head.size()) - 4;
  body -= static_cast<std::uint32_t>(std::to_string(body).size());
  const std::string all = head + std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
  const auto asked = static_cast<std::uint32_t>(kGet.size());
  Talk talk;
  talk.handshake().client({.seq = 1, .ack = 1, .flags = kData, .data = kGet});
  std::uint32_t seq = 1, sent = 0, acked = 1;
  for (std::uint32_t at = 0; at < all.size(); at += kMss) {
    const std::string_view piece = std::string_view(all).substr(at, kMss);
    const bool is_last = at + kMss >= all.size();
    const std::uint16_t flags = is_last ? kData : std::uint16_t{kAck};
    talk.server({.seq = seq, .ack = 1 + asked, .flags = flags, .data = piece});
    seq += static_cast<std::uint32_t>(piece.size());
    if (++sent % before != 0) continue;
    acked = seq;
    talk.client({.seq = 1 + asked, .ack = acked});
  }
  if (acked != seq) talk.client({.seq = 1 + asked, .ack = seq});
  return talk.read();
}

TEST(ReportTransfer, SaysThatASynMayCarryDataAndWhetherThisOneDoes) {
  const Capture without = Talk().handshake().read();
  const Finding finding = the(without, FindingKind::WhySynWithoutData);
  EXPECT_EQ(finding.frame(Role::Syn), 1U);
  EXPECT_EQ(number(finding, ValueName::BytesOfSyn), 0);
  EXPECT_THAT(told(without, finding, Language::English), HasSubstr("frame 1 carries no data"));
  Talk open;
  open.client({.seq = 0, .flags = kSyn, .data = kGet})
      .server({.seq = 0, .ack = 1, .flags = kSyn | kAck});
  const Capture with = open.client({.seq = 1, .ack = 1}).read();
  const Finding carries = the(with, FindingKind::WhySynWithoutData);
  EXPECT_EQ(number(carries, ValueName::BytesOfSyn), static_cast<std::int64_t>(kGet.size()));
  EXPECT_THAT(told(with, carries, Language::Chinese), HasSubstr("携带了"));
}

TEST(ReportTransfer, AddsTheHeadersToTheMss) {
  const Capture capture = transfer(3000, 10);
  const Finding finding = the(capture, FindingKind::WhyMss);
  EXPECT_EQ(number(finding, ValueName::FullBytes), kMss);
  const std::string said = told(capture, finding, Language::English);
  EXPECT_THAT(said, HasSubstr("1460 + 20 + 20 = 1500"));
  EXPECT_THAT(said, HasSubstr("A full segment carries 1460 bytes")) << "no timestamps here";
  EXPECT_THAT(told(capture, finding, Language::Chinese), HasSubstr("即接口的 MTU"));
  Talk loopback;
  const std::vector<std::uint8_t> mss = {2, 4, 0xff, 0xd7};
  loopback.client({.seq = 0, .flags = kSyn, .options = mss});
  loopback.server({.seq = 0, .ack = 1, .flags = kSyn | kAck, .options = mss});
  const Capture large = loopback.client({.seq = 1, .ack = 1}).read();
  EXPECT_THAT(told(large, the(large, FindingKind::WhyMss), Language::English),
              HasSubstr("65495 + 20 + 20 = 65535, the longest packet"));
}

TEST(ReportTransfer, CountsTheSegmentsOfAResponse) {
  const Capture capture = transfer(4000, 10);
  const Finding finding = the(capture, FindingKind::WhySegments);
  EXPECT_EQ(finding.frame(Role::First), 5U);
  EXPECT_EQ(finding.frame(Role::Last), 7U);
  EXPECT_THAT(told(capture, finding, Language::English),
              HasSubstr("a response of 4,000 bytes took 3 segments, from frame 5 to frame 7: 2 of "
                        "1460 bytes and a last one of 1080"));
  EXPECT_FALSE(the(transfer(1000, 10), FindingKind::WhySegments).is_shown);
}

TEST(ReportTransfer, MeasuresWhatLeavesBeforeTheFirstAck) {
  const Finding finding = the(transfer(14'600, 4), FindingKind::WhyInitialWindow);
  EXPECT_TRUE(finding.is_shown);
  EXPECT_EQ(number(finding, ValueName::SegmentsOfMessage), 4);
  EXPECT_EQ(number(finding, ValueName::BytesOfMessage), 4 * kMss);
  EXPECT_EQ(finding.frame(Role::Ack), 9U);
  EXPECT_FALSE(the(transfer(4000, 10), FindingKind::WhyInitialWindow).is_shown)
      << "nothing waited: the window is not what ended the flight";
}

TEST(ReportTransfer, CountsAcksOnlyWhereTheyAreFewer) {
  const Finding finding = the(transfer(14'600, 5), FindingKind::WhyFewerAcks);
  EXPECT_EQ(number(finding, ValueName::SegmentsOfMessage), 10);
  EXPECT_EQ(number(finding, ValueName::Acks), 2);
  EXPECT_EQ(number(finding, ValueName::FullBytes), 5 * kMss);
  EXPECT_FALSE(the(transfer(14'600, 1), FindingKind::WhyFewerAcks).is_shown);
}

TEST(ReportTransfer, TellsAShortSegmentThatDidNotWait) {
  const Finding finding = the(transfer(4000, 10), FindingKind::WhyNagle);
  EXPECT_EQ(finding.frame(Role::First), 7U);
  EXPECT_EQ(number(finding, ValueName::LastBytes), 1080);
  EXPECT_EQ(number(finding, ValueName::BytesBetween), 2 * kMss);
  EXPECT_EQ(number(finding, ValueName::IsCertain), 0)
      << "Linux sends it: only full ones are in flight";
  EXPECT_FALSE(the(transfer(1460 * 2, 1), FindingKind::WhyNagle).is_shown);
  const auto asked = static_cast<std::uint32_t>(kGet.size());
  Talk talk;
  talk.handshake().client({.seq = 1, .ack = 1, .flags = kData, .data = kGet});
  const std::string full(kMss, 'x');
  talk.server({.seq = 1, .ack = 1 + asked, .data = full});
  talk.client({.seq = 1 + asked, .ack = 1 + kMss});
  talk.server({.seq = 1 + kMss, .ack = 1 + asked, .flags = kData, .data = "small"});
  talk.server({.seq = 6 + kMss, .ack = 1 + asked, .flags = kData, .data = "again"});
  const Capture capture = talk.read();
  const Finding certain = the(capture, FindingKind::WhyNagle);
  EXPECT_EQ(certain.frame(Role::First), 8U);
  EXPECT_EQ(number(certain, ValueName::IsCertain), 1);
  EXPECT_THAT(told(capture, certain, Language::English), HasSubstr("does not use the algorithm"));
}

TEST(ReportTransfer, NamesTypesAndRequestsOfOneConnection) {
  const Capture one = transfer(3000, 10);
  const Finding types = the(one, FindingKind::WhyMimeType);
  ASSERT_EQ(types.values.size(), 1U);
  EXPECT_EQ(types.values[0].text, "image/jpeg");
  EXPECT_FALSE(the(one, FindingKind::WhyPersistent).is_shown);
  const std::string ok = "HTTP/1.1 204 No Content\r\n\r\n";
  const auto asked = static_cast<std::uint32_t>(kGet.size());
  const auto answered = static_cast<std::uint32_t>(ok.size());
  Talk talk;
  talk.handshake().client({.seq = 1, .ack = 1, .flags = kData, .data = kGet});
  talk.server({.seq = 1, .ack = 1 + asked, .flags = kData, .data = ok});
  talk.client({.seq = 1 + asked, .ack = 1 + answered, .flags = kData, .data = kGet});
  const Finding persistent = the(talk.read(), FindingKind::WhyPersistent);
  EXPECT_EQ(number(persistent, ValueName::Requests), 2);
  EXPECT_EQ(persistent.frame(Role::Last), 6U);
}

}  // namespace
}  // namespace glasstcp::report
