// A transmission control block without a connection, for tests of what only looks at one.
//
// Next: covers.h.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "stack/tcp/connection/tcb.h"

namespace glasstcp::test {

/// What all connections of one stack share, without the stack.
struct TcbHost {
  IpLayer ip{addresses(), Seed::from_number(1)};
  TcpContext context{setup(), ip, Instant{}};

  static TcpSetup setup() {
    TcpSetup s;
    s.seed = Seed::from_number(1);
    s.memory = 1 << 20;
    return s;
  }
  static IpConfig addresses() {
    IpConfig config;
    config.addresses = {*Cidr::parse("192.0.2.1/24")};
    return config;
  }
};

constexpr std::uint16_t kMss = 1000;
constexpr SeqNum kIss(0xfffffeffU);  // the numbers come round
constexpr SeqNum kFirst(kIss + 1);

/// A block whose variables a test sets itself: ESTABLISHED, nothing queued, ten segments of window.
struct Block : Tcb {
  explicit Block(TcpContext& context)
      : Tcb(context,
            {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"), Port(80), Port(1234)},
            1, 65535, Instant{}) {
    EXPECT_TRUE(context.budget.reserve(65535));
    state_ = State::Established;
    snd.iss = kIss;
    snd.una = snd.nxt = snd.up = kFirst;
    tx_.start_at(kFirst);
    receiver_.synchronize(SeqNum(1), 65535);
    size_.set_peer_mss(kMss);
    size_.update(path_facts(Instant{}), nullptr);
    offer(10 * kMss);
    recovery_.start(congestion(), snd.una, 10 * kMss);
  }
  ~Block() {
    tx_.clear(context_.tx);
    recovery_.release_flight(context_);
    receiver_.release(context_.receive);
    if (extras_ != kNone) context_.extras.release(extras_);
  }
  // The peer's window.
  void offer(std::uint32_t window) {
    snd.wnd = window;
    size_.on_window(window);
  }
  void queue(std::size_t bytes) {
    const std::string data(bytes, 'x');
    const auto* begin = reinterpret_cast<const std::uint8_t*>(data.data());
    ASSERT_EQ(tx_.append_copy(context_.tx, {begin, bytes}), bytes);
  }
  // `bytes` of what is queued have left.
  void send(std::uint32_t bytes) {
    const NewTransmission sent{snd.nxt + bytes, bytes};
    ASSERT_TRUE(recovery_.acquire_flight(context_, nullptr));
    ASSERT_TRUE(recovery_.add(sender_facts(Instant{}), sent));
    snd.nxt = sent.end;
    recovery_.on_sent(sender_facts(Instant{}), sent, false, false);
  }
  [[nodiscard]] bool send_syn() {
    const bool added = recovery_.acquire_flight(context_, nullptr) &&
                       recovery_.add(sender_facts(Instant{}), {kFirst, 0, true});
    snd.nxt = kFirst;
    return added;
  }
  void lose_everything() {
    ASSERT_TRUE(recovery_.retransmit_all(context_, snd.nxt, SendReason::RetransmitTimeout));
  }
  void owe_ack() { receiver_.demand_ack(SendReason::AckImmediate); }

  using Tcb::context_;
  using Tcb::intent_;
  using Tcb::keep_alive_;
  using Tcb::pending_reset_;
  using Tcb::persist_;
  using Tcb::receiver_;
  using Tcb::retransmissions_;
  using Tcb::sack_;
  using Tcb::snd;
  using Tcb::state_;
  using Tcb::timestamps_;
};

}  // namespace glasstcp::test
