// Fast Open through the C ABI, between two stacks: what Linux's sockets answer, and that the data
// is there one round trip earlier.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/support/covers.h"
#include "tests/support/two_hosts.h"

namespace glasstcp::test {
namespace {

constexpr int kInfo = 11, kFastOpen = 23, kFastOpenConnect = 30, kFastOpenKey = 33;  // linux/tcp.h
constexpr std::uint8_t kSynDataBit = 32;  // of tcpi_options

// Two hosts, and a listener of the right one that takes Fast Open.
struct FastHosts : TwoHosts {
  FastHosts() {
    listener = listening();
    EXPECT_EQ(set(right, listener, IPPROTO_TCP, kFastOpen, 4), 0);
  }
  ssize_t send_fast(glasstcp_handle h, const std::string& text, int flags = MSG_FASTOPEN) {
    const sockaddr_in to = v4("192.0.2.2", 80);
    return glasstcp_sendto(left, h, text.data(), text.size(), flags, as_sockaddr(to), sizeof to);
  }
  glasstcp_handle accept() {
    glasstcp_handle made = 0;
    const int result = glasstcp_accept(right, listener, nullptr, nullptr, SOCK_NONBLOCK, &made);
    EXPECT_EQ(result, 0);
    return made;
  }
  // The first connection brings the cookie.
  void warm_up() {
    const glasstcp_handle h = stream(left);
    EXPECT_EQ(send_fast(h, "x"), -EINPROGRESS);
    run_for(10);
    EXPECT_EQ(glasstcp_close(left, h), 0);
    EXPECT_EQ(glasstcp_close(right, accept()), 0);
    run_for(10);
  }
  static bool has_syn_data(glasstcp_stack* s, glasstcp_handle h) {
    glasstcp_tcp_info info{};
    socklen_t length = sizeof info;
    EXPECT_EQ(glasstcp_getsockopt(s, h, IPPROTO_TCP, kInfo, &info, &length), 0);
    return (info.tcpi_options & kSynDataBit) != 0;
  }
  static std::string read(glasstcp_stack* s, glasstcp_handle h) {
    char bytes[64];
    const ssize_t n = glasstcp_read(s, h, bytes, sizeof bytes);
    return n < 0 ? std::to_string(n) : std::string(bytes, static_cast<std::size_t>(n));
  }
};

TEST(SocketFastOpen, TheSecondRequestArrivesWithTheSyn) {
  COVERS("R7413-01", "R7413-03");
  FastHosts hosts;
  hosts.warm_up();
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  EXPECT_EQ(hosts.send_fast(client, "hello"), 5);
  EXPECT_EQ(hosts.send_fast(client, "again"), -EALREADY);
  hosts.run_for(1);
  const glasstcp_handle server = hosts.accept();
  EXPECT_EQ(FastHosts::read(hosts.right, server), "hello");
  EXPECT_EQ(glasstcp_write(hosts.right, server, "hi", 2), 2);
  hosts.run_for(10);
  EXPECT_EQ(FastHosts::read(hosts.left, client), "hi");
  EXPECT_TRUE(FastHosts::has_syn_data(hosts.left, client));
  EXPECT_TRUE(FastHosts::has_syn_data(hosts.right, server));
  EXPECT_EQ(hosts.send_fast(client, "more"), 4) << "once connected the flag means nothing";
}

TEST(SocketFastOpen, ABlockingCallerIsAskedAgainAndGivesAllAtOnce) {
  FastHosts hosts;
  hosts.warm_up();
  const glasstcp_handle client = TwoHosts::stream(hosts.left, SOCK_STREAM);
  const std::string text(5000, 'x');
  EXPECT_EQ(hosts.send_fast(client, text), -EINPROGRESS);
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  glasstcp_last_wait(hosts.left, &wait);
  EXPECT_EQ(wait.events, static_cast<std::uint32_t>(POLLOUT));
  hosts.run_for(10);
  EXPECT_EQ(hosts.send_fast(client, text), 5000);
}

TEST(SocketFastOpen, ConnectMayLeaveItToTheFirstWrite) {
  FastHosts hosts;
  hosts.warm_up();
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  EXPECT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, kFastOpenConnect, 1), 0);
  const sockaddr_in to = TwoHosts::v4("192.0.2.2", 80);
  const auto connect = [&] {
    return glasstcp_connect(hosts.left, client, TwoHosts::as_sockaddr(to), sizeof to);
  };
  EXPECT_EQ(connect(), 0);
  EXPECT_EQ(connect(), -EISCONN);
  EXPECT_NE(glasstcp_level(hosts.left, client) & POLLOUT, 0);
  EXPECT_EQ(FastHosts::read(hosts.left, client), std::to_string(-EAGAIN));
  EXPECT_EQ(glasstcp_write(hosts.left, client, "hello", 5), 5);
  hosts.run_for(1);
  EXPECT_EQ(FastHosts::read(hosts.right, hosts.accept()), "hello");
}

