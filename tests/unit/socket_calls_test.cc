// The C ABI's calls over two stacks in virtual time: opening, moving bytes, closing, and what Linux
// answers at each corner.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/socket_examples/examples.h"
#include "tests/support/covers.h"
#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

// Linux numbers of sys/ioctl.h and linux/sockios.h.
constexpr unsigned long kInputQueue = 0x541b, kOutputQueue = 0x5411, kAtMark = 0x8905;

TEST(SocketCalls, ConnectAcceptAndEchoBothWays) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_write(hosts.left, client, "hello", 5), 5);
  hosts.run_for(10);
  EXPECT_EQ(TwoHosts::read_all(hosts.right, server), "hello");
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), -EAGAIN);
  EXPECT_EQ(glasstcp_shutdown(hosts.left, client, SHUT_WR), 0);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), 0);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), -EPIPE);
}

TEST(SocketCalls, NamesBothEnds) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  sockaddr_in name{};
  socklen_t length = sizeof name;
  ASSERT_EQ(glasstcp_getpeername(hosts.left, client, reinterpret_cast<sockaddr*>(&name), &length),
            0);
  EXPECT_EQ(name.sin_addr.s_addr, TwoHosts::v4("192.0.2.2", 80).sin_addr.s_addr);
  EXPECT_EQ(ntohs(name.sin_port), 80);
  length = sizeof name;
  ASSERT_EQ(glasstcp_getsockname(hosts.right, server, reinterpret_cast<sockaddr*>(&name), &length),
            0);
  EXPECT_EQ(ntohs(name.sin_port), 80);
  EXPECT_EQ(length, sizeof name);
}

TEST(SocketCalls, RefusesWhatNoSocketIs) {
  TwoHosts hosts;
  glasstcp_handle h = 0;
  EXPECT_EQ(glasstcp_socket(hosts.left, AF_UNIX, SOCK_STREAM, 0, &h), -EAFNOSUPPORT);
  EXPECT_EQ(glasstcp_socket(hosts.left, AF_INET, SOCK_DGRAM, 0, &h), -ESOCKTNOSUPPORT);
  EXPECT_EQ(glasstcp_socket(hosts.left, AF_INET, SOCK_STREAM, IPPROTO_UDP, &h), -EPROTONOSUPPORT);
  EXPECT_EQ(glasstcp_listen(hosts.left, 12345, 1), -EBADF);
}

TEST(SocketCalls, BindsOnlyWhatIsOursAndFree) {
  TwoHosts hosts;
  const glasstcp_handle first = hosts.listening();
  EXPECT_NE(first, 0U);
  const glasstcp_handle second = TwoHosts::stream(hosts.right);
  const sockaddr_in taken = TwoHosts::v4("192.0.2.2", 80);
  const sockaddr_in foreign = TwoHosts::v4("198.51.100.1", 81);
  const auto bind_to = [&](const sockaddr_in& a) {
    return glasstcp_bind(hosts.right, second, TwoHosts::as_sockaddr(a), sizeof a);
  };
  EXPECT_EQ(bind_to(taken), -EADDRINUSE);
  EXPECT_EQ(bind_to(foreign), -EADDRNOTAVAIL);
  EXPECT_EQ(bind_to(TwoHosts::v4("0.0.0.0", 0)), 0);
  EXPECT_EQ(bind_to(TwoHosts::v4("0.0.0.0", 82)), -EINVAL) << "it is bound already";
}

TEST(SocketCalls, UnconnectedSocketsAnswerAsLinuxDoes) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.left, h, &byte, 1), -ENOTCONN);
  EXPECT_EQ(glasstcp_write(hosts.left, h, &byte, 1), -EPIPE);
  EXPECT_EQ(glasstcp_shutdown(hosts.left, h, SHUT_RDWR), -ENOTCONN);
  EXPECT_EQ(glasstcp_shutdown(hosts.left, h, 7), -EINVAL);
  EXPECT_EQ(glasstcp_level(hosts.left, h) & (POLLOUT | POLLHUP), POLLOUT | POLLHUP);
}

