// Any byte sequence is survivable: good packets with bytes changed, cut, joined and repeated,
// through all of the layer.
#include <gtest/gtest.h>

#include "stack/base/random.h"
#include "tests/support/libtins_ip_fixture.h"

namespace glasstcp {
namespace {

using test::Bytes;
using test::operator+;

std::vector<Bytes> seeds() {
  std::vector<Bytes> packets = {test::ping_v4(test::pattern(40)), test::ping_v6(test::pattern(40))};
  auto syn4 = test::peer_v4() / test::syn_to_80();
  auto syn6 = test::peer_v6() / test::syn_to_80();
  auto udp4 = test::peer_v4() / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(20));
  auto udp6 = test::peer_v6() / Tins::UDP(9, 5000) / Tins::RawPDU(test::pattern(20));
  for (Tins::PDU* packet : std::initializer_list<Tins::PDU*>{&syn4, &syn6, &udp4, &udp6}) {
    packets.push_back(test::encode(*packet));
  }
  for (const std::uint8_t type : Bytes{3, 4, 5, 11, 12}) {
    auto error = test::peer_v4() / Tins::ICMP(static_cast<Tins::ICMP::Flags>(type)) /
                 Tins::RawPDU(packets[2]);
    packets.push_back(test::encode(error));
  }
  for (const std::uint8_t type : Bytes{1, 2, 3, 4}) {
    auto error = test::peer_v6() / Tins::ICMPv6(static_cast<Tins::ICMPv6::Types>(type)) /
                 Tins::RawPDU(packets[3]);
    packets.push_back(test::encode(error));
  }
  for (const Bytes& f : test::fragments_v4(test::ping_v4(test::pattern(300)), 64, 5))
    packets.push_back(f);
  for (const Bytes& f : test::fragments_v6(test::ping_v6(test::pattern(300)), 64, 5))
    packets.push_back(f);
  const Bytes tcp(packets[3].begin() + 40, packets[3].end());
  packets.push_back(test::raw_v6(0, Bytes{60, 0, 5, 2, 0, 0, 1, 0} +
                                        Bytes{43, 0, 0x9e, 4, 0, 0, 0, 0} +
                                        Bytes{6, 0, 2, 1, 0, 0, 0, 0} + tcp));
  packets.push_back(test::raw_v6(
      60, Bytes{44, 0, 1, 4, 0, 0, 0, 0} + Bytes{6, 0, 0, 1, 0, 0, 0, 9} + tcp + Bytes(4)));
  return packets;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed), seeds_(seeds()) {}

  Bytes next() {
    Bytes packet = seeds_[random_.below(seeds_.size())];
    for (std::uint64_t n = random_.below(6); n > 0 && !packet.empty(); --n) mutate(packet);
    // Most mutants shall pass the first gate, so that they reach what lies behind it.
    if (random_.chance(0.8) && packet.size() >= 20) repair(packet);
    return packet;
  }
  PacketMeta meta() {
    return {.checksum_partial = random_.chance(0.3),
            .checksum_valid = random_.chance(0.1),
            .gso_size = static_cast<std::uint16_t>(random_.chance(0.2) ? random_.below(1500) : 0)};
  }
  bool chance(double p) { return random_.chance(p); }

