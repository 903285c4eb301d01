// Captures: what the encoder writes is what the reader reads, and no file can hurt the reader.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "stack/base/random.h"
#include "stack/trace/annotator.h"
#include "stack/trace/capture_sink.h"
#include "stack/trace/pcapng.h"
#include "stack/trace/pcapng_reader.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::raw_packet;
using test::reversed;

class File : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    EXPECT_EQ(block.size() % 4, 0U);
    bytes.insert(bytes.end(), block.begin(), block.end());
    ends.push_back(bytes.size());
  }
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> ends;  // where each block ends
};

const FourTuple kOurs{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                      Port{40000}};

void write_example(File& file) {
  PcapngEncoder encoder(file, 100);
  const std::string_view section_comment = "seed 42";
  encoder.begin_section("glasstcp", std::span(&section_comment, 1));
  encoder.add_interface("tun0", "the device");
  encoder.add_interface("tun0-dropped", "");
  const auto packet = raw_packet({.tuple = kOurs, .text = 101});
  const std::vector<ByteView> pieces = {ByteView(packet).first(40), ByteView(packet).subspan(40)};
  const std::vector<std::string_view> comments = {"OUT NewData", "状态 ESTABLISHED"};
  encoder.add_packet({.interface = 0,
                      .time_ns = 1'700'000'000'123'456'789,
                      .direction = Direction::Out,
                      .pieces = pieces,
                      .comments = comments});
  encoder.add_packet({.interface = 1,
                      .time_ns = 5,
                      .direction = Direction::In,
                      .pieces = std::span(pieces).first(1),
                      .comments = {}});
}

TEST(Pcapng, IsReadBackAsItWasWritten) {
  File file;
  write_example(file);
  EXPECT_EQ(file.ends.size(), 5U) << "one write for each block";
  CaptureReader reader(file.bytes);
  auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(reader.application(), "glasstcp");
  EXPECT_EQ(reader.section_comment(), "seed 42");
  ASSERT_EQ(reader.interfaces().size(), 2U);
  EXPECT_EQ(reader.interfaces()[1].name, "tun0-dropped");
  EXPECT_EQ(first->link_type, 101);
  EXPECT_EQ(first->time_ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(first->direction, Direction::Out);
  EXPECT_EQ(first->original_length, 141U);
  EXPECT_EQ(first->data.size(), 100U) << "cut at the snap length";
  ASSERT_EQ(first->comments().size(), 2U);
  EXPECT_EQ(first->comments()[0], "OUT NewData");
  EXPECT_EQ(first->comments()[1], "状态 ESTABLISHED");
  auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->interface, 1U);
  EXPECT_EQ(second->data.size(), 40U);
  EXPECT_EQ(second->direction, Direction::In);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.error());
}

TEST(Pcapng, LeavesOutCommentsThatDoNotFit) {
  File file;
  PcapngEncoder encoder(file, 100);
  encoder.begin_section("", {});
  encoder.add_interface("tun0", "");
  const std::string big(20'000, 'c');
  const std::vector<std::string_view> comments = {big, big, "small"};
  encoder.add_packet({.interface = 0, .pieces = {}, .comments = comments});
  CaptureReader reader(file.bytes);
  const auto packet = reader.next();
  ASSERT_TRUE(packet);
  ASSERT_EQ(packet->comment_count, 2U);
  EXPECT_EQ(packet->comments()[0].size(), 20'000U);
  EXPECT_EQ(packet->comments()[1], "small");
}

TEST(CaptureReader, StopsWhereAFileWasCut) {
  File file;
  write_example(file);
  for (std::size_t n = 0; n <= file.bytes.size(); ++n) {
    CaptureReader reader(ByteView(file.bytes).first(n));
    std::size_t packets = 0;
    while (reader.next()) ++packets;
    const bool whole = std::ranges::find(file.ends, n) != file.ends.end();
    EXPECT_EQ(!reader.error(), whole) << n;
    EXPECT_EQ(packets, n >= file.ends[4] ? 2U : n >= file.ends[3] ? 1U : 0U) << n;
  }
}

void append(std::vector<std::uint8_t>& out, std::uint32_t value, std::size_t size, bool big) {
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * (big ? size - 1 - i : i))));
  }
}

