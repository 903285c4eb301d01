// What the C ABI does when it is to behave as Linux does, and what needs no personality: the send
// buffer that counts memory, MSG_ZEROCOPY's completions, cork and MSG_MORE, and the don't-fragment
// bit.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "stack/socket/zerocopy.h"
#include "stack/tcp/congestion/window_use.h"
#include "stack/tcp/connection/chronograph.h"
#include "stack/tcp/personality/linux_send_buffer.h"
#include "tests/support/covers.h"
#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

constexpr int kNoDelay = 1, kCork = 3;        // linux/tcp.h
constexpr int kZerocopyOption = 60;           // asm/socket.h
constexpr int kDiscover = 10, kDont = 0;      // linux/in.h
constexpr std::size_t kDontFragmentByte = 6;  // of an IPv4 header
constexpr std::uint8_t kDontFragment = 0x40;

void as_linux(glasstcp_config& c) {
  c.personality = GLASSTCP_PERSONALITY_LINUX;
}

// The next packet of a stack, whole; empty: none.
std::string next_packet(glasstcp_stack* s, std::uint64_t now) {
  glasstcp_packet packet{};
  packet.size = sizeof packet;
  std::string bytes;
  if (glasstcp_transmit(s, now, &packet) != 1) return bytes;
  for (int i = 0; i < packet.slice_count; ++i) {
    bytes.append(static_cast<const char*>(packet.slices[i].iov_base), packet.slices[i].iov_len);
  }
  return bytes;
}

SendSpaceFacts facts(std::uint32_t flight, std::uint32_t unsent, std::uint32_t sendable) {
  return {flight, unsent, sendable, 16000, 0xffffffff};
}

TEST(LinuxSendSpace, APieceThatBeganIsFilledAndWhatLeavesMakesRoom) {
  LinuxSendSpace space;
  space.start(50000);
  // The first piece of 16000 fills, 10000 of it leave; then two more begin below the limit.
  EXPECT_EQ(space.admit(facts(0, 0, 10000), 59000), 58000U);
  EXPECT_EQ(space.admit(facts(10000, 48000, 0), 1000), 0U);
}

TEST(LinuxSendSpace, AWriterIsWokenWhenAThirdIsFree) {
  LinuxSendSpace space;
  space.choose(42000);
  EXPECT_FALSE(space.is_writable(facts(30000, 0, 0)));
  EXPECT_TRUE(space.is_writable(facts(20000, 0, 0)));
  SendSpaceFacts low = facts(0, 3000, 0);
  low.unsent_low = 4000;
  EXPECT_FALSE(space.is_writable(low)) << "twice the unsent bytes must lie below the mark";
}

TEST(LinuxSendSpace, GrowsWithTheWindowUnlessItWasChosen) {
  LinuxSendSpace space;
  space.start(50000);
  space.expand(36, 1000, 1U << 20);
  EXPECT_EQ(space.limit(), 2U * 36 * 2304);
  space.choose(10000);
  space.expand(100, 1000, 1U << 20);
  EXPECT_EQ(space.limit(), 10000U);
}

TEST(LinuxSendSpace, OnePacketEndsWhereThePieceEnds) {
  LinuxSendSpace space;
  space.start(100000);
  EXPECT_EQ(space.admit(facts(0, 0, 10000), 48000), 48000U);
  // What is left of a piece that went in part was filled up again; the last piece holds 6000.
  EXPECT_EQ(space.first_piece(38000, 16000), 16000U);
  EXPECT_EQ(space.first_piece(5000, 16000), 5000U);
}

TEST(WindowUse, HalfAWindowIsUseEnoughInSlowStart) {
  WindowUse use;
  use.start_at(SeqNum(1));
  use.on_sent(SeqNum(1), SeqNum(5001), 5000, false);
  EXPECT_FALSE(use.was_used(10000, true)) << "five of ten";
  use.on_sent(SeqNum(1), SeqNum(6001), 6000, false);
  EXPECT_TRUE(use.was_used(10000, true));
  EXPECT_FALSE(use.was_used(12000, true)) << "doubled what was in flight";
  EXPECT_FALSE(use.was_used(10000, false));
  use.on_sent(SeqNum(1), SeqNum(10001), 10000, true);
  EXPECT_TRUE(use.was_used(10000, false));
}

