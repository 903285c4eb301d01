// One table of names, for both directions.
#include "tests/script/icmp_message.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "stack/wire/tcp.h"
#include "tests/support/segment_codec.h"

namespace glasstcp::test {
namespace {

constexpr std::uint8_t kIcmpV4 = 1, kIcmpV6 = 58;
constexpr std::size_t kIcmpHeader = 8;

struct IcmpNumbers {
  std::uint8_t type;
  std::uint8_t code;
};

// IPv4's and IPv6's numbers of the same meaning; packetdrill's names where it has one.
using Row = std::pair<std::optional<IcmpNumbers>, std::optional<IcmpNumbers>>;

const std::map<std::string, Row>& table() {
  static const std::map<std::string, Row> rows = {
      {"unreachable net_unreachable", {{{3, 0}}, {{1, 0}}}},
      {"unreachable host_unreachable", {{{3, 1}}, {{1, 3}}}},
      {"unreachable protocol_unreachable", {{{3, 2}}, {{4, 1}}}},
      {"unreachable port_unreachable", {{{3, 3}}, {{1, 4}}}},
      {"unreachable frag_needed", {{{3, 4}}, {{2, 0}}}},
      {"unreachable source_route_failed", {{{3, 5}}, {{1, 5}}}},
      {"unreachable admin_prohibited", {{{3, 13}}, {{1, 1}}}},
      {"source_quench ", {{{4, 0}}, {{4, 0}}}},
      {"time_exceeded ", {{{11, 0}}, {{3, 0}}}},
      {"time_exceeded ttl_exceeded_in_transit", {{{11, 0}}, {{3, 0}}}},
      {"time_exceeded frag_reass_exceeded", {{{11, 1}}, {{3, 1}}}},
      {"parameter_problem ", {{{12, 0}}, {{4, 0}}}},
      {"parameter_problem erroneous_header", {{{12, 0}}, {{4, 0}}}},
      {"parameter_problem unknown_next_header", {std::nullopt, {{4, 1}}}},
      {"parameter_problem unknown_option", {std::nullopt, {{4, 2}}}},
      {"parameter_problem incomplete_headers", {std::nullopt, {{4, 3}}}},
  };
  return rows;
}

std::optional<IcmpNumbers> numbers_of(const ScriptIcmp& icmp, IpVersion version) {
  const auto found = table().find(icmp.type + ' ' + icmp.code);
  if (found == table().end()) return std::nullopt;
  return version == IpVersion::V4 ? found->second.first : found->second.second;
}

// RFC 792: the pointer is one octet; RFC 4443 §3.4: four. An MTU of IPv6 is 20 more, as the
// device's is.
std::uint32_t word_of(const ScriptIcmp& icmp, IpVersion version) {
  const bool v4 = version == IpVersion::V4;
  if (icmp.pointer) return v4 ? *icmp.pointer << 24 : *icmp.pointer;
  return icmp.word != 0 && !v4 ? icmp.word + 20 : icmp.word;
}

std::string differs(const char* what, std::uint32_t wanted, std::uint32_t seen) {
  return std::string(what) + ": the script says " + std::to_string(wanted) + ", the stack " +
         std::to_string(seen);
}

std::string addresses_differ(const Bytes& cause, const Bytes& actual, IpVersion version) {
  const bool v4 = version == IpVersion::V4;
  const std::size_t source = v4 ? 12 : 8, size = v4 ? 4 : 16;
  const ByteView to = ByteView(actual).subspan(source + size, size);
  const ByteView from = ByteView(actual).subspan(source, size);
  if (!std::ranges::equal(from, our_address(version).bytes())) return "it is not from our address";
  if (!std::ranges::equal(to, ByteView(cause).subspan(source, size))) {
    return "it does not go to where the packet came from";
  }
  return "";
}

// As much of the packet as fits, from its first byte on.
std::string quote_differs(const Bytes& cause, ByteView quote, std::size_t most) {
  const std::size_t length = std::min(cause.size(), most);
  if (quote.size() != length) {
    return differs("bytes quoted", static_cast<std::uint32_t>(length),
                   static_cast<std::uint32_t>(quote.size()));
  }
  const bool same = std::ranges::equal(quote, ByteView(cause).first(length));
  return same ? "" : "it quotes something else than the packet that came last";
}

}  // namespace

std::string icmp_fault(const ScriptIcmp& icmp) {
  if (table().contains(icmp.type + ' ' + icmp.code)) return "";
  std::string names;
  for (const auto& [name, row] : table()) {
    names += (names.empty() ? "" : ", ") + name.substr(0, name.find_last_not_of(' ') + 1);
  }
  return "'icmp " + icmp.type + ' ' + icmp.code + "': expected one of " + names;
}

Bytes icmp_packet(const ScriptIcmp& icmp, IpVersion version, const Flow& flow,
                  std::uint16_t our_port) {
  Datagram ours;
  ours.source = our_address(version);
  ours.destination = peer_address(version);
  ours.source_port = our_port;
  ours.destination_port = flow.peer_port;
  ours.segment.seq = icmp.quoted_seq + flow.our_isn;
  ours.segment.flags = TcpFlags::kAck;
  ours.segment.payload = Bytes(icmp.quoted_length);
  const auto numbers = numbers_of(icmp, version);
  if (!numbers) return {};
  IcmpError error;
  error.source = ours.destination;
  error.destination = ours.source;
  error.type = numbers->type;
  error.code = numbers->code;
  error.word = word_of(icmp, version);
  error.quoted = encode(ours);
  return encode(error);
}

std::string icmp_difference(const ScriptIcmp& expected, IpVersion version, const Bytes& cause,
                            const Bytes& actual) {
  const bool v4 = version == IpVersion::V4;
  const std::size_t header = v4 ? 20 : 40;
  if (cause.size() < header) return "no packet came in that it could be about";
  if (actual.size() < header + kIcmpHeader || actual[v4 ? 9 : 6] != (v4 ? kIcmpV4 : kIcmpV6)) {
    return "it is not ICMP";
  }
  const auto numbers = numbers_of(expected, version);
  if (!numbers) return "this IP version has no such message";
  const ByteView message = ByteView(actual).subspan(header);
  if (message[0] != numbers->type) return differs("type", numbers->type, message[0]);
  if (message[1] != numbers->code) return differs("code", numbers->code, message[1]);
  const std::uint32_t word = load_be32(message.data() + 4);
  if (word != word_of(expected, version)) {
    return differs("pointer or MTU", word_of(expected, version), word);
  }
  const std::uint32_t pseudo = v4 ? 0
                                  : obvious_sum(ByteView(actual).subspan(8, 32)) + kIcmpV6 +
                                        static_cast<std::uint32_t>(message.size());
  if (obvious_checksum(obvious_sum(message, pseudo)) != 0) return "its checksum is wrong";
  if (std::string found = addresses_differ(cause, actual, version); !found.empty()) return found;
  if (expected.any_quote) return "";
  const std::size_t most = (v4 ? 576 : 1280) - header - kIcmpHeader;
  return quote_differs(cause, message.subspan(kIcmpHeader), most);
}

}  // namespace glasstcp::test
