// The path MTU by probing (RFC 4821, RFC 8899): when a probe may leave, what became of it, and the
// way out of a black hole, where large segments vanish and no message tells. The search itself
// stands in path_search.h.
#include <algorithm>
#include <array>
#include <span>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {

// RFC 4821 §7.2, RFC 8899 §5.1.2: 1220 bytes of text pass nearly everywhere, since tunnels must carry
// IPv6; below that only what every IPv4 host must take.
constexpr std::array<std::uint16_t, 2> kIpv4Floors = {1260, 576};
constexpr std::array<std::uint16_t, 1> kIpv6Floors = {1280};
// RFC 4821 §7.7: so many timeouts of a full-sized segment in a row, each without any message.
constexpr std::uint32_t kBlackHoleTimeouts = 3;
// RFC 4821 §7.4: so many segments behind a probe show, if it alone is lost, that it is.
constexpr std::uint32_t kBehindProbe = 4;

std::span<const std::uint16_t> floors_of(bool v4) {
  return v4 ? std::span<const std::uint16_t>(kIpv4Floors) : kIpv6Floors;
}

}  // namespace

// IP and TCP headers and the options of every segment.
std::uint16_t Connection::packet_overhead() const {
  return static_cast<std::uint16_t>(header_bytes(tuple_.local_address.version()) +
                                    (timestamps_.enabled() ? 12 : 0));
}

// What the device, the cache and the peer allow, whatever the search found: a whole packet.
std::uint16_t Connection::path_limit(Instant now) const {
  std::uint16_t mss = std::min(snd.mss, context_.send_mss(tuple_.remote_address, now));
  if (settings().mss != 0) mss = std::min(mss, settings().mss);
  return static_cast<std::uint16_t>(mss + header_bytes(tuple_.local_address.version()));
}

PathSearch* Connection::path_search() {
  return extras_ == kNone || !context_.extras[extras_].search ? nullptr
                                                              : &*context_.extras[extras_].search;
}

// The size below what packets of `size` have, to begin from; 0: there is none. A connection whose
// packets were small from the beginning does not suspect their size; and that of a packet which
// passes nearly everywhere is suspected late.
std::uint16_t Connection::path_floor_below(std::uint32_t size) const {
  const auto floors = floors_of(tuple_.local_address.is_v4());
  const std::uint32_t present = effective_mss_ + packet_overhead();
  if (path_search() == nullptr && present <= floors[0]) return 0;
  const bool is_late = retransmissions_ >= 2 * kBlackHoleTimeouts;
  if (!is_late && floors[0] < size) return floors[0];
  const bool may_be_least = is_late || path_search() != nullptr;
  return may_be_least && floors.back() < size ? floors.back() : std::uint16_t{0};
}

// False: the floor is reached, or there is no memory.
bool Connection::begin_path_search(std::uint32_t size, Instant now) {
  const std::uint16_t floor = path_floor_below(size);
  if (floor == 0) return false;
  if (PathSearch* search = path_search()) {
    search->fall_back(floor);
  } else {
    if (extras_ == kNone) make_extras();
    if (extras_ == kNone) return false;
    context_.extras[extras_].search.emplace(floor, path_limit(now));
  }
  set_effective_mss(now);
  return true;
}

// RFC 4821 §7.7 R4821-03: a timeout of a large segment, again and again: perhaps it is its size. It
// need not be a full one: a short answer on a path with a large MTU is too large for a small one.
// True: it goes again in smaller ones.
bool Connection::escape_black_hole(Instant now) {
  // RFC 4821 §7.6.4: a timeout says nothing about a probe.
  if (PathSearch* search = path_search()) search->on_probe_inconclusive();
  const bool suspects = retransmissions_ % kBlackHoleTimeouts == 0;
  if (context_.config.mtu_probing == MtuProbing::Off || !suspects) return false;
  const std::uint32_t headers = header_bytes(tuple_.local_address.version()) + option_bytes();
  const std::uint32_t text = std::min(context_.sent[queue().head()].length(), max_text());
  return begin_path_search(text + headers, now) || let_packets_be_cut(text + headers, now);
}