TEST(Chronograph, OneLimitRunsAtATime) {
  Chronograph c;
  const Instant start{Duration(0)};
  c.switch_to(SendLimit::Busy, start);
  c.switch_to(SendLimit::Window, start + 10ms);
  c.switch_to(SendLimit::None, start + 30ms);
  EXPECT_EQ(c.spent(SendLimit::Window, start + 40ms), 20ms);
  EXPECT_EQ(c.busy(start + 40ms), 30ms);
}

TEST(ZerocopyLedger, NumbersComeBackAsRangesInOrder) {
  ZerocopyLedger ledger;
  ledger.on_queued(100, false);
  ledger.on_queued(50, true);
  ledger.on_queued(50, true);
  EXPECT_FALSE(ledger.on_acknowledged(101));
  EXPECT_TRUE(ledger.on_acknowledged(0));
  EXPECT_EQ(ledger.take_done(), (ZerocopyLedger::Range{0, 1}));
  EXPECT_EQ(ledger.take_done(), std::nullopt);
}

TEST(LinuxPersonality, SmallBuffersHoldAndReleaseAWriter) {
  TwoHosts hosts(as_linux);
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_SNDBUF, 5000), 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_SNDBUF), 10000);
  const std::string text(200000, 'x');
  const ssize_t first = glasstcp_write(hosts.left, client, text.data(), text.size());
  EXPECT_GT(first, 0);
  EXPECT_LT(first, 100000);
  EXPECT_EQ(glasstcp_write(hosts.left, client, text.data(), text.size()), -EAGAIN);
  glasstcp_ready ready{};
  ready.size = sizeof ready;
  while (glasstcp_next_ready(hosts.left, &ready) == 1) {
  }
  hosts.run_for(200);
  ASSERT_EQ(glasstcp_next_ready(hosts.left, &ready), 1);
  EXPECT_NE(ready.events & EPOLLOUT, 0U);
  EXPECT_GT(glasstcp_write(hosts.left, client, text.data(), text.size()), 0);
  EXPECT_NE(server, 0U);
}

TEST(LinuxPersonality, AnUnchosenBufferGrows) {
  TwoHosts hosts([](glasstcp_config& c) {
    as_linux(c);
    c.send_buffer = 10000;
  });
  const auto [client, server] = hosts.connected();
  const int before = TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_SNDBUF);
  const std::string text(100000, 'x');
  char sink[16384];
  for (int i = 0; i < 40; ++i) {
    static_cast<void>(glasstcp_write(hosts.left, client, text.data(), text.size()));
    hosts.run_for(5);
    while (glasstcp_read(hosts.right, server, sink, sizeof sink) > 0) {
    }
  }
  EXPECT_GT(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_SNDBUF), before);
}

TEST(LinuxPersonality, AProbeOfAClosedWindowHasNoText) {
  TwoHosts hosts(as_linux);
  const auto [client, server] = hosts.connected();
  const std::string text(4 << 20, 'x');
  for (int i = 0; i < 100; ++i) {  // until the buffer of a reader that sleeps is full
    static_cast<void>(glasstcp_write(hosts.left, client, text.data(), text.size()));
    hosts.run_for(20);
  }
  hosts.is_cut = true;
  const std::uint64_t due = glasstcp_next_deadline(hosts.left);
  ASSERT_NE(due, GLASSTCP_NEVER);
  glasstcp_advance(hosts.left, due);
  const std::string probe = next_packet(hosts.left, due);
  constexpr std::size_t kIpHeader = 20, kTcpFlagsByte = kIpHeader + 13;
  ASSERT_GT(probe.size(), kTcpFlagsByte);
  const auto offset = static_cast<std::uint8_t>(probe[kIpHeader + 12]) >> 4U;
  EXPECT_EQ(probe.size(), kIpHeader + offset * 4U) << "no octet";
  EXPECT_EQ(probe[kTcpFlagsByte], 0x10) << "ACK";
  EXPECT_NE(server, 0U);
}

TEST(LinuxPersonality, DataForOneThatClosedDrawsTheResetOfAClosedPort) {
  COVERS("SHLD-3");
  TwoHosts hosts(as_linux);
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_close(hosts.right, server), 0);
  hosts.run_for(20);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "late", 4), 4);
  const std::string late = next_packet(hosts.left, hosts.now);
  glasstcp_receive(hosts.right, late.data(), late.size(), nullptr, hosts.now);
  const std::string answer = next_packet(hosts.right, hosts.now);
  constexpr std::size_t kTcp = 20, kAckNumber = kTcp + 8, kSequenceNumber = kTcp + 4;
  ASSERT_GE(answer.size(), kTcp + 20);
  EXPECT_EQ(answer[kTcp + 13], 0x04) << "RST, and no ACK";
  EXPECT_EQ(answer.substr(kSequenceNumber, 4), late.substr(kAckNumber, 4));
}

