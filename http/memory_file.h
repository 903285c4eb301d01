// A file that lies in memory: of the built-in site, or a page that was made for a request.
//
// Invariants:
//   1. The bytes do not change while the file is held.
//
// Next: memory_store.h.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "http/file_store.h"

namespace glasstcp::http {

/// Some bytes as a File.
class MemoryFile final : public File {
 public:
  /// Borrows `bytes`; `mtime` in seconds since 1970.
  MemoryFile(ByteView bytes, std::int64_t mtime) noexcept
      : bytes_(bytes),
        info_{.size = bytes.size(), .mtime_seconds = mtime, .identity = fingerprint(bytes)} {}
  /// Owns the `size` bytes.
  MemoryFile(std::unique_ptr<std::uint8_t[]> bytes, std::size_t size, std::int64_t mtime) noexcept
      : MemoryFile(ByteView(bytes.get(), size), mtime) {
    owned_ = std::move(bytes);
  }

  [[nodiscard]] const FileInfo& info() const noexcept override { return info_; }
  [[nodiscard]] std::optional<ByteView> whole() const noexcept override { return bytes_; }
  [[nodiscard]] std::optional<ByteView> mapped(std::uint64_t offset,
                                               std::size_t length) noexcept override {
    return bytes_.subspan(static_cast<std::size_t>(offset), length);
  }
  [[nodiscard]] bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return false;
    std::ranges::copy(bytes_.subspan(static_cast<std::size_t>(offset), out.size()), out.begin());
    return true;
  }
  [[nodiscard]] FileState state() noexcept override { return FileState::Same; }

 private:
  // FNV-1a: tells contents apart for the entity tag; not a defence against anybody, since the
  // content is ours.
  static std::uint64_t fingerprint(ByteView bytes) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const std::uint8_t b : bytes) hash = (hash ^ b) * 0x100000001b3u;
    return hash;
  }

  std::unique_ptr<std::uint8_t[]> owned_;
  ByteView bytes_;
  FileInfo info_;
};

}  // namespace glasstcp::http