TEST(SocketCalls, ConnectTellsItsStagesOnce) {
  TwoHosts hosts;
  hosts.listening();
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  const auto connect = [&] {
    return glasstcp_connect(hosts.left, h, TwoHosts::as_sockaddr(to), sizeof to);
  };
  EXPECT_EQ(connect(), -EINPROGRESS);
  EXPECT_EQ(connect(), -EALREADY);
  hosts.run_for(10);
  EXPECT_EQ(connect(), 0);
  EXPECT_EQ(connect(), -EISCONN);
}

TEST(SocketCalls, ARefusedConnectReportsOnceAndMayBeTriedAgain) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  EXPECT_EQ(glasstcp_connect(hosts.left, h, TwoHosts::as_sockaddr(to), sizeof to), -EINPROGRESS);
  hosts.run_for(10);
  EXPECT_NE(glasstcp_level(hosts.left, h) & POLLERR, 0);
  EXPECT_EQ(TwoHosts::option(hosts.left, h, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(TwoHosts::option(hosts.left, h, SOL_SOCKET, SO_ERROR), 0);
  hosts.listening();
  const glasstcp_handle again = TwoHosts::stream(hosts.left);
  EXPECT_EQ(glasstcp_connect(hosts.left, again, TwoHosts::as_sockaddr(to), sizeof to),
            -EINPROGRESS);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_connect(hosts.left, again, TwoHosts::as_sockaddr(to), sizeof to), 0);
}

TEST(SocketCalls, BlockingCallsSayWhatTheyWaitFor) {
  TwoHosts hosts;
  const glasstcp_handle listener = hosts.listening(1, SOCK_STREAM);
  glasstcp_handle made = 0;
  EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), -EAGAIN);
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  glasstcp_last_wait(hosts.right, &wait);
  EXPECT_EQ(wait.handle, listener);
  EXPECT_EQ(wait.events, static_cast<std::uint32_t>(POLLIN));
  EXPECT_EQ(wait.deadline, GLASSTCP_NEVER);
  const timeval patience{2, 0};
  ASSERT_EQ(glasstcp_setsockopt(hosts.right, listener, SOL_SOCKET, SO_RCVTIMEO, &patience,
                                sizeof patience),
            0);
  EXPECT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, 0, &made), -EAGAIN);
  glasstcp_last_wait(hosts.right, &wait);
  EXPECT_EQ(wait.deadline, hosts.now + 2'000'000'000);
  EXPECT_EQ(wait.on_deadline, -EAGAIN);
}

TEST(SocketCalls, PeekLeavesTheBytesAndVectorsFillInOrder) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  char a[] = "abc", b[] = "defg";
  const iovec out[] = {{a, 3}, {b, 4}};
  EXPECT_EQ(glasstcp_writev(hosts.left, client, out, 2), 7);
  hosts.run_for(10);
  char peeked[8] = {};
  EXPECT_EQ(glasstcp_recv(hosts.right, server, peeked, 7, MSG_PEEK), 7);
  EXPECT_STREQ(peeked, "abcdefg");
  char x[3] = {}, y[6] = {};
  const iovec in[] = {{x, 2}, {y, 5}};
  EXPECT_EQ(glasstcp_readv(hosts.right, server, in, 2), 7);
  EXPECT_STREQ(x, "ab");
  EXPECT_STREQ(y, "cdefg");
}

TEST(SocketCalls, CountsWhatIsUnreadAndUnacknowledged) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_write(hosts.left, client, "12345", 5), 5);
  int count = 0;
  EXPECT_EQ(glasstcp_ioctl(hosts.left, client, kOutputQueue, &count), 0);
  EXPECT_EQ(count, 5);
  hosts.run_for(100);
  EXPECT_EQ(glasstcp_ioctl(hosts.left, client, kOutputQueue, &count), 0);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(glasstcp_ioctl(hosts.right, server, kInputQueue, &count), 0);
  EXPECT_EQ(count, 5);
  EXPECT_EQ(glasstcp_ioctl(hosts.right, server, 1, &count), -ENOTTY);
  EXPECT_EQ(glasstcp_ioctl(hosts.right, hosts.listener, kInputQueue, &count), -EINVAL);
}

