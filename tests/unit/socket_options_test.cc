// getsockopt and setsockopt, TCP_INFO, and readiness (poll, epoll, edges) of the C ABI.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <string>

#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

TEST(SocketOptions, ReadBackWhatWasSetWithLinuxRanges) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  struct Case {
    int level, name, set, get, result;
  };
  const Case cases[] = {
      {SOL_SOCKET, SO_REUSEADDR, 1, 1, 0},
      {SOL_SOCKET, SO_KEEPALIVE, 5, 1, 0},
      {SOL_SOCKET, SO_SNDBUF, 20000, 40000, 0},
      {SOL_SOCKET, SO_RCVBUF, 1, 2304, 0},
      {SOL_SOCKET, SO_RCVLOWAT, 7, 7, 0},
      {SOL_SOCKET, SO_ACCEPTCONN, 1, 0, -ENOPROTOOPT},
      {SOL_SOCKET, SO_TYPE, 1, SOCK_STREAM, -ENOPROTOOPT},
      {IPPROTO_TCP, TCP_NODELAY, 1, 1, 0},
      {IPPROTO_TCP, TCP_CORK, 1, 1, 0},
      {IPPROTO_TCP, TCP_MAXSEG, 1000, 1000, 0},
      {IPPROTO_TCP, TCP_MAXSEG, 87, 1000, -EINVAL},
      {IPPROTO_TCP, TCP_KEEPIDLE, 10, 10, 0},
      {IPPROTO_TCP, TCP_KEEPIDLE, 0, 10, -EINVAL},
      {IPPROTO_TCP, TCP_KEEPINTVL, 32768, 75, -EINVAL},
      {IPPROTO_TCP, TCP_KEEPCNT, 127, 127, 0},
      {IPPROTO_TCP, TCP_SYNCNT, 3, 3, 0},
      {IPPROTO_TCP, TCP_SYNCNT, 128, 3, -EINVAL},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, 1500, 1500, 0},
      {IPPROTO_TCP, TCP_LINGER2, 5, 5, 0},
      {IPPROTO_TCP, TCP_LINGER2, 0, 60, 0},  // the stack's own
      {IPPROTO_TCP, TCP_FASTOPEN, 1, 1, 0},
      {IPPROTO_IP, IP_TOS, 0x28, 0x28, 0},
      {IPPROTO_IP, IP_TTL, 5, 5, 0},
      {IPPROTO_IP, IP_TTL, 256, 5, -EINVAL},
      {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DO, 0},
      {IPPROTO_IPV6, IPV6_V6ONLY, 1, -ENOPROTOOPT, -ENOPROTOOPT},
      {IPPROTO_UDP, 1, 1, -ENOPROTOOPT, -ENOPROTOOPT},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TwoHosts::set(hosts.left, h, c.level, c.name, c.set), c.result) << c.name;
    EXPECT_EQ(TwoHosts::option(hosts.left, h, c.level, c.name), c.get) << c.name;
  }
}

TEST(SocketOptions, CongestionIsAName) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
  EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_TCP, TCP_CONGESTION, "vegas", 5), -ENOENT);
  char name[16] = {};
  socklen_t length = sizeof name;
  EXPECT_EQ(glasstcp_getsockopt(hosts.left, h, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
  EXPECT_STREQ(name, "reno");
  for (const char* chosen : {"cubic", "bbr", "reno"}) {
    EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_TCP, TCP_CONGESTION, chosen,
                                  static_cast<socklen_t>(std::strlen(chosen))),
              0);
    length = sizeof name;
    EXPECT_EQ(glasstcp_getsockopt(hosts.left, h, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
    EXPECT_STREQ(name, chosen);
  }
}

TEST(SocketOptions, AcceptedConnectionsHaveTheListenersOptions) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening();
  ASSERT_EQ(TwoHosts::set(hosts.right, listener, IPPROTO_TCP, TCP_MAXSEG, 700), 0);
  ASSERT_EQ(TwoHosts::set(hosts.right, listener, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  hosts.run_for(10);
  glasstcp_handle server = 0;
  ASSERT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &server), 0);
  EXPECT_EQ(TwoHosts::option(hosts.right, server, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(TwoHosts::option(hosts.right, server, IPPROTO_TCP, TCP_MAXSEG), 688)
      << "less the timestamps of each segment";
  EXPECT_EQ(TwoHosts::option(hosts.left, client, IPPROTO_TCP, TCP_MAXSEG), 688)
      << "the SYN-ACK offered no more";
}

TEST(SocketOptions, CorkHoldsTheShortSegment) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_CORK, 1), 0);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), 1);
  hosts.run_for(50);
  EXPECT_EQ(glasstcp_level(hosts.right, server) & POLLIN, 0);
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_CORK, 0), 0);
  hosts.run_for(5);
  EXPECT_EQ(glasstcp_level(hosts.right, server) & POLLIN, POLLIN);
}