TEST(SocketZerocopy, ACompletionComesWhenTheBytesAreAcknowledged) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, SOL_SOCKET, kZerocopyOption, 1), 0);
  EXPECT_EQ(glasstcp_send(hosts.left, client, "abc", 3, MSG_ZEROCOPY), 3);
  char control[128];
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(glasstcp_recvmsg(hosts.left, client, &message, MSG_ERRQUEUE), -EAGAIN);
  hosts.run_for(100);
  EXPECT_NE(glasstcp_level(hosts.left, client) & POLLERR, 0);
  ASSERT_EQ(glasstcp_recvmsg(hosts.left, client, &message, MSG_ERRQUEUE), 0);
  EXPECT_NE(message.msg_flags & MSG_ERRQUEUE, 0);
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  ASSERT_NE(header, nullptr);
  EXPECT_EQ(header->cmsg_level, IPPROTO_IP);
  std::uint32_t words[4];
  std::memcpy(words, CMSG_DATA(header), sizeof words);
  EXPECT_EQ(words[0], 0U) << "no error";
  EXPECT_EQ(words[2], 0U) << "the first number";
  EXPECT_EQ(words[3], 0U) << "the last number";
  EXPECT_EQ(glasstcp_level(hosts.left, client) & POLLERR, 0);
  EXPECT_NE(server, 0U);
  EXPECT_EQ(glasstcp_send(hosts.left, client, "abc", 3, MSG_ZEROCOPY), 3);
  hosts.run_for(100);
  message.msg_controllen = 4;
  EXPECT_EQ(glasstcp_recvmsg(hosts.left, client, &message, MSG_ERRQUEUE), 0);
  EXPECT_NE(message.msg_flags & MSG_CTRUNC, 0) << "there was no room to say it";
  EXPECT_EQ(message.msg_controllen, 0U);
}

TEST(SocketCork, NoDelayLetsGoOnceWhatCorkHolds) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, kCork, 1), 0);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "a", 1), 1);
  hosts.run_for(20);
  EXPECT_EQ(glasstcp_level(hosts.right, server) & POLLIN, 0);
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, kNoDelay, 1), 0);
  hosts.run_for(20);
  char sink[8];
  EXPECT_EQ(glasstcp_read(hosts.right, server, sink, sizeof sink), 1);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "b", 1), 1);
  hosts.run_for(20);
  EXPECT_EQ(glasstcp_level(hosts.right, server) & POLLIN, 0) << "the cork is still in";
}

TEST(SocketOptions, WithoutPathMtuDiscoveryPacketsMayBeCut) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_write(hosts.left, client, "a", 1), 1);
  std::string packet = next_packet(hosts.left, hosts.now);
  ASSERT_GT(packet.size(), kDontFragmentByte);
  EXPECT_NE(static_cast<std::uint8_t>(packet[kDontFragmentByte]) & kDontFragment, 0);
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, kNoDelay, 1), 0);
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_IP, kDiscover, kDont), 0);
  std::string numbers;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(glasstcp_write(hosts.left, client, "b", 1), 1);
    packet = next_packet(hosts.left, hosts.now);
    ASSERT_GT(packet.size(), kDontFragmentByte);
    EXPECT_EQ(static_cast<std::uint8_t>(packet[kDontFragmentByte]) & kDontFragment, 0);
    numbers += packet.substr(4, 2);
  }
  EXPECT_NE(numbers.substr(0, 2), numbers.substr(2)) << "each with an identification of its own";
  EXPECT_NE(server, 0U);
}

TEST(SocketBind, FreeBindTakesAnAddressThatIsNotOurs) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  const sockaddr_in elsewhere = TwoHosts::v4("203.0.113.7", 80);
  const auto* address = TwoHosts::as_sockaddr(elsewhere);
  EXPECT_EQ(glasstcp_bind(hosts.left, h, address, sizeof elsewhere), -EADDRNOTAVAIL);
  constexpr int kFreeBind = 15;  // linux/in.h
  ASSERT_EQ(TwoHosts::set(hosts.left, h, IPPROTO_IP, kFreeBind, 1), 0);
  EXPECT_EQ(glasstcp_bind(hosts.left, h, address, sizeof elsewhere), 0);
}

}  // namespace
}  // namespace glasstcp::test