TEST(SocketCalls, UrgentOctetComesOutOfBandOrInline) {
  COVERS("MUST-31");
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_send(hosts.left, client, "abc", 3, MSG_OOB), 3);
  hosts.run_for(10);
  EXPECT_NE(glasstcp_level(hosts.right, server) & POLLPRI, 0);
  char byte = 0;
  EXPECT_EQ(glasstcp_recv(hosts.right, server, &byte, 1, MSG_OOB), 1);
  EXPECT_EQ(byte, 'c');
  EXPECT_EQ(glasstcp_recv(hosts.right, server, &byte, 1, MSG_OOB), -EINVAL) << "it was taken";
  char text[8] = {};
  EXPECT_EQ(glasstcp_read(hosts.right, server, text, 7), 2);
  EXPECT_STREQ(text, "ab");
  int at_mark = 0;
  EXPECT_EQ(glasstcp_ioctl(hosts.right, server, kAtMark, &at_mark), 0);
  EXPECT_EQ(at_mark, 1);
  EXPECT_EQ(glasstcp_read(hosts.right, server, text, 7), -EAGAIN) << "the octet is not in line";
  ASSERT_EQ(TwoHosts::set(hosts.right, server, SOL_SOCKET, SO_OOBINLINE, 1), 0);
  EXPECT_EQ(glasstcp_send(hosts.left, client, "de", 2, MSG_OOB), 2);
  hosts.run_for(100);
  EXPECT_EQ(glasstcp_read(hosts.right, server, text, 7), 1) << "reading stops at the mark";
  EXPECT_EQ(glasstcp_read(hosts.right, server, text, 7), 1);
  EXPECT_EQ(text[0], 'e');
}

TEST(SocketCalls, LingerOfZeroResets) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  const linger zero{1, 0};
  ASSERT_EQ(glasstcp_setsockopt(hosts.left, client, SOL_SOCKET, SO_LINGER, &zero, sizeof zero), 0);
  EXPECT_EQ(glasstcp_close(hosts.left, client), 0);
  hosts.run_for(10);
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), -ECONNRESET);
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), 0) << "an error is told once";
}

TEST(SocketCalls, LingerWaitsForThePeerOrItsDeadline) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_NE(server, 0U);
  const linger patience{1, 3};
  ASSERT_EQ(
      glasstcp_setsockopt(hosts.left, client, SOL_SOCKET, SO_LINGER, &patience, sizeof patience),
      0);
  EXPECT_EQ(glasstcp_close(hosts.left, client), -EAGAIN);
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  glasstcp_last_wait(hosts.left, &wait);
  EXPECT_EQ(wait.deadline, hosts.now + 3'000'000'000);
  EXPECT_EQ(wait.on_deadline, 0);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_close(hosts.left, client), 0);
  EXPECT_EQ(glasstcp_close(hosts.left, client), -EBADF);
}

TEST(SocketCalls, OwnersAreCountedAndStaleHandlesFindNothing) {
  TwoHosts hosts;
  const glasstcp_handle h = TwoHosts::stream(hosts.left);
  EXPECT_EQ(glasstcp_ref(hosts.left, h), 0);
  EXPECT_EQ(glasstcp_close(hosts.left, h), 0);
  EXPECT_GE(glasstcp_level(hosts.left, h), 0) << "one owner is left";
  EXPECT_EQ(glasstcp_unref(hosts.left, h), 0);
  EXPECT_EQ(glasstcp_level(hosts.left, h), -EBADF);
  const glasstcp_handle next = TwoHosts::stream(hosts.left);
  EXPECT_NE(next, h) << "the slot is used again, the handle is not";
}

