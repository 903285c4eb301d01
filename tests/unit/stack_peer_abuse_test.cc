// What a peer, a packet-too-big or an odd order of events must not do to the stack: one stack, and
// a peer typed by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "stack/socket/stack.h"
#include "stack/tcp/recovery/retransmission_queue.h"
#include "stack/wire/tcp.h"
#include "tests/support/raw_packet.h"

namespace glasstcp {
namespace {

using test::kAck;
using test::kFin;
using test::kSyn;
using Sent = test::SentTcp;

// One IPv6 stack that listens on port 80, and a connection to it whose other end is the test.
class PeerAbuse : public ::testing::Test {
 protected:
  void start(void (*choose)(StackConfig&) = nullptr) {
    StackConfig config;
    config.addresses = {*Cidr::parse("2001:db8::2/64")};
    config.tcp.use_timestamps = false;
    if (choose != nullptr) choose(config);
    stack_ = std::make_unique<Stack>(config, now_);
    listener_ = *stack_->listen({*IpAddress::parse("2001:db8::2"), Port{80}}, 8);
  }
  Verdict receive(std::uint16_t flags, std::uint16_t window = 65535, std::size_t text = 0,
                  std::uint32_t ahead = 0) {
    test::RawTcp raw;
    raw.tuple = {*IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8::2"), Port{5000},
                 Port{80}};
    raw.seq = seq_ + ahead;
    raw.ack = (flags & kAck) != 0 ? ack_ : 0;
    raw.flags = flags;
    raw.window = window;
    raw.text = text;
    if ((flags & kSyn) != 0) raw.options = syn_options_;
    PacketMeta meta;
    meta.checksum_valid = true;
    return stack_->receive(test::raw_packet(raw), meta, now_);
  }
  std::vector<Sent> sent() {
    std::vector<Sent> all;
    OutPacket out;
    while (stack_->transmit(now_, out)) {
      all.push_back(test::read_sent(out));
      all.back().options = {};  // they stand in the packet, which is over
    }
    return all;
  }
  void pass_until_next_deadline() {
    now_ = std::max(now_, stack_->next_deadline());
    stack_->advance(now_);
  }
  ConnectionId establish() {
    EXPECT_EQ(receive(kSyn), Verdict::SynAccepted);
    ack_ = sent().at(0).seq + 1;
    seq_ += 1;
    receive(kAck);
    return *stack_->accept(listener_);
  }
  void send(ConnectionId id, std::size_t bytes) {
    const std::vector<std::uint8_t> text(bytes, 'a');
    ASSERT_EQ(stack_->send(id, text, {}, now_), bytes);
  }

