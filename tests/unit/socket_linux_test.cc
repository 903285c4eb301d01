// Corners of the C ABI where Linux's answer is easily missed: each test states what a Linux socket
// does there.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

constexpr int kLinger2 = 8, kZerocopy = 60;  // linux/tcp.h, asm/socket.h
constexpr int kSendZerocopy = 0x4000000;

int drain_ready(glasstcp_stack* s, glasstcp_handle h) {
  glasstcp_ready ready{};
  ready.size = sizeof ready;
  int events = 0;
  while (glasstcp_next_ready(s, &ready) == 1) {
    if (ready.handle == h) events |= static_cast<int>(ready.events);
  }
  return events;
}

// RFC 1071, from a byte on.
std::uint16_t checksum_of(const std::vector<std::uint8_t>& bytes, std::size_t from) {
  std::uint32_t sum = 0;
  for (std::size_t i = from; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8) + (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// "Unreachable" from 192.0.2.2 to 192.0.2.1, about a packet of the latter. Code 1: the host.
std::vector<std::uint8_t> unreachable(const std::uint8_t* about, std::uint8_t code = 1,
                                      std::uint8_t type = 3) {
  std::vector<std::uint8_t> b{0x45, 0, 0,   56, 0, 0, 0,    0,    64, 1, 0, 0, 192, 0,
                              2,    2, 192, 0,  2, 1, type, code, 0,  0, 0, 0, 0,   0};
  b.insert(b.end(), about, about + 28);
  const auto put = [&b](std::size_t at, std::uint16_t sum) {
    b[at] = static_cast<std::uint8_t>(sum >> 8);
    b[at + 1] = static_cast<std::uint8_t>(sum & 0xff);
  };
  put(10, checksum_of({b.begin(), b.begin() + 20}, 0));
  put(22, checksum_of(b, 20));
  return b;
}

TEST(SocketLinux, AWriteThatEndsBetweenTwoPiecesHoldsNothingBack) {
  for (const int flags : {0, int{MSG_MORE}}) {
    TwoHosts hosts;
    const auto [client, server] = hosts.connected();
    ASSERT_EQ(TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_SNDBUF, 5000), 0);
    std::string first(5000, 'x');
    std::string second(10, 'y');
    iovec pieces[] = {{first.data(), first.size()}, {second.data(), second.size()}};
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    EXPECT_EQ(glasstcp_sendmsg(hosts.left, client, &message, flags), 5000);
    hosts.run_for(60);
    EXPECT_EQ(TwoHosts::read_all(hosts.right, server).size(), flags == 0 ? 5000U : 3U * 1448);
  }
}

TEST(SocketLinux, ShutdownOfAListenerWakesWhoeverWaitsInAccept) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening(1, SOCK_STREAM);
  glasstcp_handle made = 0;
  EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), -EAGAIN);
  drain_ready(hosts.right, listener);
  EXPECT_EQ(glasstcp_shutdown(hosts.right, listener, SHUT_RD), 0);
  EXPECT_NE(drain_ready(hosts.right, listener) & (EPOLLIN | EPOLLHUP), 0);
  EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), -EINVAL);
}

TEST(SocketLinux, EndingAnAssociationWakesWhoeverWaits) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  drain_ready(hosts.left, client);
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  EXPECT_EQ(glasstcp_connect(hosts.left, client, &nobody, sizeof nobody), 0);
  EXPECT_NE(drain_ready(hosts.left, client) & EPOLLHUP, 0);
}

