// One turn of the machine over a device that refuses, fails and vanishes: nothing is lost by us.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "tests/support/fake_device.h"
#include "tests/support/packet_bytes.h"
#include "tun/loop/pump.h"
#include "tun/loop/read_pause.h"

namespace glasstcp {
namespace {

using test::Bytes;

std::uint16_t internet_checksum(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < size; i += 2) sum += load_be16(bytes + i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// A ping from 192.0.2.1, to which the stack has one answer at once.
Bytes ping(std::uint16_t number, std::size_t text = 56) {
  Bytes packet(28 + text, 'x');
  const std::uint8_t ip[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
  std::copy(std::begin(ip), std::end(ip), packet.begin());
  store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
  store_be16(&packet[10], internet_checksum(packet.data(), 20));
  const std::uint8_t icmp[8] = {8, 0, 0, 0, 0, 1, 0, 0};
  std::copy(std::begin(icmp), std::end(icmp), packet.begin() + 20);
  store_be16(&packet[26], number);
  store_be16(&packet[22], internet_checksum(&packet[20], packet.size() - 20));
  return packet;
}

// The number of the ping that an answer belongs to.
std::uint16_t number_of(const FakeDevice::Sent& sent) {
  return load_be16(&sent.bytes.at(26));
}

class IdleApplication final : public Application {
 public:
  void turn(Instant, Timers timers) noexcept override {
    ++turns;
    timed_turns += timers == Timers::Run ? 1 : 0;
  }
  void flush(Instant) noexcept override { ++flushes; }
  [[nodiscard]] Instant next_deadline() const noexcept override { return deadline; }
  void stop(Instant) noexcept override {}
  [[nodiscard]] bool is_finished() const noexcept override { return true; }

  int turns = 0;
  int timed_turns = 0;  // in which its timers were to run
  int flushes = 0;
  Instant deadline = kNever;
};

class PumpTest : public testing::Test {
 protected:
  static StackConfig config() {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse("192.0.2.2/24"));
    c.seed = Seed::from_number(1);
    return c;
  }

  Instant now_{1s};
  FakeDevice device_;
  IdleApplication application_;
  Stack stack_{config(), now_};
  Pump pump_{device_, stack_, application_};
};

TEST_F(PumpTest, AnswersWithinTheSameTurn) {
  device_.arrive(ping(1));
  const TurnResult turn = pump_.turn(now_);
  EXPECT_EQ(turn.received, 1u);
  EXPECT_EQ(turn.sent, 1u);
  EXPECT_FALSE(turn.has_more);
  ASSERT_EQ(device_.sent().size(), 1u);
  EXPECT_EQ(number_of(device_.sent()[0]), 1);
  EXPECT_EQ(application_.turns, 1);
  EXPECT_EQ(application_.flushes, 1);
}

TEST_F(PumpTest, ATurnReadsAtMostOneBatch) {
  for (std::uint16_t i = 0; i < Pump::kBatch + 10; ++i) device_.arrive(ping(i, 200));
  TurnResult turn = pump_.turn(now_);
  EXPECT_EQ(turn.received, Pump::kBatch);
  EXPECT_TRUE(turn.has_more) << "there may be more: do not sleep";
  EXPECT_EQ(device_.waiting(), 10u);
  turn = pump_.turn(now_);
  EXPECT_EQ(turn.received, 10u);
}

TEST_F(PumpTest, OfSmallPacketsATurnReadsMore) {
  constexpr std::uint32_t kMost = Pump::kBatch * Pump::kSmallPerPacket;
  for (std::uint16_t i = 0; i < kMost + 10; ++i) device_.arrive(ping(i));
  EXPECT_EQ(pump_.turn(now_).received, kMost);
  EXPECT_EQ(device_.waiting(), 10u);
}

TEST_F(PumpTest, ARefusedPacketGoesFirstNextTimeAndNothingOvertakesIt) {
  device_.arrive(ping(1, 1000));
  device_.arrive(ping(2));
  device_.schedule_writes({WriteOutcome::Refused, WriteOutcome::Refused});
  TurnResult turn = pump_.turn(now_);
  EXPECT_TRUE(turn.is_blocked);
  EXPECT_EQ(device_.attempts(), 1u) << "after a refusal nothing else is tried";

  turn = pump_.turn(now_);
  EXPECT_TRUE(turn.is_blocked);
  EXPECT_EQ(device_.attempts(), 2u);

  turn = pump_.turn(now_);
  EXPECT_FALSE(turn.is_blocked);
  ASSERT_EQ(device_.sent().size(), 2u);
  EXPECT_EQ(number_of(device_.sent()[0]), 1);
  EXPECT_EQ(number_of(device_.sent()[1]), 2);
  const Bytes& first = device_.sent()[0].bytes;
  EXPECT_EQ(first.size(), 1028u);
  EXPECT_EQ(internet_checksum(&first[20], first.size() - 20), 0) << "kept whole";
  EXPECT_EQ(pump_.counters().refused, 2u);
  EXPECT_EQ(pump_.counters().failed, 0u);
}

TEST_F(PumpTest, WhileAPacketIsHeldInputIsStillRead) {
  device_.arrive(ping(1));
  device_.schedule_writes({WriteOutcome::Refused, WriteOutcome::Refused});
  static_cast<void>(pump_.turn(now_));
  device_.arrive(ping(2));
  const TurnResult turn = pump_.turn(now_);
  EXPECT_TRUE(turn.is_blocked);
  EXPECT_EQ(turn.received, 1u);
}

TEST_F(PumpTest, APacketThatTheDeviceWillNeverTakeIsLostAndTheNextGoesOn) {
  device_.arrive(ping(1));
  device_.arrive(ping(2));
  device_.schedule_writes({WriteOutcome::Failed});
  const TurnResult turn = pump_.turn(now_);
  EXPECT_FALSE(turn.is_blocked);
  ASSERT_EQ(device_.sent().size(), 1u);
  EXPECT_EQ(number_of(device_.sent()[0]), 2);
  EXPECT_EQ(pump_.counters().failed, 1u);
}

TEST_F(PumpTest, ATruncatedPacketIsSurvived) {
  for (std::size_t keep = 0; keep < 84; ++keep) device_.arrive(ping(1), {}, keep);
  while (device_.waiting() > 0) static_cast<void>(pump_.turn(now_));
  EXPECT_TRUE(device_.sent().empty());
}

TEST_F(PumpTest, ADeviceThatWasDeletedIsSaidToBeGone) {
  device_.vanish();
  EXPECT_TRUE(pump_.turn(now_).device_gone);
}

TEST_F(PumpTest, AReadThatFailsCostsOnePacketAndIsCounted) {
  device_.arrive(ping(1));
  device_.arrive(ping(2));
  device_.fail_reads(1, EINVAL);
  const TurnResult turn = pump_.turn(now_);
  EXPECT_FALSE(turn.device_gone);
  EXPECT_FALSE(turn.is_failing);
  ASSERT_EQ(device_.sent().size(), 1u);
  EXPECT_EQ(number_of(device_.sent()[0]), 2);
  EXPECT_EQ(pump_.counters().unread, 1u);
}

TEST_F(PumpTest, ReadsThatFailForEverEndTheTurnAndSaySo) {
  device_.fail_reads(SIZE_MAX, EINVAL);
  application_.deadline = now_;
  for (int i = 1; i < 4; ++i) {
    const TurnResult turn = pump_.turn(now_);
    EXPECT_TRUE(turn.is_failing);
    EXPECT_FALSE(turn.device_gone);
    EXPECT_FALSE(turn.has_more);
    EXPECT_EQ(application_.turns, i) << "the rest of the turn is made";
  }
  device_.fail_reads(0, 0);
  device_.arrive(ping(1));
  EXPECT_EQ(pump_.turn(now_).received, 1u);
}

// What a pump tells.
class Told final : public PumpListener {
 public:
  void on_shape_refused(PacketShape plainest, int error) noexcept override {
    shapes.emplace_back(plainest, error);
  }
  void on_read_failed(int error, bool plain) noexcept override { reads.emplace_back(error, plain); }
  std::vector<std::pair<PacketShape, int>> shapes;
  std::vector<std::pair<int, bool>> reads;
};

TEST_F(PumpTest, AFailedReadAsksForPlainPacketsOnce) {
  Told told;
  pump_.set_listener(&told);
  device_.set_merging(true);
  device_.fail_reads(2, EINVAL);
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(told.reads, (std::vector<std::pair<int, bool>>{{EINVAL, true}, {EINVAL, false}}));
}

TEST_F(PumpTest, TheDeadlineIsTheEarlierOfStackAndApplication) {
  EXPECT_EQ(pump_.next_deadline(), kNever);
  application_.deadline = now_ + 3s;
  EXPECT_EQ(pump_.next_deadline(), now_ + 3s);
}

// A server behind the pump and a client without one: what the client says waits in `said_`.
class PumpTimersTest : public PumpTest {
 protected:
  static StackConfig client_config() {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse("192.0.2.1/24"));
    c.seed = Seed::from_number(2);
    return c;
  }

  PumpTimersTest() {
    const auto listener = stack_.listen({*IpAddress::parse("0.0.0.0"), Port{80}}, 4);
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port{80}};
    EXPECT_TRUE(client_.connect(options, now_).has_value());
    for (int i = 0; i < 3; ++i) exchange();
    accepted_ = *stack_.accept(*listener);
  }

