// See link_layer.h.
#include "tun/report/link_layer.h"

#include <bit>
#include <string_view>

#include "tun/report/model.h"

namespace glasstcp::report {
namespace {

using Kind = LinkPayload::Kind;

constexpr std::uint16_t kNull = 0, kEthernet = 1, kRaw = 101, kRaw12 = 12, kRaw14 = 14;
constexpr std::uint16_t kLoop = 108, kCooked = 113, kIpv4 = 228, kIpv6 = 229, kCooked2 = 276;
constexpr std::uint16_t kTypeIpv4 = 0x0800, kTypeIpv6 = 0x86dd;

LinkPayload ip_at(ByteView frame, std::size_t at) {
  if (frame.size() <= at) return {Kind::TooShort, {}};
  const unsigned version = frame[at] >> 4;
  if (version != 4 && version != 6) return {Kind::Other, {}};
  return {Kind::Ip, frame.subspan(at)};
}

bool is_vlan_tag(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

// An EtherType at `at`, with any tags between it and the packet.
LinkPayload behind_type(ByteView frame, std::size_t at) {
  while (frame.size() >= at + 2) {
    const std::uint16_t type = load_be16(frame.data() + at);
    if (type == kTypeIpv4 || type == kTypeIpv6) return ip_at(frame, at + 2);
    if (!is_vlan_tag(type)) return {Kind::Other, {}};
    at += 4;
  }
  return {Kind::TooShort, {}};
}

bool is_ip_family(std::uint32_t family) {
  return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

// NULL is written in the order of the machine that captured; LOOP in network order.
LinkPayload behind_family(ByteView frame) {
  if (frame.size() < 4) return {Kind::TooShort, {}};
  const std::uint32_t family = load_be32(frame.data());
  if (is_ip_family(family) || is_ip_family(std::byteswap(family))) return ip_at(frame, 4);
  return {Kind::Other, {}};
}

// SLL2 begins with the type, which says where the packet begins: behind 20 bytes.
LinkPayload behind_cooked2(ByteView frame) {
  if (frame.size() < 20) return {Kind::TooShort, {}};
  const std::uint16_t type = load_be16(frame.data());
  if (type == kTypeIpv4 || type == kTypeIpv6) return ip_at(frame, 20);
  if (is_vlan_tag(type)) return behind_type(frame, 22);
  return {Kind::Other, {}};
}

}  // namespace

LinkPayload take_link_header(std::uint16_t link_type, ByteView frame) {
  switch (link_type) {
    case kEthernet:
      return behind_type(frame, 12);
    case kCooked:
      return behind_type(frame, 14);
    case kCooked2:
      return behind_cooked2(frame);
    case kRaw:
    case kRaw12:
    case kRaw14:
    case kIpv4:
    case kIpv6:
      return ip_at(frame, 0);
    case kNull:
    case kLoop:
      return behind_family(frame);
    default:
      return {Kind::UnknownType, {}};
  }
}

std::string_view name_of_link_type(std::uint16_t link_type) {
  switch (link_type) {
    case kEthernet:
      return "Ethernet";
    case kCooked:
      return "Linux cooked (SLL)";
    case kCooked2:
      return "Linux cooked v2 (SLL2)";
    case kRaw:
    case kRaw12:
    case kRaw14:
      return "raw IP";
    case kIpv4:
      return "raw IPv4";
    case kIpv6:
      return "raw IPv6";
    case kNull:
      return "BSD loopback (NULL)";
    case kLoop:
      return "OpenBSD loopback (LOOP)";
    default:
      return {};
  }
}

}  // namespace glasstcp::report