TEST(SocketLinux, AnUrgentOctetThatComesAfterItsPointerIsAnEdge) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  glasstcp_handle epoll = 0;
  ASSERT_EQ(glasstcp_epoll_create(hosts.right, &epoll), 0);
  epoll_event event{};
  event.events = EPOLLPRI;
  ASSERT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_ADD, server, &event), 0);
  const std::string text(50000, 'x');
  ASSERT_EQ(glasstcp_write(hosts.left, client, text.data(), text.size()), 50000);
  ASSERT_EQ(glasstcp_send(hosts.left, client, "!", 1, MSG_OOB), 1);
  hosts.run_for(1);
  epoll_event got[1];
  EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 1), 0) << "announced, not here";
  hosts.run_for(200);
  ASSERT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 1), 1);
  EXPECT_EQ(got[0].events, static_cast<std::uint32_t>(EPOLLPRI));
}

TEST(SocketLinux, ANegativeBacklogIsTheLargest) {
  TwoHosts hosts;
  hosts.listening(-1);
  std::vector<glasstcp_handle> clients;
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  for (int i = 0; i < 3; ++i) {
    clients.push_back(TwoHosts::stream(hosts.left));
    glasstcp_connect(hosts.left, clients.back(), TwoHosts::as_sockaddr(to), sizeof to);
    hosts.run_for(10);
  }
  glasstcp_write(hosts.left, clients[2], "x", 1);
  hosts.run_for(100);
  glasstcp_tcp_info info{};
  socklen_t length = sizeof info;
  glasstcp_getsockopt(hosts.left, clients[2], IPPROTO_TCP, TCP_INFO, &info, &length);
  EXPECT_EQ(info.tcpi_unacked, 0U) << "the third connection was taken";
}

TEST(SocketLinux, APortInTimeWaitIsTakenUnlessItsAddressMayBeReused) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(glasstcp_close(hosts.right, server), 0);
  hosts.run_for(10);
  ASSERT_EQ(glasstcp_close(hosts.left, client), 0);
  hosts.run_for(10);
  ASSERT_EQ(glasstcp_close(hosts.right, hosts.listener), 0);
  const sockaddr_in at = TwoHosts::v4("0.0.0.0", 80);
  const glasstcp_handle again = TwoHosts::stream(hosts.right);
  const auto bind = [&] {
    return glasstcp_bind(hosts.right, again, TwoHosts::as_sockaddr(at), sizeof at);
  };
  EXPECT_EQ(bind(), -EADDRINUSE);
  ASSERT_EQ(TwoHosts::set(hosts.right, again, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(bind(), 0);
}

TEST(SocketLinux, AServerListensAgainBesideItsOldConnections) {
  TwoHosts hosts;
  const sockaddr_in at = TwoHosts::v4("0.0.0.0", 81);
  const auto bound = [&] {
    const glasstcp_handle h = TwoHosts::stream(hosts.right);
    EXPECT_EQ(TwoHosts::set(hosts.right, h, SOL_SOCKET, SO_REUSEADDR, 1), 0);
    EXPECT_EQ(glasstcp_bind(hosts.right, h, TwoHosts::as_sockaddr(at), sizeof at), 0);
    return h;
  };
  const glasstcp_handle first = bound();
  const glasstcp_handle beside = bound();
  ASSERT_EQ(glasstcp_listen(hosts.right, first, 1), 0) << "the other one does not listen";
  EXPECT_EQ(glasstcp_listen(hosts.right, beside, 1), -EADDRINUSE);
  const sockaddr_in server = TwoHosts::v4("192.0.2.2", 81);
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(server), sizeof server);
  hosts.run_for(100);
  glasstcp_handle accepted = 0;
  ASSERT_EQ(glasstcp_accept(hosts.right, first, nullptr, nullptr, 0, &accepted), 0);
  ASSERT_EQ(glasstcp_close(hosts.right, first), 0);
  EXPECT_EQ(glasstcp_listen(hosts.right, beside, 1), 0) << "the accepted one does not listen";
}

