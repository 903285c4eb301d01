// Files as http sees them: looked up by path, held by count, and read without copying where that is
// safe.
//
// RFC 9110 §8.8 (validators) and §17.3 (paths that escape). The implementations live elsewhere: on
// disk in tun/, in memory in memory_store.h. Everything is synchronous; nothing throws.
//
// Invariants:
//   1. A File's info() and whole() never change while it is held. A file that changes on disk
//      becomes a new File.
//   2. Bytes from whole() and mapped() stay readable as long as the File is held; only mapped()
//      bytes may change under us, which is why the end of a mapped response is sent only after
//      state() has said that they did not.
//
// Next: site.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/shared.h"
#include "stack/base/bytes.h"
#include "stack/base/time.h"

namespace glasstcp {

/// What is known of a file without reading it.
struct FileInfo {
  std::uint64_t size = 0;               ///< bytes
  std::int64_t mtime_seconds = 0;       ///< last modification, seconds since 1970 UTC
  std::uint32_t mtime_nanoseconds = 0;  ///< and the rest of it, 0..999,999,999
  /// Part of the entity tag: two Files of different content must differ in size, mtime or this. A
  /// hash of the content is best where the file was read into memory; inode and change time
  /// otherwise.
  std::uint64_t identity = 0;

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

/// Files up to this size are read into shared immutable memory; larger ones are mapped or read
/// piece by piece (design D10).
inline constexpr std::uint64_t kWholeFileLimit = 16u << 20;

/// What the bytes of a text say of their encoding (text_encoding.h).
enum class TextForm : std::uint8_t {
  Unknown,  ///< nobody looked yet
  Utf8,     ///< UTF-8, and the document does not say so itself
  Other,    ///< not UTF-8, or the document declares its encoding
};

/// What a look at a file that is not in memory says of the bytes that were promised of it.
enum class FileState : std::uint8_t {
  Same,     ///< written to by nobody since it was opened
  Grown,    ///< longer now: what was promised is its beginning
  Touched,  ///< as long, but written to: rewritten, or about to grow (the time moves before the
            ///< size)
  Changed,  ///< shorter than promised
};

/// One regular file, open. Held by FileRef.
class File : public Shared {
 public:
  [[nodiscard]] virtual const FileInfo& info() const noexcept = 0;
  /// All bytes in memory that never changes; empty optional for a file larger than kWholeFileLimit.
  [[nodiscard]] virtual std::optional<ByteView> whole() const noexcept = 0;
  /// Bytes [offset, offset+length) of the file in a mapping, valid while the File is held; empty
  /// when mapping is not allowed (segments that need a software checksum) or fails. The range must
  /// lie within info().size.
  [[nodiscard]] virtual std::optional<ByteView> mapped(std::uint64_t offset,
                                                       std::size_t length) noexcept = 0;
  /// Copies [offset, offset+out.size()) into `out`; false when the file is shorter now or cannot be
  /// read.
  [[nodiscard]] virtual bool read(std::uint64_t offset, ByteSpan out) noexcept = 0;
  /// Looks at the file again; Same for one in memory, whatever happens on disk.
  [[nodiscard]] virtual FileState state() noexcept = 0;

  /// What was found out about its text, kept with the bytes it was found in.
  [[nodiscard]] TextForm text_form() const noexcept { return text_form_; }
  void note_text_form(TextForm form) noexcept { text_form_ = form; }

 private:
  TextForm text_form_ = TextForm::Unknown;
};
using FileRef = Ref<File>;

/// What stands at a path.
enum class LookupStatus : std::uint8_t {
  Found,        ///< a regular file; `file` is set
  Directory,    ///< a directory
  NotFound,     ///< nothing, or something that is neither file nor directory
  Forbidden,    ///< it exists and may not be read
  Unavailable,  ///< no descriptor or memory left just now: 503
};

/// The answer of a lookup.
struct Lookup {
  LookupStatus status = LookupStatus::NotFound;
  FileRef file{};
  /// Until when this answer may be used again without asking; at most one second after the disk was
  /// looked at.
  Instant valid_until = Instant::min();
};

/// What is in a folder.
struct FolderEntry {
  std::string name;
  std::uint64_t size = 0;          ///< bytes; of a file
  std::int64_t mtime_seconds = 0;  ///< seconds since 1970
  bool is_folder = false;
};

/// A folder and what is in it, in no order.
struct FolderContent {
  LookupStatus status = LookupStatus::NotFound;  ///< Directory: the rest is valid
  std::vector<FolderEntry> entries{};
  std::int64_t mtime_seconds = 0;
  bool is_cut = false;  ///< there are more
};

/// A tree of files below a root that no path can leave.
class FileStore {
 public:
  virtual ~FileStore() = default;
  /// Looks up `path`: components joined by single slashes, already decoded; no leading or trailing
  /// slash, no component that is empty, "." or "..", no NUL. The empty path is the root directory.
  /// A store must not follow links out of its root.
  [[nodiscard]] virtual Lookup lookup(std::string_view path, Instant now) noexcept = 0;
  /// What is in the folder at `path`, as lookup() wants it: files and folders that lookup()
  /// would find, without those whose names begin with a dot. At most `most` of them.
  [[nodiscard]] virtual FolderContent list(std::string_view path, std::size_t most) noexcept {
    static_cast<void>(path), static_cast<void>(most);
    return {};
  }
};

}  // namespace glasstcp
