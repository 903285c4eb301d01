// The gate of SYNs by itself, under floods of millions.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "stack/tcp/demux/syn_gate.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kRate = 100'000;
constexpr SynGate::Limits kLimits = {
    .answers_per_second = kRate, .half_open_per_second = 1000, .half_open_burst = 2048};

// Numbers as a keyed hash gives them.
class Hashes {
 public:
  std::uint64_t operator()() { return mix(++count_); }
  static std::uint64_t mix(std::uint64_t z) {
    z *= 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t count_ = 0;
};

/// A client that sends its SYN again until it is answered.
struct Client {
  std::uint64_t hash;
  std::vector<Instant> tries;
  std::size_t tried = 0;
  bool is_served = false;
};

/// A flood of `rate` SYNs a second for `length`, and what became of it and of the clients.
struct Flood {
  Flood(std::uint32_t rate, Duration length, std::vector<Client>& clients) {
    const Instant end = now + length;
    const Duration step{1'000'000'000 / rate};
    for (; now < end; now += step) {
      admitted += gate.admits(hashes(), now, {}) ? 1 : 0;
      ++sent;
      if (sent % 64 != 0) continue;
      for (Client& client : clients) let(client);
    }
  }
  void let(Client& client) {
    if (client.is_served || client.tried == client.tries.size()) return;
    if (client.tries[client.tried] > now) return;
    ++client.tried;
    client.is_served = gate.admits(client.hash, now, {});
  }

  Instant now{1s};
  Hashes hashes;
  SynGate gate{kLimits};
  std::uint64_t sent = 0, admitted = 0;
};

// As Linux does since 6.5: five times after a second each, then 2, 4, 8 s.
std::vector<Client> linux_clients(int count) {
  std::vector<Client> clients;
  for (int i = 0; i < count; ++i) {
    Instant at = Instant(1s) + i * Duration(2s) / count;
    Client client{Hashes::mix(1'000'000'007ULL * static_cast<std::uint64_t>(i + 1)), {at}};
    for (const Duration wait : {1s, 1s, 1s, 1s, 1s, 2s, 4s}) {
      at += wait + wait / 40;
      client.tries.push_back(at);
    }
    clients.push_back(client);
  }
  return clients;
}

std::size_t served(const std::vector<Client>& clients) {
  return static_cast<std::size_t>(std::count_if(
      clients.begin(), clients.end(), [](const Client& client) { return client.is_served; }));
}

TEST(SynGate, ClientsThatRepeatTheirSynGetThroughAFlood) {
  auto clients = linux_clients(200);
  const Flood flood(335'000, 15s, clients);
  EXPECT_GE(served(clients), 190u) << "of SYNs by themselves three in four are dropped";
  EXPECT_LE(flood.admitted, 15 * std::uint64_t{kRate} + kRate / 8);
  EXPECT_GE(flood.admitted, 15 * std::uint64_t{kRate} * 3 / 4) << "the rate is made use of";
}

TEST(SynGate, AdmitsAllBelowTheRate) {
  std::vector<Client> nobody;
  const Flood flood(kRate * 9 / 10, 5s, nobody);
  EXPECT_EQ(flood.admitted, flood.sent);
}

TEST(SynGate, AdmitsAllSoonAfterAFlood) {
  std::vector<Client> nobody;
  Flood flood(1'000'000, 3s, nobody);
  flood.now += 125ms;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(flood.gate.admits(flood.hashes(), flood.now, {})) << i;
    flood.now += 1ms;
  }
}

TEST(SynGate, IsTheSameShareForAllPlacesOfTheCircle) {
  // A flood that could choose its hashes would gain nothing by any choice: over ten seconds each
  // eighth of the circle is admitted as often.
  std::vector<Client> nobody;
  SynGate gate(kLimits);
  Hashes hashes;
  std::array<int, 8> admitted{};
  Instant now{1s};
  for (; now < Instant(11s); now += 2us) {
    const std::uint64_t hash = hashes();
    if (gate.admits(hash, now, {})) ++admitted[hash >> 61];
  }
  const auto [least, most] = std::minmax_element(admitted.begin(), admitted.end());
  EXPECT_GT(*least * 2, *most);
}

// The loop has time for a fifth of the rate: the lots go round all the same.
TEST(SynGate, FollowsAQueueThatIsSlowerThanTheRate) {
  constexpr std::uint32_t kLeave = 20'000;
  auto clients = linux_clients(200);
  SynGate gate(kLimits);
  Hashes hashes;
  Instant now{1s};
  std::uint32_t waiting = 0;
  const auto admits = [&](std::uint64_t hash) {
    const bool answered = gate.admits(hash, now, {waiting == 0, waiting == 256});
    waiting += answered ? 1 : 0;
    return answered;
  };
  for (std::uint64_t n = 0; now < Instant(16s); ++n, now += 10us) {  // 100,000 a second
    static_cast<void>(admits(hashes()));
    if (n % (kRate / kLeave) == 0 && waiting > 0) --waiting;
    if (n % 64 != 0) continue;
    for (Client& client : clients) {
      if (client.is_served || client.tried == client.tries.size()) continue;
      if (client.tries[client.tried] > now) continue;
      ++client.tried;
      client.is_served = admits(client.hash);
    }
  }
  EXPECT_GE(served(clients), 180u) << "a random drop would serve 165 of 200";
}

TEST(SynGate, WithoutALimitAdmitsAll) {
  SynGate gate({.answers_per_second = 0, .half_open_per_second = 1});
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_TRUE(gate.admits(i << 40, Instant(1s), {}));
}

TEST(SynGate, HandshakesThatEndAreNotCountedAgainstTheRateOfRecords) {
  SynGate gate(kLimits);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(gate.may_remember(Instant(1s)));
    gate.on_completed();
  }
  int kept = 0;
  while (gate.may_remember(Instant(1s))) ++kept;
  EXPECT_EQ(kept, 2048);
}

}  // namespace
}  // namespace glasstcp
