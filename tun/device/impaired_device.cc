// See impaired_device.h.
#include "tun/device/impaired_device.h"

#include <algorithm>
#include <array>

namespace glasstcp {
namespace {

// A device that refuses is asked again after this time; meanwhile the packets wait on the link.
constexpr Duration kRefusalPause = 1ms;

}  // namespace

ImpairedDevice::ImpairedDevice(Device& device, const ImpairmentPlan& plan, const Seed& seed)
    : device_(device),
      in_(plan.in, SeededRandom(seed, "impair in")),
      out_(plan.out, SeededRandom(seed, "impair out")) {}

void ImpairedDevice::set_time(Instant now) noexcept {
  now_ = now;
  write_what_is_due();
}

Instant ImpairedDevice::next_deadline() const noexcept {
  const Instant out = out_.next_arrival();
  return std::min(in_.next_arrival(), out == kNever ? kNever : std::max(out, retry_at_));
}

// The device is asked first, so that the way of a packet begins when it came.
ReadOutcome ImpairedDevice::read(ReceivedPacket& packet) noexcept {
  for (std::uint32_t reads = 0; reads < kMostReads; ++reads) {
    ReceivedPacket arrived;
    const ReadOutcome outcome = device_.read(arrived);
    if (outcome == ReadOutcome::Gone || outcome == ReadOutcome::Failed) return outcome;
    if (outcome == ReadOutcome::Packet && is_exempt(Direction::In, std::span(&arrived.bytes, 1))) {
      packet = arrived;
      return outcome;
    }
    if (outcome == ReadOutcome::Packet) {
      const Fate fate = in_.carry(std::span(&arrived.bytes, 1), arrived.meta, now_);
      if (fate != Fate::Carried) tell(Direction::In, arrived.bytes, fate);
    }
    if (in_.next_arrival() <= now_) {
      const Parcel& due = in_.front();
      given_.assign(due.packet.begin(), due.packet.end());
      packet = {given_, due.meta};
      in_.pop();
      return ReadOutcome::Packet;
    }
    if (outcome == ReadOutcome::Empty) return outcome;
  }
  return ReadOutcome::Empty;
}

WriteOutcome ImpairedDevice::write(const OutPacket& packet) noexcept {
  std::array<ByteView, 1 + OutPacket::kMaxSlices> pieces;
  pieces[0] = ByteView(packet.header).first(packet.header_length);
  std::copy_n(packet.payload.begin(), packet.payload_slices, pieces.begin() + 1);
  const std::span<const ByteView> all(pieces.data(), 1U + packet.payload_slices);
  if (is_exempt(Direction::Out, all)) {
    write_what_is_due();
    return device_.write(packet);
  }
  const Fate fate = out_.carry(all, {packet.checksum_partial, false, packet.gso_size}, now_);
  if (fate != Fate::Carried && listener_ != nullptr) {
    flat_.clear();
    for (const ByteView piece : all) flat_.insert(flat_.end(), piece.begin(), piece.end());
    tell(Direction::Out, flat_, fate);
  }
  write_what_is_due();
  return WriteOutcome::Written;
}

void ImpairedDevice::write_what_is_due() noexcept {
  if (now_ < retry_at_) return;
  while (out_.next_arrival() <= now_) {
    OutPacket flat;
    const ByteView bytes = out_.front().packet;
    flat.payload[0] = bytes;
    flat.payload_slices = 1;
    flat.payload_length = static_cast<std::uint32_t>(bytes.size());
    if (device_.write(flat) == WriteOutcome::Refused) {
      retry_at_ = now_ + kRefusalPause;
      return;
    }
    out_.pop();
  }
}

void ImpairedDevice::tell(Direction direction, ByteView packet, Fate fate) noexcept {
  if (listener_ != nullptr) listener_->on_lost(now_, direction, packet, fate);
}

std::string_view ImpairedDevice::why_next_is_lost(std::span<const ByteView> pieces,
                                                  Language language) const noexcept {
  if (is_exempt(Direction::Out, pieces)) return {};
  return why_lost(out_.next_fate(now_), language);
}

}  // namespace glasstcp
