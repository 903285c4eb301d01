// See view_exemption.h.
#include "tun/view/view_exemption.h"

#include <algorithm>

#include "http/service.h"
#include "stack/trace/packet_summary.h"

namespace glasstcp {

bool asks_for_glass(std::string_view begin) {
  constexpr std::string_view kFolder = "_glass";
  begin = begin.substr(0, begin.find('\r'));
  const std::size_t space = begin.find(' ');
  if (space == std::string_view::npos) return begin.size() < 8;  // a method that is not whole
  const std::string_view rest = begin.substr(space + 1);
  const std::size_t end = rest.find(' ');
  std::array<std::uint8_t, 2048> memory;
  const std::string_view target = rest.substr(0, std::min(end, memory.size()));
  if (http::path_below(kFolder, target, memory)) return true;
  return end == std::string_view::npos && target.size() <= kFolder.size();
}

ViewExemption::ViewExemption() : places_(new Place[kGroups * kWays]) {}

ViewExemption::Place& ViewExemption::place_of(const FourTuple& tuple) noexcept {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint32_t value) { hash = (hash ^ value) * 16777619U; };
  for (const std::uint8_t b : tuple.remote_address.bytes()) mix(b);
  mix(number(tuple.remote_port));
  Place* const group = &places_[(hash ^ hash >> 16) % kGroups * kWays];
  Place* chosen = group;
  for (Place* p = group; p != group + kWays; ++p) {
    if (p->used > 0 && p->tuple == tuple) {
      chosen = p;
      break;
    }
    if (p->used < chosen->used) chosen = p;
  }
  if (chosen->used == 0 || chosen->tuple != tuple) *chosen = {tuple, Kind::Unknown, 0};
  chosen->used = ++uses_;
  return *chosen;
}

void ViewExemption::note_own(const FourTuple& tuple) noexcept {
  place_of(tuple).kind = Kind::Own;
}

bool ViewExemption::is_exempt(Direction direction, std::span<const ByteView> pieces) noexcept {
  const PacketSummary packet = summarize(pieces);
  if (!packet.is_tcp()) return false;
  const bool outgoing = direction == Direction::Out;
  Place& place = place_of(packet.tuple(outgoing));
  const bool is_syn = packet.has(PacketSummary::kSyn);
  if (is_syn && !outgoing) place.kind = Kind::Undecided;
  const bool decides = !outgoing && packet.text_length > 0 &&
                       (place.kind == Kind::Undecided || place.kind == Kind::Unknown);
  const ByteView whole = pieces.front();
  if (decides && packet.text_length <= whole.size()) {
    const ByteView text = whole.last(packet.text_length);
    place.kind = asks_for_glass({reinterpret_cast<const char*>(text.data()), text.size()})
                     ? Kind::Own
                     : Kind::Other;
  }
  return place.kind == Kind::Own || place.kind == Kind::Undecided;
}

}  // namespace glasstcp