  // Everything goes to its other end, and the server's turn is made.
  void exchange() {
    hear_client();
    for (const Bytes& packet : said_) device_.arrive(packet);
    said_.clear();
    static_cast<void>(pump_.turn(now_));
    tell_client();
  }
  void hear_client() {
    OutPacket out;
    while (client_.transmit(now_, out)) said_.push_back(test::flatten(out));
  }
  void tell_client() {
    for (; told_ < device_.sent().size(); ++told_) {
      const Bytes& packet = device_.sent()[told_].bytes;
      if (packet[9] == 6) client_.receive(packet, {}, now_);
    }
  }
  // Ten segments leave, the client has acknowledged them, and the server's loop sleeps too long.
  void send_and_oversleep() {
    const Bytes text(10 * 1448, 'x');
    EXPECT_TRUE(stack_.send(accepted_, text, {}, now_).has_value());
    static_cast<void>(pump_.turn(now_));
    tell_client();
    hear_client();
    EXPECT_FALSE(said_.empty());
    now_ = pump_.next_deadline() + 5ms;
  }
  // Of what is not answered.
  void flood(std::uint32_t packets) {
    for (std::uint32_t i = 0; i < packets; ++i) device_.arrive(Bytes(228));
  }
  [[nodiscard]] std::uint64_t repeated() const { return stack_.counters().retransmitted_segments; }