TEST(SocketCalls, BorrowedBytesComeBackWhenAcknowledged) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  const std::string text(5000, 'x');
  EXPECT_EQ(glasstcp_send_borrowed(hosts.left, client, text.data(), text.size(), 77, 0), 5000);
  std::uint64_t cookie = 0;
  EXPECT_EQ(glasstcp_next_released(hosts.left, &cookie), 0);
  hosts.run_for(200);
  EXPECT_EQ(glasstcp_next_released(hosts.left, &cookie), 1);
  EXPECT_EQ(cookie, 77U);
  EXPECT_EQ(TwoHosts::read_all(hosts.right, server), text);
}

TEST(SocketCalls, ListsAndDropsConnections) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  glasstcp_entry entries[4] = {};
  for (auto& e : entries) e.size = sizeof e;
  ASSERT_EQ(glasstcp_list(hosts.right, entries, 4), 2U);
  EXPECT_EQ(entries[0].state, 10);
  EXPECT_EQ(entries[1].state, 1);
  ASSERT_EQ(glasstcp_drop(hosts.right, reinterpret_cast<sockaddr*>(&entries[1].local),
                          reinterpret_cast<sockaddr*>(&entries[1].remote)),
            0);
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), -ECONNABORTED);
  hosts.run_for(10);
  EXPECT_EQ(glasstcp_read(hosts.left, client, &byte, 1), -ECONNRESET);
}

TEST(SocketCalls, AnIpv6SocketServesBothVersions) {
  TwoHosts hosts;
  glasstcp_handle listener = 0;
  ASSERT_EQ(glasstcp_socket(hosts.right, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0, &listener), 0);
  const sockaddr_in6 any = TwoHosts::v6("::", 80);
  ASSERT_EQ(glasstcp_bind(hosts.right, listener, TwoHosts::as_sockaddr(any), sizeof any), 0);
  ASSERT_EQ(glasstcp_listen(hosts.right, listener, 4), 0);
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  EXPECT_EQ(glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to),
            -EINPROGRESS);
  hosts.run_for(10);
  glasstcp_handle server = 0;
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  ASSERT_EQ(glasstcp_accept(hosts.right, listener, reinterpret_cast<sockaddr*>(&peer), &length, 0,
                            &server),
            0);
  EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
}

// The examples, which are C: one stack serves, the other connects.
TEST(SocketExamples, TheClientGetsBackWhatItSent) {
  for (const bool v6 : {false, true}) {
    TwoHosts hosts;
    echo_server server;
    echo_client client;
    ASSERT_EQ(echo_server_start(&server, hosts.right, 7), 0);
    const sockaddr_in to4 = TwoHosts::v4("192.0.2.2", 7);
    const sockaddr_in6 to6 = TwoHosts::v6("2001:db8::2", 7);
    const sockaddr* to = v6 ? TwoHosts::as_sockaddr(to6) : TwoHosts::as_sockaddr(to4);
    const socklen_t length = v6 ? sizeof to6 : sizeof to4;
    ASSERT_EQ(echo_client_start(&client, hosts.left, to, length, "through two stacks"), 0);
    for (int i = 0; i < 50 && client.done == 0; ++i) {
      hosts.run_for(2);
      ASSERT_EQ(echo_server_step(&server), 0);
      ASSERT_EQ(echo_client_step(&client), 0);
    }
    EXPECT_EQ(std::string(client.answer, client.answered), "through two stacks");
    EXPECT_EQ(server.served, 1U);
  }
}