TEST(SocketLinux, AConnectionInTimeWaitHasNoPeer) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(glasstcp_shutdown(hosts.left, client, SHUT_WR), 0);
  hosts.run_for(10);
  ASSERT_EQ(glasstcp_close(hosts.right, server), 0);
  hosts.run_for(10);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  auto* out = reinterpret_cast<sockaddr*>(&name);
  EXPECT_EQ(glasstcp_getpeername(hosts.left, client, out, &length), -ENOTCONN);
  EXPECT_EQ(glasstcp_shutdown(hosts.left, client, SHUT_RDWR), -ENOTCONN);
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.left, client, &byte, 1), 0);
  EXPECT_EQ(glasstcp_write(hosts.left, client, &byte, 1), -EPIPE);
}

TEST(SocketLinux, TheAnswerToASynHasTheListenersTypeOfService) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening();
  ASSERT_EQ(TwoHosts::set(hosts.right, listener, IPPROTO_IP, IP_TOS, 0x28), 0);
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  hosts.run_for(1);
  glasstcp_packet packet{};
  packet.size = sizeof packet;
  ASSERT_EQ(glasstcp_transmit(hosts.right, hosts.now, &packet), 1);
  EXPECT_EQ(static_cast<const std::uint8_t*>(packet.slices[0].iov_base)[1] & 0xfc, 0x28);
}

TEST(SocketLinux, ABorrowedSendDoesNotHoldUpTheWordOfAZerocopyOne) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, SOL_SOCKET, kZerocopy, 1), 0);
  EXPECT_EQ(glasstcp_send(hosts.left, client, "copied", 6, kSendZerocopy), 6);
  hosts.run_for(100);
  static const char kBytes[] = "borrowed";
  EXPECT_EQ(glasstcp_send(hosts.left, client, "again", 5, kSendZerocopy), 5);
  hosts.run_for(1);
  EXPECT_EQ(glasstcp_send_borrowed(hosts.left, client, kBytes, 8, 1, MSG_MORE), 8);
  hosts.run_for(60);
  EXPECT_NE(glasstcp_level(hosts.left, client) & POLLERR, 0);
  char control[128];
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(glasstcp_recvmsg(hosts.left, client, &message, MSG_ERRQUEUE), 0);
  std::uint32_t last = 0;
  std::memcpy(&last, control + CMSG_LEN(0) + 12, sizeof last);
  EXPECT_EQ(last, 1U) << "both numbered sends are acknowledged";
  EXPECT_NE(server, 0U);
}

TEST(SocketLinux, ANegativeTimeoutDoesNotWait) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening(1, SOCK_STREAM);
  const timeval none{-1, 0};
  ASSERT_EQ(glasstcp_setsockopt(hosts.right, listener, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none),
            0);
  glasstcp_handle made = 0;
  EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), -EAGAIN);
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  glasstcp_last_wait(hosts.right, &wait);
  EXPECT_NE(wait.deadline, GLASSTCP_NEVER);
}

TEST(SocketLinux, ASimultaneousOpenIsNotWritableBeforeItIsComplete) {
  TwoHosts hosts;
  const glasstcp_handle a = TwoHosts::stream(hosts.left);
  const glasstcp_handle b = TwoHosts::stream(hosts.right);
  const sockaddr_in at_a = TwoHosts::v4("192.0.2.1", 5000);
  const sockaddr_in at_b = TwoHosts::v4("192.0.2.2", 5000);
  ASSERT_EQ(glasstcp_bind(hosts.left, a, TwoHosts::as_sockaddr(at_a), sizeof at_a), 0);
  ASSERT_EQ(glasstcp_bind(hosts.right, b, TwoHosts::as_sockaddr(at_b), sizeof at_b), 0);
  glasstcp_connect(hosts.left, a, TwoHosts::as_sockaddr(at_b), sizeof at_b);
  glasstcp_connect(hosts.right, b, TwoHosts::as_sockaddr(at_a), sizeof at_a);
  hosts.run_for(1);
  EXPECT_EQ(glasstcp_level(hosts.left, a) & POLLOUT, 0);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_level(hosts.left, a) & POLLOUT, POLLOUT);
  EXPECT_EQ(glasstcp_connect(hosts.left, a, TwoHosts::as_sockaddr(at_b), sizeof at_b), 0);
}

