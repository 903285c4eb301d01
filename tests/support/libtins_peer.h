// libtins as the peer and as the judge: it encodes the packets that we receive, and reads the ones
// that we send.
//
// Invariants:
//   1. Nothing here uses our own wire layer, so that a mistake there cannot hide behind itself.
//
// Next: libtins_ip_fixture.h.
#pragma once

#include <tins/tins.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/packet_bytes.h"

namespace glasstcp::test {

/// Addresses that the tests share: ours, and those of the peer at the other end of the link.
inline constexpr const char* kOurV4 = "192.0.2.2";
inline constexpr const char* kPeerV4 = "192.0.2.1";
inline constexpr const char* kOurV6 = "2001:db8::2";
inline constexpr const char* kPeerV6 = "2001:db8::1";

/// `length` bytes of a pattern in which no two places near each other look alike.
Bytes pattern(std::size_t length);

/// Packets of the peer, to us unless changed. Fields can be set before serialising.
Tins::IP peer_v4();
Tins::IPv6 peer_v6();
/// The bytes of a packet, lengths and checksums filled in by libtins.
Bytes encode(Tins::PDU& packet);
/// An echo request.
Bytes ping_v4(const Bytes& data);
Bytes ping_v6(const Bytes& data);
/// A SYN to port 80, as a plain transport.
Tins::TCP syn_to_80();

/// An IPv6 packet put together from a chain of extension headers that libtins would refuse to
/// write: `next` is the first next-header value, `rest` everything after the fixed header.
Bytes raw_v6(std::uint8_t next, const Bytes& rest, const std::string& to = kOurV6);
/// Joins byte strings.
Bytes operator+(Bytes left, const Bytes& right);

/// Cuts an IPv4 packet without options into fragments of at most `size` bytes of data (a multiple
/// of 8).
std::vector<Bytes> fragments_v4(const Bytes& packet, std::size_t size,
                                std::uint16_t identification);
/// The same for an IPv6 packet without extension headers.
std::vector<Bytes> fragments_v6(const Bytes& packet, std::size_t size,
                                std::uint32_t identification);
/// A fragment of an IPv6 packet from the peer, of whatever form.
Bytes fragment_v6(std::uint8_t next, std::uint16_t offset_and_flags, std::uint32_t identification,
                  const Bytes& data);

/// RFC 1071 over [begin, end), one word after the other: slow and obvious. Zero where the sum holds
/// a right checksum.
std::uint16_t plain_checksum(const Bytes& bytes, std::size_t begin, std::size_t end);
/// Writes the IPv4 header checksum anew, after a test has changed the header.
void fix_header_checksum(Bytes& packet);

/// Judges a packet that we send: libtins reads it and writes it again, with checksums of its own;
/// the bytes must not differ. ICMP errors are judged by a plain sum instead, fragments by their
/// headers only. Returns an empty string, or what is wrong.
std::string judge_ip_packet(const Bytes& packet);
/// Puts fragments of ours back together, in order; empty if they do not form one packet.
Bytes join_fragments(const std::vector<Bytes>& fragments);

}  // namespace glasstcp::test
