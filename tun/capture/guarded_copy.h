// Copies packets by the kernel, for observers: bytes of a mapped file that somebody has cut would
// end us by SIGBUS if we touched them, and make a system call answer EFAULT.
//
// Used only where files are mapped, that is with offload, and only while somebody watches: it costs
// a system call for each packet that leaves.
//
// Next: ../loop/hold_buffer.h (the same, for the packet that the device refused).
#pragma once

#include <cstddef>
#include <cstdint>

#include "stack/trace/annotator.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// Copies into a memory file of its own.
class GuardedCopy final : public PacketCopier {
 public:
  GuardedCopy();
  ~GuardedCopy() override;
  [[nodiscard]] ByteView copy(std::span<const ByteView> pieces) noexcept override;

 private:
  static constexpr std::size_t kRoom = 512 * 1024;  // bytes; the largest packet has 256 KB
  static constexpr std::size_t kMostPieces = 32;

  Descriptor memory_;
  const std::uint8_t* bytes_ = nullptr;
};

}  // namespace glasstcp