TEST(SocketOptions, UserTimeoutEndsAConnection) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  ASSERT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, TCP_USER_TIMEOUT, 700), 0);
  hosts.is_cut = true;
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), 1);
  hosts.run_for(600);
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.left, client, &byte, 1), -EAGAIN);
  hosts.run_for(200);
  EXPECT_EQ(glasstcp_read(hosts.left, client, &byte, 1), -ETIMEDOUT);
}

TEST(TcpInfo, ReportsWhatHappened) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  const std::string text(30000, 'x');
  EXPECT_EQ(glasstcp_write(hosts.left, client, text.data(), text.size()), 30000);
  hosts.run_for(500);
  glasstcp_tcp_info info{};
  socklen_t length = sizeof info;
  ASSERT_EQ(glasstcp_getsockopt(hosts.left, client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(length, sizeof info);
  EXPECT_EQ(info.tcpi_state, TCP_ESTABLISHED);
  EXPECT_EQ(info.tcpi_options, 7) << "timestamps, SACK, window scale";
  EXPECT_EQ(info.tcpi_snd_mss, 1448U);
  EXPECT_EQ(info.tcpi_pmtu, 1500U);
  EXPECT_EQ(info.tcpi_bytes_acked, 30001U) << "the SYN counts, as Linux counts";
  EXPECT_EQ(info.tcpi_bytes_sent, 30000U);
  EXPECT_EQ(info.tcpi_unacked, 0U);
  EXPECT_EQ(info.tcpi_total_retrans, 0U);
  EXPECT_GT(info.tcpi_snd_cwnd, 10U);
  EXPECT_EQ(info.tcpi_data_segs_out, (30000U + 1447) / 1448);
  EXPECT_GE(info.tcpi_rtt, 2000U);
  EXPECT_LT(info.tcpi_rtt, 40000U) << "2 ms, and one delayed ACK";
  length = 8;
  ASSERT_EQ(glasstcp_getsockopt(hosts.right, server, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(length, 8U) << "an older, shorter struct is filled as far as it goes";
  length = sizeof info;
  glasstcp_getsockopt(hosts.right, server, IPPROTO_TCP, TCP_INFO, &info, &length);
  EXPECT_EQ(info.tcpi_bytes_received, 30000U);
}

TEST(Readiness, EdgesAreQueuedOncePerHandleWithTheCookie) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  glasstcp_ready ready{};
  ready.size = sizeof ready;
  while (glasstcp_next_ready(hosts.right, &ready) == 1) {
  }
  ASSERT_EQ(glasstcp_set_cookie(hosts.right, server, 42), 0);
  glasstcp_write(hosts.left, client, "a", 1);
  hosts.run_for(5);
  glasstcp_write(hosts.left, client, "b", 1);
  hosts.run_for(5);
  ASSERT_EQ(glasstcp_next_ready(hosts.right, &ready), 1);
  EXPECT_EQ(ready.handle, server);
  EXPECT_EQ(ready.cookie, 42U);
  EXPECT_NE(ready.events & EPOLLIN, 0U);
  EXPECT_EQ(glasstcp_next_ready(hosts.right, &ready), 0);
}

TEST(Readiness, EpollTellsLevelsAgainAndEdgesOnce) {
  for (const bool edge : {false, true}) {
    TwoHosts hosts;
    const auto [client, server] = hosts.connected();
    glasstcp_handle epoll = 0;
    ASSERT_EQ(glasstcp_epoll_create(hosts.right, &epoll), 0);
    epoll_event event{};
    event.events = EPOLLIN | (edge ? EPOLLET : 0U);
    event.data.u64 = 9;
    ASSERT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_ADD, server, &event), 0);
    EXPECT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_ADD, server, &event), -EEXIST);
    epoll_event got[4];
    EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 4), 0);
    glasstcp_write(hosts.left, client, "a", 1);
    hosts.run_for(5);
    ASSERT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 4), 1);
    EXPECT_EQ(got[0].data.u64, 9U);
    EXPECT_EQ(got[0].events, static_cast<std::uint32_t>(EPOLLIN));
    EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 4), edge ? 0 : 1);
    glasstcp_write(hosts.left, client, "b", 1);
    hosts.run_for(100);
    EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 4), 1) << "new bytes are a new edge";
  }
}