TEST(CaptureReader, ReadsPcapOfBothByteOrdersAndResolutions) {
  for (const bool big : {false, true}) {
    for (const bool nano : {false, true}) {
      std::vector<std::uint8_t> f;
      for (const std::uint32_t x : {nano ? 0xa1b23c4dU : 0xa1b2c3d4U}) append(f, x, 4, big);
      append(f, 2, 2, big), append(f, 4, 2, big);
      for (const std::uint32_t x : {0U, 0U, 65535U, 1U, 1700U, 123456U, 3U, 60U})
        append(f, x, 4, big);
      f.insert(f.end(), {1, 2, 3});
      CaptureReader reader(f);
      const auto packet = reader.next();
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->link_type, 1);
      EXPECT_EQ(packet->time_ns, 1'700'000'000'000 + (nano ? 123'456 : 123'456'000));
      EXPECT_EQ(packet->original_length, 60U);
      EXPECT_EQ(packet->data.size(), 3U);
      EXPECT_FALSE(reader.next());
      EXPECT_FALSE(reader.error());
    }
  }
}

TEST(CaptureReader, ReadsBigEndianPcapngWithOtherResolutions) {
  struct Case {
    std::uint8_t resolution;
    std::uint32_t ticks;
    std::int64_t ns;
  };
  for (const Case c :
       {Case{6, 5, 5000}, Case{3, 5, 5'000'000}, Case{0, 5, 5'000'000'000}, Case{12, 5000, 5},
        Case{0x80 | 10, 512, 500'000'000}, Case{0x80 | 20, 1U << 20, 1'000'000'000},
        Case{0x80 | 33, 1U << 31, 250'000'000}, Case{0xff, 1, 0}, Case{127, 1, 0}}) {
    std::vector<std::uint8_t> f;
    for (const std::uint32_t x : {0x0a0d0d0aU, 28U, 0x1a2b3c4dU, 0x00010000U, ~0U, ~0U, 28U})
      append(f, x, 4, true);
    for (const std::uint32_t x :
         {1U, 32U, 1U << 16, 0U, 9U << 16 | 1U, std::uint32_t{c.resolution} << 24, 0U, 32U}) {
      append(f, x, 4, true);
    }
    for (const std::uint32_t x : {6U, 36U, 0U, 0U, c.ticks, 1U, 1U, 0xab000000U, 36U})
      append(f, x, 4, true);
    CaptureReader reader(f);
    const auto packet = reader.next();
    ASSERT_TRUE(packet) << int{c.resolution};
    EXPECT_EQ(packet->time_ns, c.ns) << int{c.resolution};
    EXPECT_EQ(packet->data.size(), 1U);
    EXPECT_EQ(packet->link_type, 1);
  }
}

TEST(CaptureReader, RefusesWhatIsNoCapture) {
  for (const std::string_view text : {"", "GET / HTTP/1.1\r\n\r\n",
                                      "\x7f"
                                      "ELF.............."}) {
    CaptureReader reader(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.error(), CaptureError::NotACapture);
  }
}

TEST(CaptureReader, SurvivesAnyBytes) {
  File good;
  write_example(good);
  SeededRandom random(31);
  for (int i = 0; i < 30'000; ++i) {
    std::vector<std::uint8_t> f = good.bytes;
    for (std::uint64_t n = 1 + random.below(8); n > 0; --n) {
      const std::uint64_t at = random.below(f.size());
      f[at] = random.chance(0.3) ? 0xff : static_cast<std::uint8_t>(random.next());
    }
    if (random.chance(0.2)) f.resize(random.below(f.size()));
    CaptureReader reader(f);
    std::size_t sum = 0;
    while (const auto packet = reader.next()) {
      for (const std::uint8_t b : packet->data) sum += b;
      for (const std::string_view c : packet->comments()) sum += c.size();
    }
    ASSERT_LE(sum, f.size() * 300);
  }
}

TEST(CaptureSink, PutsSentencesFieldsAndStatesBesideThePackets) {
  File file;
  CaptureSink sink(file, {.wall_offset = Duration{1'700'000'000s},
                          .application = "glasstcp",
                          .interface_name = "tun0"});
  Annotator annotator;
  EXPECT_TRUE(sink.is_ready());
  annotator.add(sink);
  const ConnectionId id{3, 1};
  const auto in = raw_packet({.tuple = reversed(kOurs), .flags = 0x11});
  const auto out = raw_packet({.tuple = kOurs, .flags = 0x10});
  const ByteView out_view(out);
  annotator.on_state_changed(
      {Instant{1s}, id, kOurs, State::Established, State::CloseWait, StateCause::PeerFin});
  annotator.on_packet_received(
      {Instant{1s}, Verdict::Accepted, id, in, false, 0, nullptr, nullptr});
  annotator.on_packet_received(
      {Instant{2s}, Verdict::BadTcpChecksum, {}, in, false, 0, nullptr, nullptr});
  annotator.on_timer_fired({Instant{3s}, id, TimerName::DelayedAck, nullptr});
  annotator.on_packet_sent({Instant{3s}, SendReason::AckDelayTimer, id, std::span(&out_view, 1),
                            true, 1448, nullptr, nullptr});
  annotator.note_lost(Instant{4s}, in, {"drop=in:1", "drop=in:1"});
  annotator.on_state_changed(
      {Instant{5s}, id, kOurs, State::TimeWait, State::Closed, StateCause::TwoMsl});
  annotator.flush(Instant{5s});
  sink.finish(Instant{6s});

  CaptureReader reader(file.bytes);
  auto p = reader.next();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->interface, CaptureSink::kDevice);
  EXPECT_EQ(p->time_ns, 1'700'000'001'000'000'000);
  EXPECT_EQ(p->direction, Direction::In);
  ASSERT_EQ(p->comments().size(), 3U);
  EXPECT_EQ(
      p->comments()[0],
      "IN Accepted (RFC 9293 §3.10.7.4): the segment was acceptable and was processed in full");
  EXPECT_TRUE(p->comments()[1].starts_with(
      "glasstcp/1: dir=in verdict=Accepted rfc=9293#3.10.7.4 class=acknowledgment state=CLOSE-WAIT "
      "states=ESTABLISHED>CLOSE-WAIT cause=PeerFin stream=0"))
      << p->comments()[1];
  EXPECT_EQ(p->comments()[2], "state ESTABLISHED -> CLOSE-WAIT: their FIN came");
  p = reader.next();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->interface, CaptureSink::kDropped);
  EXPECT_EQ(p->comments()[0],
            "DROP BadTcpChecksum (RFC 9293 §3.1): the TCP checksum is wrong: some bits changed on "
            "the way");
  p = reader.next();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->direction, Direction::Out);
  ASSERT_EQ(p->comments().size(), 3U);
  EXPECT_TRUE(p->comments()[0].starts_with("OUT AckDelayTimer (RFC 9293 §3.8.6.3): "));
  EXPECT_TRUE(p->comments()[0].ends_with(
      " [offload: segments of 1448 bytes on the wire] [offload: checksum left to the kernel]"));
  EXPECT_EQ(p->comments()[2],
            "delayed-ACK timer expired (DelayedAck, RFC 9293 §3.8.6.3): a delayed ACK may wait no "
            "longer");
  p = reader.next();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->interface, CaptureSink::kDropped);
  EXPECT_EQ(p->comments()[0], "LOST drop=in:1");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.error());
}

// A file that describes interfaces without end shall not take memory without end.
TEST(CaptureReader, InterfacesAreBounded) {
  File file;
  PcapngEncoder encoder(file, 100);
  encoder.begin_section("glasstcp", {});
  for (int i = 0; i < 4097; ++i) encoder.add_interface("", "");
  CaptureReader reader(file.bytes);
  EXPECT_FALSE(reader.next());
  ASSERT_EQ(reader.error(), CaptureError::TooManyInterfaces);
  EXPECT_EQ(name_of(CaptureError::TooManyInterfaces), "too many interfaces");
}

}  // namespace
}  // namespace glasstcp
