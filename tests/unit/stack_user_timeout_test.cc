// A user timeout that was adopted from the peer (RFC 5482) outlives a change of other settings.
#include <gtest/gtest.h>

#include "tests/support/covers.h"
#include "tests/support/two_stacks.h"

namespace glasstcp::test {
namespace {

void adopt(StackConfig& c) {
  c.tcp.announce_user_timeout = c.tcp.adopt_user_timeout = true;
  c.tcp.user_timeout = 3s;
  c.tcp.user_timeout_least = 6s;
  c.tcp.keep_alive_idle = 2s;
  c.tcp.keep_alive_interval = 1s;
  c.tcp.keep_alive_probes = 1;
}

// The connection of `net.left`, whose settings were set to something else once the timeout was
// adopted.
ConnectionId with_other_settings(TwoStacks& net) {
  const ConnectionId id = net.connected().first;
  ConnectionSettings settings = net.left.default_settings();
  settings.quick_ack = true;
  EXPECT_TRUE(net.left.apply_settings(id, settings, net.now));
  return id;
}

TEST(AdoptedUserTimeout, StaysWhenOtherSettingsChange) {
  COVERS("R5482-03");
  TwoStacks net(adopt);
  const ConnectionId id = with_other_settings(net);
  net.drop = [](const Wire&) { return true; };
  ASSERT_TRUE(net.left.send(id, TwoStacks::bytes("x"), {}, net.now));
  net.run_for(5s);
  EXPECT_FALSE(net.left.error(id)) << "our own wish was 3 s, both agreed on 6";
  net.run_for(2s);
  EXPECT_EQ(net.left.error(id), StreamError::TimedOut);
}

TEST(AdoptedUserTimeout, IsShorterThanTheIdleTimeOfKeepAlives) {
  COVERS("R5482-04");
  TwoStacks net(adopt);
  const ConnectionId id = with_other_settings(net);
  net.left.set_keep_alive(id, true, net.now);
  net.drop = [](const Wire&) { return true; };
  net.run_for(6s);
  EXPECT_FALSE(net.left.error(id)) << "keep-alives alone would have ended it after 3 s";
  net.run_for(3s);
  EXPECT_EQ(net.left.error(id), StreamError::TimedOut);
}

}  // namespace
}  // namespace glasstcp::test