  Stack client_{client_config(), now_};
  ConnectionId accepted_{};
  std::vector<Bytes> said_;
  std::size_t told_ = 0;
};

// RFC 8985 §7.3: the probe asks whether the tail was lost, when nothing was heard; what waits in the
// device was heard.
TEST_F(PumpTimersTest, AnAcknowledgmentInTheQueueAtExpiryMeansNoProbe) {
  const auto probes = [this] {
    return std::ranges::count_if(device_.sent(), [](const FakeDevice::Sent& sent) {
      return sent.packet.reason == SendReason::TailLossProbe;
    });
  };
  send_and_oversleep();
  for (const Bytes& packet : said_) device_.arrive(packet);
  said_.clear();
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(probes(), 0);
  EXPECT_EQ(repeated(), 0u);

  send_and_oversleep();  // and nothing came
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(probes(), 1);
}

TEST_F(PumpTimersTest, AnAcknowledgmentBehindAFullBatchStopsATimerThatHasEnded) {
  send_and_oversleep();
  flood(Pump::kBatch * (Pump::kPatience - 1));
  for (const Bytes& packet : said_) device_.arrive(packet);
  while (device_.waiting() > 0) static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(repeated(), 0u);
}

// A server that was stopped for a minute (SIGSTOP): what its clients sent meanwhile lies in the
// device, and the application's deadlines are over.
TEST_F(PumpTimersTest, TheApplicationsTimersWaitForTheQueueToo) {
  send_and_oversleep();
  const int before = application_.timed_turns;
  flood(Pump::kBatch * (Pump::kPatience - 1));
  while (device_.waiting() > 0) {
    static_cast<void>(pump_.turn(now_));
    EXPECT_EQ(application_.timed_turns, before) << "with " << device_.waiting() << " unread";
  }
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(application_.timed_turns, before + 1);
}

TEST_F(PumpTimersTest, ADeviceThatIsAlwaysFullDoesNotStopTheTimers) {
  send_and_oversleep();
  flood(Pump::kBatch * (Pump::kPatience + 1));
  for (std::uint32_t i = 1; i < Pump::kPatience; ++i) static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(repeated(), 0u);
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(repeated(), 1u);
}

// A server that leaves cutting and checksums to a device that then refuses some of it. The client
// verifies every checksum, so all of it must come, and right.
class PumpShapesTest : public testing::TestWithParam<bool> {
 protected:
  static StackConfig config(bool server) {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse(server ? "192.0.2.2/24" : "192.0.2.1/24"));
    c.addresses.push_back(*Cidr::parse(server ? "2001:db8::2/64" : "2001:db8::1/64"));
    c.seed = Seed::from_number(server ? 1 : 2);
    c.checksum_offload = server;
    c.gso_max = server ? 65535 : 0;
    return c;
  }