// The urgent octet is not part of the stream: who only looks does not see it either, and takes it
// from nobody.
TEST(SocketCalls, PeekLooksBehindTheUrgentOctet) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  EXPECT_EQ(glasstcp_send(hosts.left, client, "!", 1, MSG_OOB), 1);
  EXPECT_EQ(glasstcp_send(hosts.left, client, "abc", 3, 0), 3);
  hosts.run_for(100);
  for (int i = 0; i < 2; ++i) {
    char text[8] = {};
    EXPECT_EQ(glasstcp_recv(hosts.right, server, text, 7, MSG_PEEK), 3);
    EXPECT_STREQ(text, "abc");
  }
  char byte = 0;
  EXPECT_EQ(glasstcp_recv(hosts.right, server, &byte, 1, MSG_OOB), 1);
  EXPECT_EQ(byte, '!');
  EXPECT_EQ(TwoHosts::read_all(hosts.right, server), "abc");
}

TEST(SocketCalls, AnAddressOfIpv6IsReadBackAsItWasBound) {
  TwoHosts hosts;
  glasstcp_handle h = 0;
  ASSERT_EQ(glasstcp_socket(hosts.left, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0, &h), 0);
  const sockaddr_in6 any = TwoHosts::v6("2001:db8::1", 4000);
  ASSERT_EQ(glasstcp_bind(hosts.left, h, TwoHosts::as_sockaddr(any), sizeof any), 0);
  sockaddr_in6 own{};
  socklen_t length = sizeof own;
  ASSERT_EQ(glasstcp_getsockname(hosts.left, h, reinterpret_cast<sockaddr*>(&own), &length), 0);
  EXPECT_EQ(std::memcmp(&own.sin6_addr, &any.sin6_addr, sizeof own.sin6_addr), 0);
  EXPECT_EQ(own.sin6_port, htons(4000));
}

