// The one packet that the device refused, kept flat until the device takes it.
//
// Design D4: the slices of an OutPacket live only until the next call on the stack, so a refused
// packet is copied. Design D10: its payload may lie in a mapped file that was truncated meanwhile;
// touching such bytes ourselves would be SIGBUS, so the kernel copies them, into a memory file, and
// answers EFAULT instead.
//
// Invariants:
//   1. At most one packet is held; packet() stays the same until release().
//
// Next: pump.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stack/wire/packet.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// Keeps a copy of one packet.
class HoldBuffer {
 public:
  HoldBuffer();
  ~HoldBuffer();
  HoldBuffer(const HoldBuffer&) = delete;
  HoldBuffer& operator=(const HoldBuffer&) = delete;

  /// Copies `packet`; false when its bytes cannot be read any more, or it is larger than kRoom: it
  /// is lost.
  [[nodiscard]] bool hold(const OutPacket& packet) noexcept;
  void release() noexcept { holding_ = false; }
  [[nodiscard]] bool is_holding() const noexcept { return holding_; }
  /// The copy, while is_holding().
  [[nodiscard]] const OutPacket& packet() const noexcept { return packet_; }

 private:
  static constexpr std::size_t kRoom = 512 * 1024;  // the largest IPv4 GSO packet is 256 KB

  Descriptor memory_;
  std::uint8_t* bytes_ = nullptr;
  OutPacket packet_{};
  bool holding_ = false;
};

}  // namespace glasstcp