  PumpShapesTest() {
    pump_.set_listener(&told_);
    for (std::size_t i = 0; i < text_.size(); ++i) text_[i] = static_cast<std::uint8_t>(i * i >> 7);
  }

  void connect() {
    const char* const address = GetParam() ? "2001:db8::2" : "192.0.2.2";
    const auto listener = stack_.listen({*IpAddress::parse(address), Port{80}}, 4);
    ConnectOptions options;
    options.remote = {*IpAddress::parse(address), Port{80}};
    id_ = *client_.connect(options, now_);
    for (int i = 0; i < 8; ++i) exchange();
    const auto accepted = stack_.accept(*listener);
    ASSERT_TRUE(accepted.has_value());
    accepted_ = *accepted;
  }

  void exchange() {
    OutPacket out;
    while (client_.transmit(now_, out)) device_.arrive(test::flatten(out));
    blocked_turns_ += pump_.turn(now_).is_blocked ? 1 : 0;
    for (; told_to_client_ < device_.sent().size(); ++told_to_client_) {
      const FakeDevice::Sent& sent = device_.sent()[told_to_client_];
      const PacketMeta meta{.checksum_partial = sent.packet.checksum_partial,
                            .gso_size = sent.packet.gso_size};
      client_.receive(sent.bytes, meta, now_);
    }
  }

  // Sends the text, and gives what the client has of it in the end. No time passes that a
  // retransmission needs.
  Bytes transfer() {
    Bytes got;
    std::size_t queued = 0;
    for (int i = 0; i < 20000 && got.size() < text_.size(); ++i) {
      queued += stack_.send(accepted_, ByteView(text_).subspan(queued), {}, now_).value_or(0);
      exchange();
      while (const auto bytes = client_.peek(id_)) {
        if (bytes->empty()) break;
        got.insert(got.end(), bytes->begin(), bytes->end());
        client_.consume(id_, bytes->size(), now_);
      }
      now_ += 100us;
    }
    return got;
  }
  [[nodiscard]] bool has_sent_since(std::size_t from, PacketShape shape) const {
    return std::any_of(device_.sent().begin() + static_cast<std::ptrdiff_t>(from),
                       device_.sent().end(),
                       [&](const FakeDevice::Sent& s) { return shape_of(s.packet) == shape; });
  }

