// RFC 1191, RFC 8201: what to believe of a packet-too-big message, and for how long.
#include "stack/ip/path_mtu.h"

#include <algorithm>
#include <array>

namespace glasstcp {

std::uint16_t next_lower_plateau(std::uint32_t quoted_length) {
  // RFC 1191 §7.1, table 7-1: sizes that links have had, with 1280 added for tunnels that carry
  // IPv6.
  constexpr std::array<std::uint16_t, 12> kPlateaus = {65535, 32000, 17914, 8166, 4352, 2002,
                                                       1492,  1280,  1006,  508,  296,  68};
  for (const std::uint16_t plateau : kPlateaus) {
    if (plateau < quoted_length) return plateau;
  }
  return kPlateaus.back();
}

PathMtuCache::PathMtuCache(std::uint16_t device_mtu, std::size_t entries, const Seed& seed)
    : entries_(std::max<std::size_t>((entries + kWays - 1) / kWays, 1) * kWays),
      hash_(derive_key(seed, "path mtu")),
      device_mtu_(device_mtu) {}

std::size_t PathMtuCache::set_of(const IpAddress& remote) const {
  return static_cast<std::size_t>(hash_(remote.bytes()) % (entries_.size() / kWays)) * kWays;
}

// RFC 8201 §5.2 R8201-06: one estimate per destination; a TUN device is one path to each.
std::uint16_t PathMtuCache::lookup(const IpAddress& remote, Instant now) const {
  const Entry* const entry = find(remote, now);
  return entry == nullptr ? device_mtu_ : entry->mtu;
}

bool PathMtuCache::may_be_cut(const IpAddress& remote, Instant now) const {
  const Entry* const entry = find(remote, now);
  return entry != nullptr && entry->may_be_cut;
}

const PathMtuCache::Entry* PathMtuCache::find(const IpAddress& remote, Instant now) const {
  if (is_empty_) return nullptr;
  const std::size_t set = set_of(remote);
  for (std::size_t i = set; i < set + kWays; ++i) {
    const Entry& entry = entries_[i];
    // RFC 1191 §3 R1191-05, RFC 8201 §4 R8201-04: a larger size is tried again after 10 minutes,
    // never before 5.
    if (entry.mtu != 0 && now < entry.expires && entry.remote == remote) return &entry;
  }
  return nullptr;
}

// RFC 1191 §3 R1191-04: a router from before 1990 leaves the field 0; guess the next lower size that
// links have.
std::uint32_t named_mtu(PacketTooBig message) {
  return message.mtu != 0 ? message.mtu : next_lower_plateau(message.quoted_length);
}

namespace {

struct Belief {
  std::uint16_t mtu = 0;  // 0: the message is not to be believed
  bool may_be_cut = false;
};

Belief believed(const IpAddress& remote, PacketTooBig message, std::uint16_t device_mtu) {
  if (!remote.is_v4()) {
    // RFC 8201 §4 R8201-01: no IPv6 link has less than 1280, so a smaller number is a mistake or an
    // attack.
    if (message.mtu < PathMtuCache::kIpv6Minimum) return {};
    return {.mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(message.mtu, device_mtu))};
  }
  const std::uint32_t mtu = named_mtu(message);
  // RFC 1191 §3 R1191-03: never below 68; and a floor well above it, since each halving doubles our
  // packets. The same section lets a host leave "don't fragment" out instead.
  if (mtu < PathMtuCache::kIpv4Minimum) return {};
  const std::uint32_t floor = std::min<std::uint32_t>(PathMtuCache::kIpv4Floor, device_mtu);
  return {.mtu = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mtu, floor, device_mtu)),
          .may_be_cut = mtu < floor};
}

}  // namespace

std::optional<std::uint16_t> PathMtuCache::on_packet_too_big(const IpAddress& remote,
                                                             PacketTooBig message, Instant now) {
  const Belief belief = believed(remote, message, device_mtu_);
  // RFC 1191 §3 R1191-01 R1191-02, RFC 8201 §4 R8201-02: a message lowers the estimate, and never
  // raises it.
  const bool is_lower = belief.mtu < lookup(remote, now);
  const bool is_cut_now = belief.may_be_cut && !may_be_cut(remote, now);
  if (belief.mtu == 0 || (!is_lower && !is_cut_now)) return std::nullopt;

  const std::size_t set = set_of(remote);
  Entry* victim = &entries_[set];
  for (std::size_t i = set; i < set + kWays; ++i) {
    Entry& entry = entries_[i];
    if (entry.mtu != 0 && entry.remote == remote) {
      victim = &entry;
      break;
    }
    if (entry.mtu == 0 || (victim->mtu != 0 && entry.expires < victim->expires)) victim = &entry;
  }
  *victim = {.remote = remote,
             .mtu = belief.mtu,
             .may_be_cut = belief.may_be_cut,
             .expires = now + kLifetime};
  is_empty_ = false;
  return belief.mtu;
}

}  // namespace glasstcp
