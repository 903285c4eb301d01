// See channel.h.
#include "stack/lab/channel.h"

#include "stack/link/router.h"

namespace glasstcp::lab {
namespace {

const IpAddress kRouter = IpAddress::v4(192, 0, 2, 254);

std::vector<std::uint8_t> flat(std::span<const ByteView> pieces) {
  std::vector<std::uint8_t> packet;
  for (const ByteView piece : pieces) packet.insert(packet.end(), piece.begin(), piece.end());
  return packet;
}

}  // namespace

bool is_of_kind(std::string_view kind, const PacketSummary& packet, SendReason reason) {
  const bool is_control = packet.has(PacketSummary::kSyn) || packet.has(PacketSummary::kFin) ||
                          packet.has(PacketSummary::kRst);
  const bool is_probe = reason == SendReason::ZeroWindowProbe || reason == SendReason::KeepAlive;
  if (kind == "packet") return true;
  if (kind == "syn") return packet.has(PacketSummary::kSyn);
  if (kind == "fin") return packet.has(PacketSummary::kFin);
  if (kind == "rst") return packet.has(PacketSummary::kRst);
  if (kind == "data") return packet.text_length > 0 && !is_retransmission(reason) && !is_probe;
  if (kind == "ack") return packet.is_tcp() && packet.text_length == 0 && !is_control && !is_probe;
  if (kind == "probe") return reason == SendReason::ZeroWindowProbe;
  if (kind == "update") return reason == SendReason::WindowUpdate;
  if (kind == "repeat") return is_retransmission(reason);
  return kind == name_of(reason);
}

Channel::Done Channel::edited(const PacketSummary& packet, SendReason reason) {
  Done done;
  ++passed_;
  for (std::size_t i = 0; i < edits_.size(); ++i) {
    const Edit& edit = edits_[i];
    if (!is_of_kind(edit.what, packet, reason)) continue;
    const std::uint64_t number = ++seen_[i];
    if (number < edit.first || number > edit.last) continue;
    switch (edit.kind) {
      case EditKind::Lose:
        done.interference.loses = true;
        break;
      case EditKind::Delay:
        done.interference.later += edit.by;
        break;
      case EditKind::Duplicate:
        done.interference.copy_after = edit.by;
        break;
      case EditKind::Mark:
        done.marks = true;
        break;
    }
  }
  return done;
}

Crossing Channel::enter(std::span<const ByteView> pieces, SendReason reason, Instant now) {
  const PacketSummary packet = summarize(pieces);
  const Done done = edited(packet, reason);
  if (path_.mtu != 0 && packet.total_length > path_.mtu) {
    Crossing crossing;
    crossing.lost = {"the next link takes smaller packets only", "下一段链路只容许较小的分组"};
    if (!path_.silent) crossing.message = too_big_message(kRouter, flat(pieces), path_.mtu);
    return crossing;
  }
  std::vector<std::uint8_t> marked;
  ByteView whole;
  bool is_marked = false;
  if (done.marks) {
    marked = flat(pieces);
    is_marked = mark_congestion(marked);
    whole = marked;
    pieces = std::span(&whole, 1);
  }
  const Fate fate = link_.carry(pieces, {}, now, done.interference);
  Crossing crossing;
  crossing.lost = {why_lost(fate, Language::English), why_lost(fate, Language::Chinese)};
  if (fate == Fate::DroppedByNumber) {
    crossing.lost = {"the link loses this packet", "链路丢失了此分组"};
  }
  crossing.is_marked = is_marked;
  return crossing;
}

void Channel::enter_message(ByteView message, Instant now) {
  link_.carry(std::span(&message, 1), {}, now);
}

}  // namespace glasstcp::lab
