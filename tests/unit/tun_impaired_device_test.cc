// A device behind a bad link: packets move when their time has come, and those who look on learn
// what was lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/trace/pcapng_reader.h"
#include "tests/support/fake_device.h"
#include "tests/support/packet_bytes.h"
#include "tun/device/impaired_device.h"
#include "tun/files/watchers.h"

namespace glasstcp {
namespace {

using test::Bytes;
using testing::ElementsAre;

constexpr Instant kStart{1s};

ImpairmentPlan plan_of(const char* spec) {
  const auto plan = parse_impairment(spec);
  EXPECT_TRUE(plan.has_value());
  return plan.value_or(ImpairmentPlan{});
}

OutPacket out_packet(std::uint8_t number, const Bytes& text) {
  OutPacket packet;
  packet.header[0] = number;
  packet.header_length = 1;
  packet.payload[0] = text;
  packet.payload_slices = 1;
  packet.payload_length = static_cast<std::uint32_t>(text.size());
  return packet;
}

// What was lost, as "in 3" or "out 7".
class Losses final : public LossListener {
 public:
  void on_lost(Instant, Direction direction, ByteView packet, Fate) noexcept override {
    all.push_back((direction == Direction::In ? "in " : "out ") + std::to_string(packet[0]));
  }
  std::vector<std::string> all;
};

class ImpairedDeviceTest : public testing::Test {
 protected:
  // Writes it at `at`, with a text that vanishes afterwards.
  static void write(ImpairedDevice& device, std::uint8_t number, Instant at) {
    device.set_time(at);
    Bytes text(5, number);
    EXPECT_EQ(device.write(out_packet(number, text)), WriteOutcome::Written);
    text.assign(5, 0xff);
  }
  // The first bytes of all that can be read at `at`.
  static std::vector<int> read_all(ImpairedDevice& device, Instant at) {
    device.set_time(at);
    std::vector<int> numbers;
    ReceivedPacket packet;
    while (device.read(packet) == ReadOutcome::Packet) numbers.push_back(packet.bytes[0]);
    return numbers;
  }
  [[nodiscard]] std::vector<int> sent() const {
    std::vector<int> numbers;
    for (const FakeDevice::Sent& s : fake_.sent()) numbers.push_back(s.bytes.at(0));
    return numbers;
  }