TEST(Readiness, OneShotIsDisarmedUntilModified) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(client, 0U);
  glasstcp_handle epoll = 0;
  ASSERT_EQ(glasstcp_epoll_create(hosts.right, &epoll), 0);
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  ASSERT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_ADD, server, &event), 0);
  epoll_event got[1];
  EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 1), 1);
  EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 1), 0);
  ASSERT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_MOD, server, &event), 0);
  EXPECT_EQ(glasstcp_epoll_wait(hosts.right, epoll, got, 1), 1);
  EXPECT_EQ(glasstcp_close(hosts.right, server), 0);
  EXPECT_EQ(glasstcp_epoll_ctl(hosts.right, epoll, EPOLL_CTL_MOD, server, &event), -EBADF);
}

TEST(Readiness, WritableAgainAfterTheQueueEmptied) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(TwoHosts::set(hosts.left, client, SOL_SOCKET, SO_SNDBUF, 5000), 0);
  const std::string text(9000, 'x');
  EXPECT_EQ(glasstcp_write(hosts.left, client, text.data(), text.size()), 5000);
  EXPECT_EQ(glasstcp_write(hosts.left, client, text.data(), text.size()), -EAGAIN);
  EXPECT_EQ(glasstcp_level(hosts.left, client) & POLLOUT, 0);
  glasstcp_ready ready{};
  ready.size = sizeof ready;
  while (glasstcp_next_ready(hosts.left, &ready) == 1) {
  }
  hosts.run_for(100);
  ASSERT_EQ(glasstcp_next_ready(hosts.left, &ready), 1);
  EXPECT_NE(ready.events & EPOLLOUT, 0U);
  EXPECT_NE(glasstcp_level(hosts.right, server) & POLLIN, 0);
}

TEST(StackSettings, WhatIsNotBuiltIsRefused) {
  glasstcp_config c;
  glasstcp_config_init(&c);
  const char* addresses[] = {"192.0.2.1/24"};
  c.addresses = addresses;
  c.address_count = 1;
  glasstcp_stack* s = nullptr;
  c.congestion = "vegas";
  EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EOPNOTSUPP);
  c.congestion = "cubic";
  c.use_ecn = 4;
  EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EINVAL);
  c.use_ecn = 2;
  for (const int none : {GLASSTCP_PERSONALITY_RFC - 1, GLASSTCP_PERSONALITY_BSD + 1}) {
    c.personality = none;
    EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EINVAL);
  }
  c.personality = GLASSTCP_PERSONALITY_RFC;
  c.window_scale = 15;
  EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EINVAL);
  c.window_scale = 6;
  c.size = 8;
  EXPECT_EQ(glasstcp_stack_new(&c, 0, &s), -EINVAL);
}

TEST(SocketOptions, AnOptionOfIpMayBeOneOctet) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  const std::uint8_t octet = 0x28;
  EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_IP, IP_TOS, &octet, 1), 0) << "ip(7)";
  EXPECT_EQ(TwoHosts::option(hosts.left, h, IPPROTO_IP, IP_TOS), 0x28);
  EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_TCP, TCP_NODELAY, &octet, 1), -EINVAL);
  const std::uint8_t high = 0xb8;
  EXPECT_EQ(glasstcp_setsockopt(hosts.left, h, IPPROTO_IP, IP_TOS, &high, 1), 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, h, IPPROTO_IP, IP_TOS), 0xb8);
}

TEST(SocketOptions, TheMtuOfThePathIsKnownOfAConnectionAlone) {
  TwoHosts hosts;
  EXPECT_EQ(TwoHosts::option(hosts.left, TwoHosts::stream(hosts.left), IPPROTO_IP, IP_MTU),
            -ENOTCONN);
  EXPECT_EQ(TwoHosts::option(hosts.left, hosts.connected().first, IPPROTO_IP, IP_MTU), 1500);
}

}  // namespace
}  // namespace glasstcp::test
