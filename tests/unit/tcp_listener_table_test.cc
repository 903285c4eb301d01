// The listeners of a stack: found by address and port, the very address before every address.
#include <gtest/gtest.h>

#include "stack/tcp/demux/listener_table.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

Endpoint endpoint(const char* address, std::uint16_t port) {
  return {*IpAddress::parse(address), Port(port)};
}

TEST(ListenerTable, FindsTheVeryAddressBeforeEveryAddress) {
  ListenerTable listeners;
  const std::uint32_t every = listeners.add(endpoint("0.0.0.0", 80), 1);
  const std::uint32_t one = listeners.add(endpoint("192.0.2.1", 80), 1);
  EXPECT_EQ(listeners.find(endpoint("192.0.2.1", 80)), one);
  EXPECT_EQ(listeners.find(endpoint("192.0.2.2", 80)), every);
  EXPECT_EQ(listeners.find(endpoint("192.0.2.1", 81)), kNone);
  listeners.remove(one);
  EXPECT_EQ(listeners.find(endpoint("192.0.2.1", 80)), every);
}

TEST(ListenerTable, EveryAddressIsEveryOneOfItsVersion) {
  ListenerTable listeners;
  const std::uint32_t v4 = listeners.add(endpoint("0.0.0.0", 80), 1);
  EXPECT_EQ(listeners.find(endpoint("2001:db8::1", 80)), kNone);
  const std::uint32_t v6 = listeners.add(endpoint("::", 80), 1);
  EXPECT_EQ(listeners.find(endpoint("2001:db8::1", 80)), v6);
  EXPECT_EQ(listeners.find(endpoint("192.0.2.1", 80)), v4);
}

TEST(ListenerTable, KnowsWhatIsTakenExactly) {
  ListenerTable listeners;
  const std::uint32_t every = listeners.add(endpoint("::", 80), 1);
  EXPECT_EQ(listeners.at(endpoint("::", 80)), every);
  EXPECT_EQ(listeners.at(endpoint("2001:db8::1", 80)), kNone);
}

TEST(ListenerTable, AClosedOneIsStaleAndItsPlaceIsFree) {
  ListenerTable listeners;
  const std::uint32_t first = listeners.add(endpoint("::", 80), 1);
  const ListenerId id = listeners.id_of(first);
  ASSERT_NE(listeners.get(id), nullptr);
  listeners.remove(first);
  EXPECT_EQ(listeners.get(id), nullptr);
  EXPECT_EQ(listeners.at(endpoint("::", 80)), kNone);
  const std::uint32_t second = listeners.add(endpoint("::", 81), 1);
  EXPECT_NE(listeners.id_of(second), id);
}

TEST(ListenerTable, HoldsManyAndThenNoMore) {
  ListenerTable listeners;
  for (std::uint32_t i = 0; i < ListenerTable::kMost; ++i) {
    ASSERT_NE(listeners.add(endpoint("::", static_cast<std::uint16_t>(i + 1)), 1), kNone);
  }
  EXPECT_EQ(listeners.add(endpoint("::", 5000), 1), kNone);
  EXPECT_EQ(listeners.size(), ListenerTable::kMost);
  for (std::uint32_t i = 0; i < ListenerTable::kMost; ++i) {
    const auto port = static_cast<std::uint16_t>(i + 1);
    const std::uint32_t found = listeners.find(endpoint("2001:db8::1", port));
    ASSERT_NE(found, kNone);
    ASSERT_EQ(number(listeners[found].local().port), port);
  }
  EXPECT_EQ(listeners.find(endpoint("::", 5000)), kNone);
}

// RFC 7413 §5.1: places that resets ended are free again one after the other, also when there are
// more of them in the end than there is room for, or the limit changes meanwhile.
TEST(Listener, PlacesOfResetsAreFreeInTheirOrder) {
  COVERS("R7413-04");
  Listener listener(endpoint("::", 80));
  FastOpenListening how;
  how.limit = 3;
  listener.set_fast_open(how);
  Instant now{};
  for (int round = 0; round < 5; ++round) {
    for (std::uint32_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(listener.has_fast_open_place(now));
      listener.take_fast_open_place();
      listener.free_fast_open_place(now + 60s + i * 1s);
    }
    EXPECT_FALSE(listener.has_fast_open_place(now + 59s));
    EXPECT_TRUE(listener.has_fast_open_place(now + 60s));
    listener.take_fast_open_place();
    EXPECT_FALSE(listener.has_fast_open_place(now + 60s));
    listener.set_fast_open(how);
    EXPECT_TRUE(listener.has_fast_open_place(now + 61s));
    listener.free_fast_open_place(std::nullopt);
    now += 62s;
  }
}

}  // namespace
}  // namespace glasstcp