  FakeDevice fake_;
  Seed seed_ = Seed::from_number(1);
};

TEST_F(ImpairedDeviceTest, WithoutDelayPacketsPassInTheSameTurn) {
  ImpairedDevice device(fake_, {}, seed_);
  fake_.arrive({1});
  fake_.arrive({2});
  EXPECT_THAT(read_all(device, kStart), ElementsAre(1, 2));
  write(device, 3, kStart);
  EXPECT_THAT(sent(), ElementsAre(3));
  EXPECT_EQ(device.next_deadline(), kNever);
  EXPECT_EQ(device.descriptor(), fake_.descriptor());
}

TEST_F(ImpairedDeviceTest, DelayedPacketsSayWhenTheyAreDue) {
  ImpairedDevice device(fake_, plan_of("in:delay=10ms,out:delay=20ms"), seed_);
  fake_.arrive({1});
  EXPECT_THAT(read_all(device, kStart), ElementsAre());
  EXPECT_EQ(device.next_deadline(), kStart + 10ms);
  write(device, 2, kStart + 1ms);
  EXPECT_THAT(sent(), ElementsAre());
  EXPECT_THAT(read_all(device, kStart + 10ms), ElementsAre(1));
  EXPECT_EQ(device.next_deadline(), kStart + 21ms);
  device.set_time(kStart + 21ms);
  ASSERT_THAT(sent(), ElementsAre(2));
  EXPECT_EQ(fake_.sent()[0].bytes, (Bytes{2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(device.next_deadline(), kNever);
}

TEST_F(ImpairedDeviceTest, ARefusedPacketStaysFirstAndIsTriedAgainSoon) {
  ImpairedDevice device(fake_, plan_of("out:delay=5ms"), seed_);
  fake_.schedule_writes({WriteOutcome::Refused, WriteOutcome::Refused});
  write(device, 1, kStart);
  write(device, 2, kStart);
  device.set_time(kStart + 5ms);
  EXPECT_THAT(sent(), ElementsAre());
  EXPECT_EQ(device.next_deadline(), kStart + 6ms);
  device.set_time(kStart + 5500us);
  EXPECT_EQ(fake_.attempts(), 1u);
  device.set_time(kStart + 6ms);
  EXPECT_EQ(fake_.attempts(), 2u);
  device.set_time(kStart + 7ms);
  EXPECT_THAT(sent(), ElementsAre(1, 2));
}

TEST_F(ImpairedDeviceTest, ReadsAreBoundedWhenEverythingIsLost) {
  ImpairedDevice device(fake_, plan_of("loss=100%"), seed_);
  for (int i = 0; i < 200; ++i) fake_.arrive({1});
  ReceivedPacket packet;
  device.set_time(kStart);
  EXPECT_EQ(device.read(packet), ReadOutcome::Empty);
  EXPECT_EQ(fake_.waiting(), 200 - ImpairedDevice::kMostReads);
}

TEST_F(ImpairedDeviceTest, AVanishedDeviceIsGone) {
  ImpairedDevice device(fake_, {}, seed_);
  fake_.vanish();
  ReceivedPacket packet;
  EXPECT_EQ(device.read(packet), ReadOutcome::Gone);
}

TEST_F(ImpairedDeviceTest, TellsWhatWasLost) {
  ImpairedDevice device(fake_, plan_of("drop=in:2,drop=out:1,drop=out:3"), seed_);
  Losses losses;
  device.set_listener(&losses);
  for (std::uint8_t i = 1; i <= 3; ++i) fake_.arrive({i});
  EXPECT_THAT(read_all(device, kStart), ElementsAre(1, 3));
  for (std::uint8_t i = 1; i <= 4; ++i) {
    device.set_time(kStart);
    EXPECT_EQ(device.why_next_is_lost({}, Language::English).empty(), i != 1 && i != 3);
    write(device, i, kStart);
  }
  EXPECT_THAT(sent(), ElementsAre(2, 4));
  EXPECT_THAT(losses.all, ElementsAre("in 2", "out 1", "out 3"));
}

struct File final : public BlockSink {
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  Bytes bytes;
};

struct Lines final : public LineSink {
  void write(std::string_view line) noexcept override { text += line; }
  std::string text;
};

TEST_F(ImpairedDeviceTest, ACaptureHasLostPacketsOnceAndOnItsSecondInterface) {
  ImpairedDevice device(fake_, plan_of("drop=in:1,drop=out:1"), seed_);
  File file;
  Lines lines;
  CaptureStyle style;
  style.interface = "tun0";
  CaptureHub captures(style, 0);
  file.write(captures.preamble());
  captures.set_file(file);
  Narrator narrator(lines, Language::English, kStart);
  Watchers watchers;
  watchers.add(captures);
  watchers.add(narrator);
  watchers.listen_to(device);
  watchers.set_audience(watchers.wanted(kStart), kStart);

  fake_.arrive(Bytes(40, 0x45));
  EXPECT_THAT(read_all(device, kStart), ElementsAre());
  const Bytes packet(40, 0x45);
  const ByteView piece(packet);
  for (int i = 0; i < 2; ++i) {
    watchers.observer()->on_packet_sent(
        {kStart, SendReason::NewData, {}, std::span(&piece, 1), false, 0, nullptr, nullptr});
    EXPECT_EQ(device.write(out_packet(0x45, Bytes(39, 0x45))), WriteOutcome::Written);
  }
  watchers.finish();

  CaptureReader reader(file.bytes);
  const auto lost_in = reader.next();
  ASSERT_TRUE(lost_in);
  EXPECT_EQ(lost_in->interface, CaptureSink::kDropped);
  EXPECT_EQ(lost_in->direction, Direction::In);
  EXPECT_EQ(lost_in->comments()[0], "LOST drop=: the link was told to lose this packet");
  const auto lost_out = reader.next();
  ASSERT_TRUE(lost_out);
  EXPECT_EQ(lost_out->interface, CaptureSink::kDropped);
  EXPECT_TRUE(lost_out->comments()[0].starts_with("OUT NewData"));
  EXPECT_TRUE(
      lost_out->comments()[0].ends_with(" [LOST drop=: the link was told to lose this packet]"));
  const auto passed = reader.next();
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->interface, CaptureSink::kDevice);
  EXPECT_FALSE(reader.next());
  EXPECT_THAT(lines.text, testing::HasSubstr("LOST IN "));
  EXPECT_THAT(lines.text, testing::HasSubstr("LOST OUT "));
}

}  // namespace
}  // namespace glasstcp
