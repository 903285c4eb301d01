// A body that is sent piece by piece: a large file, a range of one, several ranges of any, or a
// stream whose end nobody knows.
//
// RFC 9110 §14.6, §15.3.7.2 (multipart/byteranges). Design D10: bytes of the site are borrowed, not
// copied.
//
// Invariants:
//   1. The pieces together have exactly length() bytes, or the transfer fails; it never sends wrong
//      bytes silently. A stream has no length: the end of its connection is its end.
//   2. The last piece of a file that is not in shared memory goes out only when everything before
//      it is acknowledged, from owned memory, and after the file has been found the same, or only
//      longer. So a mapped byte that was lost on the way and sent again is covered by that check.
//   3. At most one buffer of kPiece bytes is taken per piece; how many are in flight is bounded by
//      the share of the pool that the caller gives it.
//
// Next: http_connection.h.
#pragma once

#include <array>
#include <string_view>

#include "http/body_stream.h"
#include "http/file_store.h"
#include "http/ranges.h"
#include "http/response.h"

namespace glasstcp::http {

/// Hands out a body.
class Transfer {
 public:
  /// Bytes of a piece that is copied, and of the last one.
  static constexpr std::size_t kPiece = BufferPool::kLargest;
  /// Bytes of a piece that is borrowed from a mapping.
  static constexpr std::size_t kMappedPiece = 512u << 10;
  /// How long a file may look rewritten before it counts as such: a log that is appended to shows
  /// its new time a moment before its new size.
  static constexpr Duration kTouchPatience = 200ms;

  enum class Status : std::uint8_t {
    Piece,                ///< `piece` is next
    WaitAcknowledgement,  ///< ask again when everything handed out has been acknowledged
    WaitRoom,             ///< ask again when something of what was handed out has been acknowledged
    WaitLittle,  ///< ask again a little later: the pool is empty, or the file is being written to
    WaitStream,  ///< ask again when the stream has news
    Done,        ///< nothing is left
    Failed,      ///< the file changed or cannot be read: abort the connection
  };
  struct Next {
    Status status = Status::Done;
    OwnedBytes piece{};
  };

  /// One range as the whole body (200, or 206 with a single range). `range` may cover the file.
  Transfer(FileRef file, ByteRange range) noexcept;
  /// Several ranges as multipart/byteranges. `type` (the media type of each part) must outlive the
  /// transfer; `serial` makes the boundary different from that of other responses.
  Transfer(FileRef file, const RangeSet& set, std::string_view type, std::uint64_t serial) noexcept;
  explicit Transfer(Ref<BodyStream> stream) noexcept : stream_(std::move(stream)) {}

  /// The stream, if it is one; else null.
  [[nodiscard]] BodyStream* stream() const noexcept { return stream_.get(); }
  /// Bytes of the whole body; 0 for a stream.
  [[nodiscard]] std::uint64_t length() const noexcept;
  /// Bytes handed out so far.
  [[nodiscard]] std::uint64_t handed_out() const noexcept { return handed_out_; }
  /// The boundary of the parts; empty unless multipart.
  [[nodiscard]] std::string_view boundary() const noexcept {
    return {boundary_.data(), boundary_length_};
  }

  /// Whether every piece has been handed out.
  [[nodiscard]] bool is_finished() const noexcept {
    if (stream_) return false;  // only next() finds out
    return index_ == count_ && (!is_multipart() || part_head_sent_);
  }
  /// The next piece. `all_acknowledged`: whether nothing of this connection's output is
  /// unacknowledged. `share`: what it may take of the pool.
  [[nodiscard]] Next next(BufferPool& pool, bool all_acknowledged, Instant now,
                          const PoolShare& share = {}) noexcept;

  /// Whether bytes that were lent, and may not have arrived, are in the file no more: they cannot
  /// be sent again. Looks once each kLook.
  [[nodiscard]] bool has_lost_its_bytes(Instant now) noexcept;
  static constexpr Duration kLook = 1s;

 private:
  [[nodiscard]] bool is_multipart() const noexcept { return boundary_length_ > 0; }
  void write_part_head(TextWriter& out, const ByteRange& range) const noexcept;
  void write_end(TextWriter& out) const noexcept;
  Next text_piece(BufferPool& pool, const ByteRange* range) noexcept;
  Next content_piece(BufferPool& pool, bool all_acknowledged, Instant now,
                     const PoolShare& share) noexcept;
  Next read_piece(BufferPool& pool, std::size_t length, const PoolShare& share) noexcept;
  Next stream_piece(BufferPool& pool, const PoolShare& share) noexcept;
  [[nodiscard]] Status look_at_file(Instant now) noexcept;
  Next handed(OwnedBytes piece, bool is_content) noexcept;

  FileRef file_;
  Ref<BodyStream> stream_{};
  std::array<ByteRange, kMaxRanges> ranges_{};
  std::string_view type_{};
  std::uint64_t handed_out_ = 0;
  std::uint64_t offset_ = 0;          // the next byte of the current range
  Instant touched_at_ = kNever;       // since when it has looked rewritten
  Instant look_at_ = Instant::min();  // when what was lent is looked at again
  std::uint8_t count_ = 1;
  std::uint8_t index_ = 0;
  std::uint8_t boundary_length_ = 0;
  bool part_head_sent_ = false;
  bool has_lent_mapped_bytes_ = false;
  std::array<char, 40> boundary_{};
};

}  // namespace glasstcp::http
