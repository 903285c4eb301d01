// What the C ABI's ways to read say beside the bytes, as Linux's do: recvfrom, recvmsg with
// TCP_INQ, the queues of ioctl; and a change of the stack's addresses.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

constexpr int kUnsentQueue = 0x894b;  // SIOCOUTQNSD of linux/sockios.h

// One recvmsg, into a buffer of so many bytes, with so much room for control messages.
struct Reading {
  char bytes[16] = {};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec piece{};
  msghdr message{};

  ssize_t read(glasstcp_stack* s, glasstcp_handle h, std::size_t length, std::size_t room) {
    piece = {bytes, length};
    message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_namelen = 7;
    message.msg_control = control;
    message.msg_controllen = room;
    return glasstcp_recvmsg(s, h, &message, 0);
  }
  // What TCP_INQ says is left.
  std::optional<int> left() {
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return std::nullopt;
    EXPECT_EQ(header->cmsg_level, IPPROTO_TCP);
    EXPECT_EQ(header->cmsg_type, TCP_CM_INQ);
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    return number;
  }
};

TEST(SocketReading, RecvfromOfAStreamNamesNobody) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(glasstcp_send(hosts.left, client, "hello", 5, 0), 5);
  hosts.run_for(60);
  char bytes[16];
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  EXPECT_EQ(glasstcp_recvfrom(hosts.right, server, bytes, sizeof bytes, 0,
                              reinterpret_cast<sockaddr*>(&from), &length),
            5);
  EXPECT_EQ(length, 0U);
  length = sizeof from;
  EXPECT_EQ(glasstcp_recvfrom(hosts.right, server, bytes, sizeof bytes, 0, nullptr, &length),
            -EAGAIN);
  EXPECT_EQ(length, sizeof from) << "an error changes nothing";
}

TEST(SocketReading, RecvmsgSaysHowMuchIsLeftWhereItIsAskedFor) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  ASSERT_EQ(glasstcp_send(hosts.left, client, "hello", 5, 0), 5);
  hosts.run_for(60);
  Reading reading;
  EXPECT_EQ(reading.read(hosts.right, server, 1, sizeof reading.control), 1);
  EXPECT_EQ(reading.message.msg_controllen, 0U) << "nobody asked";
  EXPECT_EQ(reading.message.msg_namelen, 0U);
  ASSERT_EQ(TwoHosts::set(hosts.right, server, IPPROTO_TCP, TCP_INQ, 1), 0);
  EXPECT_EQ(reading.read(hosts.right, server, 1, sizeof reading.control), 1);
  EXPECT_EQ(reading.left(), 3);
  EXPECT_EQ(reading.read(hosts.right, server, 1, 4), 1);
  EXPECT_EQ(reading.message.msg_flags & MSG_CTRUNC, MSG_CTRUNC);
  EXPECT_EQ(reading.message.msg_controllen, 0U);
  ASSERT_EQ(glasstcp_shutdown(hosts.left, client, SHUT_WR), 0);
  hosts.run_for(60);
  EXPECT_EQ(reading.read(hosts.right, server, 16, sizeof reading.control), 2);
  EXPECT_EQ(reading.left(), 1) << "the end is still to be read";
}

TEST(SocketReading, RecvmsgWithoutAMessageOrWithABadOneIsRefused) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  static_cast<void>(client);
  EXPECT_EQ(glasstcp_recvmsg(hosts.right, server, nullptr, 0), -EFAULT);
  Reading reading;
  EXPECT_EQ(reading.read(hosts.right, server, 16, sizeof reading.control), -EAGAIN);
  reading.message.msg_iov = nullptr;
  EXPECT_EQ(glasstcp_recvmsg(hosts.right, server, &reading.message, 0), -EFAULT);
}

TEST(SocketReading, IoctlTellsWhatIsQueuedAndWhatHasNotLeft) {
  TwoHosts hosts;
  const auto [client, server] = hosts.connected();
  static_cast<void>(server);
  hosts.is_cut = true;
  const std::string text(100'000, 'x');
  const ssize_t queued = glasstcp_send(hosts.left, client, text.data(), text.size(), 0);
  ASSERT_GT(queued, 20'000);
  hosts.run_for(5);
  int all = 0, unsent = 0;
  EXPECT_EQ(glasstcp_ioctl(hosts.left, client, TIOCOUTQ, &all), 0);
  EXPECT_EQ(glasstcp_ioctl(hosts.left, client, kUnsentQueue, &unsent), 0);
  EXPECT_EQ(all, queued);
  EXPECT_EQ(all - unsent, 10 * 1448) << "the initial window left";
  EXPECT_EQ(glasstcp_ioctl(hosts.right, hosts.listener, kUnsentQueue, &unsent), -EINVAL);
}

TEST(SocketReading, AStackTakesOtherAddresses) {
  TwoHosts hosts;
  const char* bad[] = {"192.0.2.300/24"};
  const char* others[] = {"192.0.2.7/24", "2001:db8::7/64"};
  EXPECT_EQ(glasstcp_set_addresses(hosts.right, nullptr, 1), -EINVAL);
  EXPECT_EQ(glasstcp_set_addresses(hosts.right, others, 0), -EINVAL);
  EXPECT_EQ(glasstcp_set_addresses(hosts.right, bad, 1), -EINVAL);
  hosts.connected();  // nothing has changed
  EXPECT_EQ(glasstcp_set_addresses(hosts.right, others, 2), 0);
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  const sockaddr_in to = TwoHosts::v4("192.0.2.7", 80);
  ASSERT_EQ(glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to),
            -EINPROGRESS);
  hosts.run_for(10);
  glasstcp_handle server = 0;
  EXPECT_EQ(glasstcp_accept(hosts.right, hosts.listener, nullptr, nullptr, SOCK_NONBLOCK, &server),
            0);
}

}  // namespace
}  // namespace glasstcp::test
