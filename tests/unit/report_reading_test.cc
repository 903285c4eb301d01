// `report` reads any capture: link types, byte orders, sections, fragments, cut frames; and refuses
// clearly what is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stack/base/random.h"
#include "stack/trace/pcapng.h"
#include "tests/support/talk_capture.h"
#include "tun/report/analyze.h"
#include "tun/report/capture_bytes.h"
#include "tun/report/link_layer.h"

namespace glasstcp::report {
namespace {

using test::PcapFile;
using test::Talk;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Bytes a_packet() {
  return Talk::packet({.seq = 1, .ack = 1, .data = "hello"}, true);
}

const UnusedFrames* unused(const Capture& capture, Unused why) {
  for (const UnusedFrames& one : capture.unused) {
    if (one.why == why) return &one;
  }
  return nullptr;
}

TEST(ReportReading, ReadsPcapOfBothByteOrdersAndResolutions) {
  for (const bool big : {false, true}) {
    for (const bool nano : {false, true}) {
      PcapFile file(101, big, nano);
      file.add(1'700'000'000'123'456'000, a_packet());
      const auto capture = analyze_bytes(file.bytes(), "folder/x.pcap");
      ASSERT_TRUE(capture) << capture.error();
      EXPECT_EQ(capture->file_name, "x.pcap");
      EXPECT_EQ(capture->sha256.size(), 64U);
      EXPECT_EQ(capture->first_ns, 1'700'000'000'123'456'000);
      ASSERT_EQ(capture->connections.size(), 1U);
      const Frame& frame = capture->connections[0].frames.at(0);
      EXPECT_EQ(frame.number, 1U);
      EXPECT_EQ(frame.length, 5U);
      EXPECT_EQ(frame.raw_seq, 1001U);
      EXPECT_EQ(std::string(frame.payload().begin(), frame.payload().end()), "hello");
    }
  }
}

struct Link {
  std::uint16_t type;
  Bytes header;
};

TEST(ReportReading, TakesOffTheHeaderOfEachLinkType) {
  const Bytes mac(12, 1), sll(14, 2), sll2(18, 3);
  const std::vector<Link> links{
      {1, joined(mac, {8, 0})},
      {1, joined(mac, {0x81, 0, 0, 5, 8, 0})},
      {1, joined(mac, {0x88, 0xa8, 0, 7, 0x81, 0, 0, 5, 8, 0})},
      {113, joined(sll, {8, 0})},
      {276, joined({8, 0}, sll2)},
      {101, {}},
      {228, {}},
      {0, {2, 0, 0, 0}},
      {0, {0, 0, 0, 2}},
      {108, {0, 0, 0, 2}},
  };
  for (const Link& link : links) {
    PcapFile file(link.type);
    file.add(1, joined(link.header, a_packet()));
    const auto capture = analyze_bytes(file.bytes(), "x");
    ASSERT_TRUE(capture) << capture.error();
    EXPECT_EQ(capture->tcp_frames, 1U) << link.type;
    EXPECT_FALSE(name_of_link_type(link.type).empty());
  }
}

TEST(ReportReading, KnowsTheIpv6FamiliesOfEverySystem) {
  const FourTuple tuple{*IpAddress::parse("::1"), *IpAddress::parse("::1"), Port{40000}, Port{80}};
  const Bytes packet = test::raw_packet({.tuple = tuple, .flags = kSyn});
  for (const std::uint8_t family : Bytes{10, 24, 28, 30}) {
    PcapFile file(0);
    file.add(1, joined({family, 0, 0, 0}, packet));
    EXPECT_EQ(analyze_bytes(file.bytes(), "x")->tcp_frames, 1U) << int{family};
  }
  PcapFile raw(229);
  raw.add(1, packet);
  EXPECT_EQ(analyze_bytes(raw.bytes(), "x")->tcp_frames, 1U);
}

TEST(ReportReading, CountsWhatIsInNoConnection) {
  PcapFile file(1);
  file.add(1, joined(Bytes(12, 1), {8, 6, 0, 1}));
  Bytes udp = a_packet();
  udp[9] = 17;
  file.add(2, joined(joined(Bytes(12, 1), {8, 0}), udp));
  const Bytes whole = joined(joined(Bytes(12, 1), {8, 0}), a_packet());
  file.add(3, ByteView(whole).first(40), whole.size());
  file.add(4, ByteView(whole).first(10), whole.size());
  const auto capture = analyze_bytes(file.bytes(), "x");
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->tcp_frames, 0U);
  ASSERT_NE(unused(*capture, Unused::NotIp), nullptr);
  ASSERT_NE(unused(*capture, Unused::NotTcp), nullptr);
  EXPECT_EQ(unused(*capture, Unused::NotTcp)->first, 2U);
  ASSERT_NE(unused(*capture, Unused::TooShort), nullptr);
  EXPECT_EQ(unused(*capture, Unused::TooShort)->count, 2U);
}

TEST(ReportReading, KnowsTheLengthOfAFrameThatWasCut) {
  const Bytes whole = Talk::packet({.seq = 1, .ack = 1, .data = "0123456789"}, true);
  PcapFile file;
  file.add(1, ByteView(whole).first(whole.size() - 7), whole.size());
  const auto capture = analyze_bytes(file.bytes(), "x");
  const Frame& frame = capture->connections.at(0).frames.at(0);
  EXPECT_EQ(frame.length, 10U);
  EXPECT_EQ(frame.captured, 3U);
  EXPECT_TRUE(frame.is(Event::CutBySnapLength));
  EXPECT_EQ(capture->cut_frames, 1U);
}

TEST(ReportReading, IgnoresWhatTheLinkPadded) {
  PcapFile file;
  file.add(1, joined(Talk::packet({.seq = 1, .ack = 1}, true), Bytes(6, 0)));
  EXPECT_EQ(analyze_bytes(file.bytes(), "x")->connections.at(0).frames.at(0).length, 0U);
}

TEST(ReportReading, TakesAHeaderWithoutLengthForAnOffloadedSegment) {
  Bytes packet = a_packet();
  store_be16(packet.data() + 2, 0);
  PcapFile file;
  file.add(1, packet);
  EXPECT_EQ(analyze_bytes(file.bytes(), "x")->connections.at(0).frames.at(0).length, 5U);
}

// A header checksum is what the stack's reassembler asks for.
void set_checksum(Bytes& packet) {
  store_be16(packet.data() + 10, 0);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += load_be16(packet.data() + i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store_be16(packet.data() + 10, static_cast<std::uint16_t>(~sum));
}

TEST(ReportReading, PutsFragmentsTogether) {
  const Bytes whole = Talk::packet({.seq = 1, .ack = 1, .data = "0123456789abcdef"}, true);
  const auto fragment = [&](std::size_t from, std::size_t to, bool more) {
    Bytes part(whole.begin(), whole.begin() + 20);
    part.insert(part.end(), whole.begin() + 20 + static_cast<std::ptrdiff_t>(from),
                whole.begin() + 20 + static_cast<std::ptrdiff_t>(to));
    store_be16(part.data() + 2, static_cast<std::uint16_t>(part.size()));
    store_be16(part.data() + 6, static_cast<std::uint16_t>((more ? 0x2000U : 0U) | from / 8));
    set_checksum(part);
    return part;
  };
  PcapFile file;
  file.add(1, fragment(0, 24, true));
  file.add(2, fragment(24, 36, false));
  const auto capture = analyze_bytes(file.bytes(), "x");
  ASSERT_EQ(capture->tcp_frames, 1U);
  const Frame& frame = capture->connections.at(0).frames.at(0);
  EXPECT_EQ(frame.number, 2U);
  EXPECT_TRUE(frame.is(Event::Reassembled));
  EXPECT_EQ(frame.length, 16U);
  EXPECT_EQ(std::string(frame.payload().begin(), frame.payload().end()), "0123456789abcdef");
  ASSERT_NE(unused(*capture, Unused::Fragment), nullptr);
}

class Blocks : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  Bytes bytes;
};

TEST(ReportReading, ReadsOurOwnCapturesWithCommentsAndDroppedPackets) {
  Blocks blocks;
  PcapngEncoder encoder(blocks);
  const std::string_view note = "seed 1";
  const std::vector<std::string_view> comments = {
      "OUT NewData: a sentence", "glasstcp/1: event=Data state=ESTABLISHED cwnd=14480 label=a%20b"};
  const Bytes packet = a_packet();
  const ByteView piece(packet);
  for (int section = 0; section < 2; ++section) {
    encoder.begin_section("glasstcp", std::span(&note, 1));
    encoder.add_interface("tun0", "");
    encoder.add_interface("tun0-dropped", "");
    encoder.add_packet({.interface = 0,
                        .time_ns = 5,
                        .direction = Direction::Out,
                        .pieces = std::span(&piece, 1),
                        .comments = comments});
    encoder.add_packet({.interface = 1,
                        .time_ns = 6,
                        .direction = Direction::Out,
                        .pieces = std::span(&piece, 1),
                        .comments = {}});
  }
  const auto capture = analyze_bytes(blocks.bytes, "ours.pcapng");
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_TRUE(capture->is_ours);
  EXPECT_TRUE(capture->is_pcapng);
  ASSERT_EQ(capture->interfaces.size(), 4U);
  EXPECT_TRUE(capture->interfaces[3].holds_dropped);
  EXPECT_EQ(capture->interfaces[3].frames, 1U);
  const auto& frames = capture->connections.at(0).frames;
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[3].number, 4U);
  EXPECT_TRUE(frames[1].is(Event::NeverArrived));
  EXPECT_EQ(frames[0].direction, Direction::Out);
  const FrameComment& comment = capture->comment_of(frames[0]);
  EXPECT_EQ(comment.sentence, "OUT NewData: a sentence");
  EXPECT_EQ(machine_value(comment.machine, "cwnd"), "14480");
  EXPECT_EQ(machine_value(comment.machine, "label"), "a b");
  EXPECT_FALSE(machine_value(comment.machine, "wnd"));
  EXPECT_EQ(frames[0].after_of(frames[0].from).state, State::Established);
  EXPECT_EQ(frames[0].after_of(frames[0].from).certainty, Certainty::Shown);
}