TEST(SocketLinux, OtherOptionsDoNotRestartKeepAlive) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPCNT, 3);
  TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_KEEPALIVE, 1);
  hosts.is_cut = true;
  for (int i = 0; i < 10; ++i) {
    hosts.run_for(3000);
    TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_QUICKACK, 1);
    TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_KEEPALIVE, 1);
  }
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
}

TEST(SocketLinux, KeepAliveAskedForBeforeConnectWorks) {
  TwoHosts hosts;
  hosts.listening();
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_KEEPCNT, 3);
  TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_KEEPALIVE, 1);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  hosts.run_for(10);
  hosts.is_cut = true;
  hosts.run_for(30000);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
}

TEST(SocketLinux, KeepAliveDoesNotRestartARunningUserTimeout) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
  hosts.is_cut = true;
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), 1);
  hosts.run_for(4000);
  TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_KEEPALIVE, 1);
  hosts.run_for(1500);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
}

TEST(SocketLinux, AUserTimeoutSetWhileBytesWaitCountsAtOnce) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  hosts.is_cut = true;
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), 1);
  hosts.run_for(1700);  // between two timeouts
  TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
  hosts.run_for(400);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
}

TEST(SocketLinux, BadSettingsAreRefused) {
  glasstcp_config c;
  glasstcp_config_init(&c);
  const char* addresses[] = {"192.0.2.1/24"};
  c.addresses = addresses;
  c.address_count = 1;
  c.hop_limit = 0;
  glasstcp_stack* s = nullptr;
  EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EINVAL) << "no packet would leave the first router";
}

TEST(SocketLinux, APieceWithoutAnAddressIsAFault) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  const iovec nowhere{nullptr, 5};
  EXPECT_EQ(glasstcp_writev(hosts.left, client, &nowhere, 1), -EFAULT);
  EXPECT_EQ(glasstcp_readv(hosts.right, server, &nowhere, 1), -EFAULT);
  msghdr message{};
  message.msg_iovlen = std::size_t{1} << 32;
  EXPECT_EQ(glasstcp_sendmsg(hosts.left, client, &message, 0), -EMSGSIZE);
}

TEST(SocketLinux, TruncatedBytesNeedNoBuffer) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  glasstcp_write(hosts.left, client, "abcdef", 6);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_recv(hosts.right, server, nullptr, 3, MSG_TRUNC | MSG_PEEK), 3);
  EXPECT_EQ(glasstcp_recv(hosts.right, server, nullptr, 3, MSG_TRUNC), 3);
  EXPECT_EQ(TwoHosts::read_all(hosts.right, server), "def");
  char byte = 0;
  EXPECT_EQ(glasstcp_recv(hosts.right, server, nullptr, 3, 0), -EFAULT);
  EXPECT_EQ(glasstcp_recv(hosts.right, server, &byte, 1, 0), -EAGAIN);
}

TEST(SocketLinux, Linger2AboveTwoMinutesIsTwoMinutes) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  ASSERT_EQ(TwoHosts::set(hosts.left, h, IPPROTO_TCP, kLinger2, 500), 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, h, IPPROTO_TCP, kLinger2), 120);
}

TEST(SocketLinux, ASecondListenChangesTheBacklog) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening(0);
  EXPECT_EQ(glasstcp_listen(hosts.right, listener, 5), 0);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  for (int i = 0; i < 3; ++i) {
    const glasstcp_handle client = TwoHosts::stream(hosts.left);
    glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
    hosts.run_for(10);
  }
  for (int i = 0; i < 3; ++i) {
    glasstcp_handle made = 0;
    EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), 0);
  }
}