// RFC 1191 §3 leaves it to the host: where the least size that we choose vanishes as well, "don't
// fragment" is left out, as if a message had said so. True: from now on.
bool Connection::let_packets_be_cut(std::uint32_t size, Instant now) {
  const bool is_late = retransmissions_ >= 2 * kBlackHoleTimeouts;
  const bool is_candidate = tuple_.local_address.is_v4() && size <= kIpv4Floors.back() &&
                            size > PathMtuCache::kIpv4Minimum && !settings().may_fragment;
  if (!is_late || !is_candidate || path_cuts_) return false;
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return false;
  if (path_search() == nullptr) {
    const auto present = static_cast<std::uint16_t>(effective_mss_ + packet_overhead());
    context_.extras[extras_].search.emplace(present, path_limit(now));
  }
  if (path_search()->may_be_cut()) return false;
  path_search()->let_be_cut();
  return true;
}

// Whether routers may cut this packet: by the application's choice, by a message (until the cache
// has forgotten it), or after a black hole. A probe asks just that, and is never cut.
bool Connection::may_be_cut(const SendDecision& d, Instant now) {
  if (!tuple_.local_address.is_v4() || d.reason == SendReason::MtuProbe) return false;
  if (path_cuts_) path_cuts_ = context_.ip.path_mtu().may_be_cut(tuple_.remote_address, now);
  if (extras_ == kNone) return path_cuts_ || context_.default_settings.may_fragment;
  const PathSearch* const search = path_search();
  return path_cuts_ || settings().may_fragment || (search != nullptr && search->may_be_cut());
}

// RFC 4821 §3 R4821-01, RFC 8899 §3 R8899-01: one segment of new data, larger than what is known to
// pass; only where its loss would be seen at once, and nothing else is lost. It costs nothing: it
// carries what would be sent anyway.
std::optional<SendDecision> Connection::next_mtu_probe(Instant now) const {
  const PathSearch* const search = path_search();
  const RecoveryEpisode& episode = recovery_.episode(context_);
  if (search == nullptr || queue().lost_bytes() > 0 || urgent_pending_) return std::nullopt;
  if (episode.phase() != RecoveryPhase::Open) return std::nullopt;
  // Without SACK, duplicates of what follows a timeout's repair at once say nothing (RFC 6582 §4):
  // a probe there would be missed by the next timeout only, of a timer that is still backed off.
  const bool is_seen = sack_ || episode.may_count_duplicates(snd.nxt, snd.nxt);
  if (!is_seen) return std::nullopt;
  const std::uint16_t size = search->next_size(now);
  const std::uint32_t headers = header_bytes(tuple_.local_address.version()) + option_bytes();
  if (size <= headers + max_text()) return std::nullopt;
  const std::uint32_t text = size - headers;
  const std::uint32_t with_rest = text + kBehindProbe * max_text();
  const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
  if (unsent() < with_rest || usable < static_cast<std::int32_t>(with_rest)) return std::nullopt;
  if (text > most_of_window()) return std::nullopt;
  if (cwnd_room() < text || recovery_.cwnd() < with_rest) return std::nullopt;
  SendDecision d = data_decision(snd.nxt, text);
  d.reason = SendReason::MtuProbe;
  d.flags.bits = TcpFlags::kAck;
  return d;
}

void Connection::note_probe_sent(const SendDecision& d) {
  if (d.reason != SendReason::MtuProbe || d.length <= max_text()) return;
  const std::uint32_t headers = header_bytes(tuple_.local_address.version()) + option_bytes();
  path_search()->on_probe_sent(static_cast<std::uint16_t>(d.length + headers), d.seq,
                               d.seq + d.length);
}

// snd.una moved.
void Connection::note_probe_progress(Instant now) {
  PathSearch* const search = path_search();
  if (search == nullptr) return;
  if (search->has_probe() && snd.una >= search->probe_end()) search->on_probe_arrived();
  search->wake(now, path_limit(now));
  if (search->low() != effective_mss_ + packet_overhead()) set_effective_mss(now);
}

// What the probe carried may be sent again for other causes: its arrival proves nothing any more.
void Connection::forget_probe() {
  if (PathSearch* search = path_search()) search->on_probe_inconclusive();
}

}  // namespace glasstcp