struct Broken {
  const char* what;
  Bytes bytes;
  const char* told;
};

Bytes text(std::string_view chars) {
  return {chars.begin(), chars.end()};
}

// Files as they come: empty, compressed, another format, cut, with lengths that cannot be.
std::vector<Broken> broken_files() {
  using namespace std::string_view_literals;
  const Talk talk = Talk().handshake();
  const ByteView good = talk.bytes();
  const Bytes whole(good.begin(), good.end());
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = whole;
    bytes[at] = value;
    return bytes;
  };
  const Bytes header(whole.begin(), whole.begin() + 24);
  const Bytes section = {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0,    0,    0x4d, 0x3c,
                         0x2b, 0x1a, 1,    0,    0,  0, 0xff, 0xff, 0xff, 0xff,
                         0xff, 0xff, 0xff, 0xff, 28, 0, 0,    0};
  return {
      {"empty", {}, "is empty"},
      {"text", text("not a capture at all, only some words"),
       "is neither a pcap nor a pcapng file"},
      {"gzip", text("\x1f\x8b\x08\0aaaaaaaaaaaaaaaa"sv), "gunzip"},
      {"zstd", text("\x28\xb5\x2f\xfd....................."sv), "zstd"},
      {"header alone", header, "holds no packet"},
      {"half a header", Bytes(whole.begin(), whole.begin() + 20), "ends within a block"},
      {"packet longer than the file", changed(24 + 8 + 3, 0x7f), "ends within a block"},
      {"section of no length", joined(section, {6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
       "lengths contradict"},
      {"packet without interface",
       joined(section, joined({6, 0, 0, 0, 32, 0, 0, 0}, joined(Bytes(20, 0), {32, 0, 0, 0}))),
       "not described"},
      {"unknown link type", changed(20, 0x93), nullptr},
      {"cut in its last packet", Bytes(whole.begin(), whole.end() - 3), nullptr},
      {"IP header that lies", changed(24 + 16, 0x4f), nullptr},
  };
}

TEST(ReportReading, SaysWhatIsWrongWithBrokenFiles) {
  for (const Broken& file : broken_files()) {
    const auto capture = analyze_bytes(file.bytes, file.what);
    EXPECT_EQ(capture.has_value(), file.told == nullptr) << file.what;
    if (!capture && file.told != nullptr) {
      EXPECT_THAT(capture.error(), HasSubstr(file.told)) << file.what;
    }
  }
}

TEST(ReportReading, TellsWhereACutFileEnded) {
  const Talk talk = Talk().handshake();
  const ByteView good = talk.bytes();
  const auto capture = analyze_bytes(good.first(good.size() - 3), "cut");
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->stopped, CaptureError::Truncated);
  EXPECT_EQ(capture->frames, 2U);
}

TEST(ReportReading, SurvivesAnyBytes) {
  SeededRandom random(7);
  const Talk talk = Talk(1).handshake();
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes(talk.bytes().begin(), talk.bytes().end());
    for (int n = 0; n < 1 + round % 8; ++n) {
      bytes[random.next() % bytes.size()] = static_cast<std::uint8_t>(random.next());
    }
    const auto capture = analyze_bytes(bytes, "any");
    if (!capture) {
      EXPECT_FALSE(capture.error().empty());
    }
  }
}

}  // namespace
}  // namespace glasstcp::report
