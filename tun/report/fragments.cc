// See fragments.h.
#include "tun/report/fragments.h"

#include <optional>

#include "stack/ip/extension_headers.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"

namespace glasstcp::report {
namespace {

std::optional<Fragment> fragment_v4(ByteView packet) {
  const auto view = Ipv4View::parse(packet, false);
  if (!view || view->payload().empty()) return std::nullopt;
  return Fragment{.key = {.source = view->source(),
                          .destination = view->destination(),
                          .identification = view->identification(),
                          .protocol = view->protocol()},
                  .header = view->bytes().first(view->header_length()),
                  .offset = view->fragment_offset(),
                  .more_fragments = view->more_fragments(),
                  .data = view->payload()};
}

std::optional<Fragment> fragment_v6(ByteView packet) {
  const auto view = Ipv6View::parse(packet, false);
  if (!view) return std::nullopt;
  const HeaderChain chain = walk_extension_headers(*view, ChainContext{});
  if (chain.verdict != Verdict::Accepted || !chain.fragment) return std::nullopt;
  const ByteView data = view->bytes().subspan(chain.payload_at);
  if (chain.payload_at > Reassembler::kMaxHeader || data.empty()) return std::nullopt;
  return Fragment{.key = {.source = view->source(),
                          .destination = view->destination(),
                          .identification = chain.fragment->identification,
                          .protocol = 0},
                  .header = view->bytes().first(chain.payload_at),
                  .next_header_at = chain.next_header_at,
                  .next_header = chain.fragment->next_header,
                  .offset = chain.fragment->offset,
                  .more_fragments = chain.fragment->more_fragments,
                  .data = data};
}

bool is_fragment_v6(ByteView packet) {
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  std::uint8_t next = packet[6];
  std::size_t at = 40;
  while (at + 8 <= packet.size()) {
    // A fragment header of a packet that is whole ("atomic", RFC 6946) is none.
    if (next == kFragment) return (load_be16(packet.data() + at + 2) & 0xfff9U) != 0;
    if (next != kHopByHop && next != kRouting && next != kDestination) return false;
    next = packet[at];
    at += (packet[at + 1] + 1U) * 8U;
  }
  return false;
}

}  // namespace

bool Fragments::is_fragment(ByteView packet) {
  if (packet[0] >> 4 == 4) {
    return packet.size() >= 20 && (load_be16(packet.data() + 6) & 0x3fffU) != 0;
  }
  return packet.size() >= 40 && is_fragment_v6(packet);
}

std::expected<ByteView, Unused> Fragments::add(ByteView packet, std::int64_t time_ns) {
  const auto fragment = packet[0] >> 4 == 4 ? fragment_v4(packet) : fragment_v6(packet);
  if (!fragment) return std::unexpected(Unused::Malformed);
  const Instant now{std::chrono::nanoseconds(time_ns)};
  while (reassembler_.expire(now)) {
  }
  const Reassembler::Result result = reassembler_.add(*fragment, now);
  if (result.verdict == Verdict::FragmentTableFull) return std::unexpected(Unused::BeyondLimit);
  if (result.verdict != Verdict::Accepted) return std::unexpected(Unused::Fragment);
  if (bytes_ + result.packet.size() > kMostBytes) return std::unexpected(Unused::BeyondLimit);
  bytes_ += result.packet.size();
  kept_->push_back(
      std::make_unique<std::vector<std::uint8_t>>(result.packet.begin(), result.packet.end()));
  return ByteView(*kept_->back());
}

}  // namespace glasstcp::report
