// A file that is neither in memory nor mapped: its bytes are copied piece by piece, as those of a
// large one are where checksums are ours to compute.
#pragma once

#include "http/file_store.h"

namespace glasstcp::test {

/// Of any size; its bytes follow from their places.
class CopiedFile final : public File {
 public:
  explicit CopiedFile(std::uint64_t size) { info_.size = size; }
  [[nodiscard]] static std::uint8_t byte_at(std::uint64_t place) {
    return static_cast<std::uint8_t>(place * 31 + (place >> 8) * 7 + (place >> 16));
  }

  [[nodiscard]] const FileInfo& info() const noexcept override { return info_; }
  [[nodiscard]] std::optional<ByteView> whole() const noexcept override { return std::nullopt; }
  [[nodiscard]] std::optional<ByteView> mapped(std::uint64_t, std::size_t) noexcept override {
    return std::nullopt;
  }
  [[nodiscard]] bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_at(offset + i);
    return true;
  }
  [[nodiscard]] FileState state() noexcept override { return FileState::Same; }

 private:
  FileInfo info_;
};

}  // namespace glasstcp::test