TEST(SocketLinux, AnErrorThatEndsNothingIsToldOnce) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  glasstcp_write(hosts.left, client, "x", 1);
  glasstcp_packet packet{};
  packet.size = sizeof packet;
  ASSERT_EQ(glasstcp_transmit(hosts.left, hosts.now, &packet), 1);
  const auto icmp = unreachable(static_cast<const std::uint8_t*>(packet.slices[0].iov_base));
  EXPECT_EQ(glasstcp_receive(hosts.left, icmp.data(), icmp.size(), nullptr, hosts.now), 0);
  EXPECT_EQ(glasstcp_level(hosts.left, client) & POLLERR, 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), EHOSTUNREACH);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), 0);
}

TEST(SocketLinux, InfoOfAListenerTellsItsQueue) {
  TwoHosts hosts;
  const auto l = hosts.listening(5);
  const auto client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  hosts.run_for(10);
  glasstcp_tcp_info info{};
  socklen_t n = sizeof info;
  glasstcp_getsockopt(hosts.right, l, IPPROTO_TCP, TCP_INFO, &info, &n);
  EXPECT_EQ(info.tcpi_unacked, 1U);
  EXPECT_EQ(info.tcpi_sacked, 5U);
}

TEST(SocketLinux, AnErrorOfIcmpHasLinuxNumber) {
  const std::pair<std::uint8_t, int> rows[] = {
      {0, ENETUNREACH}, {1, EHOSTUNREACH}, {2, ENOPROTOOPT}, {3, ECONNREFUSED}};
  for (const auto& [code, number] : rows) {
    TwoHosts hosts;
    const auto client = TwoHosts::stream(hosts.left);
    const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
    glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
    glasstcp_packet packet{};
    packet.size = sizeof packet;
    ASSERT_EQ(glasstcp_transmit(hosts.left, hosts.now, &packet), 1);
    const auto icmp =
        unreachable(static_cast<const std::uint8_t*>(packet.slices[0].iov_base), code);
    glasstcp_receive(hosts.left, icmp.data(), icmp.size(), nullptr, hosts.now);
    hosts.is_cut = true;
    hosts.run_for(400'000);
    EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), number) << int{code};
  }
}

// RFC 1122 §4.2.3.9: a parameter problem is a soft error: it is told, and ends nothing.
TEST(SocketLinux, AParameterProblemIsToldAndEndsNothing) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  glasstcp_write(hosts.left, client, "x", 1);
  glasstcp_packet packet{};
  packet.size = sizeof packet;
  ASSERT_EQ(glasstcp_transmit(hosts.left, hosts.now, &packet), 1);
  const auto icmp = unreachable(static_cast<const std::uint8_t*>(packet.slices[0].iov_base), 0, 12);
  EXPECT_EQ(glasstcp_receive(hosts.left, icmp.data(), icmp.size(), nullptr, hosts.now), 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, client, SOL_SOCKET, SO_ERROR), EPROTO);
  hosts.run_for(1000);
  EXPECT_EQ(TwoHosts::read_all(hosts.right, server), "x");
}

TEST(SocketLinux, AResetBeforeAcceptIsToldAfterIt) {
  TwoHosts hosts;
  hosts.listener = hosts.listening();
  const auto client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  hosts.run_for(10);
  const linger l{1, 0};
  glasstcp_setsockopt(hosts.left, client, SOL_SOCKET, SO_LINGER, &l, sizeof l);
  glasstcp_close(hosts.left, client);
  hosts.run_for(10);
  glasstcp_handle s = 0;
  ASSERT_EQ(glasstcp_accept(hosts.right, hosts.listener, nullptr, nullptr, SOCK_NONBLOCK, &s), 0);
  char b = 0;
  EXPECT_EQ(glasstcp_read(hosts.right, s, &b, 1), -ECONNRESET);
  EXPECT_EQ(glasstcp_read(hosts.right, s, &b, 1), 0);
}

}  // namespace
}  // namespace glasstcp::test
