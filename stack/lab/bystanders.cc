// See bystanders.h.
#include "stack/lab/bystanders.h"

#include "stack/wire/icmpv4.h"
#include "stack/wire/ip_header.h"

namespace glasstcp::lab {
namespace {

constexpr std::uint64_t kFewest = 16, kMost = 48;
constexpr std::uint64_t kHosts = 4;       // that ping
constexpr std::uint64_t kDoublings = 13;  // of 1 ms: up to 8.2 s
constexpr std::uint8_t kFirstHost = 100, kLastHost = 199;
constexpr std::size_t kPingData = 56;

IpAddress address_of_host(std::uint64_t host) {
  return IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(host));
}

}  // namespace

bool is_bystander(const IpAddress& address) {
  for (std::uint64_t host = kFirstHost; host <= kLastHost; ++host) {
    if (address == address_of_host(host)) return true;
  }
  return false;
}

std::vector<Statement> pings(SeededRandom& random, Side to, Duration until) {
  std::array<std::uint64_t, kHosts> hosts{}, asked{};
  for (std::uint64_t& host : hosts) host = random.between(kFirstHost, kLastHost);
  std::vector<Statement> all(static_cast<std::size_t>(random.between(kFewest, kMost)));
  for (Statement& one : all) {
    // Each doubling of time has as many as the one before it.
    const std::uint64_t from_us = std::uint64_t{1000} << random.below(kDoublings);
    one.delay = std::chrono::microseconds(from_us + random.below(from_us));
    const auto who = static_cast<std::size_t>(random.below(kHosts));
    one.action = {
        .actor = {to, 1}, .deed = Deed::Ping, .amount = hosts[who], .times = ++asked[who]};
  }
  if (until > Duration::zero()) {
    std::erase_if(all, [until](const Statement& one) { return one.delay >= until; });
  }
  return all;
}

std::vector<std::uint8_t> ping_packet(const Action& action) {
  std::vector<std::uint8_t> packet(kIpv4HeaderSize + kIcmpHeaderSize + kPingData);
  IpHeaderFields fields;
  fields.source = address_of_host(action.amount);
  fields.destination = address_of(action.actor.side);
  fields.protocol = IpProtocol::kIcmpV4;
  write_ip_header(packet, fields, kIcmpHeaderSize + kPingData);
  const ByteSpan message = ByteSpan(packet).subspan(kIpv4HeaderSize);
  for (std::size_t i = 0; i < kPingData; ++i) {
    message[kIcmpHeaderSize + i] = static_cast<std::uint8_t>(i);
  }
  const auto rest = static_cast<std::uint32_t>(action.amount << 16U | (action.times & 0xffffU));
  write_icmpv4_header(message, {.type = Icmpv4Type::kEchoRequest, .code = 0, .rest = rest});
  return packet;
}

}  // namespace glasstcp::lab
