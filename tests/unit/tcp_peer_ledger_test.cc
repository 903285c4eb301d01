// The ledger by peer: the greatest holder is found, inside its /64 too; of equals the one with the
// oldest item.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stack/tcp/demux/peer_ledger.h"
#include "tests/sim/dice.h"

namespace glasstcp {
namespace {

struct Thing {
  IpAddress address;
};
const IpAddress& remote_address_of(const Thing& thing) {
  return thing.address;
}

class PeerLedgerTest : public testing::Test {
 protected:
  std::uint32_t add(const char* address, bool stands_for_many = false) {
    const std::uint32_t index = things.acquire(Thing{*IpAddress::parse(address)});
    EXPECT_TRUE(ledger.add(index, stands_for_many));
    ledger.check();
    return index;
  }
  void remove(std::uint32_t index) {
    ledger.remove(index);
    things.release(index);
    ledger.check();
  }
  std::uint32_t victim() { return ledger.oldest_of(ledger.greatest()); }

  Slab<Thing, PeerPlace> things{1 << 16};
  PeerLedger<Thing> ledger{things, derive_key(Seed::from_number(1), "test")};
};

TEST_F(PeerLedgerTest, TheGreatestHolderPaysWithItsOldest) {
  const std::uint32_t early = add("192.0.2.1");
  const std::uint32_t first = add("192.0.2.2");
  add("192.0.2.2");
  add("192.0.2.3");
  EXPECT_EQ(victim(), first);
  remove(first);
  EXPECT_EQ(victim(), early) << "of equals the one with the oldest";
  ledger.renew(early);
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 1U);
  EXPECT_NE(victim(), early);
}

TEST_F(PeerLedgerTest, A64IsOnePeerAndInsideItTheAddressThatHoldsMost) {
  for (int i = 0; i < 3; ++i) add("2001:db8:1::1");
  const std::uint32_t noisy = add("2001:db8:2::1");
  add("2001:db8:2::2");
  add("2001:db8:2::1");
  add("2001:db8:2::3");
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 2U) << "of 2001:db8:2::1, in a /64 with four";
  EXPECT_EQ(victim(), noisy);
  remove(noisy);
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 3U) << "three each, but the other /64 is older";
}

TEST_F(PeerLedgerTest, TheNextGreatestComesAfterIt) {
  const std::uint32_t a = add("192.0.2.1");
  add("192.0.2.1");
  const std::uint32_t b = add("2001:db8::1");
  const std::uint32_t c = add("2001:db8::2");
  const std::uint32_t d = add("192.0.2.9");
  std::uint32_t peer = ledger.greatest();
  for (const std::uint32_t expected : {a, b, c, d}) {
    ASSERT_NE(peer, kNone);
    EXPECT_EQ(ledger.oldest_of(peer), expected);
    peer = ledger.next_greatest(peer);
  }
  EXPECT_EQ(peer, kNone);
}

TEST_F(PeerLedgerTest, AnAddressThatStandsForManyIsNoPeer) {
  const std::uint32_t first = add("192.0.2.1", true);
  for (int i = 0; i < 5; ++i) add("192.0.2.1", true);
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 1U);
  EXPECT_EQ(victim(), first);
  const std::uint32_t own = add("192.0.2.7");
  add("192.0.2.7");
  EXPECT_EQ(victim(), own);
}

// Newcomers wait unsorted: many of them, with gaps, and none is missing or counted twice.
TEST_F(PeerLedgerTest, NewcomersAreSortedWhenSomebodyAsksOrManyWait) {
  std::vector<std::uint32_t> all;
  for (int i = 0; i < 1000; ++i) all.push_back(add(i % 4 == 0 ? "192.0.2.1" : "192.0.2.2"));
  const std::uint32_t second = all[2];
  remove(all[0]);
  remove(all[1]);
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 749U);
  EXPECT_EQ(victim(), second) << "the oldest that is left";
  for (int i = 0; i < 3000; ++i) add("192.0.2.1");
  EXPECT_EQ(ledger.size(), 3998U);
  EXPECT_EQ(ledger.count_of(ledger.greatest()), 3249U);
  EXPECT_EQ(victim(), all[4]);
}

// Against a count by address that anybody can read.
TEST_F(PeerLedgerTest, AgreesWithACountOfAll) {
  sim::Dice dice(7);
  std::map<std::string, std::uint32_t> counts;
  std::vector<std::uint32_t> alive;
  for (int step = 0; step < 20'000; ++step) {
    if (alive.empty() || dice.chance(520)) {
      std::string address = "2001:db8:0:" + std::to_string(dice.between(0, 3)) +
                            "::" + std::to_string(dice.between(1, 20));
      if (dice.chance(333)) address = "10.0.0." + std::to_string(dice.between(0, 59));
      alive.push_back(things.acquire(Thing{*IpAddress::parse(address)}));
      ASSERT_TRUE(ledger.add(alive.back(), false));
    } else {
      const std::size_t at = dice.between(0, alive.size() - 1);
      ledger.remove(alive[at]);
      things.release(alive[at]);
      alive[at] = alive.back();
      alive.pop_back();
    }
    if (step % 50 != 0 || alive.empty()) continue;
    ledger.check();
    std::map<std::string, std::map<std::string, std::uint32_t>> held;
    for (const std::uint32_t index : alive) {
      const std::string name = things[index].address.to_string();
      ++held[name.find(':') == std::string::npos ? name : name.substr(0, name.find("::"))][name];
    }
    std::uint32_t most = 0;
    for (const auto& [prefix, addresses] : held) {
      std::uint32_t sum = 0;
      for (const auto& [address, count] : addresses) sum += count;
      most = std::max(most, sum);
    }
    const std::string name = things[victim()].address.to_string();
    const auto& group =
        held[name.find(':') == std::string::npos ? name : name.substr(0, name.find("::"))];
    std::uint32_t sum = 0;
    std::uint32_t largest = 0;
    for (const auto& [address, count] : group) {
      sum += count;
      largest = std::max(largest, count);
    }
    ASSERT_EQ(sum, most);
    ASSERT_EQ(group.at(name), largest);
  }
}

}  // namespace
}  // namespace glasstcp
