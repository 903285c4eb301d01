// Encoding and judging with libtins, and by hand where libtins 4.0 cannot write what a test needs.
#include "tests/support/libtins_peer.h"

#include <algorithm>

namespace glasstcp::test {
namespace {

std::uint16_t be16_at(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
void put_be16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

bool is_fragment(const Bytes& packet) {
  if (packet[0] >> 4 == 4) return (be16_at(packet, 6) & 0x3fff) != 0;
  return packet[6] == 44;
}

std::string judge_lengths(const Bytes& packet) {
  if (packet.size() < 20) return "shorter than a header";
  if (packet[0] >> 4 == 4) {
    if (be16_at(packet, 2) != packet.size()) return "total length is wrong";
    if (plain_checksum(packet, 0, 20) != 0) return "header checksum is wrong";
    if (packet[8] == 0) return "time to live is zero";
    return "";
  }
  if (packet.size() < 40 || be16_at(packet, 4) + 40U != packet.size())
    return "payload length is wrong";
  return packet[7] == 0 ? "hop limit is zero" : "";
}

}  // namespace

std::uint16_t plain_checksum(const Bytes& bytes, std::size_t begin, std::size_t end) {
  std::uint32_t sum = 0;
  for (std::size_t i = begin; i < end; i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8);
    if (i + 1 < end) sum += bytes[i + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

Bytes pattern(std::size_t length) {
  Bytes bytes(length);
  std::uint32_t state = 12345;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

Tins::IP peer_v4() {
  Tins::IP ip(kOurV4, kPeerV4);
  ip.ttl(64);
  return ip;
}

Tins::IPv6 peer_v6() {
  Tins::IPv6 ip(kOurV6, kPeerV6);
  ip.hop_limit(64);
  return ip;
}

Bytes encode(Tins::PDU& packet) {
  return packet.serialize();
}

Bytes ping_v4(const Bytes& data) {
  Tins::ICMP icmp(Tins::ICMP::ECHO_REQUEST);
  icmp.id(0x1234);
  icmp.sequence(7);
  auto packet = peer_v4() / icmp / Tins::RawPDU(data);
  return encode(packet);
}

Bytes ping_v6(const Bytes& data) {
  Tins::ICMPv6 icmp(Tins::ICMPv6::ECHO_REQUEST);
  icmp.identifier(0x1234);
  icmp.sequence(7);
  auto packet = peer_v6() / icmp / Tins::RawPDU(data);
  return encode(packet);
}

Tins::TCP syn_to_80() {
  Tins::TCP tcp(80, 40000);
  tcp.flags(Tins::TCP::SYN);
  tcp.seq(1000);
  tcp.window(65535);
  return tcp;
}

Bytes raw_v6(std::uint8_t next, const Bytes& rest, const std::string& to) {
  Tins::IPv6 ip(to, kPeerV6);
  ip.hop_limit(64);
  Bytes bytes = ip.serialize();
  bytes.resize(40);
  bytes[6] = next;
  put_be16(bytes, 4, rest.size());
  return bytes + rest;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::vector<Bytes> fragments_v4(const Bytes& packet, std::size_t size,
                                std::uint16_t identification) {
  std::vector<Bytes> fragments;
  for (std::size_t at = 20; at < packet.size(); at += size) {
    const std::size_t end = std::min(at + size, packet.size());
    Bytes fragment(packet.begin(), packet.begin() + 20);
    fragment.insert(fragment.end(), packet.begin() + static_cast<std::ptrdiff_t>(at),
                    packet.begin() + static_cast<std::ptrdiff_t>(end));
    put_be16(fragment, 2, fragment.size());
    put_be16(fragment, 4, identification);
    put_be16(fragment, 6, (at - 20) / 8 | (end < packet.size() ? 0x2000U : 0U));
    fix_header_checksum(fragment);
    fragments.push_back(fragment);
  }
  return fragments;
}

std::vector<Bytes> fragments_v6(const Bytes& packet, std::size_t size,
                                std::uint32_t identification) {
  std::vector<Bytes> fragments;
  for (std::size_t at = 40; at < packet.size(); at += size) {
    const std::size_t end = std::min(at + size, packet.size());
    const Bytes data(packet.begin() + static_cast<std::ptrdiff_t>(at),
                     packet.begin() + static_cast<std::ptrdiff_t>(end));
    Bytes fragment = fragment_v6(
        packet[6], static_cast<std::uint16_t>((at - 40) | (end < packet.size() ? 1U : 0U)),
        identification, data);
    std::copy(packet.begin(), packet.begin() + 4, fragment.begin());
    fragments.push_back(fragment);
  }
  return fragments;
}

Bytes fragment_v6(std::uint8_t next, std::uint16_t offset_and_flags, std::uint32_t identification,
                  const Bytes& data) {
  Bytes header = {next, 0, 0, 0, 0, 0, 0, 0};
  put_be16(header, 2, offset_and_flags);
  put_be16(header, 4, identification >> 16);
  put_be16(header, 6, identification & 0xffff);
  return raw_v6(44, header + data);
}

void fix_header_checksum(Bytes& packet) {
  put_be16(packet, 10, 0);
  put_be16(packet, 10, plain_checksum(packet, 0, (packet[0] & 0x0fU) * 4U));
}

namespace {

// libtins 4.0 rewrites long quotes of ICMP errors by RFC 4884, so errors are not written again: it
// has to understand them, and their checksum has to be right by the plain sum.
std::string judge_v4(const Bytes& packet) {
  Tins::IP ip(packet.data(), static_cast<std::uint32_t>(packet.size()));
  const auto* icmp = ip.find_pdu<Tins::ICMP>();
  if (icmp != nullptr && icmp->type() != Tins::ICMP::ECHO_REPLY) {
    return plain_checksum(packet, 20, packet.size()) == 0 ? "" : "ICMP checksum is wrong";
  }
  return ip.serialize() == packet ? "" : "libtins writes it differently";
}

std::string judge_v6(const Bytes& packet) {
  Tins::IPv6 ip(packet.data(), static_cast<std::uint32_t>(packet.size()));
  const auto* icmp = ip.find_pdu<Tins::ICMPv6>();
  if (icmp != nullptr && icmp->type() < 128) {
    Bytes covered(packet.begin() + 8, packet.end());
    covered.insert(covered.begin(), {packet[4], packet[5], 0, 58});
    return plain_checksum(covered, 0, covered.size()) == 0 ? "" : "ICMPv6 checksum is wrong";
  }
  return ip.serialize() == packet ? "" : "libtins writes it differently";
}

}  // namespace

std::string judge_ip_packet(const Bytes& packet) {
  if (std::string wrong = judge_lengths(packet); !wrong.empty()) return wrong;
  if (is_fragment(packet)) return "";
  try {
    return packet[0] >> 4 == 4 ? judge_v4(packet) : judge_v6(packet);
  } catch (const std::exception& error) {
    return std::string("libtins cannot read it: ") + error.what();
  }
}

Bytes join_fragments(const std::vector<Bytes>& fragments) {
  if (fragments.empty()) return {};
  const bool is_v4 = fragments.front()[0] >> 4 == 4;
  const std::size_t header = is_v4 ? 20 : 48;
  Bytes whole(fragments.front().begin(), fragments.front().begin() + (is_v4 ? 20 : 40));
  if (!is_v4) whole[6] = fragments.front()[40];
  for (const Bytes& fragment : fragments) {
    const std::size_t offset =
        is_v4 ? (be16_at(fragment, 6) & 0x1fffU) * 8U : be16_at(fragment, 42) & 0xfff8U;
    const bool more = is_v4 ? (fragment[6] & 0x20) != 0 : (fragment[43] & 1) != 0;
    const bool same_id = is_v4 ? be16_at(fragment, 4) == be16_at(fragments.front(), 4)
                               : std::equal(fragment.begin() + 44, fragment.begin() + 48,
                                            fragments.front().begin() + 44);
    if (whole.size() != (is_v4 ? 20U : 40U) + offset || more == (&fragment == &fragments.back()) ||
        !same_id)
      return {};
    whole.insert(whole.end(), fragment.begin() + static_cast<std::ptrdiff_t>(header),
                 fragment.end());
  }
  if (is_v4) {
    put_be16(whole, 2, whole.size());
    put_be16(whole, 6, 0);
    fix_header_checksum(whole);
  } else {
    put_be16(whole, 4, whole.size() - 40);
  }
  return whole;
}

}  // namespace glasstcp::test