  Instant now_{1s};
  FakeDevice device_;
  IdleApplication application_;
  Stack stack_{config(true), now_};
  Stack client_{config(false), now_};
  Pump pump_{device_, stack_, application_};
  Told told_;
  ConnectionId id_{};
  ConnectionId accepted_{};
  Bytes text_ = Bytes(300'000);
  std::size_t told_to_client_ = 0;
  int blocked_turns_ = 0;
};

TEST_P(PumpShapesTest, WithADeviceThatKeepsItsWordGsoPacketsLeave) {
  connect();
  EXPECT_EQ(transfer(), text_);
  EXPECT_TRUE(has_sent_since(0, PacketShape::Gso));
  EXPECT_TRUE(told_.shapes.empty());
}

TEST_P(PumpShapesTest, ARefusedGsoPacketIsCutAndNoneIsMadeAnyMore) {
  connect();
  const std::size_t before = device_.sent().size();
  device_.refuse_shapes(PacketShape::PartialChecksum, WriteOutcome::Misshapen, EINVAL);
  EXPECT_EQ(transfer(), text_);
  EXPECT_FALSE(has_sent_since(before, PacketShape::Gso));
  EXPECT_EQ(told_.shapes,
            (std::vector<std::pair<PacketShape, int>>{{PacketShape::PartialChecksum, EINVAL}}));
  EXPECT_EQ(stack_.counters().retransmitted_segments, 0u) << "nothing was lost";
  EXPECT_EQ(pump_.counters().failed, 0u);
  const std::uint64_t packets = stack_.counters().packets_out;
  const std::uint64_t segments = stack_.counters().segments_out;
  EXPECT_EQ(transfer(), text_);
  EXPECT_EQ(stack_.counters().segments_out - segments, stack_.counters().packets_out - packets);
}

TEST_P(PumpShapesTest, ARefusedPartialChecksumIsCompletedHere) {
  connect();
  const std::size_t before = device_.sent().size();
  device_.refuse_shapes(PacketShape::Plain, WriteOutcome::Misshapen, EINVAL);
  EXPECT_EQ(transfer(), text_);
  EXPECT_FALSE(has_sent_since(before, PacketShape::PartialChecksum));
  EXPECT_EQ(told_.shapes, (std::vector<std::pair<PacketShape, int>>{{PacketShape::Plain, EINVAL}}));
  EXPECT_EQ(stack_.counters().retransmitted_segments, 0u);
}

TEST_P(PumpShapesTest, EvenTheHandshakeMayBeRefusedInItsShape) {
  device_.refuse_shapes(PacketShape::Plain, WriteOutcome::Misshapen, EOPNOTSUPP);
  connect();
  EXPECT_EQ(transfer(), text_);
  EXPECT_EQ(stack_.counters().retransmitted_segments, 0u);
}

// An errno that says "not now" and is said of GSO packets alone, for ever.
TEST_P(PumpShapesTest, AShapeThatIsOnlyEverRefusedForNowIsGivenUp) {
  for (const PacketShape plainest : {PacketShape::PartialChecksum, PacketShape::Plain}) {
    if (plainest == PacketShape::PartialChecksum) connect();
    const std::size_t before = device_.sent().size();
    device_.refuse_shapes(plainest, WriteOutcome::Refused, EIO);
    EXPECT_EQ(transfer(), text_);
    EXPECT_FALSE(has_sent_since(before, static_cast<PacketShape>(static_cast<int>(plainest) - 1)));
    ASSERT_FALSE(told_.shapes.empty());
    EXPECT_EQ(told_.shapes.back(), (std::pair<PacketShape, int>{plainest, EIO}));
  }
  EXPECT_EQ(told_.shapes.size(), 2u);
  EXPECT_EQ(stack_.counters().retransmitted_segments, 0u);
}

// The interface is down: nothing goes, in any shape, so nothing is learned.
TEST_P(PumpShapesTest, ADeviceThatRefusesEverythingForAWhileKeepsItsShapes) {
  connect();
  const std::size_t before = device_.sent().size();
  device_.schedule_writes(std::vector<WriteOutcome>(100, WriteOutcome::Refused));
  EXPECT_EQ(transfer(), text_);
  EXPECT_GT(blocked_turns_, 20);
  EXPECT_TRUE(told_.shapes.empty());
  EXPECT_TRUE(has_sent_since(before, PacketShape::Gso));
}

// It comes up between the GSO packet and the piece of it, once: an accident.
TEST_P(PumpShapesTest, OneTrialThatWentInAPlainerShapeProvesNothing) {
  connect();
  device_.schedule_writes({WriteOutcome::Refused, WriteOutcome::Refused, WriteOutcome::Refused});
  EXPECT_EQ(transfer(), text_);
  EXPECT_TRUE(told_.shapes.empty());
}

TEST_P(PumpShapesTest, WhatIsRefusedInEveryShapeIsLostAndTeachesNothing) {
  connect();
  device_.schedule_writes({WriteOutcome::Misshapen, WriteOutcome::Misshapen,
                           WriteOutcome::Misshapen, WriteOutcome::Failed});
  const Bytes text(10'000, 'x');
  EXPECT_TRUE(stack_.send(accepted_, text, {}, now_).has_value());
  static_cast<void>(pump_.turn(now_));
  EXPECT_EQ(pump_.counters().failed, 1u);
  EXPECT_TRUE(told_.shapes.empty());
}

INSTANTIATE_TEST_SUITE_P(BothVersions, PumpShapesTest, testing::Bool(),
                         [](const auto& version) { return version.param ? "Ipv6" : "Ipv4"; });

TEST(ReadPause, GrowsWhileReadsFailAndEndsWithAPacket) {
  ReadPause pause;
  const TurnResult failing{.is_failing = true};
  EXPECT_EQ(pause.after({}, false), Duration::zero());
  EXPECT_EQ(pause.after(failing, false), ReadPause::kFirst);
  EXPECT_EQ(pause.after({}, true), 2 * ReadPause::kFirst) << "an error of poll's is one too";
  for (int i = 0; i < 20; ++i) static_cast<void>(pause.after(failing, true));
  EXPECT_EQ(pause.after(failing, true), ReadPause::kLongest);
  EXPECT_EQ(pause.after({.received = 1}, true), Duration::zero());
  EXPECT_EQ(pause.after(failing, false), ReadPause::kFirst);
}

}  // namespace
}  // namespace glasstcp
