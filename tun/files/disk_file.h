// Files of the disk as http's File: small ones read whole into memory, large ones behind a
// descriptor.
//
// Design D10. A file in memory is a snapshot: what happens on disk later cannot touch a response in
// flight. A large one is mapped where the kernel alone reads the bytes, and read piece by piece
// elsewhere; a mapping of a file that was truncated would be SIGBUS to us.
//
// Invariants:
//   1. A WholeFile was read between two looks at the file that found it the same; or, where it
//   never stays the same, holds the bytes of one size that it had.
//   2. A LargeFile whose bytes were promised goes on while it only grows (a log, a capture), or
//   while only its change time moves (chmod, another link). It ends where it is shorter than
//   promised, and where its modification time moved at the same size: nobody can tell a touch from
//   a rewrite. This amends D10, which let every change end it.
//
// Next: file_store.h.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>

#include "http/file_store.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// What tells one state of a file on disk from another.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        ///< bytes
  std::int64_t modified_ns = 0;  ///< since 1970
  std::int64_t changed_ns = 0;   ///< since 1970, of content or metadata
  std::uint64_t links = 0;

  [[nodiscard]] static FileStamp of(const struct stat& status) noexcept;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// What a look at a file that is `now` says of one that was promised as `promised`.
[[nodiscard]] FileState compare(const FileStamp& promised, const FileStamp& now) noexcept;

/// Counts what files occupy, those that only responses in flight still hold included.
struct MemoryUse {
  std::uint64_t bytes = 0;        ///< of files in memory
  std::uint32_t descriptors = 0;  ///< of large ones
};

/// A file in memory.
class WholeFile final : public File {
 public:
  /// Whether a file that changed while it was read will do.
  enum class Snapshot : std::uint8_t { Settled, Any };
  /// Reads the open file `descriptor`; empty when it cannot be read, changed although it may not
  /// have, or memory is short. `use` must outlive the file.
  [[nodiscard]] static Ref<WholeFile> read_from(int descriptor, const FileStamp& stamp,
                                                MemoryUse& use, Snapshot snapshot) noexcept;

  [[nodiscard]] const FileInfo& info() const noexcept override { return info_; }
  [[nodiscard]] std::optional<ByteView> whole() const noexcept override {
    return ByteView(bytes_.get(), info_.size);
  }
  [[nodiscard]] std::optional<ByteView> mapped(std::uint64_t offset,
                                               std::size_t length) noexcept override {
    return ByteView(bytes_.get() + offset, length);
  }
  [[nodiscard]] bool read(std::uint64_t offset, ByteSpan out) noexcept override;
  [[nodiscard]] FileState state() noexcept override { return FileState::Same; }

 private:
  WholeFile(std::unique_ptr<std::uint8_t[]> bytes, const FileInfo& info, MemoryUse& use) noexcept;
  ~WholeFile() override;

  std::unique_ptr<std::uint8_t[]> bytes_;
  FileInfo info_;
  MemoryUse* use_;
};

/// A file behind a descriptor.
class LargeFile final : public File {
 public:
  /// Takes the descriptor over. `may_map`: only the kernel will read the bytes of mapped(). `use`
  /// must outlive the file.
  [[nodiscard]] static Ref<LargeFile> open(Descriptor descriptor, const FileStamp& stamp,
                                           bool may_map, MemoryUse& use) noexcept;

  [[nodiscard]] const FileInfo& info() const noexcept override { return info_; }
  [[nodiscard]] std::optional<ByteView> whole() const noexcept override { return std::nullopt; }
  [[nodiscard]] std::optional<ByteView> mapped(std::uint64_t offset,
                                               std::size_t length) noexcept override;
  [[nodiscard]] bool read(std::uint64_t offset, ByteSpan out) noexcept override;
  [[nodiscard]] FileState state() noexcept override;

 private:
  LargeFile(Descriptor descriptor, const FileStamp& stamp, bool may_map, MemoryUse& use) noexcept;
  ~LargeFile() override;

  Descriptor descriptor_;
  FileStamp stamp_;
  FileInfo info_;
  bool may_map_;
  MemoryUse* use_;
  const std::uint8_t* map_ = nullptr;
};

}  // namespace glasstcp