 private:
  void mutate(Bytes& packet) {
    static constexpr std::uint8_t kTelling[] = {0,  1,  2,  4,  6,    8,    17,   43,
                                                44, 58, 59, 60, 0x7f, 0x80, 0xfe, 0xff};
    const std::size_t at = random_.below(
        std::min<std::size_t>(packet.size(), random_.chance(0.7) ? 64 : packet.size()));
    switch (random_.below(6)) {
      case 0:
        packet[at] = static_cast<std::uint8_t>(random_.next());
        break;
      case 1:
        packet[at] = kTelling[random_.below(std::size(kTelling))];
        break;
      case 2:
        packet[at] ^= static_cast<std::uint8_t>(1U << random_.below(8));
        break;
      case 3:
        packet.resize(at);
        break;
      case 4:
        packet.insert(packet.begin() + static_cast<std::ptrdiff_t>(at), random_.below(40),
                      static_cast<std::uint8_t>(random_.next()));
        break;
      default:
        packet = packet + seeds_[random_.below(seeds_.size())];
        break;
    }
  }
  void repair(Bytes& packet) {
    if (packet[0] >> 4 == 4) {
      const std::size_t header = (packet[0] & 0x0fU) * 4U;
      if (header < 20 || header > packet.size()) return;
      store_be16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
      test::fix_header_checksum(packet);
      if (packet[9] != 1 || packet.size() < header + 8) return;
      store_be16(packet.data() + header + 2, 0);
      store_be16(packet.data() + header + 2, test::plain_checksum(packet, header, packet.size()));
    } else if (packet.size() >= 40) {
      packet[0] = static_cast<std::uint8_t>(0x60 | (packet[0] & 0x0f));
      store_be16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
    }
  }

  SeededRandom random_;
  std::vector<Bytes> seeds_;
};

// What a run reached.
struct Reached {
  std::uint64_t verdicts[kVerdictCount] = {};
  std::size_t answers = 0;
};

// One mutant goes in. What comes up must be what the layer promises of it.
void feed(test::IpPeer& peer, Mutator& mutator, Reached& reached) {
  const Bytes packet = mutator.next();
  const IpLayer::Input input = peer.input(packet, mutator.meta());
  if (const auto* verdict = std::get_if<Verdict>(&input)) {
    ++reached.verdicts[static_cast<std::size_t>(*verdict)];
  } else if (const auto* datagram = std::get_if<IpDatagram>(&input)) {
    static_cast<void>(verify_transport_checksum(*datagram));
    EXPECT_TRUE(peer.layer().is_own(datagram->destination));
    EXPECT_TRUE(peer.layer().is_valid_remote(datagram->source));
  } else {
    EXPECT_TRUE(peer.layer().is_own(std::get<IcmpSignal>(input).tuple.local_address));
  }
}

// 200 000 packets that are almost right; what the layer answers is shown to the judge each time.
TEST(Mutation, NoPacketIsTooStrange) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    Mutator mutator(seed);
    test::IpPeer peer;
    Reached reached;
    for (int i = 0; i < 50'000; ++i) {
      feed(peer, mutator, reached);
      ASSERT_FALSE(HasFailure()) << "packet " << i;
      if (mutator.chance(0.5)) reached.answers += peer.sent().size();
      if (mutator.chance(0.01)) peer.wait(7s);
    }
    // The mutants get deep enough: all of these were reached.
    for (const Verdict verdict :
         {Verdict::EchoAnswered, Verdict::FragmentKept, Verdict::FragmentOverlap,
          Verdict::BadFragment, Verdict::BadExtensionHeader, Verdict::BadIpChecksum,
          Verdict::BadIpOption, Verdict::UnknownProtocol, Verdict::UdpPortClosed,
          Verdict::IcmpErrorNotOurs}) {
      EXPECT_GT(reached.verdicts[static_cast<std::size_t>(verdict)], 0U)
          << static_cast<int>(verdict);
    }
    EXPECT_GT(reached.answers, 1000U);
  }
}

// The same seed, the same bytes in: the same bytes out.
TEST(Mutation, TheSameInputGivesTheSameOutput) {
  const auto run = [] {
    Mutator mutator(9);
    test::IpPeer peer;
    std::uint32_t sum = 0;
    for (int i = 0; i < 5000; ++i) {
      peer.receive(mutator.next(), mutator.meta());
      for (const test::Sent& sent : peer.sent()) {
        for (const std::uint8_t byte : sent.bytes) sum = sum * 31 + byte;
      }
    }
    return sum;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace glasstcp
