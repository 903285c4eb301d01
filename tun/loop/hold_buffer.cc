// See hold_buffer.h.
#include "tun/loop/hold_buffer.h"

#include <sys/mman.h>
#include <sys/uio.h>

namespace glasstcp {

HoldBuffer::HoldBuffer() : memory_(::memfd_create("glasstcp-hold", MFD_CLOEXEC)) {
  if (!memory_.is_open() || ::ftruncate(memory_.get(), kRoom) != 0) return;
  void* const map = ::mmap(nullptr, kRoom, PROT_READ, MAP_SHARED, memory_.get(), 0);
  if (map != MAP_FAILED) bytes_ = static_cast<std::uint8_t*>(map);
}

HoldBuffer::~HoldBuffer() {
  if (bytes_ != nullptr) ::munmap(bytes_, kRoom);
}

bool HoldBuffer::hold(const OutPacket& packet) noexcept {
  if (packet.payload_length > 0) {
    if (bytes_ == nullptr || packet.payload_length > kRoom) return false;
    std::array<iovec, OutPacket::kMaxSlices> pieces;
    for (std::size_t i = 0; i < packet.payload_slices; ++i) {
      pieces[i] = {const_cast<std::uint8_t*>(packet.payload[i].data()), packet.payload[i].size()};
    }
    const ssize_t copied = ::pwritev(memory_.get(), pieces.data(), packet.payload_slices, 0);
    if (copied != static_cast<ssize_t>(packet.payload_length)) return false;
  }
  packet_ = packet;
  packet_.payload[0] = {bytes_, packet.payload_length};
  packet_.payload_slices = packet.payload_length > 0 ? 1 : 0;
  holding_ = true;
  return true;
}

}  // namespace glasstcp
