// See guarded_copy.h.
#include "tun/capture/guarded_copy.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>

namespace glasstcp {

GuardedCopy::GuardedCopy() : memory_(::memfd_create("glasstcp-watch", MFD_CLOEXEC)) {
  if (!memory_.is_open() || ::ftruncate(memory_.get(), kRoom) != 0) return;
  void* const map = ::mmap(nullptr, kRoom, PROT_READ, MAP_SHARED, memory_.get(), 0);
  if (map != MAP_FAILED) bytes_ = static_cast<const std::uint8_t*>(map);
}

GuardedCopy::~GuardedCopy() {
  if (bytes_ != nullptr) ::munmap(const_cast<std::uint8_t*>(bytes_), kRoom);
}

ByteView GuardedCopy::copy(std::span<const ByteView> pieces) noexcept {
  if (bytes_ == nullptr || pieces.size() > kMostPieces) return {};
  std::array<iovec, kMostPieces> vectors;
  std::size_t size = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
    size += pieces[i].size();
  }
  if (size > kRoom) return {};
  const ssize_t copied =
      ::pwritev(memory_.get(), vectors.data(), static_cast<int>(pieces.size()), 0);
  return copied == static_cast<ssize_t>(size) ? ByteView(bytes_, size) : ByteView{};
}

}  // namespace glasstcp