TEST(SocketFastOpen, CanBeForbiddenAndForgotten) {
  FastHosts hosts;
  hosts.warm_up();
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  EXPECT_EQ(glasstcp_set_fast_open(hosts.left, 0, nullptr, 0), 0);
  EXPECT_EQ(hosts.send_fast(client, "x"), -EOPNOTSUPP);
  EXPECT_EQ(TwoHosts::set(hosts.left, client, IPPROTO_TCP, kFastOpenConnect, 1), -EOPNOTSUPP);
  EXPECT_EQ(glasstcp_set_fast_open(hosts.left, 1, nullptr, 0), 0);
  glasstcp_forget_fast_open(hosts.left);
  EXPECT_EQ(hosts.send_fast(client, "x"), -EINPROGRESS) << "the cookie is gone";
  EXPECT_EQ(glasstcp_set_fast_open(hosts.left, 1, "short", 5), -EINVAL);
}

TEST(SocketFastOpen, KeysAreSixteenBytesEach) {
  FastHosts hosts;
  const std::uint8_t keys[32] = {1, 2, 3};
  const auto set = [&](socklen_t length) {
    return glasstcp_setsockopt(hosts.right, hosts.listener, IPPROTO_TCP, kFastOpenKey, keys,
                               length);
  };
  EXPECT_EQ(set(15), -EINVAL);
  EXPECT_EQ(set(16), 0);
  EXPECT_EQ(set(32), 0);
  std::uint8_t read[40] = {};
  socklen_t length = sizeof read;
  EXPECT_EQ(
      glasstcp_getsockopt(hosts.right, hosts.listener, IPPROTO_TCP, kFastOpenKey, read, &length),
      0);
  EXPECT_EQ(length, 32U);
  EXPECT_TRUE(std::equal(keys, keys + 32, read));
}

TEST(SocketFastOpen, AnAddressThatIsNoneOpensNothing) {
  FastHosts hosts;
  const glasstcp_handle client = TwoHosts::stream(hosts.left);
  const sockaddr_in6 to = TwoHosts::v6("2001:db8::2", 80);
  EXPECT_EQ(glasstcp_sendto(hosts.left, client, "x", 1, MSG_FASTOPEN, TwoHosts::as_sockaddr(to),
                            sizeof to),
            -EAFNOSUPPORT);
  hosts.warm_up();
  EXPECT_EQ(hosts.send_fast(client, "x"), 1) << "and the socket is as it was";
}

// A blocking caller is woken for another reason than the one it waits for, and asks again.
TEST(SocketFastOpen, ABlockingCallerThatIsWokenEarlyWaitsOn) {
  FastHosts hosts;
  hosts.warm_up();
  const glasstcp_handle client = TwoHosts::stream(hosts.left, SOCK_STREAM);
  EXPECT_EQ(hosts.send_fast(client, "hello"), -EINPROGRESS);
  EXPECT_EQ(hosts.send_fast(client, "hello"), -EINPROGRESS);
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  glasstcp_last_wait(hosts.left, &wait);
  EXPECT_EQ(wait.events, static_cast<std::uint32_t>(POLLOUT));
  hosts.run_for(10);
  EXPECT_EQ(hosts.send_fast(client, "hello"), 5);
  EXPECT_EQ(FastHosts::read(hosts.right, hosts.accept()), "hello") << "once";
}

TEST(SocketFastOpen, ABlockingCallerLearnsThatNobodyListens) {
  FastHosts hosts;
  hosts.warm_up();
  ASSERT_EQ(glasstcp_close(hosts.right, hosts.listener), 0);
  const glasstcp_handle client = TwoHosts::stream(hosts.left, SOCK_STREAM);
  EXPECT_EQ(hosts.send_fast(client, "hello"), -EINPROGRESS);
  hosts.run_for(10);
  EXPECT_EQ(hosts.send_fast(client, "hello"), -ECONNREFUSED);
  EXPECT_EQ(glasstcp_write(hosts.left, client, "x", 1), -EPIPE) << "it is unconnected again";
}

}  // namespace
}  // namespace glasstcp::test
