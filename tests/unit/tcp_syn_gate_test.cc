// The gate of SYNs by itself, under floods of millions, and whose packets a turn gives first.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "stack/tcp/demux/syn_gate.h"
#include "tests/support/fake_device.h"
#include "tests/support/raw_packet.h"
#include "tun/loop/pump.h"

namespace glasstcp {
namespace {

using test::RawTcp;

constexpr std::size_t kAt = 40;  // where TCP's header begins: IPv6
constexpr PacketMeta kVerified = {.checksum_valid = true};
constexpr std::uint32_t kRate = 100'000;
constexpr SynGate::Limits kLimits = {
    .answers_per_second = kRate, .half_open_per_second = 1000, .half_open_burst = 2048};

// Numbers as a keyed hash gives them.
class Hashes {
 public:
  std::uint64_t operator()() { return mix(++count_); }
  static std::uint64_t mix(std::uint64_t z) {
    z *= 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t count_ = 0;
};

/// A client that sends its SYN again until it is answered.
struct Client {
  std::uint64_t hash;
  std::vector<Instant> tries;
  std::size_t tried = 0;
  bool is_served = false;
};

/// A flood of `rate` SYNs a second for `length`, and what became of it and of the clients.
struct Flood {
  Flood(std::uint32_t rate, Duration length, std::vector<Client>& clients) {
    const Instant end = now + length;
    const Duration step{1'000'000'000 / rate};
    for (; now < end; now += step) {
      admitted += gate.admits(hashes(), now, {}) ? 1 : 0;
      ++sent;
      if (sent % 64 != 0) continue;
      for (Client& client : clients) let(client);
    }
  }
  void let(Client& client) {
    if (client.is_served || client.tried == client.tries.size()) return;
    if (client.tries[client.tried] > now) return;
    ++client.tried;
    client.is_served = gate.admits(client.hash, now, {});
  }

  Instant now{1s};
  Hashes hashes;
  SynGate gate{kLimits};
  std::uint64_t sent = 0, admitted = 0;
};

// As Linux does since 6.5: five times after a second each, then 2, 4, 8 s.
std::vector<Client> linux_clients(int count) {
  std::vector<Client> clients;
  for (int i = 0; i < count; ++i) {
    Instant at = Instant(1s) + i * Duration(2s) / count;
    Client client{Hashes::mix(1'000'000'007ULL * static_cast<std::uint64_t>(i + 1)), {at}};
    for (const Duration wait : {1s, 1s, 1s, 1s, 1s, 2s, 4s}) {
      at += wait + wait / 40;
      client.tries.push_back(at);
    }
    clients.push_back(client);
  }
  return clients;
}

std::size_t served(const std::vector<Client>& clients) {
  return static_cast<std::size_t>(std::count_if(
      clients.begin(), clients.end(), [](const Client& client) { return client.is_served; }));
}

TEST(SynGate, ClientsThatRepeatTheirSynGetThroughAFlood) {
  auto clients = linux_clients(200);
  const Flood flood(335'000, 15s, clients);
  EXPECT_GE(served(clients), 190u) << "of SYNs by themselves three in four are dropped";
  EXPECT_LE(flood.admitted, 15 * std::uint64_t{kRate} + kRate / 8);
  EXPECT_GE(flood.admitted, 15 * std::uint64_t{kRate} * 3 / 4) << "the rate is made use of";
}

TEST(SynGate, AdmitsAllBelowTheRate) {
  std::vector<Client> nobody;
  const Flood flood(kRate * 9 / 10, 5s, nobody);
  EXPECT_EQ(flood.admitted, flood.sent);
}

TEST(SynGate, AdmitsAllSoonAfterAFlood) {
  std::vector<Client> nobody;
  Flood flood(1'000'000, 3s, nobody);
  flood.now += 125ms;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(flood.gate.admits(flood.hashes(), flood.now, {})) << i;
    flood.now += 1ms;
  }
}

TEST(SynGate, IsTheSameShareForAllPlacesOfTheCircle) {
  // A flood that could choose its hashes would gain nothing by any choice: over ten seconds each
  // eighth of the circle is admitted as often.
  std::vector<Client> nobody;
  SynGate gate(kLimits);
  Hashes hashes;
  std::array<int, 8> admitted{};
  Instant now{1s};
  for (; now < Instant(11s); now += 2us) {
    const std::uint64_t hash = hashes();
    if (gate.admits(hash, now, {})) ++admitted[hash >> 61];
  }
  const auto [least, most] = std::minmax_element(admitted.begin(), admitted.end());
  EXPECT_GT(*least * 2, *most);
}

// The loop has time for a fifth of the rate: the lots go round all the same.
TEST(SynGate, FollowsAQueueThatIsSlowerThanTheRate) {
  constexpr std::uint32_t kLeave = 20'000;
  auto clients = linux_clients(200);
  SynGate gate(kLimits);
  Hashes hashes;
  Instant now{1s};
  std::uint32_t waiting = 0;
  const auto admits = [&](std::uint64_t hash) {
    const bool answered = gate.admits(hash, now, {waiting == 0, waiting == 256});
    waiting += answered ? 1 : 0;
    return answered;
  };
  for (std::uint64_t n = 0; now < Instant(16s); ++n, now += 10us) {  // 100,000 a second
    static_cast<void>(admits(hashes()));
    if (n % (kRate / kLeave) == 0 && waiting > 0) --waiting;
    if (n % 64 != 0) continue;
    for (Client& client : clients) {
      if (client.is_served || client.tried == client.tries.size()) continue;
      if (client.tries[client.tried] > now) continue;
      ++client.tried;
      client.is_served = admits(client.hash);
    }
  }
  EXPECT_GE(served(clients), 180u) << "a random drop would serve 165 of 200";
}

TEST(SynGate, WithoutALimitAdmitsAll) {
  SynGate gate({.answers_per_second = 0, .half_open_per_second = 1});
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_TRUE(gate.admits(i << 40, Instant(1s), {}));
}

TEST(SynGate, HandshakesThatEndAreNotCountedAgainstTheRateOfRecords) {
  SynGate gate(kLimits);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(gate.may_remember(Instant(1s)));
    gate.on_completed();
  }
  int kept = 0;
  while (gate.may_remember(Instant(1s))) ++kept;
  EXPECT_EQ(kept, 2048);
}

// -- A stack under a flood

RawTcp to_server(std::uint16_t port, std::uint16_t flags, std::uint32_t seq) {
  RawTcp segment;
  segment.tuple = {*IpAddress::parse("2001:db8::9"), *IpAddress::parse("2001:db8::2"), Port(port),
                   Port(80)};
  segment.flags = flags;
  segment.seq = seq;
  if (flags == TcpFlags::kSyn) segment.options = {1, 3, 3, 7};  // a window scale
  return segment;
}

class NoApplication final : public Application {
 public:
  void turn(Instant) noexcept override {}
  void flush(Instant) noexcept override {}
  [[nodiscard]] Instant next_deadline() const noexcept override { return kNever; }
  void stop(Instant) noexcept override {}
  [[nodiscard]] bool is_finished() const noexcept override { return true; }
};

/// A server on a device, with one connection that has a window's worth of data to send.
class UnderFlood : public testing::Test {
 protected:
  explicit UnderFlood(const StackConfig& c = config(), std::size_t bytes = 14400)
      : data_(bytes), stack_(c, now_) {}
  static StackConfig config() {
    StackConfig c;
    c.addresses.push_back(*Cidr::parse("2001:db8::2/64"));
    c.seed = Seed::from_number(1);
    c.tcp.pacing = false;
    return c;
  }
  void SetUp() override {
    listener_ = *stack_.listen({*IpAddress::parse("::"), Port(80)}, 64);
    arrive(to_server(7, TcpFlags::kSyn, 0));
    pump_.turn(now_);
    ack(device_.sent().back());
    connection_ = *stack_.accept(listener_);
    ASSERT_TRUE(stack_.send_borrowed(connection_, data_, 1, {}, now_).has_value());
    before_ = device_.sent().size();
  }
  void arrive(const RawTcp& segment) { device_.arrive(test::raw_packet(segment), kVerified); }
  void flood(int count, std::uint16_t flags = TcpFlags::kSyn) {
    for (int i = 0; i < count; ++i) {
      arrive(to_server(static_cast<std::uint16_t>(1000 + i), flags, 77));
    }
  }
  void ack(const FakeDevice::Sent& syn_ack) {
    RawTcp third = to_server(7, TcpFlags::kAck, 1);
    third.ack = load_be32(&syn_ack.bytes[kAt + 4]) + 1;
    arrive(third);
    pump_.turn(now_);
  }
  // Whether a packet that was sent is of the connection: its port says so.
  [[nodiscard]] std::string order() const {
    std::string letters;
    for (std::size_t i = before_; i < device_.sent().size(); ++i) {
      letters += load_be16(&device_.sent()[i].bytes[kAt + 2]) == 7 ? 'c' : 'a';
    }
    return letters;
  }

  Instant now_{1s};
  std::vector<std::uint8_t> data_;
  FakeDevice device_;
  NoApplication application_;
  Stack stack_;
  Pump pump_{device_, stack_, application_};
  ListenerId listener_;
  ConnectionId connection_;
  std::size_t before_ = 0;
};

TEST_F(UnderFlood, ConnectionsGoBeforeAnswers) {
  flood(3);
  flood(3, TcpFlags::kAck);
  pump_.turn(now_);
  EXPECT_EQ(order(),
            "cccccccaccc"
            "aaaaa")
      << "c: of the connection, a: an answer";
}

TEST_F(UnderFlood, ATurnGivesABatchOfAnswersAndTheRestLater) {
  flood(300, TcpFlags::kAck);
  TurnResult turn = pump_.turn(now_);
  EXPECT_EQ(turn.received, Pump::kBatch * Pump::kSmallPerPacket);
  EXPECT_EQ(order().find_last_of('c'), 10u) << "ten segments, one answer between them";
  EXPECT_EQ(order().size(), Pump::kBatch);
  EXPECT_TRUE(turn.has_more);
  for (int i = 0; i < 6; ++i) turn = pump_.turn(now_);
  EXPECT_FALSE(turn.has_more);
  EXPECT_FALSE(stack_.has_output());
  EXPECT_EQ(std::ranges::count(order(), 'a'), 300);
}

TEST_F(UnderFlood, AnswersWithoutRoomAreCounted) {
  for (int i = 0; i < 300; ++i) {
    const auto packet = test::raw_packet(to_server(9, TcpFlags::kAck, 1));
    stack_.receive(packet, kVerified, now_);
  }
  EXPECT_EQ(stack_.counters().answers_dropped, 300 - ReplyQueue::kCapacity);
  // SYNs that no queue would have room for are not even read.
  auto syn = test::raw_packet(to_server(10, TcpFlags::kSyn, 1));
  EXPECT_EQ(stack_.receive(syn, kVerified, now_), Verdict::SynDropped);
}

// A connection whose packets are as large as a device takes them.
class UnderFloodWithLargePackets : public UnderFlood {
 protected:
  UnderFloodWithLargePackets() : UnderFlood(large(), 300'000) {}
  static StackConfig large() {
    StackConfig c = config();
    c.gso_max = 65535;
    c.tcp.initial_window_segments = 1000;
    return c;
  }
};

TEST_F(UnderFloodWithLargePackets, EachIsFollowedByAnAnswer) {
  flood(8, TcpFlags::kAck);
  pump_.turn(now_);
  EXPECT_EQ(order(), "cacacacacaaaa") << "an answer takes a tenth of the time of such a packet";
}

class OverTheRate : public UnderFlood {
 protected:
  OverTheRate() : gated_(limited(), now_), gated_pump_(device_, gated_, application_) {
    static_cast<void>(gated_.listen({*IpAddress::parse("::"), Port(80)}, 64));
  }
  static StackConfig limited() {
    StackConfig c = config();
    c.tcp.syn_answers_per_second = 80;  // ten at once
    c.tcp.half_open_per_second = 1;
    c.tcp.max_half_open = 4;
    return c;
  }
  Stack gated_;
  Pump gated_pump_;
};

TEST_F(OverTheRate, ATurnReadsMoreOfWhatCostsNothing) {
  flood(2000);
  const TurnResult turn = gated_pump_.turn(now_);
  // Ten that are answered count four times as much as the others.
  EXPECT_EQ(turn.received, 10 + (Pump::kBatch * Pump::kDroppedPerPacket - 10 * 4));
  EXPECT_EQ(turn.sent, 10u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynAccepted)], 2u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynCookieSent)], 8u);
  EXPECT_EQ(gated_.counters().verdicts[static_cast<std::size_t>(Verdict::SynDropped)],
            turn.received - 10u);
}

TEST_F(OverTheRate, TheAckOfACookieCompletesAmidTheFlood) {
  flood(1000);
  gated_pump_.turn(now_);
  const FakeDevice::Sent& cookie = device_.sent()[before_];
  ASSERT_EQ(cookie.packet.reason, SendReason::SynAckCookie);
  const std::uint16_t port = load_be16(&cookie.bytes[kAt + 2]);
  RawTcp third = to_server(port, TcpFlags::kAck, 78);
  third.ack = load_be32(&cookie.bytes[kAt + 4]) + 1;
  EXPECT_EQ(gated_.receive(test::raw_packet(third), kVerified, now_), Verdict::HandshakeComplete);
}

TEST_F(OverTheRate, RecoversAtOnceWhenItIsOver) {
  flood(2000);
  while (gated_pump_.turn(now_).has_more) {
  }
  EXPECT_EQ(gated_.receive(test::raw_packet(to_server(9, TcpFlags::kSyn, 1)), kVerified, now_),
            Verdict::SynDropped);
  now_ += 125ms;
  EXPECT_EQ(gated_.receive(test::raw_packet(to_server(9, TcpFlags::kSyn, 1)), kVerified, now_),
            Verdict::SynCookieSent);
}

}  // namespace
}  // namespace glasstcp