  Instant now_{1000s};
  std::unique_ptr<Stack> stack_;
  ListenerId listener_;
  std::uint32_t seq_ = 100, ack_ = 0;
  std::vector<std::uint8_t> syn_options_ = {2, 4, 5, 160, 1, 3, 3, 7};
};

TEST_F(PeerAbuse, AnUnreadBufferEndsTheWindowHoweverSmallTheSegments) {
  start();
  const ConnectionId id = establish();
  for (int i = 0; i < 5000; ++i) {
    receive(kAck, 65535, i < 660 ? 100 : 1);
    now_ += 41ms;
    stack_->advance(now_);
    for (const Sent& ack : sent()) seq_ = ack.ack;
  }
  EXPECT_LE(stack_->status(id)->unread, 65536U + 128U);
}

TEST_F(PeerAbuse, AProbeThatIsNoLongerNeededDoesNotBecomeAFin) {
  start();
  const ConnectionId id = establish();
  send(id, 10);
  sent();
  receive(kAck, 0);            // the window closes with the text in flight
  pass_until_next_deadline();  // a probe is due, and the device takes nothing
  ack_ += 10;
  receive(kAck, 0);  // everything is acknowledged meanwhile
  for (const Sent& segment : sent()) EXPECT_EQ(segment.flags & kFin, 0);
}

TEST_F(PeerAbuse, TextBeyondTheFinIsForgotten) {
  start();
  const ConnectionId id = establish();
  receive(kAck, 65535, 10, 1);
  receive(kAck | kFin);
  stack_->check_invariants();
  EXPECT_EQ(stack_->status(id)->state, State::CloseWait);
}

TEST_F(PeerAbuse, AFinThatTheStreamPassedIsNotBelieved) {
  start();
  const ConnectionId id = establish();
  receive(kAck | kFin, 65535, 0, 50);
  receive(kAck, 65535, 100);
  seq_ += 100;
  receive(kAck | kFin);
  EXPECT_EQ(stack_->status(id)->state, State::CloseWait);
}

TEST_F(PeerAbuse, AWindowThatOpensALittleIsUsedSoonAfterLongProbing) {
  start();
  const ConnectionId id = establish();
  receive(kAck, 0);
  send(id, 50000);
  for (int i = 0; i < 8; ++i) {
    pass_until_next_deadline();
    for (const Sent& segment : sent())
      if (segment.text > 0) receive(kAck, 0);
    sent();
  }
  receive(kAck, 2);  // 256 bytes
  EXPECT_TRUE(sent().empty());
  const Instant opened = now_;
  while (sent().empty()) pass_until_next_deadline();
  EXPECT_LE(now_ - opened, 1s);
}

// The log of sent segments is full, of this connection's own: what was lost must be found and sent
// again all the same, which needs no memory.
TEST_F(PeerAbuse, AFullLogStopsNewTextAndNoTimer) {
  for (const bool has_sack : {false, true}) {
    seq_ = 100;
    syn_options_ = {2, 4, 0, 64, 1, 3, 3, 7};
    if (has_sack) syn_options_.insert(syn_options_.end(), {1, 1, 4, 2});
    start([](StackConfig& config) {
      config.memory = 128 * 1024;  // 1024 records
      config.tcp.slow_start_segments = 0;
    });
    const ConnectionId id = establish();
    const std::vector<std::uint8_t> text(1 << 20, 'a');
    ASSERT_TRUE(stack_->send_borrowed(id, text, 1, {}, now_).has_value());
    std::size_t in_flight = sent().size();
    while (in_flight < 1024) {
      ack_ += static_cast<std::uint32_t>(in_flight * 64);
      now_ += 1us;
      receive(kAck);
      const std::size_t next = sent().size();
      ASSERT_GT(next, in_flight);
      in_flight = next;
    }
    ASSERT_EQ(stack_->status(id)->flight, 1024U * 64U);
    stack_->check_invariants();
    bool is_again = false;
    for (const Instant end = now_ + 3s; now_ < end && !is_again;) {
      pass_until_next_deadline();
      for (const Sent& segment : sent()) is_again = is_again || segment.seq == ack_;
      stack_->check_invariants();
    }
    EXPECT_TRUE(is_again) << has_sack;
  }
}

// All that is outstanding is walked through for some ACKs, and the pool is everybody's.
TEST_F(PeerAbuse, ATinyMssDoesNotFillTheLogWithoutBound) {
  seq_ = 100;
  syn_options_ = {2, 4, 0, 64, 1, 3, 3, 7};
  start([](StackConfig& config) {
    config.tcp.slow_start_segments = 0;
    config.tcp.pacing = false;
  });
  const ConnectionId id = establish();
  const std::vector<std::uint8_t> text(4 << 20, 'a');
  ASSERT_TRUE(stack_->send_borrowed(id, text, 1, {}, now_).has_value());
  std::size_t in_flight = sent().size();
  for (int round = 0; round < 40 && in_flight < RetransmissionQueue::kMaxEntries; ++round) {
    ack_ += static_cast<std::uint32_t>(in_flight * 64);
    now_ += 1us;
    receive(kAck);
    in_flight = sent().size();
    EXPECT_LE(in_flight, RetransmissionQueue::kMaxEntries);
  }
  EXPECT_EQ(stack_->status(id)->flight, RetransmissionQueue::kMaxEntries * 64U) << "and it is used";
  stack_->check_invariants();
}

TEST_F(PeerAbuse, AConnectionAbortedBeforeItWasAcceptedIsNotAccepted) {
  start();
  receive(kSyn);
  ack_ = sent().at(0).seq + 1;
  seq_ += 1;
  receive(kAck);
  for (const ConnectionId id : stack_->connections()) stack_->abort(id, now_);
  sent();
  ConnectOptions options;
  options.remote = {*IpAddress::parse("2001:db8::1"), Port{9}};
  ASSERT_TRUE(stack_->connect(options, now_).has_value());
  EXPECT_FALSE(stack_->accept(listener_).has_value());
}

TEST_F(PeerAbuse, AShortKeepAliveIdleTimeIsKeptAfterAProbeWithALongInterval) {
  start([](StackConfig& config) {
    config.tcp.keep_alive_idle = 1s;
    config.tcp.keep_alive_interval = 75s;
  });
  const ConnectionId id = establish();
  stack_->set_keep_alive(id, true, now_);
  while (sent().empty()) pass_until_next_deadline();
  receive(kAck);
  stack_->check_invariants();
  EXPECT_LE(stack_->next_deadline() - now_, 1s);
}

TEST_F(PeerAbuse, ReadingBitsFromAnUnscaledPeerSaysNothingNew) {
  start([](StackConfig& config) {
    config.memory = 8ULL << 30;
    config.tcp.use_window_scale = false;
    config.tcp.initial_receive_buffer = 256 * 1024;
  });
  const ConnectionId id = establish();
  receive(kAck, 65535, 1000);
  std::size_t acks = 0;
  for (int i = 0; i < 1000; ++i) {
    stack_->consume(id, 1, now_);
    acks += sent().size();
  }
  EXPECT_LE(acks, 2U);
}

}  // namespace
}  // namespace glasstcp