// A device that cuts packets and completes checksums is told how, in virtio's numbers.
TEST(SocketCalls, ADeviceCutsWhatItMay) {
  TwoHosts hosts([](glasstcp_config& c) {
    c.gso_max = 65535;
    c.checksum_offload = 1;
  });
  const std::string text(100'000, 'x');
  for (const int family : {AF_INET, AF_INET6}) {
    const bool v6 = family == AF_INET6;
    glasstcp_handle listener = 0, client = 0, server = 0;
    ASSERT_EQ(glasstcp_socket(hosts.right, family, SOCK_STREAM | SOCK_NONBLOCK, 0, &listener), 0);
    ASSERT_EQ(glasstcp_socket(hosts.left, family, SOCK_STREAM | SOCK_NONBLOCK, 0, &client), 0);
    const sockaddr_in6 to6 = TwoHosts::v6("2001:db8::2", 81);
    const sockaddr_in to4 = TwoHosts::v4("192.0.2.2", 80);
    const sockaddr* to = v6 ? TwoHosts::as_sockaddr(to6) : TwoHosts::as_sockaddr(to4);
    const socklen_t length = v6 ? sizeof to6 : sizeof to4;
    ASSERT_EQ(glasstcp_bind(hosts.right, listener, to, length), 0);
    ASSERT_EQ(glasstcp_listen(hosts.right, listener, 1), 0);
    ASSERT_EQ(glasstcp_connect(hosts.left, client, to, length), -EINPROGRESS);
    hosts.run_for(10);
    ASSERT_EQ(glasstcp_accept(hosts.right, listener, nullptr, nullptr, SOCK_NONBLOCK, &server), 0);
    std::size_t sent = 0;
    std::string received;
    for (int i = 0; i < 200 && received.size() < text.size(); ++i) {
      const ssize_t n = glasstcp_write(hosts.left, client, text.data() + sent, text.size() - sent);
      sent += n > 0 ? static_cast<std::size_t>(n) : 0;
      hosts.run_for(5);
      received += TwoHosts::read_all(hosts.right, server);
    }
    EXPECT_EQ(received, text);
  }
  EXPECT_GT(hosts.gso_packets[1], 0) << "TCP over IPv4";
  EXPECT_GT(hosts.gso_packets[4], 0) << "TCP over IPv6";
}

// What was bound may be gone when it is used.
TEST(SocketCalls, AnAddressThatWentIsNotUsed) {
  TwoHosts hosts;
  const sockaddr_in own = TwoHosts::v4("192.0.2.1", 4000);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  const glasstcp_handle caller = TwoHosts::stream(hosts.left);
  ASSERT_EQ(glasstcp_bind(hosts.left, caller, TwoHosts::as_sockaddr(own), sizeof own), 0);
  const char* others[] = {"192.0.2.9/24"};
  ASSERT_EQ(glasstcp_set_addresses(hosts.left, others, 1), 0);
  EXPECT_EQ(glasstcp_listen(hosts.left, caller, 1), -EADDRNOTAVAIL);
  EXPECT_EQ(glasstcp_connect(hosts.left, caller, TwoHosts::as_sockaddr(to), sizeof to),
            -EADDRNOTAVAIL);
}

TEST(SocketCalls, WhatIsDroppedIsNamedByTwoAddresses) {
  TwoHosts hosts;
  hosts.connected();
  const sockaddr_in6 here6 = TwoHosts::v6("2001:db8::2", 80);
  const sockaddr_in6 there6 = TwoHosts::v6("2001:db8::1", 1);
  EXPECT_EQ(glasstcp_drop(hosts.right, TwoHosts::as_sockaddr(here6), TwoHosts::as_sockaddr(there6)),
            -ENOENT);
  const sockaddr_in here = TwoHosts::v4("192.0.2.2", 80);
  sockaddr_in there = TwoHosts::v4("192.0.2.1", 1);
  EXPECT_EQ(glasstcp_drop(hosts.right, TwoHosts::as_sockaddr(here), TwoHosts::as_sockaddr(there)),
            -ENOENT);
  there.sin_family = AF_UNIX;
  EXPECT_EQ(glasstcp_drop(hosts.right, TwoHosts::as_sockaddr(here), TwoHosts::as_sockaddr(there)),
            -EINVAL);
}

// connect(2), listen(2): ENOBUFS where the stack has no room, as EADDRNOTAVAIL would send its
// reader to look at addresses.
TEST(SocketCalls, NoRoomIsCalledNoRoom) {
  TwoHosts hosts([](glasstcp_config& c) { c.memory = 1 << 20; });
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  int connecting = 0;
  int answer = -EINPROGRESS;
  for (; answer == -EINPROGRESS && connecting < 1000; ++connecting) {
    answer = glasstcp_connect(hosts.left, TwoHosts::stream(hosts.left), TwoHosts::as_sockaddr(to),
                              sizeof to);
  }
  EXPECT_EQ(answer, -ENOBUFS);
  EXPECT_GT(connecting, 10);
  int listening = 0;
  for (answer = 0; answer == 0 && listening < 5000; ++listening)
    answer = glasstcp_listen(hosts.right, TwoHosts::stream(hosts.right), 1);
  EXPECT_EQ(answer, -ENOBUFS);
  EXPECT_EQ(listening, 4097);
}

// The stack ends a connection that does nothing so that a newcomer has room; its socket learns it.
TEST(SocketCalls, WhoseRoomAnotherTookLearnsIt) {
  TwoHosts hosts([](glasstcp_config& c) { c.memory = 1 << 20; });
  const auto [client, server] = hosts.connected();
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  int answer = -EINPROGRESS;
  for (int i = 0; answer == -EINPROGRESS && i < 1000; ++i) {
    answer = glasstcp_connect(hosts.left, TwoHosts::stream(hosts.left), TwoHosts::as_sockaddr(to),
                              sizeof to);
    hosts.run_for(5);
    glasstcp_handle accepted = 0;
    glasstcp_accept(hosts.right, hosts.listener, nullptr, nullptr, SOCK_NONBLOCK, &accepted);
  }
  char byte = 0;
  EXPECT_EQ(glasstcp_read(hosts.right, server, &byte, 1), -ENOBUFS);
  EXPECT_EQ(glasstcp_read(hosts.left, client, &byte, 1), -ECONNRESET);
}

}  // namespace
}  // namespace glasstcp::test
